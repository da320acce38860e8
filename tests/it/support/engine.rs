//! A real container engine: the one that `tests/run` has started, or the one of this machine.

use std::process::Command;
use std::sync::{Arc, OnceLock};

use mcpfier::plan::Environment;

use super::skip::skip;

/// A static busybox that `tests/run` imports.
pub const IMAGE: &str = "mcpfier-test/busybox:1";

/// Where the engine is, for the program and for Docker's own client.
#[derive(Clone)]
pub struct Engine {
    pub host: String,
    /// Where Podman differs from Docker, `docs/concepts/engines.md` says so.
    pub is_podman: bool,
}

/// The engine, or `None` after saying why the calling test cannot run.
pub fn engine() -> Option<Engine> {
    static FOUND: OnceLock<Result<Engine, String>> = OnceLock::new();
    match FOUND.get_or_init(find) {
        Ok(engine) => Some(engine.clone()),
        Err(reason) => {
            skip(reason);
            None
        }
    }
}

fn find() -> Result<Engine, String> {
    let host = std::env::var("DOCKER_HOST").unwrap_or_else(|_| "unix:///var/run/docker.sock".to_owned());
    let mut engine = Engine { host, is_podman: false };
    let looked = engine.command(&["image", "inspect", IMAGE]).output();
    let looked = looked.map_err(|error| format!("containers (no `docker`: {error})"))?;
    if looked.status.success() {
        let parts = "{{range .Server.Components}}{{.Name}} {{end}}";
        engine.is_podman = engine.docker(&["version", "--format", parts]).contains("Podman");
        return Ok(engine);
    }
    let said = String::from_utf8_lossy(&looked.stderr).into_owned();
    Err(format!("containers (`tests/run` provides the engine and the image): {}", said.trim()))
}

impl Engine {
    /// An environment in which the program finds it.
    pub fn environment(&self) -> Arc<Environment> {
        Arc::new(Environment::from([("DOCKER_HOST".to_owned(), self.host.clone())]))
    }

    /// Docker's own client with these words.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new("docker");
        command.env("DOCKER_HOST", &self.host).args(words);
        command
    }

    /// A shell that carries out a line with `docker`. Docker's own client does not hear from Podman how
    /// a container has ended that is removed at once, so Podman's does it there.
    pub fn shell(&self, line: &str) -> Command {
        let docker = "docker() { podman --url \"$DOCKER_HOST\" \"$@\"; }";
        let line = if self.is_podman { format!("{docker}; {line}") } else { line.to_owned() };
        let mut command = Command::new("bash");
        command.env("DOCKER_HOST", &self.host).args(["-c", &line]);
        command
    }

    /// What Docker's own client says; it has to succeed.
    #[track_caller]
    pub fn docker(&self, words: &[&str]) -> String {
        let mut output = self.command(words).output().expect("docker starts");
        // Podman lists nothing at all if a container ends while it looks.
        while self.is_podman && String::from_utf8_lossy(&output.stderr).contains("no such process") {
            output = self.command(words).output().expect("docker starts");
        }
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "docker {words:?}: {said}");
        String::from_utf8(output.stdout).expect("docker prints text").trim().to_owned()
    }

    /// The containers with a label, running or not.
    #[track_caller]
    pub fn labelled(&self, label: &str) -> Vec<String> {
        let filter = format!("label={label}");
        let listed = self.docker(&["ps", "--all", "--no-trunc", "--quiet", "--filter", &filter]);
        listed.lines().map(str::to_owned).collect()
    }
}

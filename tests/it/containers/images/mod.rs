//! Images under the hand of the program: built of files, fetched from a registry that wants to know
//! who asks, pinned, locked, looked through.

mod builds;
mod cards;
mod held;
mod pulls;
pub(super) mod registry;
mod scans;
mod slow;

use std::process::Command;

use crate::support::engine::Engine;
use crate::support::place::{Place, Ran};

/// A folder of files, and the engine that the program finds from there.
struct Shop {
    place: Place,
    engine: Engine,
    path: String,
}

impl Shop {
    fn with(engine: &Engine, files: &[(&str, &str)]) -> Self {
        let path = std::env::var("PATH").unwrap_or_default();
        Self { place: Place::with(files), engine: engine.clone(), path }
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = self.place.command("", &[&["--config", "tools.yaml"], words].concat());
        command.env("DOCKER_HOST", &self.engine.host).env("PATH", &self.path);
        command.env("DOCKER_CONFIG", self.place.path("docker"));
        command
    }

    fn run(&self, words: &[&str]) -> Ran {
        self.place.finish(self.command(words))
    }

    /// A program that stands before all others.
    fn program(&mut self, name: &str, script: &str) {
        self.place.write(&format!("bin/{name}"), script);
        let file = self.place.path(&format!("bin/{name}"));
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(file, mode).expect("an executable");
        let first = self.place.path("bin").display().to_string();
        if !self.path.starts_with(&first) {
            self.path = format!("{first}:{}", self.path);
        }
    }

    /// The tag of the image that a tool is built as.
    #[track_caller]
    fn tag(&self, tool: &str) -> String {
        let plan = self.run(&["--dry-run", tool, "--json"]).ends_with(0).stdout;
        let plan: serde_json::Value = serde_json::from_str(&plan).expect("a plan is JSON");
        plan["image"].as_str().expect("a name").to_owned()
    }
}

/// Images that a test has made, which go with it.
struct Images<'a>(&'a Engine, Vec<String>);

impl Drop for Images<'_> {
    fn drop(&mut self) {
        for image in &self.1 {
            let _ = self.0.command(&["rmi", "--force", image]).output();
        }
    }
}

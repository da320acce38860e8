//! The program at a shell: words in; stdout, stderr and exit code out.
//!
//! It runs in a scratch folder that is also its home, with no variables but PATH and HOME, so that
//! nothing of the machine is in what it says. Unless told otherwise it has to succeed in silence.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A run of the program that is being put together.
pub struct Program {
    command: Command,
    scratch: TempDir,
    /// `None` takes any.
    status: Option<i32>,
    silent: bool,
}

/// What a run left.
pub struct Said {
    pub stdout: String,
    pub stderr: String,
    folder: PathBuf,
    _scratch: TempDir,
}

/// The program with these words.
pub fn mcpfier(words: &[&str]) -> Program {
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcpfier"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    command.args(words).env_clear().env("PATH", path).env("HOME", scratch.path());
    command.current_dir(scratch.path()).stdin(Stdio::null());
    Program { command, scratch, status: Some(0), silent: true }
}

impl Program {
    /// Writes this file, `tools.yaml`, and names it.
    pub fn tools(mut self, text: &str) -> Self {
        std::fs::write(self.scratch.path().join("tools.yaml"), text).expect("a scratch file");
        self.command.args(["--config", "tools.yaml"]);
        self
    }

    /// Writes a file that is not named.
    pub fn file(self, name: &str, text: &str) -> Self {
        std::fs::write(self.scratch.path().join(name), text).expect("a scratch file");
        self
    }

    /// Writes a file in a folder that need not be there yet.
    pub fn file_below(self, name: &str, text: &str) -> Self {
        let path = self.scratch.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("scratch folders");
        self.file(name, text)
    }

    /// Names a file that is there.
    pub fn config(mut self, file: &Path) -> Self {
        self.command.arg("--config").arg(file);
        self
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// It ends with this code, and may say why on stderr.
    pub fn ends_with(mut self, status: i32) -> Self {
        self.status = Some(status);
        self.silent = false;
        self
    }

    /// Its exit code is looked at elsewhere.
    pub fn ends_somehow(mut self) -> Self {
        self.status = None;
        self
    }

    /// It ends in whatever way, and may say why.
    pub fn may_fail(mut self) -> Self {
        (self.status, self.silent) = (None, false);
        self
    }

    /// It succeeds, and may talk on stderr.
    pub fn may_talk(self) -> Self {
        self.ends_with(0)
    }

    pub fn run(mut self) -> Said {
        let output = self.command.output().expect("the program starts");
        let folder = self.scratch.path().canonicalize().expect("the scratch folder is there");
        let [stdout, stderr] = [output.stdout, output.stderr]
            .map(|bytes| String::from_utf8_lossy(&bytes).replace(&*folder.to_string_lossy(), "[folder]"));
        let told = format!("{:?}\nstdout:\n{stdout}\nstderr:\n{stderr}", self.command);
        if let Some(expected) = self.status {
            assert_eq!(output.status.code(), Some(expected), "{told}");
        }
        assert!(!self.silent || stderr.is_empty(), "{told}");
        Said { stdout, stderr, folder, _scratch: self.scratch }
    }
}

impl Said {
    /// What was printed, as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error} in:\n{}", self.stdout))
    }

    /// The scratch folder, while this lives.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

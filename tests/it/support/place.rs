//! A scratch home with files, in which the program is run more than once.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use tempfile::TempDir;

pub struct Place {
    folder: TempDir,
}

/// What one run left. The folder is `[home]` in its texts.
pub struct Ran {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Place {
    /// With these files.
    pub fn with(files: &[(&str, &str)]) -> Self {
        let place = Self { folder: tempfile::tempdir().expect("a scratch folder") };
        files.iter().for_each(|(name, text)| place.write(name, text));
        place
    }

    pub fn path(&self, below: &str) -> PathBuf {
        self.folder.path().canonicalize().expect("the scratch folder is there").join(below)
    }

    pub fn write(&self, below: &str, text: &str) {
        let path = self.path(below);
        std::fs::create_dir_all(path.parent().expect("it is below the home")).expect("a scratch folder");
        std::fs::write(path, text).expect("a scratch file");
    }

    pub fn read(&self, below: &str) -> String {
        std::fs::read_to_string(self.path(below)).expect("a file that is text")
    }

    /// The program in a folder, with nothing of this machine but the PATH.
    pub fn command(&self, folder: &str, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mcpfier"));
        let path = std::env::var_os("PATH").unwrap_or_default();
        command.args(words).env_clear().env("PATH", path).env("HOME", self.path(""));
        command.current_dir(self.path(folder)).stdin(Stdio::null());
        command
    }

    pub fn run(&self, words: &[&str]) -> Ran {
        self.run_in("", words)
    }

    pub fn run_in(&self, folder: &str, words: &[&str]) -> Ran {
        self.finish(self.command(folder, words))
    }

    pub fn finish(&self, mut command: Command) -> Ran {
        let output = command.output().expect("the program starts");
        let home = self.path("");
        let home = home.to_string_lossy();
        let [stdout, stderr] = [output.stdout, output.stderr]
            .map(|bytes| String::from_utf8_lossy(&bytes).replace(home.trim_end_matches('/'), "[home]"));
        Ran { status: output.status.code().expect("it ends by itself"), stdout, stderr }
    }
}

impl Ran {
    /// It ended with this code.
    #[track_caller]
    pub fn ends_with(self, status: i32) -> Self {
        assert_eq!(self.status, status, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }
}

//! A home with a file of commands and a password manager, in which the program is run many times.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// The value that the password manager prints; nothing else may.
pub const VALUE: &str = "correct-horse-battery-staple";

/// Says how often it ran, and does what its first word says.
const PASS: &str = r#"#!/bin/sh
echo run >>"$HOME/runs"
case $1 in
  show) printf 'correct-horse-battery-staple\n\n' ;;
  fail) echo correct-horse-battery-staple; echo; echo "no correct-horse-battery-staple here" >&2; echo more >&2; exit 3 ;;
  hang) trap '' TERM; sleep 1000 "$2" 2>/dev/null & while :; do sleep 0.05; : "$2"; done ;;
  huge) head -c 200000 /dev/zero | tr '\0' x ;;
  empty) echo ;;
  short) echo seven77 ;;
  bytes) printf 'correct\377horse' ;;
  nul) printf 'correct\000horse' ;;
  login) test "$LOGIN" = a-login-of-its-own && echo correct-horse-battery-staple ;;
  env) env >"$HOME/environment"; echo correct-horse-battery-staple ;;
esac
"#;

pub struct House {
    pub home: TempDir,
    variables: Vec<(String, String)>,
}

pub struct Said {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl House {
    /// With this file, given without its first line.
    pub fn of(file: &str) -> Self {
        let home = tempfile::tempdir().expect("a scratch folder");
        let house = Self { home, variables: Vec::new() };
        fs::write(house.path("tools.yaml"), format!("version: 1\n{file}")).expect("a file");
        fs::write(house.path("pass"), PASS).expect("a program");
        house.set_mode("pass", 0o755);
        house
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub fn set_mode(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).expect("a mode");
    }

    pub fn mode(&self, name: &str) -> u32 {
        fs::metadata(self.path(name)).expect("it is there").permissions().mode() & 0o777
    }

    /// How often the password manager ran.
    pub fn runs(&self) -> usize {
        fs::read_to_string(self.path("runs")).map_or(0, |runs| runs.lines().count())
    }

    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mcpfier"));
        command.args(words).env_clear().env("HOME", self.home.path()).current_dir(self.home.path());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs the program with the file.
    pub fn run(&self, words: &[&str]) -> Said {
        let words: Vec<&str> = ["--config", "tools.yaml"].iter().chain(words).copied().collect();
        said(self.command(&words).stdin(Stdio::null()).output())
    }

    /// Serves the file to a client that sends these messages and hangs up.
    pub fn serve(&self, messages: &[serde_json::Value]) -> Said {
        let lines: String = messages.iter().map(|message| format!("{message}\n")).collect();
        let input = self.path("input");
        fs::write(&input, lines).expect("an input");
        let words = ["--config", "tools.yaml"];
        let said = said(self.command(&words).stdin(fs::File::open(&input).expect("an input")).output());
        fs::remove_file(&input).expect("it was there");
        said
    }

    /// `mcpfier secret`, with this input.
    pub fn secret(&self, words: &[&str], input: &[u8]) -> Said {
        let file = tempfile::NamedTempFile::new().expect("a scratch file");
        fs::write(&file, input).expect("an input");
        let words: Vec<&str> = ["secret"].iter().chain(words).copied().collect();
        said(self.command(&words).stdin(fs::File::open(&file).expect("an input")).output())
    }

    pub fn store(&self, name: &str, value: &str) {
        self.secret(&["set", name], value.as_bytes()).succeeds();
    }

    /// Every file below the home, with its content.
    pub fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files = Vec::new();
        collect(self.home.path(), &mut files);
        files
    }
}

fn collect(folder: &Path, files: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => collect(&path, files),
            false => files.push((path.clone(), fs::read(&path).expect("a file"))),
        }
    }
}

fn said(output: std::io::Result<Output>) -> Said {
    let output = output.expect("the program runs");
    let [stdout, stderr] =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    Said { code: output.status.code().unwrap_or(-1), stdout, stderr }
}

impl Said {
    pub fn succeeds(self) -> String {
        assert_eq!(self.code, 0, "{}{}", self.stdout, self.stderr);
        self.stdout
    }

    /// What it says of its failure.
    pub fn fails(self, code: i32) -> String {
        assert_eq!(self.code, code, "{}{}", self.stdout, self.stderr);
        assert_eq!(self.stdout, "");
        self.stderr
    }

    pub fn all(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

/// A command that shows a secret turned round, which no redaction knows.
pub fn reversing(name: &str, secret: &str) -> String {
    format!(
        "  - {{ name: {name}, description: d, run: 'echo $T | rev; echo $T', env: {{ T: \"{{{{secrets.{secret}}}}}\" }} }}\n"
    )
}

/// What [`reversing`] says of a value.
pub fn reversed(value: &str) -> String {
    format!("{}\n[redacted]\n", value.chars().rev().collect::<String>())
}

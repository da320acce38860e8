//! The session in `docs/guides/session.md` is typed again, and has to give what the guide says.
//!
//! `UPDATE_SESSION=1` writes what was given into the guide.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use regex::Regex;
use tempfile::TempDir;

#[test]
fn the_session_of_the_guide_gives_what_the_guide_says() {
    let home = Home::new();
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/guides/session.md");
    let told = std::fs::read_to_string(&guide).expect("the guide");
    let given = retyped(&told, &home);
    if std::env::var_os("UPDATE_SESSION").is_some() {
        std::fs::write(&guide, &given).expect("the guide is written");
        return;
    }
    assert_same(&comparable(&told), &comparable(&given));
}

/// The home of the one who types, with the binary where their shell finds it.
struct Home {
    folder: TempDir,
}

impl Home {
    fn new() -> Self {
        let home = Self { folder: tempfile::tempdir().expect("a folder") };
        for part in ["garden", ".local/bin"] {
            std::fs::create_dir_all(home.path().join(part)).expect("a folder");
        }
        // A copy: of a binary in a build folder `setup` says that it will not stay there.
        std::fs::copy(env!("CARGO_BIN_EXE_mcpfier"), home.path().join(".local/bin/mcpfier"))
            .expect("a copy of the binary");
        home
    }

    fn path(&self) -> PathBuf {
        self.folder.path().canonicalize().expect("the home")
    }

    /// What a terminal would show of the command, with the home where the guide has it.
    fn typed(&self, command: &str) -> String {
        let home = self.path();
        let output = Command::new("bash")
            .args(["-c", &format!("exec 2>&1; {command}")])
            .current_dir(home.join("garden"))
            .env_clear()
            .env("HOME", &home)
            .env("LANG", "C.UTF-8")
            .env("SHELL", "/bin/bash")
            .env("PATH", format!("{}/.local/bin:/usr/local/bin:/usr/bin:/bin", home.display()))
            .output()
            .expect("bash");
        let shown = String::from_utf8(output.stdout).expect("text");
        shown.replace(&*home.to_string_lossy(), "/home/me")
    }
}

/// The guide with what its commands give now.
fn retyped(guide: &str, home: &Home) -> String {
    let mut text = String::new();
    let mut lines = guide.lines();
    while let Some(line) = lines.next() {
        let _ = writeln!(text, "{line}");
        if line == "```console" {
            let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            for command in commands(&block) {
                let shown = home.typed(&command);
                let _ = writeln!(text, "$ {command}");
                text.push_str(&shown);
            }
            text.push_str("```\n");
        }
    }
    text
}

/// The commands of a block: the lines after `$`, each with its here-document.
fn commands(block: &[&str]) -> Vec<String> {
    let mut commands = Vec::new();
    let mut lines = block.iter();
    while let Some(line) = lines.next() {
        let Some(command) = line.strip_prefix("$ ") else { continue };
        let mut command = command.to_owned();
        if command.ends_with("<<'END'") {
            for line in lines.by_ref() {
                let _ = write!(command, "\n{line}");
                if *line == "END" {
                    break;
                }
            }
        }
        commands.push(command);
    }
    commands
}

/// Without what differs from run to run and from host to host.
fn comparable(text: &str) -> String {
    let times = Regex::new(r"\d+(\.\d+)?m?s\b").expect("a pattern");
    let keepers = Regex::new(r"\b(watched|kernel)\b").expect("a pattern");
    keepers.replace_all(&times.replace_all(text, "SOON"), "KEPT").into_owned()
}

fn assert_same(told: &str, given: &str) {
    let differences: Vec<String> = told
        .lines()
        .zip(given.lines())
        .filter(|(told, given)| told != given)
        .map(|(told, given)| format!("- {told}\n+ {given}"))
        .collect();
    assert!(told == given, "the guide tells otherwise (UPDATE_SESSION=1):\n{}", differences.join("\n"));
}

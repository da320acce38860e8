//! At a real terminal: what a call lacks is asked for, and what has to be confirmed is shown.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::pty::openpty;
use nix::sys::termios::{SpecialCharacterIndices, tcgetattr};
use tempfile::TempDir;

use super::COMMANDS;
use super::shell::place;

/// The program at a terminal, and the person's end of that.
struct Person {
    folder: TempDir,
    child: Child,
    screen: File,
    shown: String,
}

impl Person {
    fn types(words: &[&str]) -> Self {
        let folder = place(COMMANDS);
        let terminal = openpty(None, None).expect("a terminal");
        let theirs = || Stdio::from(terminal.slave.try_clone().expect("a second handle"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_mcpfier"));
        command
            .args(words)
            .current_dir(folder.path())
            .env("MCPFIER_CONFIG", folder.path().join("tools.yaml"));
        command.env("XDG_STATE_HOME", folder.path().join("state"));
        let child = command.stdin(theirs()).stdout(theirs()).stderr(theirs()).spawn().expect("it starts");
        drop(command);
        Self { folder, child, screen: File::from(terminal.master), shown: String::new() }
    }

    /// Waits until the terminal shows a text; what it showed before is forgotten.
    fn sees(&mut self, text: &str) -> String {
        let (mut part, begun) = ([0; 512], Instant::now());
        loop {
            if let Some(end) = self.shown.find(text).map(|start| start + text.len()) {
                let rest = self.shown.split_off(end);
                return std::mem::replace(&mut self.shown, rest);
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "`{text}` never came: {}", self.shown);
            let count = self.screen.read(&mut part).unwrap_or(0);
            assert!(count > 0, "`{text}` never came: {}", self.shown);
            self.shown.push_str(&String::from_utf8_lossy(&part[..count]));
        }
    }

    fn types_in(&mut self, keys: &str) {
        self.screen.write_all(keys.as_bytes()).expect("the terminal is open");
    }

    fn ends(&mut self) -> Option<i32> {
        self.child.wait().expect("it ends").code()
    }

    fn deployed(&self) -> bool {
        self.folder.path().join("deployed-1").exists()
    }
}

#[test]
fn what_a_call_lacks_is_asked_for_until_it_fits() {
    let mut person = Person::types(&["greet"]);
    person.sees("`greet` needs name, times");
    person.sees("Whom to greet\r\n  name: ");
    person.types_in("4nn\r");
    person.sees("does not match");
    person.sees("  name: ");
    person.types_in("\r");
    person.sees("nothing was typed");
    person.sees("  name: ");
    person.types_in("Bob\u{15}Ann\r");
    person.sees("a whole number, at least 1\r\n  times: ");
    person.types_in("many\r");
    person.sees("integer");
    person.sees("  times: ");
    person.types_in("0\r");
    person.sees("minimum");
    person.sees("  times: ");
    person.types_in("2\r");
    person.sees("hello Ann 2");
    assert_eq!(person.ends(), Some(0));
}

#[test]
fn only_what_is_lacking_is_asked_for_and_nothing_where_the_rest_is_wrong() {
    let mut person = Person::types(&["greet", "name=Ann"]);
    let shown = person.sees("  times: ");
    assert!(!shown.contains("  name: "), "{shown}");
    person.types_in("3\r");
    person.sees("hello Ann 3");
    assert_eq!(person.ends(), Some(0));
    let mut person = Person::types(&["greet", "times=0"]);
    let shown = person.sees("minimum");
    assert!(!shown.contains("  name: "), "{shown}");
    assert_eq!(person.ends(), Some(2));
}

#[test]
fn ctrl_c_and_ctrl_d_end_a_question_in_words_and_give_the_terminal_back() {
    for (keys, said, code) in [
        ("An\u{3}", "interrupted; nothing ran", 130),
        ("\u{1c}", "interrupted; nothing ran", 130),
        ("\u{4}", "does not run without `name`: nothing was typed", 6),
    ] {
        let mut person = Person::types(&["greet"]);
        person.sees("  name: ");
        person.types_in(keys);
        let shown = person.sees(said);
        assert!(!shown.contains("hello"), "{shown}");
        assert_eq!(person.ends(), Some(code), "{keys:?}");
        let keys = tcgetattr(&person.screen).unwrap().control_chars;
        assert_eq!(keys[SpecialCharacterIndices::VINTR as usize], 3);
        assert_eq!(keys[SpecialCharacterIndices::VQUIT as usize], 0x1c);
    }
}

#[test]
fn a_question_shows_the_plan_and_only_a_yes_runs_it() {
    for (keys, said, code) in [
        ("y\r", "", 0),
        ("YES\r", "", 0),
        ("n\r", "you declined", 6),
        ("\r", "you declined", 6),
        ("yep\r", "you declined", 6),
        ("\u{4}", "the input ended before an answer", 6),
        ("y\u{3}", "cancelled before it started", 130),
    ] {
        let mut person = Person::types(&["deploy", "version=1"]);
        let shown = person.sees("Run it? [y/N] ");
        assert!(shown.contains("Deploy 1?") && shown.contains("touch deployed-1"), "{shown}");
        assert!(!person.deployed());
        person.types_in(keys);
        person.sees(said);
        assert_eq!(person.ends(), Some(code), "{keys:?}");
        assert_eq!(person.deployed(), code == 0, "{keys:?}");
    }
}

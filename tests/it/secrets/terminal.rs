//! `mcpfier secret set` at a terminal: it asks, and does not show what is typed.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use nix::pty::openpty;

use super::house::{House, VALUE, reversed, reversing};

/// The program at a terminal, and the person's end of that.
fn at_a_terminal(house: &House) -> (Child, File) {
    let terminal = openpty(None, None).expect("a terminal");
    let theirs = || Stdio::from(terminal.slave.try_clone().expect("a second handle"));
    let mut command = house.command(&["secret", "set", "token"]);
    let child = command.stdin(theirs()).stdout(theirs()).stderr(theirs()).spawn().expect("it starts");
    (child, File::from(terminal.master))
}

/// What the terminal shows, up to a text.
fn until(screen: &mut File, text: &str) -> String {
    let (mut shown, mut part, begun) = (String::new(), [0; 512], Instant::now());
    while !shown.contains(text) {
        assert!(begun.elapsed() < Duration::from_secs(60), "`{text}` never came: {shown}");
        let count = screen.read(&mut part).expect("the terminal is open");
        shown.push_str(&String::from_utf8_lossy(&part[..count]));
    }
    shown
}

fn house() -> House {
    House::of(&format!("secrets: {{ token: {{ store: true }} }}\ncommands:\n{}", reversing("show", "token")))
}

#[test]
fn what_is_typed_is_stored_and_not_shown() {
    let house = house();
    let (mut child, mut screen) = at_a_terminal(&house);
    let mut shown = until(&mut screen, "value of token: ");
    // Typed ahead of the prompt it would be shown; whoever sees the prompt is not.
    std::thread::sleep(Duration::from_millis(200));
    screen.write_all(format!("wrong\u{15}{VALUE}!\u{7f}\r").as_bytes()).unwrap();
    shown.push_str(&until(&mut screen, "stored `token`"));
    assert!(child.wait().unwrap().success());
    assert!(!shown.contains("correct") && !shown.contains("wrong"), "{shown}");
    assert_eq!(house.run(&["show"]).succeeds(), reversed(VALUE));
}

#[test]
fn an_interrupt_stores_nothing_and_gives_the_terminal_back() {
    let house = house();
    let (mut child, mut screen) = at_a_terminal(&house);
    until(&mut screen, "value of token: ");
    std::thread::sleep(Duration::from_millis(200));
    screen.write_all(b"half of it\x03").unwrap();
    until(&mut screen, "interrupted");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let flags = nix::sys::termios::tcgetattr(&screen).unwrap().local_flags;
    assert!(flags.contains(nix::sys::termios::LocalFlags::ECHO), "{flags:?}");
    assert!(!house.path(".local").exists());
}

//! A server in a terminal, where a hangup means that the terminal is gone.

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::process::Command;
use std::time::{Duration, Instant};

use nix::fcntl::OFlag;
use nix::pty::{PtyMaster, grantpt, posix_openpt, ptsname_r, unlockpt};

use super::edition;

/// Both ends of a terminal. No child gets the first one, or it would never be gone.
fn terminal() -> (PtyMaster, File) {
    let ours = posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC).unwrap();
    grantpt(&ours).unwrap();
    unlockpt(&ours).unwrap();
    let mut options = OpenOptions::new();
    options.read(true).write(true).custom_flags(OFlag::O_NOCTTY.bits());
    let theirs = options.open(ptsname_r(&ours).unwrap()).unwrap();
    (ours, theirs)
}

#[test]
fn a_server_ends_with_its_terminal() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("tools.yaml"), edition(0)).unwrap();
    let (ours, theirs) = terminal();
    let side = || theirs.try_clone().unwrap();
    // As the leader of the terminal's session, which is what a shell's last job is to the kernel.
    let mut server = Command::new("setsid")
        .args(["--ctty", env!("CARGO_BIN_EXE_mcpfier"), "--config"])
        .arg(folder.path().join("tools.yaml"))
        .stdin(side())
        .stdout(side())
        .stderr(side())
        .spawn()
        .unwrap();
    drop(theirs);
    let (mut terminal, mut shown) = (File::from(OwnedFd::from(ours)), String::new());
    while !shown.contains("Waiting for JSON-RPC messages") {
        let mut piece = [0; 1024];
        let count = terminal.read(&mut piece).unwrap();
        shown.push_str(&String::from_utf8_lossy(&piece[..count]));
    }
    drop(terminal);
    let gone = Instant::now();
    while server.try_wait().unwrap().is_none() {
        if gone.elapsed() > Duration::from_secs(20) {
            server.kill().unwrap();
            panic!("the server outlives its terminal:\n{shown}");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(gone.elapsed() < Duration::from_secs(3), "it took {:?}", gone.elapsed());
}

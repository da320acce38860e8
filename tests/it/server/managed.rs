//! Started by a service manager: sockets that it hands over, what it is told, and the units for it.

use std::net::TcpListener;
use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::house::{COMMANDS, PATIENCE};
use crate::support::server::{Server, Wire};
use crate::support::skip::skip;

fn has(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}

#[tokio::test]
async fn a_socket_that_the_manager_opened_is_served() {
    if !has("systemd-socket-activate") {
        return skip("there is no systemd-socket-activate");
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tools.yaml");
    std::fs::write(&file, format!("version: 1\n{COMMANDS}\nserver: {{ http: {{ port: 1 }} }}\n")).unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    for (listen, is_tcp) in
        [(format!("127.0.0.1:{port}"), true), (format!("{}/s", folder.path().display()), false)]
    {
        let scratch = tempfile::tempdir().unwrap();
        let mut command = Command::new("systemd-socket-activate");
        command.arg(format!("--listen={listen}")).arg(env!("CARGO_BIN_EXE_mcpfier"));
        command.arg("--config").arg(&file).arg("--server");
        let mut server = Server::run(Wire::Pipes, scratch, command);
        server.says("Listening on").await;
        // The first connection starts it, and waits until it answers.
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error", "--max-time", "60"]);
        match is_tcp {
            true => curl.arg(format!("http://{listen}/livez")),
            false => curl.args(["--unix-socket", &listen, "http://localhost/livez"]),
        };
        let output = curl.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(String::from_utf8_lossy(&output.stdout), "ok\n", "{said} {}", server.stderr());
        server.signal(Signal::SIGTERM);
        assert!(server.ended().await.0.success(), "{}", server.stderr());
        assert_eq!(std::path::Path::new(&listen).exists(), !is_tcp, "the socket is the manager's");
    }
}

#[tokio::test]
async fn a_socket_that_others_reach_is_not_served_to_everyone() {
    if !has("systemd-socket-activate") {
        return skip("there is no systemd-socket-activate");
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tools.yaml");
    std::fs::write(&file, format!("version: 1\n{COMMANDS}\n")).unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut command = Command::new("systemd-socket-activate");
    command.arg(format!("--listen=0.0.0.0:{port}")).arg(env!("CARGO_BIN_EXE_mcpfier"));
    command.arg("--config").arg(&file).arg("--server");
    let mut server = Server::run(Wire::Pipes, folder, command);
    server.says("Listening on").await;
    let _knocks = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    let (status, _) = server.ended().await;
    assert!(!status.success());
    assert!(server.stderr().contains("nobody would be asked for a key"), "{}", server.stderr());
}

#[test]
fn sockets_that_are_not_there_are_said_so() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("tools.yaml"), format!("version: 1\n{COMMANDS}\n")).unwrap();
    let line = format!(
        "LISTEN_FDS=3 LISTEN_PID=$$ exec {} --config tools.yaml --server",
        env!("CARGO_BIN_EXE_mcpfier")
    );
    let output = Command::new("sh").args(["-c", &line]).current_dir(folder.path()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("`LISTEN_FDS` is `3`"), "{said}");
}

#[tokio::test]
async fn the_manager_is_told_of_the_start_of_a_reload_and_of_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tools.yaml");
    std::fs::write(&file, format!("version: 1\n{COMMANDS}\nserver: {{ drain: 7s }}\n")).unwrap();
    let path = folder.path().join("notify");
    let manager = UnixDatagram::bind(&path).unwrap();
    manager.set_nonblocking(true).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcpfier"));
    command.env_remove("PORT").env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "400000");
    command.arg("--config").arg(&file).args(["--server", "--port", "0"]);
    let mut server = Server::run(Wire::Pipes, folder, command);
    let mut heard = Vec::new();
    hear(&manager, &mut heard, &["READY=1"]).await;
    hear(&manager, &mut heard, &["WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1"]).await;
    // Once it hears signals.
    tokio::time::sleep(Duration::from_millis(500)).await;
    server.signal(Signal::SIGHUP);
    hear(&manager, &mut heard, &["RELOADING=1\nMONOTONIC_USEC=", "READY=1"]).await;
    server.signal(Signal::SIGTERM);
    hear(&manager, &mut heard, &["STOPPING=1\nEXTEND_TIMEOUT_USEC=12000000"]).await;
    assert!(server.ended().await.0.success());
}

/// Waits for messages that begin like these, in this order.
async fn hear(manager: &UnixDatagram, heard: &mut Vec<String>, expected: &[&str]) {
    let begun = Instant::now();
    for expected in expected {
        loop {
            let mut buffer = [0; 512];
            if let Ok(length) = manager.recv(&mut buffer) {
                let message = String::from_utf8_lossy(&buffer[..length]).into_owned();
                heard.push(message.clone());
                if message.starts_with(expected) {
                    break;
                }
                continue;
            }
            assert!(begun.elapsed() < PATIENCE, "`{expected}` never came: {heard:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

#[test]
fn the_units_are_right_and_leave_little_open() {
    if !has("systemd-analyze") {
        return skip("there is no systemd-analyze");
    }
    let units = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/deploy/systemd");
    // The paths of a real host are not those of this machine.
    let folder = tempfile::tempdir().unwrap();
    for name in ["mcpfier.service", "mcpfier.socket"] {
        let text = std::fs::read_to_string(format!("{units}/{name}")).unwrap();
        let text = text.replace("/usr/local/bin/mcpfier", env!("CARGO_BIN_EXE_mcpfier"));
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let analyze = |words: &[&str]| {
        let output = Command::new("systemd-analyze").args(words).current_dir(folder.path()).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&said).into_owned())
    };
    let (is_right, said) = analyze(&["verify", "--man=no", "./mcpfier.service", "./mcpfier.socket"]);
    assert!(is_right && !said.contains("mcpfier."), "{said}");
    // 10 is a service without any protection.
    let (is_safe, said) = analyze(&["security", "--offline=true", "--threshold=25", "./mcpfier.service"]);
    assert!(is_safe, "{said}");
}

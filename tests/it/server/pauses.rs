//! Clients that pause while they read: the end of their answer waits for them.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::json;

use super::house::{PATIENCE, call};
use crate::support::server::{STATE, Server, Wire};

const LARGE: &str = r"
commands:
  - name: large
    description: Two mebibytes.
    shell: sh
    run: head -c 2097152 /dev/zero | tr '\0' x
    limits: { output: 4MiB }
    output: { show: 4MiB }
server: { http: { socket: s } }
";

/// What the kernel keeps for a reader of such a socket is about this; before it the program keeps a little.
const KEPT: usize = 208 << 10;

/// How an answer is asked for that is the last of its connection.
const LAST: [&str; 2] = ["HTTP/1.1\r\nConnection: close", "HTTP/1.0"];

fn ask(path: &Path, how: &str) -> UnixStream {
    let body = call(1, "large", json!({})).to_string();
    let head = format!(
        "POST / {how}\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = UnixStream::connect(path).unwrap();
    stream.set_read_timeout(Some(PATIENCE / 4)).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    stream
}

/// How much of the text comes to a reader who pauses when so much has come.
fn read(mut stream: UnixStream, first: usize) -> (usize, std::io::Result<usize>) {
    let mut all = Vec::new();
    (&mut stream).take(first as u64).read_to_end(&mut all).unwrap();
    std::thread::sleep(Duration::from_millis(1500));
    let end = stream.read_to_end(&mut all);
    (all.iter().filter(|byte| **byte == b'x').count(), end)
}

#[tokio::test]
async fn the_end_of_an_answer_that_closes_its_connection_waits_for_its_reader() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("tools.yaml"), format!("version: 1{LARGE}")).unwrap();
    let path = folder.path().join("s");
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcpfier"));
    command
        .env("XDG_STATE_HOME", STATE)
        .arg("--config")
        .arg(folder.path().join("tools.yaml"))
        .arg("--server");
    let mut server = Server::run(Wire::Pipes, folder, command);
    server.says("unix:").await;
    let whole = 2 << 20;
    let readers: Vec<_> = LAST
        .iter()
        .flat_map(|how| (0..12).map(move |step| (how, whole - KEPT + (4 << 10) - step * (12 << 10))))
        .map(|(how, first)| {
            let path = path.clone();
            tokio::task::spawn_blocking(move || (how, first, read(ask(&path, how), first)))
        })
        .collect();
    for reader in readers {
        let (how, first, (length, end)) = reader.await.unwrap();
        assert!(end.is_ok() && length >= whole, "{how}, paused at {first}: {length} of {whole}, {end:?}");
    }
}

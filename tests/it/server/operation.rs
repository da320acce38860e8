//! Starting, reloading and stopping, also while calls run; and the socket in the file system.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use reqwest::Method;
use serde_json::json;

use super::house::{COMMANDS, House, PATIENCE, answer, call, request};
use crate::support::client::text;
use crate::support::server::is_alive;

#[tokio::test]
async fn a_server_that_is_told_to_stop_answers_what_runs_and_takes_no_more() {
    let mut house = House::start(COMMANDS).await;
    let session = house.initialize().await;
    let message = call(1, "slow", json!({ "seconds": 1.5 }));
    let running = [house.plain(&message), house.post(&message).header("Mcp-Session-Id", &session)];
    let running = running.map(|request| tokio::spawn(request.send()));
    let _never_asks = house.connect();
    tokio::time::sleep(Duration::from_millis(500)).await;
    house.server.signal(Signal::SIGTERM);
    for running in running {
        let message = answer(running.await.unwrap().unwrap()).await;
        assert_eq!(text(&message["result"]), "started\ndone\n");
    }
    let (status, _) = house.server.ended().await;
    assert!(status.success(), "{status}");
    assert!(house.request(Method::GET, "/livez").send().await.is_err());
    let said = house.server.stderr();
    assert!(said.contains("serving 4 tools") && said.contains("stopped"), "{said}");
}

#[tokio::test]
async fn what_does_not_end_within_the_drain_is_killed() {
    let mut house = House::start(&format!("{COMMANDS}\nserver: {{ drain: 1s }}\n")).await;
    let session = house.initialize().await;
    let listen = house.request(Method::GET, "/mcp").header("Accept", "text/event-stream");
    let stream = listen.header("Mcp-Session-Id", &session).send().await.unwrap();
    let running =
        house.modern(1, "tools/call", json!({ "name": "hang", "arguments": {} })).send().await.unwrap();
    house.server.file("ready").await;
    let pids: Vec<i32> = house.server.file("hanging").await.lines().map(|pid| pid.parse().unwrap()).collect();
    house.server.signal(Signal::SIGTERM);
    let (_, took) = house.server.ended().await;
    assert!(took >= Duration::from_millis(900) && took < Duration::from_secs(4), "{took:?}");
    assert!(!pids.iter().any(|&pid| is_alive(pid)), "something is left");
    drop((stream, running));
}

#[tokio::test]
async fn a_reload_under_load_loses_no_call() {
    let house = House::start(COMMANDS).await;
    let file = house.server.folder.path().join("tools.yaml");
    let begun = Instant::now();
    let mut calls = Vec::new();
    for round in 0..8_u32 {
        for id in 0..8 {
            let sent = house.plain(&call(round * 10 + id, "slow", json!({ "seconds": 0.1 }))).send();
            calls.push(tokio::spawn(async move { answer(sent.await.unwrap()).await }));
        }
        let more = format!("  - {{ name: fresh-{round}, description: New., script: echo }}\n");
        std::fs::write(&file, format!("version: 1\n{COMMANDS}{more}")).unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    for call in calls {
        let message = call.await.unwrap();
        assert_eq!(text(&message["result"]), "started\ndone\n", "{message}");
    }
    loop {
        let listed = answer(house.plain(&request(1, "tools/list", json!({}))).send().await.unwrap()).await;
        if listed["result"]["tools"][4]["name"] == "fresh-7" {
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "{listed}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_socket_in_the_file_system_serves_its_owner_and_is_gone_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tools.sock");
    std::fs::write(
        folder.path().join("tools.yaml"),
        format!("version: 1\n{COMMANDS}\nserver: {{ http: {{ socket: tools.sock }} }}\n"),
    )
    .unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_mcpfier"));
    command.arg("--config").arg(folder.path().join("tools.yaml")).arg("--server");
    let mut server =
        crate::support::server::Server::run(crate::support::server::Wire::Pipes, folder, command);
    server.says("unix:").await;
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o660);
    let mut stream = UnixStream::connect(&path).unwrap();
    let body = call(1, "echo", json!({ "what": "here" })).to_string();
    let head = format!(
        "POST / HTTP/1.1\r\nHost: anything\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut answered = String::new();
    stream.read_to_string(&mut answered).unwrap();
    assert!(answered.contains(r#""text":"here\n""#), "{answered}");
    server.signal(Signal::SIGTERM);
    assert!(server.ended().await.0.success());
    assert!(!path.exists());
}

#[tokio::test]
async fn the_port_comes_from_the_line_then_from_the_environment_then_from_the_file() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("tools.yaml"),
        format!("version: 1\n{COMMANDS}\nserver: {{ http: {{ port: 1 }} }}\n"),
    )
    .unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_mcpfier"));
    command
        .env("PORT", free.to_string())
        .arg("--config")
        .arg(folder.path().join("tools.yaml"))
        .arg("--server");
    let mut server =
        crate::support::server::Server::run(crate::support::server::Wire::Pipes, folder, command);
    server.says(&format!(":{free}/mcp")).await;
}

//! What callers say must not make lines of the log, nor speak to the terminal of who reads it.

use std::process::Command;

use reqwest::Method;
use serde_json::json;

use super::super::house::{House, call, request};
use super::{TRACE, plain};
use crate::support::server::{Server, Wire};

const FORGED: &str = "2026-11-22T00:00:00.000000Z  INFO forged: somebody was let in";

#[tokio::test]
async fn nobody_writes_lines_into_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let keys = "server: { http: { auth: { api_keys: [{ name: ann, key: the-key-of-ann-000 }] } } }";
    std::fs::write(folder.path().join("tools.yaml"), format!("version: 1\n{TRACE}\n{keys}\n")).unwrap();
    let mut command = Command::new("env");
    command.env_remove("PORT").args(["MCPFIER_LOG=debug", env!("CARGO_BIN_EXE_mcpfier"), "--config"]);
    command.arg(folder.path().join("tools.yaml")).args(["--server", "--port", "0"]);
    let mut house = House::of(Server::run(Wire::Pipes, folder, command)).await;
    let nasty = format!("x\r\n{FORGED}\n\u{1b}[2J\u{1b}]0;title\u{7}\u{9b}31m\u{2028}{FORGED}\u{202e}\u{0}");
    let key = "the-key-of-ann-000";
    let messages = [
        call(1, &nasty, json!({})),
        call(1, "echo", json!({ "what": nasty })),
        call(1, "echo", json!({ nasty.clone(): nasty })),
        request(1, &nasty, json!({ "name": nasty })),
        json!({ "jsonrpc": "2.0", "id": nasty, "method": "tools/call", "params": { "name": nasty } }),
        json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": nasty, "reason": nasty } }),
        json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": nasty, "capabilities": {}, "clientInfo": { "name": nasty, "version": nasty } } }),
    ];
    for message in &messages {
        house.post(message).header("X-API-Key", key).send().await.unwrap();
        house.modern(1, "tools/call", message["params"].clone()).header("X-API-Key", key).send().await.ok();
    }
    // In heads there are fewer of them, but those that may stand there do; and some that may not.
    let in_head = "\u{1b}[2J\u{9b}31m\u{2028}";
    for header in [
        "X-API-Key",
        "Authorization",
        "Origin",
        "Host",
        "Mcp-Session-Id",
        "Mcp-Name",
        "X-Forwarded-For",
        "User-Agent",
    ] {
        for value in [in_head.to_owned(), format!("Bearer {in_head}"), format!("x%0d%0a{FORGED}")] {
            let more = format!("Connection: close\r\n{header}: {value}\r\n");
            house.raw(plain(&house, &more, "{}").as_bytes());
        }
    }
    house.raw(format!("GET /\u{1b}[2J HTTP/1.1\r\nHost: {}\r\n\r\n", house.address).as_bytes());
    house.raw(b"\x1b[2J\x1b]0;title\x07 / HTTP/1.1\r\n\r\n");
    let odd = house.request(Method::from_bytes(b"FORGED").unwrap(), "/%0d%0aforged").send().await.unwrap();
    assert!(odd.status().is_client_error());
    let log = house.server.stderr();
    assert!(log.contains("not let in"), "there is a log: {log}");
    for line in log.lines() {
        let is_ours = line.starts_with("20") && line.contains("Z ") || line.starts_with("help: ");
        assert!(is_ours, "a line that nobody wrote: {line:?}");
        assert!(!line.starts_with(FORGED), "a forged line: {line:?}");
        let speaks = |letter: char| {
            letter.is_control() && letter != '\t' || "\u{2028}\u{2029}\u{202e}".contains(letter)
        };
        assert!(!line.chars().any(speaks), "it speaks to the terminal: {line:?}");
    }
    assert!(!log.contains(key), "the key is in the log");
}

//! Sessions of clients that begin with `initialize`, and what both eras are told of changes.

use std::time::Duration;

use reqwest::{Method, Response};
use serde_json::{Value, json};

use super::house::{COMMANDS, House, PATIENCE, answer, call, request, until};
use crate::support::client::text;
use crate::support::server::is_alive;

#[tokio::test]
async fn a_session_is_opened_used_and_ended() {
    let house = House::start(COMMANDS).await;
    let session = house.initialize().await;
    assert!(session.len() >= 32, "{session} can be guessed");
    let sent = house.post(&call(1, "echo", json!({ "what": "in" }))).header("Mcp-Session-Id", &session);
    assert_eq!(text(&answer(sent.send().await.unwrap()).await["result"]), "in\n");
    let end = |name: &str| house.request(Method::DELETE, "/mcp").header("Mcp-Session-Id", name).send();
    assert_eq!(end("guessed").await.unwrap().status(), 404);
    assert_eq!(end(&session).await.unwrap().status(), 204);
    let sent = house.post(&call(2, "echo", json!({ "what": "out" }))).header("Mcp-Session-Id", &session);
    let response = sent.send().await.unwrap();
    assert_eq!(response.status(), 404, "a client learns that it has to begin anew");
    assert!(answer(response).await["error"]["message"].as_str().unwrap().contains("initialize"));
}

#[tokio::test]
async fn a_call_of_a_session_outlives_its_connection_and_ends_by_word_or_with_its_session() {
    let house = House::start(COMMANDS).await;
    for by_word in [true, false] {
        let session = house.initialize().await;
        let sent = house.post(&call(7, "hang", json!({}))).header("Mcp-Session-Id", &session);
        let response = sent.send().await.unwrap();
        house.server.file("ready").await;
        let pids: Vec<i32> =
            house.server.file("hanging").await.lines().map(|pid| pid.parse().unwrap()).collect();
        drop(response);
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(pids.iter().all(|&pid| is_alive(pid)), "the protocol has clients say that they cancel");
        let ended = if by_word {
            let note = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": 7 } });
            house.post(&note)
        } else {
            house.request(Method::DELETE, "/mcp")
        };
        assert!(ended.header("Mcp-Session-Id", &session).send().await.unwrap().status().is_success());
        until("the tree is gone", || !pids.iter().any(|&pid| is_alive(pid))).await;
        for left in ["ready", "hanging"] {
            std::fs::remove_file(house.server.folder.path().join(left)).unwrap();
        }
    }
}

#[tokio::test]
async fn the_number_of_sessions_is_bounded_and_so_is_their_idleness() {
    let limits = "server: { http: { limits: { sessions: 3, session_timeout: 2s } } }";
    let house = House::start(&format!("{COMMANDS}\n{limits}\n")).await;
    let first = house.initialize().await;
    for _ in 0..50 {
        house.initialize().await;
    }
    let ask =
        |session: &str| house.post(&request(1, "ping", json!({}))).header("Mcp-Session-Id", session).send();
    assert_eq!(ask(&first).await.unwrap().status(), 404, "it was used least lately");
    let last = house.initialize().await;
    assert_eq!(ask(&last).await.unwrap().status(), 200);
    tokio::time::sleep(Duration::from_millis(2200)).await;
    assert_eq!(ask(&last).await.unwrap().status(), 404);
}

/// Reads a stream until a message of this method comes.
async fn hears(stream: &mut Response, method: &str) -> Value {
    let mut heard = String::new();
    let wait = async {
        loop {
            let chunk =
                stream.chunk().await.unwrap().unwrap_or_else(|| panic!("ended without {method}: {heard}"));
            heard.push_str(std::str::from_utf8(&chunk).unwrap());
            let whole = heard.rsplit_once("\n\n").map_or("", |(whole, _)| whole);
            let data = whole.lines().filter_map(|line| line.strip_prefix("data: "));
            let mut messages = data.map(|line| serde_json::from_str::<Value>(line).unwrap());
            if let Some(message) = messages.find(|message| message["method"] == method) {
                return message;
            }
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("{method} never came"))
}

#[tokio::test]
async fn both_eras_are_told_when_the_list_is_another_one() {
    let house = House::start(COMMANDS).await;
    let session = house.initialize().await;
    let listen = house.request(Method::GET, "/mcp").header("Accept", "text/event-stream");
    let mut older = listen.header("Mcp-Session-Id", &session).send().await.unwrap();
    assert_eq!(older.status(), 200);
    let wanted = json!({ "notifications": { "toolsListChanged": true } });
    let mut newer = house.modern(1, "subscriptions/listen", wanted).send().await.unwrap();
    hears(&mut newer, "notifications/subscriptions/acknowledged").await;
    let file = house.server.folder.path().join("tools.yaml");
    let more = "  - { name: fresh, description: It was not here before., script: echo }\n";
    std::fs::write(&file, format!("version: 1\n{COMMANDS}{more}")).unwrap();
    hears(&mut older, "notifications/tools/list_changed").await;
    hears(&mut newer, "notifications/tools/list_changed").await;
    let listed = answer(house.plain(&request(2, "tools/list", json!({}))).send().await.unwrap()).await;
    assert_eq!(listed["result"]["tools"][4]["name"], "fresh");
}

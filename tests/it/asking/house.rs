//! Over HTTP: questions come on the stream of their call, and answers as messages of the session.

use reqwest::Response;
use serde_json::{Value, json};

use super::COMMANDS;
use crate::server::house::{House, call, request};
use crate::support::client::text;

const KEYS: &str = r#"
server: { http: { auth: { api_keys: [{ name: ann, key: ann-ann-ann-ann-ann-ann-ann }, { name: bob, key: bob-bob-bob-bob-bob-bob-bob }] } } }
"#;

pub async fn opened(house: &House, key: &str) -> String {
    let params = json!({
        "protocolVersion": "2025-11-25",
        "capabilities": { "elicitation": {} },
        "clientInfo": { "name": "test", "version": "1" },
    });
    let sent = house.post(&request(0, "initialize", params)).header("X-API-Key", key).send().await.unwrap();
    sent.headers()["mcp-session-id"].to_str().unwrap().to_owned()
}

/// The next message on a stream.
pub async fn next(stream: &mut Response, heard: &mut String) -> Value {
    loop {
        if let Some((event, rest)) = heard.split_once("\n\n") {
            let data = event.lines().find_map(|line| line.strip_prefix("data: ")).map(str::to_owned);
            *heard = rest.to_owned();
            if let Some(message) = data.and_then(|data| serde_json::from_str(&data).ok()) {
                return message;
            }
            continue;
        }
        let chunk = stream.chunk().await.unwrap().expect("the stream goes on");
        heard.push_str(std::str::from_utf8(&chunk).unwrap());
    }
}

#[tokio::test]
async fn a_question_is_answered_in_its_session_and_by_nobody_else() {
    let house = House::start(&format!("{COMMANDS}{KEYS}")).await;
    let (ann, bob) = ("ann-ann-ann-ann-ann-ann-ann", "bob-bob-bob-bob-bob-bob-bob");
    let (session, others) = (opened(&house, ann).await, opened(&house, bob).await);
    let sent = house.post(&call(1, "deploy", json!({ "version": "1" })));
    let sent = sent.header("Mcp-Session-Id", &session).header("X-API-Key", ann);
    let (mut stream, mut heard) = (sent.send().await.unwrap(), String::new());
    let asked = next(&mut stream, &mut heard).await;
    assert_eq!(asked["method"], "elicitation/create", "{asked}");
    let yes = json!({ "jsonrpc": "2.0", "id": asked["id"], "result": { "action": "accept" } });
    let answer = |session: &str, key: &'static str| {
        house.post(&yes).header("Mcp-Session-Id", session).header("X-API-Key", key).send()
    };
    assert_eq!(answer(&others, bob).await.unwrap().status(), 202);
    assert_eq!(answer(&session, bob).await.unwrap().status(), 404);
    let running = house.post(&request(2, "ping", json!({})));
    running.header("Mcp-Session-Id", &session).header("X-API-Key", ann).send().await.unwrap();
    assert!(!house.server.folder.path().join("deployed-1").exists(), "somebody else said yes");
    assert_eq!(answer(&session, ann).await.unwrap().status(), 202);
    let result = next(&mut stream, &mut heard).await;
    assert_eq!(result["result"]["isError"], false, "{result}");
    assert!(house.server.folder.path().join("deployed-1").exists());
}

#[tokio::test]
async fn who_has_no_session_or_takes_no_stream_is_refused() {
    let house = House::start(COMMANDS).await;
    for sent in [
        house.plain(&call(1, "deploy", json!({ "version": "1" }))),
        house.post(&call(1, "deploy", json!({ "version": "1" }))),
        house.modern(1, "tools/call", json!({ "name": "deploy", "arguments": { "version": "1" } })),
    ] {
        let answer = crate::server::house::answer(sent.send().await.unwrap()).await;
        assert!(text(&answer["result"]).contains("mcpfier approvals"), "{answer}");
    }
    assert!(!house.server.folder.path().join("deployed-1").exists());
}

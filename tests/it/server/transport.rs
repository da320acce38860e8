//! One request and its answer: forms, eras, headers, streams, and what happens when a client goes.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use super::house::{COMMANDS, House, answer, call, messages, request, until};
use crate::support::client::text;
use crate::support::server::is_alive;

#[tokio::test]
async fn clients_of_the_original_need_no_session_no_handshake_and_no_accept() {
    let house = House::start(COMMANDS).await;
    for path in ["/", "/mcp", "/anything"] {
        let message = call(1, "echo", json!({ "what": "hello" }));
        let sent = house.request(Method::POST, path).header("Content-Type", "application/json");
        let response = sent.body(message.to_string()).send().await.unwrap();
        assert_eq!(
            (response.status().as_u16(), &response.headers()["content-type"]),
            (200, &"application/json".parse().unwrap())
        );
        assert_eq!(text(&answer(response).await["result"]), "hello\n");
    }
    let slow = house.plain(&call(2, "slow", json!({ "seconds": 0.5 }))).send().await.unwrap();
    assert_eq!(slow.headers()["content-type"], "application/json");
    assert_eq!(text(&answer(slow).await["result"]), "started\ndone\n");
    let health: Value = serde_json::from_str(
        &house.request(Method::GET, "/health").send().await.unwrap().text().await.unwrap(),
    )
    .unwrap();
    assert_eq!(
        health,
        json!({ "status": "healthy", "version": env!("CARGO_PKG_VERSION"), "server": "mcpfier" })
    );
    for probe in ["/livez", "/readyz"] {
        assert_eq!(house.request(Method::GET, probe).send().await.unwrap().status(), 200);
    }
}

#[tokio::test]
async fn the_newer_era_needs_no_session_and_says_by_a_status_what_was_wrong() {
    let house = House::start(COMMANDS).await;
    let found = answer(house.modern(1, "server/discover", json!({})).send().await.unwrap()).await;
    assert!(found["result"]["supportedVersions"][0].is_string(), "{found}");
    let listed = answer(house.modern(2, "tools/list", json!({})).send().await.unwrap()).await;
    assert_eq!(listed["result"]["cacheScope"], "private");
    let said = house.modern(3, "tools/call", json!({ "name": "echo", "arguments": { "what": "new" } }));
    assert_eq!(text(&answer(said.send().await.unwrap()).await["result"]), "new\n");

    let wrong = |name: &'static str, value: &'static str| {
        let message = house.modern(4, "tools/call", json!({ "name": "echo", "arguments": { "what": "x" } }));
        let mut message = message.build().unwrap();
        message.headers_mut().insert(name, value.parse().unwrap());
        house.client.execute(message)
    };
    for (name, value) in
        [("mcp-method", "tools/list"), ("mcp-name", "slow"), ("mcp-protocol-version", "2025-11-25")]
    {
        let response = wrong(name, value).await.unwrap();
        assert_eq!(response.status(), 400, "{name}");
        assert_eq!(answer(response).await["error"]["code"], -32020, "{name}");
    }
    let unknown = house.modern(5, "prompts/fly", json!({})).send().await.unwrap();
    assert_eq!(unknown.status(), 404);
    assert_eq!(answer(unknown).await["error"]["code"], -32601);
    let mut params = json!({ "_meta": crate::support::client::modern_meta() });
    params["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!("2099-01-01");
    let future = house.post(&request(6, "tools/list", params)).header("MCP-Protocol-Version", "2099-01-01");
    let response = future.header("Mcp-Method", "tools/list").send().await.unwrap();
    assert_eq!(response.status(), 400);
    let refused = answer(response).await;
    assert_eq!(refused["error"]["code"], -32022);
    assert!(refused["error"]["data"]["supported"].is_array(), "{refused}");
}

#[tokio::test]
async fn the_head_of_an_answer_is_there_long_before_its_end() {
    let house = House::start(COMMANDS).await;
    let begun = Instant::now();
    let params = json!({ "name": "slow", "arguments": { "seconds": 3 } });
    let response = house.modern(1, "tools/call", params).send().await.unwrap();
    assert!(begun.elapsed() < Duration::from_millis(1500), "{:?}", begun.elapsed());
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    assert_eq!(response.headers()["x-accel-buffering"], "no");
    assert_eq!(text(&answer(response).await["result"]), "started\ndone\n");
    assert!(begun.elapsed() > Duration::from_secs(3));
}

#[tokio::test]
async fn progress_comes_on_the_stream_of_its_own_call() {
    let house = House::start(COMMANDS).await;
    let params = json!({ "name": "slow", "arguments": {}, "_meta": { "progressToken": "t" } });
    let told = messages(house.modern(1, "tools/call", params).send().await.unwrap()).await;
    let (last, before) = told.split_last().unwrap();
    assert_eq!(text(&last["result"]), "started\ndone\n");
    assert!(before.iter().any(|note| note["params"]["message"] == "started"), "{before:?}");
    assert!(before.iter().all(|note| note["params"]["progressToken"] == "t"));
}

#[tokio::test]
async fn a_client_that_goes_takes_its_call_and_its_tree_with_it() {
    let house = House::start(COMMANDS).await;
    let modern = house.modern(1, "tools/call", json!({ "name": "hang", "arguments": {} }));
    let original = house.plain(&call(1, "hang", json!({})));
    for request in [modern, original] {
        let response = request.send().await.unwrap();
        house.server.file("ready").await;
        let pids: Vec<i32> =
            house.server.file("hanging").await.lines().map(|pid| pid.parse().unwrap()).collect();
        assert!(pids.len() == 2 && pids.iter().all(|&pid| is_alive(pid)));
        drop(response);
        until("the tree is gone", || !pids.iter().any(|&pid| is_alive(pid))).await;
        for left in ["ready", "hanging"] {
            std::fs::remove_file(house.server.folder.path().join(left)).unwrap();
        }
    }
}

#[tokio::test]
async fn a_reader_that_stops_holds_up_nobody_else() {
    let house = House::start(COMMANDS).await;
    let session = house.initialize().await;
    let message = call(1, "flood", json!({})).to_string();
    let mut stuck = house.connect();
    let head = format!(
        "POST /mcp HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n\
         Mcp-Session-Id: {session}\r\nContent-Length: {}\r\n\r\n{message}",
        house.address,
        message.len()
    );
    stuck.write_all(head.as_bytes()).unwrap();
    let mut first = [0; 1024];
    assert!(stuck.read(&mut first).unwrap() > 0, "the answer has begun");
    for id in 2..20 {
        let sent = house.post(&call(id, "echo", json!({ "what": "x" }))).header("Mcp-Session-Id", &session);
        assert_eq!(text(&answer(sent.send().await.unwrap()).await["result"]), "x\n");
    }
}

#[tokio::test]
async fn large_results_come_whole_in_every_form() {
    let house = House::start(COMMANDS).await;
    let flood = json!({ "name": "flood", "arguments": {} });
    for request in [house.plain(&call(1, "flood", json!({}))), house.modern(1, "tools/call", flood)] {
        let message = answer(request.send().await.unwrap()).await;
        let shown = text(&message["result"]);
        assert!(shown.len() == 16 << 20 && shown.bytes().all(|byte| byte == b'x'));
    }
}

#[tokio::test]
async fn two_hundred_calls_at_once_are_all_answered() {
    let house = House::start(&format!("{COMMANDS}\nserver: {{ calls: {{ max: 16, queue: 400 }} }}\n")).await;
    let calls = (0..200).map(|id| {
        let sent = house.plain(&call(id, "echo", json!({ "what": id.to_string() }))).send();
        tokio::spawn(async move { (id, answer(sent.await.unwrap()).await) })
    });
    for one in calls.collect::<Vec<_>>() {
        let (id, message) = one.await.unwrap();
        assert_eq!((&message["id"], text(&message["result"])), (&json!(id), &*format!("{id}\n")));
    }
}

#[tokio::test]
async fn what_is_no_message_is_answered_and_no_connection_ends_by_it() {
    let house = House::start(COMMANDS).await;
    for (body, code) in [
        ("{", -32700),
        ("[]", -32600),
        ("[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}]", -32600),
        ("null", -32600),
        ("", -32600),
        ("{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"tools/list\"}", -32600),
    ] {
        let sent = house.request(Method::POST, "/mcp").header("Content-Type", "application/json").body(body);
        let response = sent.send().await.unwrap();
        assert_eq!(response.status(), 400, "{body}");
        assert_eq!(answer(response).await["error"]["code"], code, "{body}");
    }
    let note = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    assert_eq!(house.post(&note).send().await.unwrap().status(), 202);
    let unknown = answer(house.plain(&call(1, "nothing", json!({}))).send().await.unwrap()).await;
    assert_eq!(unknown["error"]["code"], -32602);
}

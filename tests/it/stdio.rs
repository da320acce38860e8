//! The program over stdin and stdout, from outside: what a client of any make gets to see.

use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::support::client::{modern_meta, text};
use crate::support::server::{Server, Wire, is_alive};

const COMMANDS: &str = r#"
commands:
  - name: echo
    description: Says it.
    script: echo
    args: ["{{what}}"]
    params: { what: { type: string, maxLength: 1000 } }
  - name: lines
    description: Three lines, half a second apart.
    shell: sh
    run: for i in 1 2 3; do echo "line $i"; sleep 0.5; done
  - name: flood
    description: Sixteen mebibytes.
    shell: sh
    run: head -c 16777216 /dev/zero | tr '\0' x
    limits: { output: 32MiB }
    output: { show: 32MiB }
  - name: hang
    description: Until it is stopped, with a child of its own.
    shell: sh
    run: echo $$ >hanging; sleep 1000 & echo $! >>hanging; echo two >ready; wait
    timeout: 10m
    detach_after: never
"#;

#[tokio::test]
async fn a_client_of_either_era_lists_and_calls_over_pipes_and_sockets() {
    for wire in [Wire::Pipes, Wire::Sockets] {
        let mut server = Server::start_on(wire, COMMANDS);
        let client = &mut server.client;
        client.initialize().await;
        let listed = client.ask(1, "tools/list", json!({})).await;
        let tools = listed["result"]["tools"].as_array().unwrap();
        let names: Vec<&Value> = tools.iter().map(|tool| &tool["name"]).collect();
        assert_eq!(names, ["echo", "lines", "flood", "hang"]);
        let result = client.call(2, "echo", json!({ "what": "hello" })).await;
        assert_eq!((text(&result), &result["isError"]), ("hello\n", &json!(false)));
        let params = json!({ "name": "echo", "arguments": { "what": "new" }, "_meta": modern_meta() });
        assert_eq!(text(&client.ask(3, "tools/call", params).await["result"]), "new\n");
        client.hang_up();
        assert!(client.rest().await.is_empty());
        let (status, took) = server.ended().await;
        assert!(status.success(), "{status}");
        assert!(took < Duration::from_secs(2), "{took:?}");
        assert_eq!(server.stderr(), "");
    }
}

#[tokio::test]
async fn output_is_told_while_the_command_runs() {
    let mut server = Server::start(COMMANDS);
    server.client.initialize().await;
    let params = json!({ "name": "lines", "arguments": {}, "_meta": { "progressToken": "t" } });
    let response = server.client.ask(1, "tools/call", params).await;
    assert_eq!(text(&response["result"]), "line 1\nline 2\nline 3\n");
    let told: Vec<Value> =
        server.client.passed().iter().map(|message| message["params"]["message"].clone()).collect();
    for line in ["started", "line 1", "line 2"] {
        assert!(told.contains(&json!(line)), "{line} is missing: {told:?}");
    }
}

#[tokio::test]
async fn large_results_come_whole() {
    for wire in [Wire::Pipes, Wire::Sockets] {
        let mut server = Server::start_on(wire, COMMANDS);
        server.client.initialize().await;
        let result = server.client.call(1, "flood", json!({})).await;
        let shown = text(&result);
        assert_eq!(shown.len(), 16 << 20);
        assert!(shown.bytes().all(|byte| byte == b'x'));
    }
}

/// Starts `hang` and waits until it and its child are there.
async fn hanging(server: &mut Server) -> Vec<i32> {
    server.client.initialize().await;
    server.client.request("hang", "tools/call", json!({ "name": "hang", "arguments": {} })).await;
    server.file("ready").await;
    let pids: Vec<i32> = server.file("hanging").await.lines().map(|pid| pid.parse().unwrap()).collect();
    assert_eq!(pids.len(), 2);
    assert!(pids.iter().all(|&pid| is_alive(pid)));
    pids
}

async fn all_gone(pids: &[i32]) {
    let gone = async {
        while pids.iter().any(|&pid| is_alive(pid)) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone).await.expect("nothing of the command is left");
}

#[tokio::test]
async fn a_cancelled_call_ends_and_is_not_answered() {
    let mut server = Server::start(COMMANDS);
    let pids = hanging(&mut server).await;
    server.client.notify("notifications/cancelled", json!({ "requestId": "hang" })).await;
    all_gone(&pids).await;
    assert_eq!(text(&server.client.call(2, "echo", json!({ "what": "x" })).await), "x\n");
    assert!(server.client.passed().is_empty());
}

#[tokio::test]
async fn calls_are_answered_after_the_input_has_ended() {
    let mut server = Server::start(COMMANDS);
    server.client.initialize().await;
    server.client.request(1, "tools/call", json!({ "name": "lines", "arguments": {} })).await;
    server.client.hang_up();
    let rest = server.client.rest().await;
    assert_eq!(rest.len(), 1);
    assert_eq!(text(&rest[0]["result"]), "line 1\nline 2\nline 3\n");
    assert!(server.ended().await.0.success());
}

#[tokio::test]
async fn a_signal_ends_everything_in_a_moment() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let mut server = Server::start(COMMANDS);
        let pids = hanging(&mut server).await;
        server.signal(signal);
        let (_, took) = server.ended().await;
        assert!(took < Duration::from_millis(1500), "{took:?}");
        assert!(!pids.iter().any(|&pid| is_alive(pid)), "something is left");
    }
}

#[tokio::test]
async fn a_client_that_is_gone_leaves_nothing_behind() {
    let mut server = Server::start(COMMANDS);
    let pids = hanging(&mut server).await;
    server.client = nobody();
    let (_, took) = server.ended().await;
    assert!(took < Duration::from_secs(2), "{took:?}");
    assert!(!pids.iter().any(|&pid| is_alive(pid)), "something is left");
}

fn nobody() -> crate::support::client::Client {
    crate::support::client::Client::new(tokio::io::empty(), tokio::io::sink())
}

#[tokio::test]
async fn a_client_that_stops_reading_cannot_hold_up_the_end() {
    let mut server = Server::start(COMMANDS);
    server.client.initialize().await;
    server.client.request(1, "tools/call", json!({ "name": "flood", "arguments": {} })).await;
    // The first bytes of the result are there, and nobody takes them.
    server.client.is_told_something().await;
    server.client.hang_up();
    let (_, took) = server.ended().await;
    assert!(took < Duration::from_secs(10), "{took:?}");
}

#[tokio::test]
async fn broken_messages_are_refused_and_the_server_lives() {
    let mut server = Server::start(COMMANDS);
    let client = &mut server.client;
    client.send_raw(b"nonsense\n[]\n{}\n\n\xff\n").await;
    for code in [-32700, -32600, -32600, -32700] {
        assert_eq!(client.next().await.unwrap()["error"]["code"], code);
    }
    client.initialize().await;
    let mut line = br#"{"jsonrpc":"2.0","id":9,"method":"tools/call","params":{"name":""#.to_vec();
    line.resize(20 << 20, b'x');
    line.extend_from_slice(b"\"}}\n");
    client.send_raw(&line).await;
    assert_eq!(client.answer(9).await["error"]["code"], -32600);
    let unknown = client.ask(10, "tools/call", json!({ "name": "ech", "arguments": {} })).await;
    assert_eq!(unknown["error"]["code"], -32602);
    assert!(unknown["error"]["message"].as_str().unwrap().contains("echo"), "{unknown}");
    assert_eq!(client.ask(11, "prompts/list", json!({})).await["error"]["code"], -32601);
    assert_eq!(text(&client.call(12, "echo", json!({ "what": "alive" })).await), "alive\n");
}

//! Answers that come bit by bit: shown as they come, events as lines.

use std::sync::mpsc::channel;
use std::time::Duration;

use serde_json::json;

use super::get;
use crate::support::client::text;
use crate::support::program::mcpfier;
use crate::support::server::Server;
use crate::support::web::{Web, send};

const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";

fn stream(events: &'static str) -> Web {
    Web::start(move |_, stream| {
        send(stream, HEAD);
        // In pieces that end anywhere.
        for piece in events.as_bytes().chunks(7) {
            send(stream, piece);
        }
    })
}

#[test]
fn each_event_becomes_a_line() {
    let web =
        stream(": hi\n\ndata: {\"a\":1}\n\nevent: x\ndata: two\ndata: lines\n\ndata: [DONE]\n\ndata: rest");
    let call = |keys: &str| mcpfier(&["call", "get"]).tools(&get(&web.url(), keys)).run().stdout;
    assert_eq!(call(""), "{\"a\":1}\ntwo\nlines\n[DONE]\n");
    assert_eq!(call(", stream: { until: \"[DONE]\" }"), "{\"a\":1}\ntwo\nlines\n");
    assert!(call(", stream: false").starts_with(": hi\n\ndata: {"));
}

#[test]
fn the_last_event_ends_the_call_though_the_server_goes_on() {
    let web = Web::start(|_, stream| {
        send(stream, HEAD);
        send(stream, b"data: one\n\ndata: end\n\n");
        while send(stream, b": still there\n\n") {
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    let tools = get(&web.url(), ", stream: { until: end }");
    assert_eq!(mcpfier(&["call", "get"]).tools(&tools).run().stdout, "one\n");
}

#[test]
fn what_came_of_a_stream_is_kept_when_time_is_over() {
    let web = Web::start(|_, stream| {
        send(stream, HEAD);
        send(stream, b"data: one\n\ndata: begun\n");
        while send(stream, b": beat\n") {
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    let tools = get(&web.url(), "").replace("timeout: 20s", "timeout: 1s");
    let said = mcpfier(&["call", "get"]).tools(&tools).ends_with(124).run();
    assert_eq!(said.stdout, "one\nbegun\n");
}

#[test]
fn events_without_an_end_are_cut_off() {
    for line in ["data: 0123456789\n\n", "data: 0123456789", ": comment\n"] {
        let web = Web::start(move |_, stream| {
            send(stream, HEAD);
            while send(stream, line.repeat(100).as_bytes()) {}
        });
        let tools = get(&web.url(), "") + "    limits: { output: 8KiB }\n";
        let said = mcpfier(&["call", "get"]).tools(&tools).may_talk().run();
        assert!(said.stderr.contains("no more than 8KiB of it are read"), "{line}: {}", said.stderr);
        assert!(said.stdout.len() < 256 << 10);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_sees_events_as_they_come() {
    let (go_on, wait) = channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let web = Web::start(move |_, stream| {
        send(stream, HEAD);
        send(stream, b"data: first event\n\n");
        // The second only comes when somebody has seen the first.
        let _ = wait.lock().expect("one call").recv_timeout(Duration::from_secs(30));
        send(stream, b"data: second event\n\n");
    });
    let tools = get(&web.url(), "");
    let mut server = Server::start(tools.strip_prefix("version: 1\n").expect("a first line"));
    server.client.initialize().await;
    let call = json!({ "name": "get", "arguments": {}, "_meta": { "progressToken": "p" } });
    server.client.request(1, "tools/call", call).await;
    loop {
        let message = server.client.next().await.expect("progress");
        if message["params"]["message"].as_str().is_some_and(|said| said.contains("first event")) {
            break;
        }
        assert!(message.get("id").is_none(), "the call ended before anybody saw the first event");
    }
    go_on.send(()).expect("the server waits");
    let answer = server.client.answer(1).await;
    assert_eq!(text(&answer["result"]), "first event\nsecond event\n");
}

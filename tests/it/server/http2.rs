//! HTTP/2: many calls on one connection, and clients that reset, do not read, or say nothing.

use std::time::{Duration, Instant};

use bytes::Bytes;
use h2::RecvStream;
use h2::client::SendRequest;
use http::Request;
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use super::house::{COMMANDS, House, PATIENCE, call, until};
use crate::support::client::{modern_meta, text};
use crate::support::server::is_alive;

/// A connection on which both know that it is HTTP/2.
async fn connect(house: &House) -> (SendRequest<Bytes>, JoinHandle<Result<(), h2::Error>>) {
    let stream = TcpStream::connect(house.address).await.unwrap();
    let (sender, connection) = h2::client::handshake(stream).await.unwrap();
    (sender, tokio::spawn(connection))
}

/// Sends a message, and gives what comes.
async fn post(
    sender: &SendRequest<Bytes>,
    house: &House,
    message: &Value,
) -> (u16, RecvStream, h2::SendStream<Bytes>) {
    let mut request = Request::post(house.url("/mcp")).header("Content-Type", "application/json");
    request = request.header("Accept", "application/json, text/event-stream");
    if let Some(version) = message["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"].as_str() {
        request = request.header("MCP-Protocol-Version", version).header("Mcp-Method", "tools/call");
        request = request.header("Mcp-Name", message["params"]["name"].as_str().unwrap());
    }
    let mut sender = sender.clone().ready().await.unwrap();
    let (response, mut body) = sender.send_request(request.body(()).unwrap(), false).unwrap();
    body.send_data(Bytes::from(message.to_string()), true).unwrap();
    let (head, body_in) = response.await.unwrap().into_parts();
    (head.status.as_u16(), body_in, body)
}

async fn whole(mut body: RecvStream) -> String {
    let mut read = Vec::new();
    while let Some(piece) = body.data().await {
        let piece = piece.unwrap();
        read.extend_from_slice(&piece);
        body.flow_control().release_capacity(piece.len()).unwrap();
    }
    String::from_utf8(read).unwrap()
}

/// The last message in a body of either kind.
fn last(body: &str) -> Value {
    let line = body.lines().rev().find_map(|line| line.strip_prefix("data: ")).unwrap_or(body);
    serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {body}"))
}

fn modern(tool: &str) -> Value {
    let mut message = call(1, tool, json!({}));
    message["params"]["_meta"] = modern_meta();
    message
}

#[tokio::test]
async fn calls_run_side_by_side_on_one_connection() {
    let house = House::start(COMMANDS).await;
    let (sender, _connection) = connect(&house).await;
    let begun = Instant::now();
    let calls = (0..20).map(|id| {
        let (sender, house) = (&sender, &house);
        async move {
            let (status, body, _) = post(sender, house, &call(id, "slow", json!({ "seconds": 1 }))).await;
            assert_eq!(status, 200);
            let message = last(&whole(body).await);
            assert_eq!(message["id"], id);
            assert_eq!(text(&message["result"]), "started\ndone\n", "{message}");
        }
    });
    futures_util::future::join_all(calls).await;
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
    let (status, body, _) = post(&sender, &house, &call(1, "flood", json!({}))).await;
    assert_eq!(status, 200);
    assert!(whole(body).await.len() > 16 << 20);
}

#[tokio::test]
async fn small_bodies_on_many_streams_are_counted_together() {
    let limits = "server: { http: { limits: { body: 32KiB, bodies: 64KiB } } }";
    let house = House::start(&format!("{COMMANDS}\n{limits}\n")).await;
    let (sender, _connection) = connect(&house).await;
    let (mut answers, mut bodies) = (tokio::task::JoinSet::new(), Vec::new());
    for id in 0..12_usize {
        let request = Request::post(house.url("/mcp")).header("Content-Type", "application/json");
        let mut sender = sender.clone().ready().await.unwrap();
        let (response, mut body) = sender.send_request(request.body(()).unwrap(), false).unwrap();
        body.send_data(Bytes::from(vec![b' '; 12 << 10]), false).unwrap();
        answers.spawn(async move { (id, response.await.unwrap()) });
        bodies.push(Some(body));
    }
    for _ in 0..7 {
        let refused = tokio::time::timeout(PATIENCE, answers.join_next()).await.expect("there is no room");
        let (id, refused) = refused.unwrap().unwrap();
        assert_eq!(refused.status(), 503);
        bodies[id] = None;
    }
    // The others have it.
    for body in bodies.iter_mut().flatten() {
        let said = call(1, "echo", json!({ "what": "here" })).to_string();
        body.send_data(Bytes::from(said), true).unwrap();
    }
    while let Some(answered) = answers.join_next().await {
        assert_eq!(answered.unwrap().1.status(), 200);
    }
}

#[tokio::test]
async fn a_stream_that_is_reset_or_a_connection_that_goes_cancels_its_calls() {
    let house = House::start(COMMANDS).await;
    for resets in [true, false] {
        let _ = std::fs::remove_file(house.server.folder.path().join("ready"));
        let (sender, connection) = connect(&house).await;
        let (_, body, mut sending) = post(&sender, &house, &modern("hang")).await;
        house.server.file("ready").await;
        let pids: Vec<i32> =
            house.server.file("hanging").await.lines().map(|pid| pid.parse().unwrap()).collect();
        assert!(pids.iter().all(|&pid| is_alive(pid)));
        if resets {
            sending.send_reset(h2::Reason::CANCEL);
        } else {
            connection.abort();
        }
        until("the command is killed", || !pids.iter().any(|&pid| is_alive(pid))).await;
        drop(body);
    }
}

#[tokio::test]
async fn an_answer_that_nobody_reads_ends_its_connection_and_no_other() {
    let settings = "server: { http: { limits: { stall_timeout: 1s } } }";
    let house = House::start(&format!("{COMMANDS}\n{settings}\n")).await;
    let (sender, connection) = connect(&house).await;
    let (status, unread, _) = post(&sender, &house, &modern("flood")).await;
    assert_eq!(status, 200);
    let ended = tokio::time::timeout(PATIENCE, connection).await;
    assert!(ended.is_ok(), "a client that reads nothing is let go");
    drop(unread);
    let (sender, _connection) = connect(&house).await;
    let (_, body, _) = post(&sender, &house, &call(1, "echo", json!({ "what": "here" }))).await;
    assert_eq!(text(&last(&whole(body).await)["result"]), "here\n");
}

#[tokio::test]
async fn a_connection_on_which_nothing_goes_on_is_let_go() {
    let settings = "server: { http: { limits: { header_timeout: 1s } } }";
    let house = House::start(&format!("{COMMANDS}\n{settings}\n")).await;
    let (sender, connection) = connect(&house).await;
    let (_, body, _) = post(&sender, &house, &call(1, "slow", json!({ "seconds": 3 }))).await;
    assert_eq!(text(&last(&whole(body).await)["result"]), "started\ndone\n", "what runs goes on");
    tokio::time::timeout(PATIENCE, connection).await.expect("it is over").unwrap().unwrap();
}

#[tokio::test]
async fn a_server_that_is_told_to_stop_answers_what_runs_on_its_streams() {
    let mut house = House::start(COMMANDS).await;
    let (sender, connection) = connect(&house).await;
    let running = post(&sender, &house, &call(1, "slow", json!({ "seconds": 1.5 }))).await;
    house.server.signal(Signal::SIGTERM);
    assert_eq!(text(&last(&whole(running.1).await)["result"]), "started\ndone\n");
    let _ = connection.await.unwrap();
    assert!(house.server.ended().await.0.success());
}

#[tokio::test]
async fn the_names_of_a_stream_are_judged_like_those_of_a_head() {
    let house = House::start(COMMANDS).await;
    let (mut sender, _connection) = connect(&house).await;
    let port = house.address.port();
    for (uri, host, status) in [
        (format!("http://localhost:{port}/livez"), None, 200),
        (format!("http://localhost:{port}/livez"), Some(format!("localhost:{port}")), 200),
        ("http://evil.example.com/livez".to_owned(), None, 403),
        ("http://evil.example.com/livez".to_owned(), Some(format!("localhost:{port}")), 403),
        (format!("http://localhost:{port}/livez"), Some("evil.example.com".to_owned()), 403),
    ] {
        let mut request = Request::get(&uri);
        if let Some(host) = &host {
            request = request.header("Host", host);
        }
        let (response, _) = sender.send_request(request.body(()).unwrap(), true).unwrap();
        assert_eq!(response.await.unwrap().status().as_u16(), status, "{uri} {host:?}");
        sender = sender.ready().await.unwrap();
    }
}

#[tokio::test]
async fn curl_speaks_it_where_tls_says_that_both_can() {
    let secure = super::tls::Secure::start(super::tls::FILES).await;
    let ca = secure.server.folder.path().join("ca.pem").display().to_string();
    let url = format!("https://127.0.0.1:{}/livez", secure.port);
    for (flag, version) in [("--http2", "2"), ("--http1.1", "1.1")] {
        let output = std::process::Command::new("curl")
            .args([
                "--silent",
                "--max-time",
                "60",
                "--cacert",
                &ca,
                flag,
                "--write-out",
                "%{http_version}",
                &url,
            ])
            .output();
        let Ok(output) = output else {
            return crate::support::skip::skip("there is no curl");
        };
        assert_eq!(String::from_utf8_lossy(&output.stdout), format!("ok\n{version}"));
    }
}

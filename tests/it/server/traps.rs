//! What a server over HTTP can do wrong without anybody noticing at first: silence that is taken for
//! an end, codes that are no statuses, limits that are promised and not there.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;

use super::house::{COMMANDS, House, PATIENCE, answer, call, request, until};
use crate::support::client::{modern_meta, text};
use crate::support::place::Place;
use crate::support::server::is_alive;

#[tokio::test]
async fn a_call_of_a_session_may_be_silent_for_longer_than_the_session_may_be_unused() {
    let house =
        House::start(&format!("{COMMANDS}\nserver: {{ http: {{ limits: {{ session_timeout: 1s }} }} }}\n"))
            .await;
    let session = house.initialize().await;
    let sent = house.post(&call(1, "slow", json!({ "seconds": 3 }))).header("Mcp-Session-Id", &session);
    let begun = Instant::now();
    let response = sent.send().await.unwrap();
    assert!(begun.elapsed() < Duration::from_millis(1500), "its head is there at once");
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    assert_eq!(text(&answer(response).await["result"]), "started\ndone\n");
    let ping = house.post(&request(2, "ping", json!({}))).header("Mcp-Session-Id", &session);
    assert_eq!(ping.send().await.unwrap().status(), 200, "the call was a use of it");
}

#[tokio::test]
async fn a_stream_that_is_taken_up_again_is_a_stream_and_not_an_empty_answer() {
    let house = House::start(COMMANDS).await;
    let session = house.initialize().await;
    let listen = || {
        let sent = house.request(Method::GET, "/mcp").header("Accept", "text/event-stream");
        sent.header("Mcp-Session-Id", &session).header("Last-Event-ID", "17")
    };
    let mut first = listen().send().await.unwrap();
    assert_eq!(first.chunk().await.unwrap().as_deref(), Some(b": still here\n\n".as_slice()));
    let mut second = listen().send().await.unwrap();
    assert_eq!(second.chunk().await.unwrap().as_deref(), Some(b": still here\n\n".as_slice()));
    assert_eq!(first.chunk().await.unwrap(), None, "the newer one has its place");
}

/// How much of what the server has sent is not taken by each of its clients, by their ports.
fn untaken(house: &House) -> Vec<(String, u64)> {
    let port = format!(":{:04X}", house.address.port());
    let table = std::fs::read_to_string("/proc/net/tcp").expect("the kernel lists connections");
    let queued = |line: &str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (local, remote, queues) = (fields.get(1)?, fields.get(2)?, fields.get(4)?);
        let (sending, _) = queues.split_once(':')?;
        // Connections, and not what listens.
        (local.ends_with(&port) && fields.get(3) == Some(&"01"))
            .then(|| Some(((*remote).to_owned(), u64::from_str_radix(sending, 16).ok()?)))?
    };
    table.lines().filter_map(queued).collect()
}

/// Waits until the server cannot send any more of what it has to a client that does not read.
pub async fn until_the_way_is_blocked(house: &House) {
    let begun = Instant::now();
    let (mut before, mut looks) = (Vec::new(), 0);
    while looks < 5 {
        assert!(begun.elapsed() < PATIENCE, "nothing is blocked: {before:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
        let mut now = untaken(house);
        now.retain(|(_, bytes)| *bytes > 0);
        looks = if !now.is_empty() && now == before { looks + 1 } else { 0 };
        before = now;
    }
}

/// A connection whose client has room for next to nothing.
async fn narrow(house: &House) -> TcpStream {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let stream = socket.connect(house.address).await.unwrap().into_std().unwrap();
    stream.set_nonblocking(false).unwrap();
    stream
}

/// Every line of the command is told, one after the other, and eight megabytes of them are more than the
/// kernel holds for a client that reads none.
#[tokio::test]
async fn a_call_whose_news_nobody_reads_is_cancelled_all_the_same() {
    let chatty = r#"
  - name: chatty
    description: Says a lot, and then nothing.
    shell: sh
    run: |
      line=$(head -c 4000 /dev/zero | tr '\0' x); sleep 1000 & echo $! >pid; echo $$ >>pid
      for hundred in $(seq 22); do
        for one in $(seq 100); do echo $line >&2; done
        sleep 0.05
      done
      echo x >ready; wait
    timeout: 10m
    logging: true
    limits: { output: 32MiB }
    detach_after: never
"#;
    let house = House::start(&format!("{COMMANDS}{chatty}")).await;
    let session = house.initialize().await;
    let level = request(4, "logging/setLevel", json!({ "level": "debug" }));
    let level = house.post(&level).header("Mcp-Session-Id", &session).send().await.unwrap();
    assert_eq!(answer(level).await["result"], json!({}));
    let mut message = call(5, "chatty", json!({}));
    message["params"]["_meta"] = json!({ "progressToken": "t" });
    let body = message.to_string();
    let mut unread = narrow(&house).await;
    let head = format!(
        "POST /mcp HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\nMcp-Session-Id: {session}\r\nContent-Length: {}\r\n\r\n",
        house.address,
        body.len()
    );
    unread.write_all(format!("{head}{body}").as_bytes()).unwrap();
    house.server.file("ready").await;
    let pids: Vec<i32> = house.server.file("pid").await.lines().map(|pid| pid.parse().unwrap()).collect();
    until_the_way_is_blocked(&house).await;
    // Others are served, with the same session and without.
    let other = house.post(&call(6, "echo", json!({ "what": "here" }))).header("Mcp-Session-Id", &session);
    assert_eq!(text(&answer(other.send().await.unwrap()).await["result"]), "here\n");
    let other = house.plain(&call(7, "echo", json!({ "what": "there" }))).send().await.unwrap();
    assert_eq!(text(&answer(other).await["result"]), "there\n");
    assert!(pids.iter().all(|&pid| is_alive(pid)), "it runs until it is cancelled");
    let note = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": 5 } });
    house.post(&note).header("Mcp-Session-Id", &session).send().await.unwrap();
    until("the tree is gone", || !pids.iter().any(|&pid| is_alive(pid))).await;
    let other = house.post(&call(8, "echo", json!({ "what": "here" }))).header("Mcp-Session-Id", &session);
    assert_eq!(text(&answer(other.send().await.unwrap()).await["result"]), "here\n");
    drop(unread);
}

/// The server's own end of a connection, taken out of its process.
#[cfg(target_os = "linux")]
fn servers_end(house: &House, of: &TcpStream) -> TcpStream {
    use rustix::process::{Pid, PidfdFlags, PidfdGetfdFlags, pidfd_getfd, pidfd_open};

    let pid = house.server.pid();
    let process = Pid::from_raw(pid.as_raw()).expect("a process");
    let process = pidfd_open(process, PidfdFlags::empty()).expect("it runs");
    let client = of.local_addr().unwrap();
    let open = std::fs::read_dir(format!("/proc/{pid}/fd")).expect("what it has open");
    let taken = open.filter_map(|entry| {
        let number = entry.ok()?.file_name().to_str()?.parse().ok()?;
        let taken = pidfd_getfd(&process, number, PidfdGetfdFlags::empty()).ok()?;
        Some(TcpStream::from(taken))
    });
    let mut ends = taken.filter(|end| end.peer_addr().is_ok_and(|peer| peer == client));
    ends.next().expect("it has the connection")
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn small_answers_of_calls_and_of_sessions_do_not_wait_for_those_before() {
    let house = House::start(COMMANDS).await;
    let session = format!("Mcp-Session-Id: {}\r\n", house.initialize().await);
    for header in ["", &session] {
        let body = request(1, "tools/list", json!({})).to_string();
        let mut client = house.connect();
        write!(
            client,
            "POST /mcp HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n{header}Content-Length: {}\r\n\r\n{body}",
            house.address,
            body.len()
        )
        .unwrap();
        let mut begun = [0; 12];
        client.read_exact(&mut begun).unwrap();
        assert_eq!(std::str::from_utf8(&begun), Ok("HTTP/1.1 200"));
        assert!(servers_end(&house, &client).nodelay().unwrap(), "Nagle would cost 40 ms: {header:?}");
    }
}

const KEYED: &str =
    "server: { http: { auth: { api_keys: [{ name: ann, key: a-key-of-ann-that-is-long }] } } }";

/// The head of an answer, and its body passed over.
fn answered(stream: &mut TcpStream) -> String {
    let (mut head, mut byte) = (String::new(), [0]);
    while !head.ends_with("\r\n\r\n") {
        stream.read_exact(&mut byte).expect("an answer, and not the end");
        head.push(byte[0].into());
    }
    let head = head.to_ascii_lowercase();
    let length =
        head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()).expect("a length");
    stream.read_exact(&mut vec![0; length.parse().unwrap()]).expect("the whole answer");
    head
}

#[tokio::test]
async fn who_is_refused_before_the_body_has_come_goes_on_with_the_connection() {
    let house = House::start(&format!("{COMMANDS}{KEYED}\n")).await;
    let body = request(1, "tools/list", json!({})).to_string();
    let head = |place: &str, kind: &str, more: &str| {
        let (host, length) = (house.address, body.len());
        format!(
            "POST {place} HTTP/1.1\r\nHost: {host}\r\nContent-Type: {kind}\r\n{more}Content-Length: {length}\r\n\r\n"
        )
    };
    let key = "X-API-Key: a-key-of-ann-that-is-long\r\n";
    for (refused, status) in [
        (head("/mcp", "application/json", ""), "401"),
        (head("/mcp", "text/plain", key), "415"),
        (head("/mcp", "application/json", "Origin: https://elsewhere.example\r\n"), "403"),
    ] {
        let mut has_gone_on = false;
        // On a host that stands still for a second it is told that the connection ends.
        for _ in 0..10 {
            let mut client = house.connect();
            client.write_all(refused.as_bytes()).unwrap();
            std::thread::sleep(Duration::from_millis(100));
            client.write_all(body.as_bytes()).unwrap();
            let told = answered(&mut client);
            assert!(told.starts_with(&format!("http/1.1 {status}")), "{told}");
            if !told.contains("connection: close") {
                let next = head("/mcp", "application/json", key) + &body;
                client.write_all(next.as_bytes()).unwrap();
                assert!(answered(&mut client).starts_with("http/1.1 200"), "after {status}");
                has_gone_on = true;
                break;
            }
        }
        assert!(has_gone_on, "{status} ended every connection");
    }
}

#[tokio::test]
async fn a_body_that_is_not_waited_for_ends_the_connection_and_the_answer_says_so() {
    let house = House::start(&format!("{COMMANDS}{KEYED}\n")).await;
    for more in ["Content-Length: 9\r\nExpect: 100-continue", "Content-Length: 99999999", "Content-Length: 9"]
    {
        let head = format!("POST /mcp HTTP/1.1\r\nHost: {}\r\n{more}\r\n\r\n", house.address);
        let mut client = house.connect();
        client.write_all(head.as_bytes()).unwrap();
        let told = answered(&mut client);
        assert!(told.starts_with("http/1.1 401") && told.contains("connection: close"), "{more}: {told}");
        assert_eq!(client.read(&mut [0]).unwrap_or_default(), 0, "{more}: the connection is over");
    }
}

#[tokio::test]
async fn what_callers_say_is_not_logged() {
    let mut house = House::start(COMMANDS).await;
    let said = house.plain(&call(1, "echo", json!({ "what": "a-word-that-nobody-logs" })));
    said.send().await.unwrap().text().await.unwrap();
    let wrong = house.plain(&call(1, "echo", json!({ "what": 5, "a-word-that-nobody-logs": 1 })));
    wrong.send().await.unwrap().text().await.unwrap();
    assert!(!house.server.stderr().contains("a-word-that-nobody-logs"), "{}", house.server.stderr());
}

#[tokio::test]
async fn every_header_that_repeats_the_body_is_held_against_it() {
    let house = House::start(COMMANDS).await;
    let mut message = call(1, "echo", json!({ "what": "x" }));
    message["params"]["_meta"] = modern_meta();
    let headers = |leave: &str, twice: &str| {
        let all =
            [("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "tools/call"), ("Mcp-Name", "echo")];
        all.into_iter().filter(|(name, _)| *name != leave).fold(
            house.post(&message),
            |sent, (name, value)| {
                let sent = sent.header(name, value);
                if name == twice { sent.header(name, value) } else { sent }
            },
        )
    };
    assert_eq!(headers("", "").send().await.unwrap().status(), 200);
    for name in ["MCP-Protocol-Version", "Mcp-Method", "Mcp-Name"] {
        for sent in [headers(name, ""), headers("", name)] {
            let response = sent.send().await.unwrap();
            assert_eq!(response.status(), 400, "{name}");
            assert_eq!(answer(response).await["error"]["code"], -32020, "{name}");
        }
    }
}

/// What this host cannot enforce is refused over HTTP as it is at the shell, and never run.
#[tokio::test]
async fn limits_that_are_required_and_cannot_be_kept_refuse_the_call() {
    let limited = |name: &str, limit: &str| {
        format!(
            "  - {{ name: {name}, description: Leaves a trace., script: touch, args: [{name}], limits_enforcement: required, limits: {{ {limit} }} }}\n"
        )
    };
    let tools = [("memory", "memory: 64MiB"), ("cpu", "cpu: 0.5"), ("pids", "pids: 20")];
    let file: String = tools.iter().map(|(name, limit)| limited(name, limit)).collect();
    let house = House::start(&format!("{COMMANDS}{file}")).await;
    let place = Place::with(&[("tools.yaml", &format!("version: 1\n{COMMANDS}{file}"))]);
    for (name, _) in tools {
        let at_the_shell = place.run(&["--config", "tools.yaml", "--dry-run", name]);
        let result =
            answer(house.plain(&call(1, name, json!({}))).send().await.unwrap()).await["result"].clone();
        let trace = house.server.folder.path().join(name);
        if at_the_shell.stderr.contains("limits_enforcement") {
            let told = text(&result);
            assert!(result["isError"] == true && told.contains("limits_enforcement"), "{name}: {told}");
            assert!(!trace.exists(), "{name} has run");
        } else {
            assert!(result["isError"] != true && trace.exists(), "{name}: {result}");
        }
    }
}

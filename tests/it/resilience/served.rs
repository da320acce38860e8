//! The built server, as a client sees it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::support::server::{Server, Wire};
use crate::support::web::{Web, answer, reply};

fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap_or_else(|| panic!("no text: {result:#}"))
}

#[tokio::test]
async fn tries_are_told_as_progress_and_in_the_result() {
    let mut server = Server::start(
        "commands:
  - name: flaky
    description: T.
    run: |
      echo x >> tries
      echo \"try $(wc -l < tries)\"
      [ $(wc -l < tries) -ge 3 ]
    retry: { attempts: 3, delay: 10ms, on: ['exit:1'] }
",
    );
    server.client.initialize().await;
    let params = json!({ "name": "flaky", "arguments": {}, "_meta": { "progressToken": "p" } });
    let result = server.client.ask(1, "tools/call", params).await["result"].clone();
    assert_eq!(text(&result).trim(), "try 3");
    assert_eq!(result["_meta"]["mcpfier/run"]["attempts"], 3);
    let told = server.client.passed();
    let messages: Vec<&str> = told.iter().filter_map(|told| told["params"]["message"].as_str()).collect();
    assert!(messages.iter().any(|told| told.starts_with("try 2 of 3 in 0.0 s: exit code 1")), "{messages:?}");
}

#[tokio::test]
async fn a_server_that_answers_429_for_ever_is_given_up_within_the_timeout() {
    let web =
        Web::start(|_, stream| reply(stream, &answer("429 Too Many Requests", &[("Retry-After", "1")], b"")));
    let mut server = Server::start(&format!(
        "commands:
  - name: calls
    description: T.
    timeout: 2s
    webhook: {{ url: '{}/', allow_private: true }}
    retry: {{ attempts: 50, delay: 1ms, max_delay: 10s }}
",
        web.url()
    ));
    server.client.initialize().await;
    let began = Instant::now();
    let result = server.client.call(1, "calls", json!({})).await;
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert_eq!((&result["isError"], web.heard().len()), (&json!(true), 2));
    assert!(text(&result).contains("HTTP status 429"), "{result:#}");
    assert!(text(&result).ends_with("try 2; before: HTTP status 429"), "{result:#}");
}

#[tokio::test]
async fn a_call_that_reached_nobody_is_made_again() {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let web = Web::start(|_, stream| match ASKED.fetch_add(1, Ordering::SeqCst) {
        // It goes away in the middle of an answer.
        0 => reply(stream, b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"),
        _ => reply(stream, &answer("200 OK", &[], b"whole")),
    });
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut server = Server::start(&format!(
        "commands:
  - name: half
    description: T.
    webhook: {{ url: '{}/', allow_private: true, method: POST }}
    retry: {{ attempts: 3, delay: 1ms }}
  - name: nobody
    description: T.
    webhook: {{ url: 'http://{nobody}/', allow_private: true, method: POST }}
    retry: {{ attempts: 3, delay: 1ms }}
",
        web.url()
    ));
    server.client.initialize().await;
    let half = server.client.call(1, "half", json!({})).await;
    assert_eq!((&half["isError"], web.heard().len()), (&json!(true), 1), "it may have done something");
    let nobody = server.client.call(2, "nobody", json!({})).await;
    assert_eq!(nobody["_meta"]["mcpfier/run"]["attempts"], 3, "{nobody:#}");
}

#[tokio::test]
async fn an_open_breaker_is_shown_in_the_list_and_the_log() {
    let mut server = Server::start(
        "commands:
  - { name: t, description: T., script: 'false', breaker: { failures: 1, cooldown: 1h } }
  - { name: other, description: T., script: 'true' }
",
    );
    server.client.initialize().await;
    let listed = async |server: &mut Server, id: u32| {
        let list = server.client.ask(id, "tools/list", json!({})).await;
        list["result"]["tools"]
            .as_array()
            .unwrap()
            .iter()
            .map(|tool| tool["_meta"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(listed(&mut server, 1).await, [Value::Null, Value::Null]);
    server.client.call(2, "t", json!({})).await;
    let metas = listed(&mut server, 3).await;
    assert_eq!(metas[0]["mcpfier/breaker"]["state"], "open");
    assert!(metas[0]["mcpfier/breaker"]["triedAgainMs"].as_u64() > Some(1_700_000_000_000));
    assert_eq!(metas[1], Value::Null);
    let refused = server.client.call(4, "t", json!({})).await;
    assert!(
        text(&refused)
            .starts_with("`t` is not tried now: it failed 1 times in a row; it is tried again in 3"),
        "{refused:#}"
    );
    assert!(server.says("the breaker of `t` is open").await.contains("exit code 1"));
}

#[tokio::test]
async fn results_are_remembered_over_the_wire_and_marked() {
    let mut server = Server::start(
        "commands:
  - name: t
    description: T.
    run: echo x >> runs; cat runs
    annotations: { read_only: true }
    cache: { ttl: 1h }
    fallback: other
  - { name: other, description: T., script: echo, args: [instead] }
",
    );
    server.client.initialize().await;
    for id in 0..3 {
        let result = server.client.call(id, "t", json!({})).await;
        assert_eq!(text(&result), "x\n");
        assert_eq!(result["_meta"]["mcpfier/run"]["cache"]["hit"], json!(id > 0));
    }
}

#[tokio::test]
async fn a_fallback_is_told_in_a_text_of_its_own() {
    let mut server = Server::start(
        "commands:
  - { name: t, description: T., script: 'false', fallback: other }
  - { name: other, description: T., script: echo, args: [instead], expose: false }
",
    );
    server.client.initialize().await;
    let result = server.client.call(1, "t", json!({})).await;
    assert_eq!((text(&result), &result["isError"]), ("instead\n", &json!(false)));
    let note = result["content"][1]["text"].as_str().unwrap();
    assert!(note.starts_with("t failed (exit code 1 · ") && note.ends_with("its fallback other"), "{note}");
}

#[tokio::test]
async fn a_server_that_ends_takes_what_is_made_behind_answers_with_it() {
    let mut server = Server::start(
        "commands:
  - name: t
    description: T.
    run: '[ -e made ] && { echo $$ > slow; exec sleep 1000; }; touch made'
    annotations: { read_only: true }
    cache: { ttl: 1ms, stale_while_revalidate: 1h }
    timeout: 1h
",
    );
    server.client.initialize().await;
    server.client.call(1, "t", json!({})).await;
    tokio::time::sleep(Duration::from_millis(5)).await;
    let stale = server.client.call(2, "t", json!({})).await;
    assert_eq!(stale["_meta"]["mcpfier/run"]["cache"]["stale"], true, "{stale:#}");
    let process = server.file("slow").await;
    server.signal(Signal::SIGTERM);
    let (status, took) = server.ended().await;
    assert!(status.success() && took < Duration::from_secs(10), "{status} {took:?}");
    let gone = !std::path::Path::new(&format!("/proc/{}", process.trim())).exists();
    assert!(gone, "it still runs");
}

#[tokio::test]
async fn a_server_killed_while_it_writes_leaves_nothing_that_is_read() {
    let commands = "commands:
  - name: t
    description: T.
    params: { n: { type: integer, description: N } }
    script: head
    args: [-c, '{{n}}', /dev/zero]
    output: { format: binary }
    limits: { output: 8MiB }
    annotations: { read_only: true }
    cache: { ttl: 1h, store: disk }
";
    let caches = tempfile::tempdir().unwrap();
    let started = || {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("tools.yaml"), format!("version: 1\n{commands}")).unwrap();
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_mcpfier"));
        command.arg("--config").arg(folder.path().join("tools.yaml")).env("XDG_CACHE_HOME", caches.path());
        Server::run(Wire::Pipes, folder, command)
    };
    for delay in 0..6 {
        let mut server = started();
        server.client.initialize().await;
        for id in 0..20 {
            server
                .client
                .request(id, "tools/call", json!({ "name": "t", "arguments": { "n": 4_000_000 + id } }))
                .await;
        }
        tokio::time::sleep(Duration::from_millis(delay * 15)).await;
        server.signal(Signal::SIGKILL);
        server.ended().await;
    }
    // Whatever is there is whole: its folder is another, so these are keys of another call.
    let usage = mcpfier::engine::Disk::open(&caches.path().join("mcpfier")).unwrap();
    let before = std::fs::read_dir(caches.path().join("mcpfier")).unwrap().flatten();
    let before = before.filter(|file| file.path().extension().is_some_and(|end| end == "entry")).count();
    let whole: usize = usage.usage().iter().map(|usage| usage.entries).sum();
    assert_eq!(before, whole, "an entry was not whole");
}

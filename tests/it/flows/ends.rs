//! Steps that are cancelled, killed with their server, or run by a program that is interrupted: nothing is
//! left, and what has to be done at the end is.

use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::support::processes::{assert_none_left, mark, marked};
use crate::support::server::Server;

/// Two steps side by side after a first one, all of which write down that they began; the end does too.
fn flow(mark: &str) -> String {
    format!(
        r#"
commands:
  - name: long
    description: Long.
    run: 'echo x >> "$PARAM_file"; sleep 1000 # {mark}'
    kill_grace: 200ms
    params: {{ file: {{ type: string, description: File }} }}
  - name: inner
    description: Inner.
    steps: [{{ id: deep, command: long, with: {{ file: deep }} }}]
    finally: [{{ id: inner_end, run: 'echo x > inner_end # {mark}' }}]
  - name: it
    description: It.
    cleanup_timeout: 5s
    steps:
      - {{ id: first, run: 'true # {mark}' }}
      - {{ id: a, command: long, with: {{ file: a }}, after: [first] }}
      - {{ id: b, command: inner, after: [first] }}
      - {{ id: never, run: 'echo x > never', after: [a] }}
    finally:
      - {{ id: end, run: 'echo x > end # {mark}' }}
"#
    )
}

async fn begun(server: &mut Server) {
    server.client.initialize().await;
    server.client.request(1, "tools/call", json!({ "name": "it", "arguments": {} })).await;
    server.file("a").await;
    server.file("deep").await;
}

#[tokio::test]
async fn cancelling_a_flow_ends_all_of_it_and_what_is_done_at_the_end_is_done() {
    let mark = mark();
    let mut server = Server::start(&flow(&mark));
    begun(&mut server).await;
    assert!(!marked(&mark).is_empty());
    server.client.notify("notifications/cancelled", json!({ "requestId": 1 })).await;
    server.file("inner_end").await;
    server.file("end").await;
    assert_none_left(&mark, Duration::from_secs(20));
    assert!(!server.folder.path().join("never").exists());
}

#[tokio::test]
async fn a_server_that_is_killed_leaves_no_step() {
    let mark = mark();
    let mut server = Server::start(&flow(&mark));
    begun(&mut server).await;
    server.signal(Signal::SIGKILL);
    server.ended().await;
    assert_none_left(&mark, Duration::from_secs(20));
    assert!(!server.folder.path().join("end").exists());
}

#[tokio::test]
async fn a_server_that_is_told_to_end_does_so_in_time_with_a_flow_that_would_not() {
    let mark = mark();
    let text = flow(&mark).replace("echo x > end", "sleep 1000");
    let mut server = Server::start(&text);
    begun(&mut server).await;
    server.signal(Signal::SIGTERM);
    let (_, took) = server.ended().await;
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert_none_left(&mark, Duration::from_secs(20));
}

#[tokio::test]
async fn a_call_that_is_cancelled_at_any_moment_leaves_nothing() {
    let mark = mark();
    let steps: String =
        (0..40).map(|place| format!("      - {{ id: s{place}, run: 'sleep 0.01 # {mark}' }}\n")).collect();
    let commands = format!("\ncommands:\n  - name: it\n    description: It.\n    steps:\n{steps}");
    let mut server = Server::start(&commands);
    server.client.initialize().await;
    for round in 0..12_u64 {
        server.client.request(round, "tools/call", json!({ "name": "it", "arguments": {} })).await;
        tokio::time::sleep(Duration::from_millis(round * 17)).await;
        server.client.notify("notifications/cancelled", json!({ "requestId": round })).await;
    }
    let answer: Value = server.client.call(100, "it", json!({})).await;
    assert_eq!(answer["isError"], false, "{answer}");
    assert_none_left(&mark, Duration::from_secs(20));
}

#[test]
fn an_interrupt_at_a_shell_cleans_up_before_it_ends() {
    let (mark, folder) = (mark(), tempfile::tempdir().expect("a scratch folder"));
    let file = folder.path().join("tools.yaml");
    std::fs::write(&file, format!("version: 1\n{}", flow(&mark))).expect("a scratch file");
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_mcpfier"))
        .arg("--config")
        .arg(&file)
        .arg("it")
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .expect("the program starts");
    let begun = std::time::Instant::now();
    while !(folder.path().join("a").exists() && folder.path().join("deep").exists()) {
        assert!(begun.elapsed() < Duration::from_secs(60), "the steps do not begin");
        std::thread::sleep(Duration::from_millis(5));
    }
    let pid = nix::unistd::Pid::from_raw(child.id().try_into().expect("a process id"));
    nix::sys::signal::kill(pid, Signal::SIGINT).expect("it is there");
    let status = child.wait().expect("it ends");
    assert_eq!(status.code(), Some(130));
    assert!(folder.path().join("end").exists() && folder.path().join("inner_end").exists());
    assert!(!folder.path().join("never").exists());
    assert_none_left(&mark, Duration::from_secs(20));
}

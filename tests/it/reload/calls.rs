//! Calls across a reload: each ends in the file it began with, and counts in the next.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use super::{ERAS, Era, Listener};
use crate::support::client::text;

/// A tool that goes on until there is a file `go`.
fn waiting(says: &str, timeout: &str, rest: &str) -> String {
    format!(
        "version: 1
defaults: {{ detach_after: never }}
commands:
  - name: wait
    description: Waits.
    shell: sh
    run: echo here >running; until [ -e go ]; do sleep 0.02; done; echo {says}
    timeout: {timeout}
{rest}"
    )
}

const ANOTHER: &str = "  - { name: another, description: Another., script: echo, args: [another] }\n";

#[tokio::test]
async fn a_running_call_ends_in_the_file_it_began_with() {
    for era in ERAS {
        let mut client = Listener::serving(era, &waiting("before", "10m", "")).await;
        let first = client.request("tools/call", json!({ "name": "wait", "arguments": {} })).await;
        client.server.file("running").await;
        client.save(&waiting("after", "200ms", ANOTHER));
        client.hears().await;
        // The new timeout holds for a new call; the first call has lived longer than that.
        let answer = client.call("wait").await;
        assert!(text(&answer["result"]).contains("timed out"), "{answer}");
        fs::write(client.folder().join("go"), "").unwrap();
        let answer = client.server.client.answer(first).await;
        assert_eq!(text(&answer["result"]), "before\n", "{answer}");
        assert_eq!(client.says("wait").await, "after\n");
    }
}

#[tokio::test]
async fn a_call_whose_tool_is_gone_ends_well() {
    let mut client = Listener::serving(Era::Handshake, &waiting("before", "10m", "")).await;
    let first = client.request("tools/call", json!({ "name": "wait", "arguments": {} })).await;
    client.server.file("running").await;
    client.save(&format!("version: 1\ncommands:\n{ANOTHER}"));
    client.hears().await;
    assert_eq!(client.tools().await, ["another"]);
    fs::write(client.folder().join("go"), "").unwrap();
    let answer = client.server.client.answer(first).await;
    assert_eq!(text(&answer["result"]), "before\n", "{answer}");
}

#[tokio::test]
async fn calls_that_run_count_in_the_next_file() {
    let caps = "server: { calls: { max: 2, queue: 0 } }\n";
    let mut client = Listener::serving(Era::Handshake, &waiting("x", "10m", caps)).await;
    let first = client.request("tools/call", json!({ "name": "wait", "arguments": {} })).await;
    client.server.file("running").await;
    client.save(&waiting("x", "10m", &format!("{ANOTHER}{}", caps.replace('2', "1"))));
    client.hears().await;
    let answer = client.call("another").await;
    assert!(text(&answer["result"]).starts_with("busy: 1 calls are running"), "{answer}");
    fs::write(client.folder().join("go"), "").unwrap();
    client.server.client.answer(first).await;
    assert_eq!(client.says("another").await, "another\n");
}

#[tokio::test]
async fn a_drain_that_was_made_shorter_holds_at_the_end() {
    let mut client = Listener::serving(Era::Handshake, &waiting("x", "10m", "")).await;
    client.request("tools/call", json!({ "name": "wait", "arguments": {} })).await;
    client.server.file("running").await;
    client.save(&waiting("x", "10m", &format!("{ANOTHER}server: {{ drain: 100ms }}\n")));
    client.hears().await;
    client.server.client.hang_up();
    let (_, took) = client.server.ended().await;
    assert!(took.as_secs() < 10, "it took {took:?}");
}

#[tokio::test]
async fn a_hangup_reloads_and_finds_a_program_that_has_come() {
    for era in ERAS {
        let file = "version: 1\ncommands: [{ name: late, description: Late., script: ./late }]\n";
        let mut client = Listener::serving(era, file).await;
        assert!(client.tools().await.is_empty());
        let program = client.folder().join("late");
        fs::write(&program, "#!/bin/sh\necho there\n").unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        client.hang_up();
        client.hears().await;
        assert_eq!(client.tools().await, ["late"]);
        assert_eq!(client.says("late").await, "there\n");
    }
}

#[tokio::test]
async fn a_hangup_says_again_what_is_wrong() {
    let mut client = Listener::serving(Era::Handshake, &waiting("x", "10m", "")).await;
    client.save("version: 1\ncommands: 5\n");
    client.server.says("what was served before stays").await;
    client.hang_up();
    while client.server.says("what was served").await.matches("stays:\n").count() < 2 {
        tokio::task::yield_now().await;
    }
    assert_eq!(client.tools().await, ["wait"]);
}

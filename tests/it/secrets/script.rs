//! Secrets that a program prints.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::client::text;
use crate::support::processes::{assert_none_left, mark};
use crate::support::server::Server;

use super::house::{House, VALUE, reversed, reversing};

fn asking(word: &str) -> House {
    let secret = format!("secrets: {{ token: {{ script: ./pass, args: [{word}] }} }}\n");
    House::of(&format!("{secret}commands:\n{}", reversing("show", "token")))
}

#[test]
fn a_command_gets_what_a_program_prints_without_the_newlines_at_its_end() {
    let house = asking("show");
    assert_eq!(house.run(&["show"]).succeeds(), reversed(VALUE));
    assert_eq!(house.runs(), 1);
}

#[test]
fn a_program_that_gives_no_value_is_named_with_its_reason_and_never_its_output() {
    for (word, reason) in [
        ("fail", "`./pass`: it exited with code 3: no [redacted] here"),
        ("huge", "`./pass`: it printed more than 64 KiB"),
        ("empty", "`./pass`: it printed nothing"),
        ("short", "its value is shorter than 8 bytes, too short to be kept out of outputs"),
        ("bytes", "its value contains a NUL byte or is not UTF-8"),
        ("nul", "its value contains a NUL byte or is not UTF-8"),
    ] {
        let said = asking(word).run(&["show"]).fails(125);
        assert_eq!(said, format!("error: the secret `token` is not available: {reason}\n"), "{word}");
    }
}

#[test]
fn a_program_that_hangs_is_killed_with_its_children_at_its_timeout() {
    let mark = mark();
    let house = House::of(&format!(
        "secrets: {{ token: {{ script: ./pass, args: [hang, {mark}], timeout: 500ms }} }}\ncommands:\n{}",
        reversing("show", "token")
    ));
    let begun = Instant::now();
    let said = house.run(&["show"]).fails(125);
    assert_eq!(said, "error: the secret `token` is not available: `./pass`: it did not end within 500ms\n");
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    assert_none_left(&mark, Duration::ZERO);
}

#[test]
fn a_program_is_only_run_for_a_call_that_needs_its_value() {
    let house = asking("show");
    house.run(&["--validate"]).succeeds();
    house.run(&["list", "--all"]).succeeds();
    let plan = house.run(&["--dry-run", "show"]).succeeds();
    assert!(plan.contains("T='<secret script:./pass>'"), "{plan}");
    assert_eq!(house.runs(), 0);
    let missing = House::of(&format!(
        "secrets: {{ token: {{ script: no-such-program }} }}\ncommands:\n{}",
        reversing("show", "token")
    ));
    let report = missing.run(&["--validate"]);
    assert!(report.stderr.contains("there is no executable `no-such-program`"), "{}", report.stderr);
    let said = missing.run(&["show"]).fails(125);
    assert!(said.ends_with("`no-such-program`: there is no such executable on this host\n"), "{said}");
}

#[test]
fn a_value_is_in_no_output_of_any_verb() {
    let house = asking("show").with("MCPFIER_LOG", "trace");
    for words in [
        &["show"][..],
        &["show", "--json"],
        &["--dry-run"],
        &["--dry-run", "show", "--json"],
        &["list", "--all", "--json"],
        &["--validate", "--json"],
        &["--validate", "--sarif"],
        &["doctor"],
    ] {
        let said = house.run(words);
        assert!(!said.all().contains(VALUE), "{words:?}:\n{}", said.all());
    }
    let holders = house
        .files()
        .into_iter()
        .filter(|(_, bytes)| bytes.windows(VALUE.len()).any(|part| part == VALUE.as_bytes()));
    let names: Vec<_> = holders.filter_map(|(path, _)| path.file_name().map(ToOwned::to_owned)).collect();
    assert_eq!(names, ["pass"]);
}

#[test]
fn a_value_is_in_no_log_of_a_server_and_in_none_of_its_messages() {
    for word in ["show", "fail"] {
        let house = asking(word).with("MCPFIER_LOG", "trace,rmcp=trace");
        let said = house.serve(&[
            json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
                "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "t", "version": "1" } } }),
            json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }),
            json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/list" }),
            json!({ "jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": { "name": "show", "arguments": {} } }),
        ]);
        assert_eq!(house.runs(), 1, "{}", said.all());
        assert!(said.stdout.contains("[redacted]") && !said.stderr.is_empty(), "{}", said.all());
        assert!(!said.all().contains(VALUE), "{}", said.all());
    }
}

#[test]
fn a_program_sees_a_minimal_environment_and_what_the_file_hands_it() {
    let file = "secrets:\n  login: { env: A_LOGIN }\n  token: { script: ./pass, args: [env], env: { PLAIN: \"${HERE}/x\" } }\n  more: { script: ./pass, args: [env], env_inherit: all }\n  needy: { script: ./pass, args: [login], env: { LOGIN: \"{{secrets.login}}\" } }\ncommands:\n";
    let commands: String = ["token", "more", "needy"].map(|secret| reversing(secret, secret)).concat();
    let house = House::of(&format!("{file}{commands}"))
        .with("A_LOGIN", "a-login-of-its-own")
        .with("MCPFIER_SECRET_KEY", "mcpfier-key-1-x")
        .with("HERE", "here");
    let environment = || std::fs::read_to_string(house.path("environment")).expect("it was written");
    house.run(&["token"]).succeeds();
    let seen = environment();
    assert!(seen.contains("PLAIN=here/x\n") && !seen.contains("HERE=here\n"), "{seen}");
    house.run(&["more"]).succeeds();
    let seen = environment();
    assert!(seen.contains("HERE=here\n"), "{seen}");
    assert!(!seen.contains("A_LOGIN") && !seen.contains("MCPFIER_SECRET_KEY"), "{seen}");
    assert_eq!(house.run(&["needy"]).succeeds(), reversed(VALUE));
    let said = House::of(&format!("{file}{commands}")).run(&["needy"]).fails(125);
    let reason = "its program needs the secret `login`: the environment variable `A_LOGIN` is not set";
    assert_eq!(said, format!("error: the secret `needy` is not available: {reason}\n"));
}

/// Waits for a gate before it prints, so that calls can pile up.
const GATED: &str = "
secrets:
  token:
    script: sh
    args: [-c, 'echo run >>runs; while ! test -e gate; do sleep 0.01; done; cat gate; test -s gate']
    ttl: TTL
commands:
  - { name: show, description: d, run: 'echo $T | rev', env: { T: \"{{secrets.token}}\" } }
";

async fn calls(server: &mut Server, ids: std::ops::Range<u64>) {
    for id in ids {
        server.client.request(id, "tools/call", json!({ "name": "show", "arguments": {} })).await;
    }
}

/// So many responses, in whatever order they come.
async fn answers(server: &mut Server, count: usize) -> Vec<Value> {
    let mut answers = Vec::new();
    while answers.len() < count {
        let message = server.client.next().await.expect("the server answers");
        answers.extend(message.get("id").is_some().then_some(message));
    }
    answers
}

fn runs(server: &Server) -> usize {
    std::fs::read_to_string(server.folder.path().join("runs")).map_or(0, |runs| runs.lines().count())
}

fn open_gate(server: &Server, value: &str) {
    std::fs::write(server.folder.path().join("gate.new"), value).unwrap();
    std::fs::rename(server.folder.path().join("gate.new"), server.folder.path().join("gate")).unwrap();
}

#[tokio::test]
async fn calls_at_once_wait_for_one_run_and_later_ones_take_its_value_while_it_is_fresh() {
    let mut server = Server::start(&GATED.replace("TTL", "1h"));
    server.client.initialize().await;
    calls(&mut server, 0..6).await;
    server.file("runs").await;
    open_gate(&server, VALUE);
    let expected = format!("{}\n", VALUE.chars().rev().collect::<String>());
    for answer in answers(&mut server, 6).await {
        assert_eq!(text(&answer["result"]), expected);
    }
    calls(&mut server, 6..7).await;
    assert_eq!(text(&server.client.answer(6).await["result"]), expected);
    assert_eq!(runs(&server), 1);
}

#[tokio::test]
async fn a_value_that_is_no_longer_fresh_is_asked_for_again_and_the_old_one_stays_hidden() {
    let mut server = Server::start(&GATED.replace("TTL", "0s").replace("| rev", "; cat old"));
    server.client.initialize().await;
    std::fs::write(server.folder.path().join("old"), format!("{VALUE}\n")).unwrap();
    for (id, value) in [(1, VALUE), (2, "another-value-of-it")] {
        open_gate(&server, value);
        calls(&mut server, id..id + 1).await;
        assert_eq!(text(&server.client.answer(id).await["result"]), "[redacted]\n[redacted]\n");
    }
    assert_eq!(runs(&server), 2);
}

#[tokio::test]
async fn calls_that_waited_for_a_failure_share_it_and_the_next_one_tries_again() {
    let mut server = Server::start(&GATED.replace("TTL", "1h"));
    server.client.initialize().await;
    calls(&mut server, 0..3).await;
    server.file("runs").await;
    open_gate(&server, "");
    for answer in answers(&mut server, 3).await {
        let result = &answer["result"];
        assert_eq!(result["isError"], json!(true));
        assert!(text(result).contains("it exited with code 1"), "{result}");
    }
    assert_eq!(runs(&server), 1);
    open_gate(&server, VALUE);
    calls(&mut server, 3..4).await;
    assert_eq!(server.client.answer(3).await["result"]["isError"], json!(false));
    assert_eq!(runs(&server), 2);
}

#[tokio::test]
async fn a_call_that_is_cancelled_while_it_waits_for_a_program_leaves_nothing() {
    let mark = mark();
    let mut server = Server::start(
        &GATED.replace("TTL", "1h").replace("test -s gate'", &format!("test -s gate', {mark}")),
    );
    server.client.initialize().await;
    calls(&mut server, 1..3).await;
    server.file("runs").await;
    server.client.notify("notifications/cancelled", json!({ "requestId": 1 })).await;
    // The other one runs the program anew.
    let begun = Instant::now();
    while runs(&server) < 2 {
        assert!(begun.elapsed() < Duration::from_secs(60));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    open_gate(&server, VALUE);
    assert_eq!(server.client.answer(2).await["result"]["isError"], json!(false));
    assert_none_left(&mark, Duration::from_secs(5));
}

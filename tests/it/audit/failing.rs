//! What cannot be recorded is not run.

use serde_json::json;

use super::{COMMANDS, recording, records};
use crate::support::server::Server;

#[test]
fn a_call_of_which_there_can_be_no_record_is_not_run() {
    let said = recording(&["greet", "who=x"], "{ file: /nowhere/audit.jsonl }").ends_with(6).run();
    assert!(said.stdout.is_empty(), "{}", said.stdout);
    assert!(said.stderr.contains("`greet` is not run, because calls cannot be recorded"), "{}", said.stderr);
    let said =
        recording(&["greet", "who=x"], "{ file: /nowhere/audit.jsonl, on_failure: warn }").may_talk().run();
    assert_eq!(said.stdout, "hello x\n");
}

#[test]
fn a_command_that_asks_for_its_record_is_not_run_without_whatever_the_file_says_of_others() {
    let file = "version: 1\naudit: { file: /nowhere/audit.jsonl, on_failure: warn }\ncommands:\n  \
                - { name: careful, description: d, script: echo, args: [ran], authorization: { audit: true } }\n";
    let said = crate::support::program::mcpfier(&["careful"]).tools(file).ends_with(6).run();
    assert!(said.stdout.is_empty() && said.stderr.contains("is not run"), "{}", said.stderr);
    let included = file.replace("/nowhere/", "").replace("on_failure: warn", "include: [server]");
    let said = crate::support::program::mcpfier(&["careful"]).tools(&included).run();
    assert_eq!(records(&said.folder().join("audit.jsonl")).len(), 2);
}

#[test]
fn a_server_that_would_refuse_every_call_does_not_begin() {
    let said = recording(&["--mcp"], "{ file: /nowhere/audit.jsonl }").ends_with(1).run();
    assert!(said.stderr.contains("calls cannot be recorded: `/nowhere/audit.jsonl"), "{}", said.stderr);
}

#[tokio::test]
async fn calls_are_refused_while_the_log_is_not_what_it_was_and_run_when_it_is_moved_away() {
    let mut server = Server::start(&format!("audit: {{ file: audit.jsonl }}\n{COMMANDS}"));
    server.client.initialize().await;
    let log = server.folder.path().join("audit.jsonl");
    let who = json!({ "who": "x" });
    let result = server.client.call(1, "greet", who.clone()).await;
    assert_eq!(result["isError"], false, "{result}");
    std::fs::write(&log, "").unwrap();
    let refused = server.client.call(2, "greet", who.clone()).await;
    assert_eq!(refused["isError"], true, "{refused}");
    assert!(refused["content"][0]["text"].as_str().unwrap().contains("cannot be recorded"), "{refused}");
    assert!(server.stderr().contains("calls cannot be recorded"), "{}", server.stderr());
    std::fs::remove_file(&log).unwrap();
    std::fs::remove_file(server.folder.path().join("audit.jsonl.head")).unwrap();
    let result = server.client.call(3, "greet", who).await;
    assert_eq!(result["isError"], false, "{result}");
    let kept = records(&log);
    assert!(kept.iter().any(|record| record["event"] == "log.gap"), "{kept:#?}");
}

#[tokio::test]
async fn a_server_goes_on_when_the_head_of_its_log_is_gone_and_says_so() {
    let mut server = Server::start(&format!("audit: {{ file: audit.jsonl }}\n{COMMANDS}"));
    server.client.initialize().await;
    let result = server.client.call(1, "fail", json!({})).await;
    assert_eq!(result["isError"], true, "{result}");
    std::fs::remove_file(server.folder.path().join("audit.jsonl.head")).unwrap();
    let result = server.client.call(2, "greet", json!({ "who": "x" })).await;
    assert_eq!(result["isError"], false, "{result}");
    server.says("there was no head: whether there was more cannot be told").await;
}

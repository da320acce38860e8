//! At a shell: agreeing in advance, and deciding about calls that wait.

use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::COMMANDS;
use crate::support::client::text;
use crate::support::server::{Server, Wire};

/// A folder with a file of these commands.
pub fn place(commands: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("tools.yaml"), format!("version: 1\n{commands}")).unwrap();
    folder
}

pub fn mcpfier(folder: &TempDir, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcpfier"));
    command.args(words).current_dir(folder.path()).env("XDG_STATE_HOME", folder.path().join("state"));
    command.env("MCPFIER_CONFIG", folder.path().join("tools.yaml")).output().unwrap()
}

pub fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn without_a_terminal_a_call_that_asks_needs_yes() {
    let folder = place(COMMANDS);
    for words in [&["deploy", "version=1"][..], &["call", "deploy", "version=1"], &["outer", "version=1"]] {
        let refused = mcpfier(&folder, words);
        assert_eq!(refused.status.code(), Some(6), "{}", said(&refused));
        assert!(said(&refused).contains("--yes"), "{}", said(&refused));
    }
    assert!(!folder.path().join("deployed-1").exists());
    for words in [&["--yes", "deploy", "version=1"][..], &["call", "-y", "outer", "version=2"]] {
        assert!(mcpfier(&folder, words).status.success());
    }
    assert!(folder.path().join("deployed-1").exists() && folder.path().join("deployed-2").exists());
    let planned = said(&mcpfier(&folder, &["--dry-run", "deploy", "version=3"]));
    assert!(planned.contains("asks     Deploy 3?"), "{planned}");
    assert!(!folder.path().join("deployed-3").exists());
}

#[test]
fn without_a_terminal_a_call_that_lacks_something_says_where_it_would_be_asked_for() {
    let folder = place(COMMANDS);
    let refused = mcpfier(&folder, &["greet", "times=2"]);
    assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
    assert!(said(&refused).contains("`name`: is required"), "{}", said(&refused));
    assert!(said(&refused).contains("at a terminal you are asked for `name`"), "{}", said(&refused));
    assert!(!said(&mcpfier(&folder, &["greet", "name=Ann", "times=0"])).contains("terminal"));
}

#[tokio::test]
async fn a_call_waits_for_somebody_at_a_shell_and_runs_once() {
    let folder = place(COMMANDS);
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcpfier"));
    command.arg("--config").arg(folder.path().join("tools.yaml"));
    command.env("XDG_STATE_HOME", folder.path().join("state"));
    let mut server = Server::run(Wire::Pipes, folder, command);
    server.client.initialize().await;
    let refused = server.client.call(1, "watched", json!({ "what": "this" })).await;
    assert_eq!(refused["isError"], true);
    let listed = mcpfier(&server.folder, &["approvals", "--json"]);
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    let id = listed[0]["id"].as_str().unwrap();
    assert!(text(&refused).contains(&format!("mcpfier approvals approve {id}")), "{refused}");
    let shown = said(&mcpfier(&server.folder, &["approvals", "show", id]));
    assert!(shown.contains("Run this?") && shown.contains("echo ran this"), "{shown}");
    assert_eq!(server.client.call(2, "watched", json!({ "what": "this" })).await["isError"], true);
    assert!(mcpfier(&server.folder, &["approvals", "approve", id]).status.success());
    let other = server.client.call(3, "watched", json!({ "what": "other" })).await;
    assert_eq!(other["isError"], true, "another call was approved: {other}");
    assert_eq!(text(&server.client.call(4, "watched", json!({ "what": "this" })).await), "ran this\n");
    assert_eq!(
        server.client.call(5, "watched", json!({ "what": "this" })).await["isError"],
        true,
        "it ran twice"
    );
    let listed: Value =
        serde_json::from_slice(&mcpfier(&server.folder, &["approvals", "list", "--json"]).stdout).unwrap();
    let ids: Vec<&str> = listed.as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
    for id in &ids {
        let denied = mcpfier(&server.folder, &["approvals", "deny", id, "--reason", "not today"]);
        assert!(denied.status.success(), "{}", said(&denied));
    }
    let denied = server.client.call(6, "watched", json!({ "what": "this" })).await;
    assert!(text(&denied).contains("it was denied: not today"), "{denied}");
    let unknown = mcpfier(&server.folder, &["approvals", "approve", "zz"]);
    assert!(!unknown.status.success() && said(&unknown).contains("no call `zz`"), "{}", said(&unknown));
}

#[tokio::test]
async fn a_command_of_the_file_decides() {
    let mut server = Server::start(COMMANDS);
    server.client.initialize().await;
    assert_eq!(text(&server.client.call(1, "judged", json!({ "what": "good" })).await), "ran good\n");
    let refused = server.client.call(2, "judged", json!({ "what": "bad" })).await;
    assert!(text(&refused).contains("`judge` decides, and does not approve: not that"), "{refused}");
}

#[tokio::test]
async fn a_rule_about_the_time_holds_for_a_command_that_decides() {
    let rule = |deny: &str| {
        let rule = format!("policies:\n  - {{ name: closed, commands: [judge], deny: '{deny}' }}\n");
        COMMANDS.replace("policies:\n", &rule)
    };
    for (deny, is_denied) in [
        ("now > timestamp(\"2000-01-01T00:00:00Z\")", true),
        ("now < timestamp(\"2000-01-01T00:00:00Z\")", false),
    ] {
        let mut server = Server::start(&rule(deny));
        server.client.initialize().await;
        let result = server.client.call(1, "judged", json!({ "what": "good" })).await;
        let said = text(&result);
        match is_denied {
            true => assert!(said.contains("`judge` decides, and `local` may not call `judge`"), "{said}"),
            false => assert_eq!(said, "ran good\n"),
        }
    }
}

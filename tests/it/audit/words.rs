//! `mcpfier audit` at a shell.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::recording;
use crate::support::program::{Said, mcpfier};

const SIGNED: &str = "{ file: audit.jsonl, checkpoint: { every: 2, key: audit.key } }";

/// The program in a folder that is there.
fn run(folder: &Path, words: &[&str]) -> (i32, String, String) {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcpfier"));
    command.env_clear().env("PATH", path).env("HOME", folder).current_dir(folder);
    let output = command.args(words).output().expect("the program runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

/// Three calls, two of them fine.
fn used(audit: &str) -> Said {
    let said = recording(&["list"], audit).run();
    let folder = said.folder();
    if audit.contains("audit.key") {
        assert_eq!(run(folder, &["audit", "key", "audit.key"]).0, 0);
    }
    let config = ["--config", "tools.yaml"];
    for words in [&["greet", "who=ann"][..], &["fail"], &["greet", "who=ben"]] {
        run(folder, &[&config[..], words].concat());
    }
    said
}

#[test]
fn verify_says_that_nothing_was_done_and_what_was() {
    let said = used(SIGNED);
    let (code, text, _) = run(said.folder(), &["audit", "verify", "-c", "tools.yaml"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("checkpoints signed: as they were written"), "{text}");
    let anchor = text.lines().last().unwrap().strip_prefix("the last is ").unwrap().to_owned();
    let with = |anchor: &str| run(said.folder(), &["audit", "verify", "audit.jsonl", "--anchor", anchor]).0;
    assert_eq!((with(&anchor), with(&anchor.replace(':', ":0")), with("nonsense")), (0, 2, 2));
    let log = said.folder().join("audit.jsonl");
    let kept = std::fs::read_to_string(&log).unwrap();
    std::fs::write(&log, kept.replacen("ann", "eve", 1)).unwrap();
    let (code, text, _) = run(said.folder(), &["audit", "verify", "-c", "tools.yaml"]);
    assert_eq!(code, 1);
    assert!(text.contains("changed    ") && text.contains("audit.jsonl:1: record 1 was changed"), "{text}");
    let without: Vec<&str> = kept.lines().take(3).collect();
    std::fs::write(&log, without.join("\n") + "\n").unwrap();
    let (code, text, _) = run(said.folder(), &["audit", "verify", "audit.jsonl", "--json"]);
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, &report["intact"], &report["head"]), (1, &false.into(), &false.into()));
    assert_eq!(
        (&report["findings"][0]["what"], &report["findings"][0]["record"]),
        (&"missing".into(), &4.into())
    );
    std::fs::write(&log, &kept).unwrap();
    assert_eq!(run(said.folder(), &["audit", "verify", "-c", "tools.yaml"]).0, 0, "as it was");
}

#[test]
fn a_digest_can_be_checked_without_us() {
    let said = used("{ file: audit.jsonl }");
    let script = r#"head -n 1 audit.jsonl | sed 's/,"hash":".*//' | tr -d '\n' | sha256sum | cut -c1-64"#;
    let output = Command::new("sh").args(["-c", script]).current_dir(said.folder()).output().unwrap();
    let digest = String::from_utf8(output.stdout).unwrap();
    let kept = std::fs::read_to_string(said.folder().join("audit.jsonl")).unwrap();
    assert!(kept.lines().next().unwrap().contains(&format!(r#""hash":"{}""#, digest.trim())), "{digest}");
}

#[test]
fn records_are_asked_for_by_what_they_say() {
    let said = used("{ file: audit.jsonl }");
    let count = |words: &[&str]| {
        let (code, text, problem) = run(said.folder(), &[&["audit"], words, &["audit.jsonl"]].concat());
        assert_eq!(code, 0, "{problem}");
        text.lines().count()
    };
    assert_eq!(count(&["query"]), 6);
    assert_eq!(count(&["query", "--failed"]), 1);
    assert_eq!(count(&["query", "--tool", "gr*", "--event", "call.began"]), 2);
    assert_eq!(count(&["query", "--caller", "key:*"]), 0);
    assert_eq!(count(&["query", "--since", "2020-01-01", "--until", "2021-01-01"]), 0);
    assert_eq!(count(&["query", "--last", "2"]), 2);
    assert_eq!(count(&["tail", "-n", "3"]), 3);
    let (_, lines, _) =
        run(said.folder(), &["audit", "query", "audit.jsonl", "--json", "--verdict", "failure"]);
    let failed: Value = serde_json::from_str(&lines).unwrap();
    let call = failed["call"].as_str().unwrap();
    assert_eq!(count(&["query", "--call", call]), 2);
    let (_, table, _) = run(said.folder(), &["audit", "export", "-c", "tools.yaml", "--format", "csv"]);
    assert!(table.starts_with("seq,time,") && table.lines().count() == 7, "{table}");
    let (_, lines, _) = run(said.folder(), &["audit", "export", "audit.jsonl"]);
    assert_eq!(lines, std::fs::read_to_string(said.folder().join("audit.jsonl")).unwrap());
}

#[test]
fn what_cannot_be_looked_into_is_said_in_words() {
    let said = mcpfier(&["audit", "verify", "nothing.jsonl"]).ends_with(1).run();
    assert!(said.stderr.contains("nothing.jsonl"), "{}", said.stderr);
    mcpfier(&["audit"]).ends_with(2).run();
    let tools = format!("version: 1\n{}", super::COMMANDS);
    let said = mcpfier(&["audit", "query"]).tools(&tools).ends_with(2).run();
    assert!(said.stderr.contains("has no `audit`"), "{}", said.stderr);
    let said = mcpfier(&["audit", "query", "x", "--since", "yesterday"]).ends_with(2).run();
    assert!(said.stderr.contains("is no moment"), "{}", said.stderr);
    let said = recording(&["greet", "who=x"], SIGNED).ends_with(6).run();
    assert!(said.stderr.contains("audit.key` cannot be read"), "{}", said.stderr);
    let said = mcpfier(&["audit", "key", "there"]).file("there", "x").ends_with(6).run();
    assert!(said.stderr.contains("is there already"), "{}", said.stderr);
}

//! `mcpfier audit` at a shell.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::recording;
use crate::support::program::{Said, mcpfier};
use crate::support::skip::skip;

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
fn a_log_without_its_head_is_found_and_what_a_server_made_of_that_too() {
    for (audit, key) in [(SIGNED, &["--key", "audit.key"][..]), ("{ file: audit.jsonl }", &[])] {
        let said = used(audit);
        let verified = |more: &[&str]| {
            let (code, text, _) =
                run(said.folder(), &[&["audit", "verify", "audit.jsonl"], key, more].concat());
            (code, text)
        };
        let (log, head) = (said.folder().join("audit.jsonl"), said.folder().join("audit.jsonl.head"));
        let kept = std::fs::read_to_string(&log).unwrap();
        let cut: String = kept.lines().take(5).map(|line| format!("{line}\n")).collect();
        std::fs::write(&log, &cut).unwrap();
        std::fs::remove_file(&head).unwrap();
        let (code, text) = verified(&[]);
        assert!(
            code == 1 && text.contains("unproven   there is no head beside the log: whether records"),
            "{text}"
        );
        let (code, text) = verified(&["--no-head"]);
        assert!(code == 0 && text.contains("note       there is no head beside the log"), "{text}");
        assert_eq!(run(said.folder(), &["-c", "tools.yaml", "greet", "who=eve"]).0, 0);
        let (code, text) = verified(&[]);
        assert_eq!(code, 1, "{text}");
        assert!(text.contains("recovered  audit.jsonl:6: record 6 says: there was no head"), "{text}");
    }
}

#[test]
fn a_log_whose_digests_were_taken_away_is_found_with_the_lines() {
    let said = used(SIGNED);
    let log = said.folder().join("audit.jsonl");
    let bare =
        |line: &str| line.split_once(r#","prev":""#).map(|(content, _)| format!("{content}}}")).unwrap();
    let lines: Vec<String> = std::fs::read_to_string(&log).unwrap().lines().map(bare).collect();
    std::fs::write(&log, lines.join("\n").replace("ann", "eve") + "\n").unwrap();
    let (code, text, _) = run(said.folder(), &["audit", "verify", "-c", "tools.yaml"]);
    assert!(code == 1 && text.contains("audit.jsonl:1: record 1 was changed: it has no digest"), "{text}");
    let (code, text, _) = run(said.folder(), &["audit", "verify", "audit.jsonl"]);
    assert!(
        code == 1 && text.contains("record 1 was changed"),
        "its head says that there was a chain: {text}"
    );
}

#[test]
fn who_has_the_public_key_alone_can_verify_and_cannot_sign() {
    let said = recording(&["list"], SIGNED).run();
    let folder = said.folder();
    let (code, public, advice) = run(folder, &["audit", "key", "--ed25519", "audit.key"]);
    assert_eq!((code, public.lines().next()), (0, Some("-----BEGIN PUBLIC KEY-----")), "{advice}");
    let mode = std::fs::metadata(folder.join("audit.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    std::fs::write(folder.join("audit.pub"), public).unwrap();
    for words in [["greet", "who=ann"], ["greet", "who=ben"], ["greet", "who=eve"]] {
        assert_eq!(run(folder, &[&["--config", "tools.yaml"], &words[..]].concat()).0, 0);
    }
    let logged = super::records(&folder.join("audit.jsonl"));
    assert!(logged.iter().any(|record| record["event"] == "log.checkpoint" && record["sig"].is_string()));

    // Elsewhere: the log, its head and the public key.
    let elsewhere = tempfile::tempdir().unwrap();
    for name in ["audit.jsonl", "audit.jsonl.head", "audit.pub"] {
        std::fs::copy(folder.join(name), elsewhere.path().join(name)).unwrap();
    }
    let log = elsewhere.path().join("audit.jsonl");
    let verified = |key: &[&str]| {
        let (code, text, problem) =
            run(elsewhere.path(), &[&["audit", "verify", "audit.jsonl"], key].concat());
        (code, format!("{text}{problem}"))
    };
    let public = ["--public-key", "audit.pub"];
    let (code, text) = verified(&public);
    assert!(code == 0 && text.contains("checkpoints signed: as they were written"), "{text}");
    let kept = std::fs::read_to_string(&log).unwrap();
    for (change, found) in [
        (kept.replacen("ann", "eve", 1), "record 1 was changed"),
        (kept.lines().take(4).map(|line| format!("{line}\n")).collect(), "are missing at the end"),
    ] {
        std::fs::write(&log, change).unwrap();
        let (code, text) = verified(&public);
        assert!(code == 1 && text.contains(found), "{text}");
    }
    std::fs::write(&log, &kept).unwrap();

    let (_, other, _) = run(elsewhere.path(), &["audit", "key", "--ed25519", "other.key"]);
    std::fs::write(elsewhere.path().join("other.pub"), other).unwrap();
    assert_eq!(run(elsewhere.path(), &["audit", "key", "secret.key"]).0, 0);
    for (key, code, words) in [
        (["--public-key", "other.pub"], 1, "is not signed with this key: something from record 1 on"),
        (["--key", "other.key"], 1, "is not signed with this key"),
        (["--key", "secret.key"], 1, "is not signed with this key but by Ed25519"),
        (["--key", "audit.pub"], 1, "`audit.pub` is a public key, which signs nothing"),
        (["--public-key", "other.key"], 1, "`other.key` is a private key"),
        (["--public-key", "secret.key"], 1, "`secret.key` is a private key"),
        (["--public-key", "audit.jsonl"], 1, "`audit.jsonl` is no public key of Ed25519"),
        (["--key", "audit.jsonl"], 1, "`audit.jsonl` is no key that signs checkpoints"),
    ] {
        let (ended, text) = verified(&key);
        assert!(ended == code && text.contains(words), "{key:?}: {text}");
    }
    assert_eq!(verified(&["--public-key", "audit.pub", "--key", "other.key"]).0, 2);
}

#[test]
fn openssl_makes_keys_for_us_and_checks_what_we_have_signed() {
    if Command::new("openssl").arg("version").output().is_err() {
        return skip("keys of openssl (it is not installed; tests/run does that)");
    }
    let said = recording(&["list"], SIGNED).run();
    let shell = |script: &str| {
        let output = Command::new("sh").args(["-ec", script]).current_dir(said.folder()).output().unwrap();
        assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    shell(
        "openssl genpkey -algorithm ed25519 -out audit.key && chmod 600 audit.key && \
         openssl pkey -in audit.key -pubout -out audit.pub",
    );
    assert_eq!(run(said.folder(), &["--config", "tools.yaml", "greet", "who=ann"]).0, 0);
    let verify = ["audit", "verify", "audit.jsonl", "--public-key", "audit.pub"];
    let (code, text, _) = run(said.folder(), &verify);
    assert!(code == 0 && text.contains("1 checkpoint signed"), "{text}");
    let records = super::records(&said.folder().join("audit.jsonl"));
    let checkpoint = records.iter().find(|record| record["event"] == "log.checkpoint").unwrap();
    std::fs::write(said.folder().join("hash"), checkpoint["hash"].as_str().unwrap()).unwrap();
    let digits = checkpoint["sig"].as_str().unwrap().as_bytes().chunks(2);
    let signature = digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap());
    std::fs::write(said.folder().join("sig"), signature.collect::<Vec<u8>>()).unwrap();
    let check = "openssl pkeyutl -verify -pubin -inkey KEY -rawin -in hash -sigfile sig";
    assert!(shell(&check.replace("KEY", "audit.pub")).contains("Verified Successfully"));
    // And it reads a pair of ours.
    assert_eq!(run(said.folder(), &["audit", "key", "--ed25519", "ours.key"]).0, 0);
    assert!(shell("openssl pkey -in ours.key -noout -text").contains("ED25519"));
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

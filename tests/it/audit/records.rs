//! What the records of a call at a shell say.

use serde_json::json;

use super::{of, recording, records};
use crate::support::program::mcpfier;

const FILE: &str = "{ file: log/audit.jsonl, mask: [\"wh?\"] }";

#[test]
fn a_call_is_recorded_before_it_begins_and_when_it_has_ended() {
    let said = recording(&["greet", "who=world", "pin=1234"], "{ file: audit.jsonl }").run();
    let records = records(&said.folder().join("audit.jsonl"));
    let [began, ended] = &records[..] else { panic!("{records:#?}") };
    assert_eq!(began["event"], "call.began");
    assert_eq!((&began["caller"], &began["via"]), (&json!("local:local"), &json!("shell")));
    assert_eq!(began["arguments"], json!({ "who": "world", "pin": "***" }));
    assert_eq!((&began["decision"], &began["kind"]), (&json!("allowed"), &json!("process")));
    assert_eq!((&ended["event"], &ended["call"]), (&json!("call.ended"), &began["call"]));
    assert_eq!((&ended["verdict"], &ended["exit"]), (&json!("success"), &json!(0)));
    assert_eq!(ended["stdout_bytes"], 12);
    assert_eq!((&began["seq"], &ended["seq"]), (&json!(1), &json!(2)));
    assert_eq!(ended["prev"], began["hash"]);
    assert!(!std::fs::read_to_string(said.folder().join("audit.jsonl")).unwrap().contains("1234"));
}

#[test]
fn the_digest_of_a_plan_is_that_of_its_dry_run() {
    let said = recording(&["greet", "who=world"], "{ file: audit.jsonl }").run();
    let digest = records(&said.folder().join("audit.jsonl"))[0]["plan"].as_str().unwrap().to_owned();
    let file = said.folder().join("tools.yaml");
    // In the very folder, since a plan names it.
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_mcpfier"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    command.env_clear().env("PATH", path).env("HOME", said.folder()).current_dir(said.folder());
    let output =
        command.args(["--dry-run", "greet", "who=world", "--json", "--config"]).arg(file).output().unwrap();
    let plan: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(digest, format!("sha256:{}", sha256(plan.to_string().as_bytes())));
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn what_fails_and_what_is_refused_says_so() {
    let said = recording(&["fail"], "{ file: audit.jsonl }").ends_with(3).run();
    let failed = &records(&said.folder().join("audit.jsonl"))[1];
    assert_eq!(
        (&failed["verdict"], &failed["exit"], &failed["stderr_bytes"]),
        (&json!("failure"), &json!(3), &json!(3))
    );
    let said = recording(&["greet", "whom:=1", "who=x"], "{ file: audit.jsonl }").ends_with(2).run();
    let records = records(&said.folder().join("audit.jsonl"));
    // Words that do not fit need not come as far as a call.
    for refused in &records {
        assert_eq!((&refused["event"], &refused["decision"]), (&json!("call.refused"), &json!("invalid")));
        assert_eq!(refused["arguments"]["whom"], "***", "nobody said what that is");
    }
}

#[test]
fn steps_are_recorded_as_parts_of_their_call() {
    let said = recording(&["both"], "{ file: audit.jsonl }").may_talk().run();
    let records = records(&said.folder().join("audit.jsonl"));
    let (began, ended) = (of(&records, "call.began"), of(&records, "call.ended"));
    assert_eq!((began.len(), ended.len()), (3, 3), "{records:#?}");
    let whole = began[0];
    assert_eq!((&whole["tool"], &whole["kind"]), (&json!("both"), &json!("flow")));
    for part in &began[1..] {
        assert_eq!(part["parent"], whole["call"]);
    }
    let greet = began.iter().find(|part| part["tool"] == "greet").unwrap();
    assert_eq!(greet["arguments"]["who"].as_str().map(str::trim), Some("one"));
    assert_eq!(ended.last().unwrap()["call"], whole["call"], "the whole ends last");
    let said = recording(&["both"], "{ file: audit.jsonl, include: [calls] }").may_talk().run();
    assert_eq!(super::records(&said.folder().join("audit.jsonl")).len(), 2);
}

#[test]
fn masked_arguments_are_not_in_the_log_and_long_ones_are_short_there() {
    let long = "x".repeat(3000);
    let said = recording(&["greet", &format!("who={long}")], "{ file: audit.jsonl }").run();
    let who = records(&said.folder().join("audit.jsonl"))[0]["arguments"]["who"].as_str().unwrap().to_owned();
    assert!(who.len() < 600 && who.contains("(3000 bytes, sha256:"), "{who}");
    let said = recording(&["greet", "who=world"], "{ file: audit.jsonl, mask: [\"WH?\"] }").run();
    assert_eq!(records(&said.folder().join("audit.jsonl"))[0]["arguments"]["who"], "***");
}

#[test]
fn nothing_that_a_caller_sends_looks_like_a_record() {
    let forged = "x\n{\"v\":1,\"seq\":9,\"event\":\"call.ended\"}\u{2028}\u{202e}";
    let said = recording(&["greet", &format!("who={forged}")], "{ file: audit.jsonl }").may_fail().run();
    let log = said.folder().join("audit.jsonl");
    let text = std::fs::read_to_string(&log).unwrap();
    assert!(text.lines().count() <= 2 && !text.contains(['\u{2028}', '\u{202e}']), "{text}");
    assert_eq!(records(&log)[0]["arguments"]["who"], forged);
    let shown = mcpfier(&["audit", "tail", log.to_str().unwrap()]).run().stdout;
    assert!(shown.lines().count() <= 2 && !shown.contains('\u{202e}'), "{shown}");
}

#[test]
fn previews_and_tests_leave_no_record() {
    for words in [&["--dry-run", "greet", "who=x"][..], &["list"], &["--validate"]] {
        let said = recording(words, FILE).may_talk().run();
        assert!(!said.folder().join("log").exists(), "{words:?}");
    }
}

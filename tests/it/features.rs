//! What goes beyond plain calls, with real clients: jobs, tasks, prompts, resources, suggestions, questions,
//! rich output, logs and changes, by the official SDKs, in both eras of the protocol and over both transports.
//!
//! `tests/clients/features.*` print what they saw, and `tests/clients/features/expected.json` is what that has to
//! be: the same for all, but where an SDK cannot do something, which it says itself.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::sdk::{scripts, tools};
use crate::support::server::STATE;

const KEY: &str = "a-key-of-a-real-client";

struct Sdk {
    name: &'static str,
    interpreter: &'static str,
    script: &'static str,
    /// What reading is answered with where there is nothing, in the older era. One SDK makes the newer
    /// era's code of it.
    nothing: i32,
}

const PYTHON: Sdk =
    Sdk { name: "the SDK of Python", interpreter: "bin/python", script: "features.py", nothing: -32002 };
const FIRST: Sdk = Sdk {
    name: "the first SDK of TypeScript",
    interpreter: "bin/node",
    script: "features_v1.mjs",
    nothing: -32002,
};
const SECOND: Sdk = Sdk {
    name: "the second SDK of TypeScript",
    interpreter: "bin/node",
    script: "features_v2.mjs",
    nothing: -32602,
};

const OLDER: (&str, &str) = ("legacy", "2025-11-25");
const NEWER: (&str, &str) = ("auto", "2026-07-28");

#[test]
fn the_python_sdk_has_every_feature_after_initialize() {
    over_stdio(&PYTHON, OLDER);
}

#[test]
fn the_python_sdk_has_every_feature_of_the_newest_revision() {
    over_stdio(&PYTHON, NEWER);
}

#[test]
fn the_first_typescript_sdk_has_every_feature() {
    over_stdio(&FIRST, OLDER);
}

#[test]
fn the_second_typescript_sdk_has_every_feature_after_initialize() {
    over_stdio(&SECOND, OLDER);
}

#[test]
fn the_second_typescript_sdk_has_every_feature_of_the_newest_revision() {
    over_stdio(&SECOND, NEWER);
}

#[cfg(feature = "http")]
mod over_http {
    use super::*;
    use crate::server::house::House;

    #[tokio::test(flavor = "multi_thread")]
    async fn the_python_sdk_has_every_feature_in_both_eras() {
        play(&PYTHON, OLDER).await;
        play(&PYTHON, NEWER).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_first_typescript_sdk_has_every_feature() {
        play(&FIRST, OLDER).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_second_typescript_sdk_has_every_feature_in_both_eras() {
        play(&SECOND, OLDER).await;
        play(&SECOND, NEWER).await;
    }

    async fn play(sdk: &Sdk, era: (&str, &str)) {
        let Some(tools) = tools() else { return };
        let house = House::start_in(copy(), "config.yaml", &[]).await;
        let (folder, url) = (house.server.folder.path().to_owned(), house.url("/mcp"));
        let rest = ["http".to_owned(), url, KEY.to_owned()];
        judge(sdk, era, &seen(sdk, era, &tools, &folder, &rest));
    }
}

fn over_stdio(sdk: &Sdk, era: (&str, &str)) {
    let Some(tools) = tools() else { return };
    let folder = copy();
    let config = folder.path().join("config.yaml").display().to_string();
    let rest = ["stdio", env!("CARGO_BIN_EXE_mcpfier"), "--config", &config, "--mcp"].map(str::to_owned);
    judge(sdk, era, &seen(sdk, era, &tools, folder.path(), &rest));
}

/// The files that are served: clients change them.
fn copy() -> TempDir {
    fn copy(from: &Path, to: &Path) {
        for entry in from.read_dir().expect("a folder") {
            let entry = entry.expect("an entry");
            let to = to.join(entry.file_name());
            if entry.path().is_dir() {
                std::fs::create_dir(&to).expect("a folder");
                copy(&entry.path(), &to);
            } else {
                std::fs::copy(entry.path(), to).expect("a copy");
            }
        }
    }
    let folder = tempfile::tempdir().expect("a scratch folder");
    copy(&scripts().join("features"), folder.path());
    folder
}

fn seen(sdk: &Sdk, (mode, _): (&str, &str), tools: &Path, folder: &Path, rest: &[String]) -> Value {
    let output = Command::new(tools.join(sdk.interpreter))
        .env("MCPFIER_TEST_TOOLS", tools)
        .env("XDG_STATE_HOME", STATE)
        .arg(scripts().join(sdk.script))
        .arg(mode)
        .arg(folder)
        .args(rest)
        .output()
        .expect("the client starts");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{} {mode}\n{out}\n{err}", sdk.name);
    serde_json::from_str(&out).unwrap_or_else(|_| panic!("{} {mode}: no JSON\n{out}\n{err}", sdk.name))
}

/// Compares everything, part by part.
fn judge(sdk: &Sdk, (mode, revision): (&str, &str), seen: &Value) {
    let mut seen = seen.clone();
    // Two streams have no order between them.
    let mut lines: Vec<String> =
        seen["logs"]["result"].as_str().expect("a text").lines().map(str::to_owned).collect();
    lines.sort();
    seen["logs"]["result"] = json!(lines);
    let text = std::fs::read_to_string(scripts().join("features/expected.json")).expect("what is expected");
    let mut expected: Value = serde_json::from_str(&text).expect("JSON");
    expected["revision"] = json!(revision);
    expected["tasks"] = expected["tasks"][format!("{}, {mode}", sdk.name)].take();
    if mode == OLDER.0 {
        for what in ["unknown", "unfitting"] {
            expected["resources"][what]["code"] = json!(sdk.nothing);
        }
    }
    let [seen, expected] = [&seen, &expected].map(|value| value.as_object().expect("an object"));
    for (part, expected) in expected {
        let seen = seen.get(part).unwrap_or(&Value::Null);
        assert!(seen == expected, "{} {mode}: `{part}` is\n{seen:#}\nand has to be\n{expected:#}", sdk.name);
    }
    assert_eq!(seen.len(), expected.len(), "{} tells of more than is judged", sdk.name);
}

//! Real clients over HTTP: the official SDKs for Python and TypeScript, in both eras, with a key.
//!
//! `tests/clients/over_http.*` print what they saw, as their likes over stdio do.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::house::House;
use crate::support::skip::skip;

const KEY: &str = "a-key-of-a-real-client";

#[tokio::test(flavor = "multi_thread")]
async fn the_python_sdk_is_served_in_both_eras() {
    play("bin/python", "over_http.py", &[("legacy", "2025-11-25"), ("auto", "2026-07-28")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_typescript_sdk_is_served_after_initialize() {
    play("bin/node", "over_http_v1.mjs", &[("legacy", "2025-11-25")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_typescript_sdk_is_served_in_both_eras() {
    play("bin/node", "over_http_v2.mjs", &[("legacy", "2025-11-25"), ("auto", "2026-07-28")]).await;
}

async fn play(interpreter: &str, script: &str, modes: &[(&str, &str)]) {
    let Some(tools) = std::env::var_os("MCPFIER_TEST_TOOLS").map(PathBuf::from) else {
        skip("no MCP clients here; tests/run installs them");
        return;
    };
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients");
    let commands = std::fs::read_to_string(scripts.join("config.yaml")).unwrap();
    let commands = commands.split_once("version: 1").map_or(&*commands, |(_, rest)| rest).to_owned();
    let auth = format!("  http: {{ auth: {{ api_keys: [{{ name: real, key: {KEY} }}] }} }}\n");
    let file = match commands.split_once("server:\n") {
        Some((before, after)) => format!("{before}server:\n{auth}{after}"),
        None => format!("{commands}\nserver:\n{auth}"),
    };
    for (mode, revision) in modes {
        let house = House::start(&file).await;
        let output = Command::new(tools.join(interpreter))
            .env("MCPFIER_TEST_TOOLS", &tools)
            .arg(scripts.join(script))
            .args([mode, &house.url("/mcp"), KEY])
            .output()
            .expect("the client starts");
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{script} {mode}\n{out}\n{err}");
        let seen: Value = serde_json::from_str(out.lines().last().unwrap_or_default()).unwrap();
        assert_eq!(seen["revision"], *revision, "{script} {mode}");
        assert_eq!(seen["tools"], json!(["say", "count", "fail", "stay"]));
        assert_eq!(seen["said"], "hello over HTTP (volume 3)\n");
        assert_eq!(seen["failed"], true);
        assert!(seen["notes"].as_u64() >= Some(2), "{seen}");
    }
}

//! Real clients over HTTP: the official SDKs for Python and TypeScript and the Inspector, with a key.
//!
//! `tests/clients/over_http.*` print what they saw, as their likes over stdio do.

use std::process::Command;

use serde_json::{Value, json};

use super::house::House;
use crate::support::sdk::{scripts, tools};

const KEY: &str = "a-key-of-a-real-client";

#[tokio::test(flavor = "multi_thread")]
async fn the_python_sdk_is_served_in_both_eras() {
    play("bin/python", "over_http.py", &[("legacy", "2025-11-25"), ("auto", "2026-07-28")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_three_are_served_over_the_transport_of_2024() {
    let sse = [("sse", "2025-11-25")];
    play("bin/python", "over_http.py", &sse).await;
    play("bin/node", "over_http_v1.mjs", &sse).await;
    play("bin/node", "over_http_v2.mjs", &sse).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_typescript_sdk_is_served_after_initialize() {
    play("bin/node", "over_http_v1.mjs", &[("legacy", "2025-11-25")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_typescript_sdk_is_served_in_both_eras() {
    play("bin/node", "over_http_v2.mjs", &[("legacy", "2025-11-25"), ("auto", "2026-07-28")]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_inspector_calls_in_both_eras() {
    let Some(tools) = tools() else { return };
    let house = House::start(&file()).await;
    let entry = |era: &str| json!({ "type": "http", "url": house.url("/mcp"), "headers": { "X-API-Key": KEY }, "protocolEra": era });
    let servers = json!({ "mcpServers": { "legacy": entry("legacy"), "modern": entry("modern") } });
    let config = house.server.folder.path().join("servers.json");
    std::fs::write(&config, servers.to_string()).unwrap();
    for era in ["legacy", "modern"] {
        let output = Command::new(tools.join("bin/node"))
            .arg(tools.join("node_modules/.bin/mcp-inspector"))
            .args(["--cli", "--quiet", "--format", "json", "--server", era, "--config"])
            .arg(&config)
            .args(["--method", "tools/call", "--tool-name", "say", "--tool-arg", "text=two words"])
            .env("HOME", house.server.folder.path())
            .env("MCP_INSPECTOR_SECRET_STORE", "memory")
            .output()
            .expect("the inspector starts");
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success() && out.contains("two words (volume 3)"), "{era}\n{out}\n{err}");
    }
}

/// What the clients over stdio use, with a key.
fn file() -> String {
    let file = std::fs::read_to_string(scripts().join("config.yaml")).expect("the file of the clients");
    let auth = format!(
        "server:\n  http: {{ legacy_sse: true, auth: {{ api_keys: [{{ name: real, key: {KEY} }}] }} }}\n"
    );
    file.replace("version: 1\n", "").replace("server:\n", &auth)
}

async fn play(interpreter: &str, script: &str, modes: &[(&str, &str)]) {
    let (Some(tools), scripts, file) = (tools(), scripts(), file()) else { return };
    for (mode, revision) in modes {
        let house = House::start(&file).await;
        let output = Command::new(tools.join(interpreter))
            .env("MCPFIER_TEST_TOOLS", &tools)
            .arg(scripts.join(script))
            .args([*mode, &house.url(if *mode == "sse" { "/sse" } else { "/mcp" }), KEY])
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
        if interpreter == "bin/node" {
            has_a_cancelled_tree(&out, &format!("{script} {mode}"));
        }
    }
}

/// A call that its client aborts takes what it has started with it, however the client says so: by word,
/// or by closing the stream.
fn has_a_cancelled_tree(out: &str, client: &str) {
    let facts = out.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let cancel = facts.into_iter().find(|fact| fact["saw"] == "cancel");
    let cancel = cancel.unwrap_or_else(|| panic!("{client} reported no `cancel`: {out}"));
    assert_eq!(cancel["end"], "aborted", "{client}: {cancel}");
    assert!(cancel["alive_before"].as_u64() >= Some(3), "{client}: the tree never stood: {cancel}");
    assert_eq!(cancel["alive_after"], 0, "{client}: something is left: {cancel}");
    let grace_and_a_second = 2.0;
    assert!(cancel["seconds"].as_f64() <= Some(grace_and_a_second), "{client}: {cancel}");
}

//! Real MCP clients over stdio: the official SDKs for Python and TypeScript, and the Inspector.
//!
//! The programs in `tests/clients/` print what they saw, one JSON object a line; what it should be
//! is written here, once for all of them. `tests/run` installs the clients and names their folder
//! in `MCPFIER_TEST_TOOLS`.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::support::skip::skip;

const OLDER: &str = "2025-11-25";
const NEWEST: &str = "2026-07-28";

#[test]
fn the_python_sdk_is_served_after_initialize() {
    play("bin/python", "python_sdk.py", "legacy", OLDER);
}

#[test]
fn the_python_sdk_finds_the_newest_revision() {
    play("bin/python", "python_sdk.py", "auto", NEWEST);
}

#[test]
fn the_first_typescript_sdk_is_served_after_initialize() {
    play("bin/node", "typescript_v1.mjs", "legacy", OLDER);
}

#[test]
fn the_second_typescript_sdk_is_served_after_initialize() {
    play("bin/node", "typescript_v2.mjs", "legacy", OLDER);
}

#[test]
fn the_second_typescript_sdk_finds_the_newest_revision() {
    play("bin/node", "typescript_v2.mjs", "auto", NEWEST);
}

#[test]
fn the_inspector_lists_and_calls_after_initialize() {
    inspect("legacy", OLDER);
}

#[test]
fn the_inspector_lists_and_calls_with_the_newest_revision() {
    inspect("modern", NEWEST);
}

/// Runs one client through every step and judges what it saw.
fn play(interpreter: &str, script: &str, mode: &str, revision: &str) {
    let Some(tools) = Tools::find() else { return };
    // A copy: the client changes it.
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let config = scratch.path().join("config.yaml");
    std::fs::copy(folder().join("config.yaml"), &config).expect("a copy of the configuration");
    let output = tools
        .command(interpreter)
        .arg(folder().join(script))
        .args([mode, env!("CARGO_BIN_EXE_mcpfier"), "--config"])
        .arg(config)
        .arg("--mcp")
        .output()
        .expect("the client starts");
    assert!(output.status.success(), "{script} {mode} failed\n{}", talk(&output));
    let seen = Seen::read(&output);
    seen.has_the_server(revision);
    seen.has_the_tools();
    seen.has_the_results();
    seen.has_progress();
    seen.has_a_cancelled_tree();
    seen.has_the_change();
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients")
}

fn talk(output: &Output) -> String {
    format!(
        "stdout:\n{}\nstderr:\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// Where the clients are installed.
struct Tools(PathBuf);

impl Tools {
    fn find() -> Option<Self> {
        let folder = std::env::var_os("MCPFIER_TEST_TOOLS").map(PathBuf::from);
        match folder.filter(|folder| folder.join("bin/node").exists()) {
            Some(folder) => Some(Self(folder)),
            None => {
                skip("no MCP clients here; tests/run installs them");
                None
            }
        }
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.0.join(program));
        command.env("MCPFIER_TEST_TOOLS", &self.0);
        command
    }
}

/// What a client reported.
struct Seen(Vec<Value>);

impl Seen {
    fn read(output: &Output) -> Self {
        let text = String::from_utf8_lossy(&output.stdout);
        let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"));
        Self(text.lines().map(parse).collect())
    }

    fn one(&self, what: &str) -> &Value {
        let found = self.0.iter().find(|fact| fact["saw"] == what);
        found.unwrap_or_else(|| panic!("the client reported no `{what}`"))
    }

    fn result(&self, of: &str) -> (bool, &str) {
        let found = self.0.iter().find(|fact| fact["saw"] == "result" && fact["of"] == of);
        let result = found.unwrap_or_else(|| panic!("the client reported no result of `{of}`"));
        (result["is_error"] == true, result["text"].as_str().expect("a result has text"))
    }

    fn has_the_server(&self, revision: &str) {
        let server = self.one("server");
        assert_eq!((&server["revision"], &server["name"]), (&json!(revision), &json!("client-check")));
    }

    fn has_the_tools(&self) {
        check_tools(&self.one("tools")["tools"]);
    }

    fn has_the_results(&self) {
        let (is_error, text) = self.result("call");
        assert!(!is_error && text.starts_with("hello from"), "{text}");
        let (is_error, text) = self.result("bad arguments");
        assert!(is_error, "bad arguments were taken: {text}");
        for parameter in ["text", "volume", "extra"] {
            assert!(text.contains(parameter), "`{parameter}` is not named in: {text}");
        }
        let (is_error, text) = self.result("failure");
        assert!(is_error, "exit code 3 is no error: {text}");
        for part in ["partial", "broken", "exit code 3"] {
            assert!(text.contains(part), "`{part}` is missing in: {text}");
        }
        assert_eq!(self.one("refusal")["code"], -32602);
        let (is_error, text) = self.result("call after cancel");
        assert!(!is_error && text.trim_end() == "still here (volume 3)", "{text}");
    }

    fn has_progress(&self) {
        let watched = self.one("progress");
        let notes = watched["notes"].as_array().expect("notes are a list");
        assert!(notes.len() >= 2, "progress came {} times before the result", notes.len());
        let numbers: Vec<f64> = notes.iter().filter_map(|note| note["progress"].as_f64()).collect();
        assert!(numbers.is_sorted_by(|earlier, later| earlier < later), "{numbers:?} does not increase");
        let shown = |note: &&Value| note["message"].as_str().is_some_and(|text| text.contains("number "));
        assert!(notes.iter().filter(shown).count() >= 2, "output is not in {notes:?}");
        assert!(watched["text"].as_str().is_some_and(|text| text.contains("number 5")), "{watched}");
    }

    /// What the file says after the client has changed it.
    fn has_the_change(&self) {
        let change = self.one("change");
        assert_eq!(change["tools"], json!(["say", "count", "fail", "stay", "fresh"]), "{change}");
        assert!(change["seconds"].as_f64() < Some(10.0), "{change}");
    }

    fn has_a_cancelled_tree(&self) {
        let cancel = self.one("cancel");
        assert!(cancel["alive_before"].as_u64() >= Some(3), "the tree never stood: {cancel}");
        assert_eq!(cancel["alive_after"], 0, "something is left: {cancel}");
        let grace_and_a_second = 2.0;
        assert!(cancel["seconds"].as_f64() <= Some(grace_and_a_second), "{cancel}");
        // Clients wait two seconds for a server whose input they closed, then send signals.
        let closed = self.one("closed");
        assert!(closed["seconds"].as_f64() < Some(1.9), "the server did not end by itself: {closed}");
    }
}

fn check_tools(tools: &Value) {
    let tools = tools.as_array().expect("tools are a list");
    let names: Vec<&str> = tools.iter().filter_map(|tool| tool["name"].as_str()).collect();
    assert_eq!(names, ["say", "count", "fail", "stay"]);
    let say = &tools[0];
    assert_eq!(say["title"], "Say");
    assert_eq!(say["inputSchema"]["required"], json!(["text"]));
    assert_eq!(say["inputSchema"]["properties"]["text"]["minLength"], 1);
    assert_eq!(
        say["annotations"],
        json!({ "readOnlyHint": true, "destructiveHint": false, "idempotentHint": true, "openWorldHint": false })
    );
}

/// The Inspector's command line: its exit code is 5 for a result that is an error.
fn inspect(era: &str, revision: &str) {
    let Some(tools) = Tools::find() else { return };
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let servers = scratch.path().join("servers.json");
    let entry = json!({
        "type": "stdio",
        "command": env!("CARGO_BIN_EXE_mcpfier"),
        "args": ["--config", folder().join("config.yaml"), "--mcp"],
        "protocolEra": era,
    });
    std::fs::write(&servers, json!({ "mcpServers": { "check": entry } }).to_string()).expect("a config file");
    let run = |expected: i32, arguments: &[&str]| -> Value {
        let output = tools
            .command("bin/node")
            .arg(tools.0.join("node_modules/.bin/mcp-inspector"))
            .args(["--cli", "--quiet", "--format", "json", "--server", "check", "--config"])
            .arg(&servers)
            .args(arguments)
            .env("HOME", scratch.path())
            .env("MCP_INSPECTOR_SECRET_STORE", "memory")
            .output()
            .expect("the inspector starts");
        assert_eq!(output.status.code(), Some(expected), "{arguments:?}\n{}", talk(&output));
        let answer: Value = serde_json::from_slice(&output.stdout).expect("the inspector prints JSON");
        answer["result"].clone()
    };

    assert_eq!(run(0, &["--method", "initialize"])["protocolVersion"], revision);
    check_tools(&run(0, &["--method", "tools/list", "--strict"])["tools"]);
    let call = ["--method", "tools/call", "--tool-name", "say", "--tool-arg"];
    let result = run(0, &[&call[..], &["text=two words", "volume=4"]].concat());
    assert_eq!(result["content"][0]["text"].as_str().map(str::trim_end), Some("two words (volume 4)"));
    let result = run(5, &[&call[..], &["text=x", "volume=40"]].concat());
    assert_eq!(result["isError"], true);
}

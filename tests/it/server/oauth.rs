//! A real issuer of tokens, npm's `oidc-provider`, and the official clients, which find their way to it from a 401.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use reqwest::Method;
use serde_json::{Value, json};

use super::house::{House, PATIENCE, answer, call};
use crate::support::client::text;
use crate::support::skip::skip;

const COMMANDS: &str = r#"
commands:
  - { name: read, description: Reads., script: echo, args: [read], scopes: ["mcp:read"] }
  - { name: write, description: Writes., script: echo, args: [written], scopes: ["mcp:write"] }
"#;

struct Provider {
    child: Child,
    /// Kept open: it says more than where it is.
    _said: BufReader<ChildStdout>,
    url: String,
    tools: PathBuf,
}

impl Provider {
    fn start(opaque: bool) -> Option<Self> {
        let tools = std::env::var_os("MCPFIER_TEST_TOOLS").map(PathBuf::from);
        let Some(tools) = tools.filter(|folder| folder.join("node_modules/oidc-provider").exists()) else {
            skip("no issuer of tokens here; tests/run installs one");
            return None;
        };
        let mut command = Command::new(tools.join("bin/node"));
        command.arg(scripts().join("issuer.mjs")).env("MCPFIER_TEST_TOOLS", &tools);
        if opaque {
            command.env("OPAQUE", "1");
        }
        let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = pipes.spawn().expect("the issuer starts");
        let mut url = String::new();
        let mut said = BufReader::new(child.stdout.take().expect("its output"));
        said.read_line(&mut url).expect("it says where it is");
        Some(Self { child, _said: said, url: url.trim().to_owned(), tools })
    }

    /// A server for whose address the issuer makes tokens. The file says it once it is known.
    async fn serve(&self, more: &str) -> House {
        let file = |audience: &str, scopes: &str| {
            format!(
                "{COMMANDS}server:\n  http:\n    auth:\n      oauth:\n        issuer: {}\n        audience: {audience}\n        \
                 scopes: [{scopes}]\n        required_scopes: [\"mcp:read\"]\n{more}",
                self.url
            )
        };
        let house = House::start(&file("api://nobody", "early")).await;
        let whole = file(&house.url("/mcp"), "\"mcp:read\", \"mcp:write\"");
        std::fs::write(house.server.folder.path().join("tools.yaml"), format!("version: 1\n{whole}"))
            .unwrap();
        let begun = std::time::Instant::now();
        loop {
            let about =
                house.request(Method::GET, "/.well-known/oauth-protected-resource").send().await.unwrap();
            if about.text().await.unwrap().contains("mcp:write") {
                return house;
            }
            assert!(begun.elapsed() < PATIENCE, "the file is not read again");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    /// A token of a program that has a secret.
    async fn token(&self, house: &House, resource: &str, scope: &str) -> String {
        let secret = "the-secret-of-a-robot-in-a-test";
        let form = format!("grant_type=client_credentials&scope={scope}&resource={resource}");
        let sent = house.client.post(format!("{}/token", self.url)).basic_auth("robot", Some(secret));
        let sent =
            sent.header("Content-Type", "application/x-www-form-urlencoded").body(form).send().await.unwrap();
        let answer: Value = serde_json::from_str(&sent.text().await.unwrap()).unwrap();
        answer["access_token"].as_str().unwrap_or_else(|| panic!("no token: {answer}")).to_owned()
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients")
}

#[tokio::test]
async fn a_program_comes_in_with_its_own_token_and_not_with_one_for_another_server() {
    let Some(provider) = Provider::start(false) else { return };
    let house = provider.serve("").await;
    let ask = async |tool: &str, token: &str| {
        house.plain(&call(1, tool, json!({}))).bearer_auth(token).send().await.unwrap()
    };
    let token = provider.token(&house, &house.url("/mcp"), "mcp:read").await;
    assert_eq!(token.split('.').count(), 3);
    assert_eq!(text(&answer(ask("read", &token).await).await["result"]), "read\n");
    assert_eq!(ask("write", &token).await.status(), 403);
    let more = provider.token(&house, &house.url("/mcp"), "mcp:read%20mcp:write").await;
    assert_eq!(text(&answer(ask("write", &more).await).await["result"]), "written\n");
    let other = provider.token(&house, "http://127.0.0.1:1/mcp", "mcp:read").await;
    assert_eq!(ask("read", &other).await.status(), 401);
}

#[tokio::test]
async fn tokens_that_say_nothing_are_asked_about_at_a_real_issuer() {
    let Some(provider) = Provider::start(true) else { return };
    let asks =
        "        introspection: { client_id: asker, client_secret: the-secret-of-who-asks-in-a-test }\n";
    let house = provider.serve(asks).await;
    let ask =
        async |token: &str| house.plain(&call(1, "read", json!({}))).bearer_auth(token).send().await.unwrap();
    let token = provider.token(&house, &house.url("/mcp"), "mcp:read").await;
    assert!(!token.contains('.'), "{token}");
    assert_eq!(text(&answer(ask(&token).await).await["result"]), "read\n");
    let other = provider.token(&house, "http://127.0.0.1:1/mcp", "mcp:read").await;
    assert_eq!(ask(&other).await.status(), 401);
    assert_eq!(ask("a-token-that-nobody-made").await.status(), 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_logs_in_with_the_python_sdk() {
    for mode in ["legacy", "auto"] {
        log_in("bin/python", "oauth.py", mode).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_logs_in_with_the_first_typescript_sdk() {
    log_in("bin/node", "oauth_v1.mjs", "legacy").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_logs_in_with_the_second_typescript_sdk() {
    for mode in ["legacy", "auto"] {
        log_in("bin/node", "oauth_v2.mjs", mode).await;
    }
}

/// From a 401 to the issuer, by code and PKCE to a token, to a call; and once more for a call that takes more.
async fn log_in(interpreter: &str, script: &str, mode: &str) {
    let Some(provider) = Provider::start(false) else { return };
    let house = provider.serve("").await;
    let output = Command::new(provider.tools.join(interpreter))
        .env("MCPFIER_TEST_TOOLS", &provider.tools)
        .arg(scripts().join(script))
        .args([&house.url("/mcp"), mode])
        .output()
        .expect("the client starts");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{script} {mode}\n{out}\n{err}");
    let seen: Value = serde_json::from_str(out.lines().last().unwrap_or_default()).unwrap();
    assert_eq!(seen["tools"], json!(["read", "write"]), "{seen}");
    assert_eq!((&seen["said"], &seen["written"]), (&json!("read\n"), &json!("written\n")), "{seen}");
    let asked = seen["asked"].as_array().unwrap();
    assert_eq!(asked.len(), 2, "{script} {mode}: {seen}");
    assert_eq!(asked[0]["resource"], json!(house.url("/mcp")));
    assert_eq!(asked[0]["scope"], "mcp:read", "what the challenge named, and no more");
    let scopes = asked[1]["scope"].as_str().unwrap_or_default();
    assert!(scopes.contains("mcp:read") && scopes.contains("mcp:write"), "{scopes}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_inspector_calls_with_a_token_and_is_told_clearly_that_it_needs_one() {
    let Some(provider) = Provider::start(false) else { return };
    let house = provider.serve("").await;
    let token = provider.token(&house, &house.url("/mcp"), "mcp:read").await;
    let other = provider.token(&house, "http://127.0.0.1:1/mcp", "mcp:read").await;
    let list = ["--method", "tools/list"];
    let call = |tool| ["--method", "tools/call", "--tool-name", tool];
    for (era, without) in [("legacy", "a key or a token is needed"), ("modern", "HTTP 401")] {
        let inspect = |token: Option<&str>, words: &[&str]| inspect(&provider, &house, (era, token), words);
        let listed = answered(&inspect(Some(&token), &list));
        let names: Vec<&Value> =
            listed["tools"].as_array().unwrap().iter().map(|tool| &tool["name"]).collect();
        assert_eq!(names, ["read", "write"], "{era}");
        assert_eq!(text(&answered(&inspect(Some(&token), &call("read")))), "read\n", "{era}");

        for (shown, words, code, reason) in [
            (None, &list[..], 3, without),
            (None, &call("read"), 3, without),
            (
                Some(other.as_str()),
                &list,
                3,
                if era == "legacy" { "the token is not valid" } else { without },
            ),
            (Some(token.as_str()), &call("write"), 1, "mcp:write"),
        ] {
            let refused = inspect(shown, words);
            let said = String::from_utf8_lossy(&refused.stderr);
            assert_eq!(refused.status.code(), Some(code), "{era} {words:?}: {said}");
            assert!(said.contains(reason), "{era} {words:?}: {said}");
            assert_eq!(said.contains("auth_required"), code == 3, "{era} {words:?}: {said}");
            assert!(refused.stdout.is_empty(), "{era} {words:?}");
        }
    }
}

/// The Inspector's command line, which asks nobody to log in here.
fn inspect(provider: &Provider, house: &House, (era, token): (&str, Option<&str>), words: &[&str]) -> Output {
    let folder = house.server.folder.path();
    let mut command = Command::new(provider.tools.join("bin/node"));
    command.arg(provider.tools.join("node_modules/.bin/mcp-inspector"));
    command.args(["--cli", "--quiet", "--format", "json", "--transport", "http", "--stored-auth-only"]);
    command.args(["--server-url", &house.url("/mcp"), "--protocol-era", era]).args(words);
    if let Some(token) = token {
        command.arg("--header").arg(format!("Authorization: Bearer {token}"));
    }
    command.env("HOME", folder).env("MCP_INSPECTOR_SECRET_STORE", "memory").stdin(Stdio::null());
    command.output().expect("the inspector starts")
}

fn answered(output: &Output) -> Value {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}");
    let answer: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("no JSON: {out}\n{err}"));
    answer["result"].clone()
}

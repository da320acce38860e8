//! Keys: who is let in, and what is there for them.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use mcpfier::model::Fingerprint;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::house::{COMMANDS, House, PATIENCE, answer, call, request};
use crate::support::client::text;
use crate::support::place::Place;
use crate::support::server::{Server, Wire};

const ANN: &str = "a-key-of-ann-that-is-long";
const CI: &str = "a-key-of-ci-that-is-long-too";

fn with_keys() -> String {
    format!(
        r#"{COMMANDS}
server:
  http:
    auth:
      api_keys:
        - {{ name: ann, key: {ANN} }}
        - {{ name: ci, key: {CI}, permissions: ["ec*"] }}
        - {{ name: old, key: an-old-key-that-is-over, expires: 2020-01-01 }}
"#
    )
}

fn names(listed: &Value) -> Vec<&str> {
    listed["result"]["tools"].as_array().unwrap().iter().filter_map(|tool| tool["name"].as_str()).collect()
}

fn list(house: &House) -> RequestBuilder {
    house.plain(&request(1, "tools/list", json!({})))
}

#[tokio::test]
async fn every_way_to_present_a_key_lets_in_and_nothing_else_does() {
    let house = House::start(&with_keys()).await;
    for (name, value) in [
        ("X-API-Key", ANN.to_owned()),
        ("Authorization", format!("Bearer {ANN}")),
        ("Authorization", format!("ApiKey {ANN}")),
    ] {
        let response = list(&house).header(name, value).send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(names(&answer(response).await).len(), 4);
    }
    for (name, value) in [
        ("X-API-Key", "wrong"),
        ("X-API-Key", ""),
        ("Authorization", "Basic YTpi"),
        ("Authorization", ANN),
        ("X-API-Key", "an-old-key-that-is-over"),
    ] {
        let response = list(&house).header(name, value).send().await.unwrap();
        assert_eq!(response.status(), 401, "{name}: {value}");
        assert!(response.headers()["www-authenticate"].to_str().unwrap().starts_with("Bearer "));
    }
    assert_eq!(list(&house).send().await.unwrap().status(), 401);
    let twice = list(&house).header("X-API-Key", ANN).header("Authorization", format!("Bearer {ANN}"));
    assert_eq!(twice.send().await.unwrap().status(), 401);
    let in_query = house.request(Method::POST, &format!("/mcp?api_key={ANN}")).send().await.unwrap();
    assert_eq!(in_query.status(), 401);
    assert_eq!(
        house.request(Method::GET, "/health").send().await.unwrap().status(),
        200,
        "probes need no key"
    );
}

#[tokio::test]
async fn a_key_sees_and_calls_its_own_tools_and_others_are_not_there() {
    let house = House::start(&with_keys()).await;
    let ask = async |key: &str, message: Value| {
        answer(house.plain(&message).header("X-API-Key", key).send().await.unwrap()).await
    };
    assert_eq!(names(&ask(CI, request(1, "tools/list", json!({}))).await), ["echo"]);
    assert_eq!(names(&ask(ANN, request(1, "tools/list", json!({}))).await).len(), 4);
    assert_eq!(text(&ask(CI, call(2, "echo", json!({ "what": "mine" }))).await["result"]), "mine\n");
    let forbidden = ask(CI, call(3, "slow", json!({ "bad": 1 }))).await;
    let unknown = ask(CI, call(3, "slaw", json!({ "bad": 1 }))).await;
    let told = |refused: &Value| refused["error"]["message"].as_str().unwrap().to_owned();
    assert_eq!(told(&forbidden), "there is no tool `slow`");
    assert_eq!(told(&unknown), "there is no tool `slaw`", "a name that it may not know is not proposed");
    assert_eq!(forbidden["error"]["code"], unknown["error"]["code"]);
}

#[tokio::test]
async fn a_session_is_its_owners_alone() {
    let house = House::start(&with_keys()).await;
    let params = json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "t", "version": "1" } });
    let opened = house.post(&request(0, "initialize", params)).header("X-API-Key", ANN).send().await.unwrap();
    let session = opened.headers()["mcp-session-id"].clone();
    let ping = |key| {
        let sent = house.post(&request(1, "ping", json!({}))).header("Mcp-Session-Id", session.clone());
        sent.header("X-API-Key", key).send()
    };
    assert_eq!(ping(CI).await.unwrap().status(), 404);
    assert_eq!(ping(ANN).await.unwrap().status(), 200);
}

#[tokio::test]
async fn wrong_keys_slow_down_whoever_has_them_and_nobody_else() {
    let house = House::start(&with_keys()).await;
    let begun = Instant::now();
    for _ in 0..6 {
        assert_eq!(list(&house).header("X-API-Key", "guess").send().await.unwrap().status(), 401);
    }
    assert!(begun.elapsed() >= Duration::from_millis(700), "guesses cost {:?}", begun.elapsed());
    let begun = Instant::now();
    assert_eq!(list(&house).header("X-API-Key", ANN).send().await.unwrap().status(), 200);
    assert!(begun.elapsed() < Duration::from_millis(400), "the right key waited {:?}", begun.elapsed());
}

#[tokio::test]
async fn a_key_that_is_made_lets_in_by_its_fingerprint_and_is_said_nowhere() {
    let place = Place::with(&[]);
    let made = place.run(&["key", "create", "ci", "--allow", "echo", "--expires", "2999-01-01"]).ends_with(0);
    let key = made.stdout.trim();
    assert!(key.starts_with("mcpfier_") && key.len() == 8 + 43, "{key}");
    let line = made.stderr.lines().find(|line| line.contains("key_hash")).unwrap().trim();
    let auth = format!("server:\n  http:\n    auth:\n      api_keys:\n        {line}\n");
    let mut house = House::start(&format!("{COMMANDS}\n{auth}")).await;
    let listed =
        answer(list(&house).header("Authorization", format!("Bearer {key}")).send().await.unwrap()).await;
    assert_eq!(names(&listed), ["echo"]);
    list(&house).header("X-API-Key", "wrong-one").send().await.unwrap();
    let said = house.server.says("not let in").await;
    assert!(!said.contains(key) && !said.contains("wrong-one"), "{said}");
    place.run(&["key", "create", ""]).ends_with(2);
    place.run(&["key", "create", "a", "--expires", "soon"]).ends_with(2);
}

#[tokio::test]
async fn the_keys_of_an_original_file_work_in_all_its_forms() {
    for keys in [
        format!("simple: {{ api_keys: [{{ key: {ANN}, name: n, description: d, permissions: [\"*\"] }}] }}"),
        format!("api_keys: {{ {ANN}: {{ name: n, permissions: [\"*\"] }} }}"),
        format!("api_keys: [{ANN}]"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let file = format!(
            "commands: [{{ name: echo-test, script: echo, args: [hi] }}]\n\
             server: {{ http: {{ port: 1, host: localhost, auth: {{ enabled: true, mode: simple, {keys} }} }} }}\n"
        );
        std::fs::write(folder.path().join("config.yaml"), file).unwrap();
        let house = House::start_in(folder, "config.yaml", &[]).await;
        assert_eq!(list(&house).send().await.unwrap().status(), 401);
        let sent =
            house.plain(&call(1, "echo-test", json!({}))).header("Authorization", format!("ApiKey {ANN}"));
        assert_eq!(text(&answer(sent.send().await.unwrap()).await["result"]), "hi\n");
    }
}

#[tokio::test]
async fn a_key_that_is_taken_out_of_the_file_lets_nobody_in_any_more() {
    let house = House::start(&with_keys()).await;
    let file = house.server.folder.path().join("tools.yaml");
    let without = with_keys().replace(&format!("        - {{ name: ann, key: {ANN} }}\n"), "");
    std::fs::write(file, format!("version: 1\n{without}")).unwrap();
    let begun = Instant::now();
    while list(&house).header("X-API-Key", ANN).send().await.unwrap().status() != 401 {
        assert!(begun.elapsed() < super::house::PATIENCE, "the old key still lets in");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(list(&house).header("X-API-Key", CI).send().await.unwrap().status(), 200);
}

fn of_secrets(folder: &Path) -> Command {
    let file = r#"version: 1
secrets:
  by_file: { file: key-of-file }
  by_variable: { env: KEY_OF_ENV }
  by_hash: { env: HASH_OF_KEY }
server:
  http:
    auth:
      api_keys:
        - { name: file, key: "{{secrets.by_file}}" }
        - { name: variable, key: "{{ secrets.by_variable }}" }
        - { name: hash, key_hash: "{{secrets.by_hash}}", permissions: [show] }
commands:
  - { name: show, description: All variables., shell: sh, run: env, env_inherit: all }
  - { name: other, description: Another one., script: "true" }
"#;
    std::fs::write(folder.join("tools.yaml"), file).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcpfier"));
    command.env_remove("PORT").env("KEY_OF_ENV", "a-key-that-is-in-a-variable");
    command.env("HASH_OF_KEY", Fingerprint::of("a-key-of-which-a-hash-is-known").to_string());
    command.arg("--config").arg(folder.join("tools.yaml")).args(["--server", "--port", "0"]);
    command
}

#[tokio::test]
async fn keys_that_secrets_hold_let_in_and_one_that_changes_counts_at_once() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("key-of-file"), "a-key-that-is-in-a-file\n").unwrap();
    let command = of_secrets(folder.path());
    let mut house = House::of(Server::run(Wire::Pipes, folder, command)).await;
    assert!(house.server.says("/mcp").await.contains("(3 keys)"));
    let ask = |key: &str, message: &Value| house.plain(message).header("X-API-Key", key).send();
    let list = request(1, "tools/list", json!({}));
    for (key, expected) in [
        ("a-key-that-is-in-a-file", 200),
        ("a-key-that-is-in-a-variable", 200),
        ("a-key-of-which-a-hash-is-known", 200),
        ("{{secrets.by_file}}", 401),
        ("a-key-that-is-in-a-file\n", 401),
    ] {
        let Ok(response) = ask(key, &list).await else { continue };
        assert_eq!(response.status(), expected, "{key:?}");
    }
    let listed = answer(ask("a-key-of-which-a-hash-is-known", &list).await.unwrap()).await;
    assert_eq!(listed["result"]["tools"].as_array().map(Vec::len), Some(1), "{listed}");
    let shown =
        ask("a-key-that-is-in-a-file", &call(2, "show", json!({}))).await.unwrap().text().await.unwrap();
    assert!(shown.contains("PATH=") && !shown.contains("that-is-in-a"), "no command is told a key: {shown}");

    let path = house.server.folder.path().join("key-of-file");
    std::fs::write(&path, "another-key-in-the-same-file").unwrap();
    let begun = Instant::now();
    while ask("another-key-in-the-same-file", &list).await.unwrap().status() != 200 {
        assert!(begun.elapsed() < PATIENCE, "the new key never counts");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(ask("a-key-that-is-in-a-file", &list).await.unwrap().status(), 401);
    std::fs::remove_file(&path).unwrap();
    house.server.says("has no value").await;
    let still = house.plain(&list).header("X-API-Key", "another-key-in-the-same-file").send().await.unwrap();
    assert_eq!(still.status(), 200, "what was served stays");
}

#[tokio::test]
async fn a_server_whose_key_has_no_value_does_not_start_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let ended = of_secrets(folder.path()).output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(!ended.status.success(), "{said}");
    assert!(said.contains("the key of `file` is in the secret `by_file`, which has no value: "), "{said}");
    std::fs::write(folder.path().join("key-of-file"), "a-key-that-is-in-a-variable").unwrap();
    let ended = of_secrets(folder.path()).output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(said.contains("the key of `variable` is that of `file`, too"), "{said}");
    let ended = of_secrets(folder.path())
        .env("HASH_OF_KEY", "sha256:12")
        .env("KEY_OF_ENV", "another-one")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(said.contains("whose value is no `key_hash`: expected `sha256:` and 64"), "{said}");
}

#[test]
fn keys_of_secrets_are_listed_by_the_name_of_the_secret() {
    let folder = tempfile::tempdir().unwrap();
    drop(of_secrets(folder.path()));
    let place = Place::with(&[]);
    let path = folder.path().join("tools.yaml");
    let config = path.to_str().unwrap();
    let listed = place.run(&["--config", config, "key", "list"]).ends_with(0).stdout;
    assert!(listed.contains("key:file      the secret `by_file`"), "{listed}");
    let refused = place.run(&["--config", config, "key", "rotate", "file"]).ends_with(1).stderr;
    assert!(
        refused.contains("the key of `file` is `{{secrets.by_file}}`: change it where that comes from"),
        "{refused}"
    );
}

fn served_with(folder: &Path, file: &str, variable: Option<&str>) -> Command {
    std::fs::write(folder.join("config.yaml"), file).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcpfier"));
    command.env_remove("PORT").env_remove("MCPFIER_KEY").envs(variable.map(|value| ("MCPFIER_KEY", value)));
    command.arg("--config").arg(folder.join("config.yaml")).args(["--server", "--port", "0"]);
    command
}

#[tokio::test]
async fn the_name_of_a_variable_is_no_key() {
    const NAME: &str = "${MCPFIER_KEY}";
    let tools = "commands: [{ name: echo-test, description: Says hi., script: echo, args: [hi] }]";
    let keys = [
        r#"simple: { api_keys: [{ key: "${MCPFIER_KEY}", name: n }] }"#,
        r#"simple: { api_keys: { "${MCPFIER_KEY}": { name: n } } }"#,
        r#"api_keys: { "${MCPFIER_KEY}": { name: n } }"#,
        r#"api_keys: ["${MCPFIER_KEY}"]"#,
    ];
    for (version, keys) in keys.iter().map(|keys| ("", keys)).chain([("version: 1\n", &keys[2])]) {
        let file = format!("{version}{tools}\nserver: {{ http: {{ auth: {{ {keys} }} }} }}\n");
        let serve = |variable: Option<&str>| {
            let folder = tempfile::tempdir().unwrap();
            let command = served_with(folder.path(), &file, variable);
            Server::run(Wire::Pipes, folder, command)
        };
        let house = House::of(serve(Some(ANN))).await;
        for (key, expected) in [(ANN, 200), (NAME, 401)] {
            let sent = list(&house).header("X-API-Key", key).send().await.unwrap();
            assert_eq!(sent.status(), expected, "{file}{key}");
        }
        if version.is_empty() {
            serve(None).says("is to come from the variable `MCPFIER_KEY`, which is not set").await;
        } else {
            let house = House::of(serve(None)).await;
            assert_eq!(list(&house).header("X-API-Key", NAME).send().await.unwrap().status(), 401, "{file}");
        }
        serve(Some("${OTHER_KEY}")).says("is to come from the variable `OTHER_KEY`, which is not set").await;
    }
}

#[tokio::test]
async fn a_key_with_scopes_is_told_which_a_call_takes_and_one_without_needs_none() {
    let house = House::start(&format!(
        r#"
server:
  http:
    auth:
      api_keys:
        - {{ name: ann, key: {ANN} }}
        - {{ name: ci, key: {CI}, scopes: ["tools:read"] }}
commands:
  - {{ name: read, description: Reads., script: echo, args: [read], scopes: ["tools:read"] }}
  - {{ name: write, description: Writes., script: echo, args: [written], scopes: ["tools:write"] }}
"#
    ))
    .await;
    let ask = async |key: &str, tool: &str| {
        house.plain(&call(7, tool, json!({}))).header("X-API-Key", key).send().await.unwrap()
    };
    assert_eq!(text(&answer(ask(CI, "read").await).await["result"]), "read\n");
    let refused = ask(CI, "write").await;
    assert_eq!(refused.status(), 403);
    let challenge = refused.headers()["www-authenticate"].to_str().unwrap().to_owned();
    let expected = r#"Bearer realm="mcpfier", error="insufficient_scope", scope="tools:read tools:write""#;
    assert!(challenge.starts_with(expected), "{challenge}");
    let said = answer(refused).await;
    assert_eq!(said["error"]["message"], "`write` takes a token that is good for `tools:write`");
    assert_eq!(text(&answer(ask(ANN, "write").await).await["result"]), "written\n");
}

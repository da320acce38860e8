//! Jobs as resources: their logs and results, what tells of them, and whose they are.

#![cfg(all(feature = "server", feature = "http", feature = "jobs"))]

use std::time::Duration;

use serde_json::{Value, json};

use crate::server::house::{House, messages, request};
use crate::support::client::text;

use super::{job, serving, texts};

const FILE: &str = r#"
server:
  drain: 0s
  jobs: { folder: kept }
  http:
    auth:
      api_keys:
        - { name: ann, key: "ann-has-a-long-key-0123456789abcdef" }
        - { name: bob, key: "bob-has-a-long-key-0123456789abcdef" }
defaults: { timeout: 1h, detach_after: 50s }
commands:
  - name: steps
    description: Says one thing after the other.
    shell: sh
    run: echo one; until [ -e two ]; do sleep 0.02; done; echo two; until [ -e go ]; do sleep 0.02; done; echo three
    background: true
  - name: much
    description: Writes more than is shown.
    script: seq
    args: ["{{to}}"]
    params: { to: integer }
    output: { show: 1KiB }
  - name: wrong
    description: Writes more than is shown, and fails.
    shell: sh
    run: seq 1000; exit 3
    output: { show: 1KiB }
  - name: short
    description: Never becomes a job.
    script: seq
    args: ["1000"]
    detach_after: never
    output: { show: 1KiB }
"#;

/// A session of one caller over HTTP.
struct Caller<'h> {
    house: &'h House,
    key: String,
    session: String,
}

impl<'h> Caller<'h> {
    async fn of(house: &'h House, who: &str, version: &str) -> Self {
        let key = format!("{who}-has-a-long-key-0123456789abcdef");
        let params = json!({ "protocolVersion": version, "capabilities": {}, "clientInfo": { "name": "t", "version": "1" } });
        let sent = house.post(&request(0, "initialize", params)).bearer_auth(&key).send().await;
        let session = sent.expect("an answer").headers()["mcp-session-id"].to_str().expect("text").to_owned();
        Self { house, key, session }
    }

    async fn ask(&self, method: &str, params: Value) -> Value {
        let sent = self.house.post(&request(1, method, params)).bearer_auth(&self.key);
        let sent = sent.header("Mcp-Session-Id", &self.session).send().await.expect("an answer");
        messages(sent).await.pop().expect("an answer has a message")
    }

    async fn call(&self, tool: &str, arguments: Value) -> Value {
        self.ask("tools/call", json!({ "name": tool, "arguments": arguments })).await["result"].clone()
    }

    async fn read(&self, uri: &str) -> Value {
        self.ask("resources/read", json!({ "uri": uri })).await
    }
}

fn touch(folder: &std::path::Path, file: &str) {
    std::fs::write(folder.join(file), "").expect("a file");
}

/// The link in a result.
fn link(result: &Value) -> Option<&Value> {
    result["content"].as_array()?.iter().find(|block| block["type"] == "resource_link")
}

#[tokio::test]
async fn a_log_that_grows_is_told_of_and_so_is_the_result() {
    let mut server = serving(FILE).await;
    let folder = server.folder.path().to_owned();
    let id = job(&server.client.call(1, "steps", json!({})).await);
    let [output, result] = ["output", "result"].map(|what| format!("run://{id}/{what}"));
    let early = server.client.ask(2, "resources/read", json!({ "uri": result })).await;
    assert!(early["error"]["message"].as_str().expect("a text").contains("still runs"), "{early}");
    for uri in [&output, &result] {
        let answer = server.client.ask(3, "resources/subscribe", json!({ "uri": uri })).await;
        assert!(answer["result"].is_object(), "{answer}");
    }
    server.client.passed();
    let updated = |uri: &str| json!({ "jsonrpc": "2.0", "method": "notifications/resources/updated", "params": { "uri": uri } });
    touch(&folder, "two");
    // What was there before may be told of, too.
    let mut read = String::new();
    while !read.ends_with("two\n") {
        while server.client.next().await != Some(updated(&output)) {}
        let answer = server.client.ask(4, "resources/read", json!({ "uri": output })).await;
        read = answer["result"]["contents"][0]["text"].as_str().expect("a text").to_owned();
    }
    assert_eq!(read, "one\ntwo\n");
    touch(&folder, "go");
    let mut heard = Vec::new();
    while !heard.contains(&updated(&result)) {
        heard.push(server.client.next().await.expect("a message"));
    }
    let over = server.client.ask(5, "resources/read", json!({ "uri": result })).await;
    assert_eq!(over["result"]["contents"][0]["text"], "one\ntwo\nthree\n");
}

#[tokio::test]
async fn jobs_of_somebody_else_are_no_resources() {
    let house = House::start(FILE).await;
    let (ann, bob) =
        (Caller::of(&house, "ann", "2025-11-25").await, Caller::of(&house, "bob", "2025-11-25").await);
    let id = job(&ann.call("steps", json!({})).await);
    let uri = format!("run://{id}/output");
    for method in ["resources/read", "resources/subscribe"] {
        let foreign = bob.ask(method, json!({ "uri": uri })).await.to_string().replace(&id, "ID");
        let none: String = id.chars().rev().collect();
        let unknown = bob.ask(method, json!({ "uri": format!("run://{none}/output") })).await;
        assert_eq!(unknown["error"]["code"], -32002, "{unknown}");
        assert_eq!(foreign, unknown.to_string().replace(&none, "ID"), "who asks learns whether there is one");
    }
    for (who, sees) in [(&ann, true), (&bob, false)] {
        let listed = who.ask("resources/list", json!({})).await.to_string();
        assert_eq!(listed.contains(&uri), sees, "{listed}");
    }
    assert_eq!(ann.read(&uri).await["result"]["contents"][0]["text"], "one\n");
}

#[tokio::test]
async fn all_of_an_output_that_is_cut_is_there_for_its_caller_alone() {
    let house = House::start(FILE).await;
    let (ann, bob) =
        (Caller::of(&house, "ann", "2025-11-25").await, Caller::of(&house, "bob", "2025-11-25").await);
    for (tool, arguments, is_error) in [("much", json!({ "to": 1000 }), false), ("wrong", json!({}), true)] {
        let result = ann.call(tool, arguments).await;
        assert_eq!(result["isError"], is_error, "{result}");
        assert!(texts(&result).contains("bytes omitted"), "{result}");
        let id = job(&result);
        assert!(texts(&result).contains(&format!("job_output with job_id=\"{id}\"")), "{result}");
        let link = link(&result).unwrap_or_else(|| panic!("no link: {result}"));
        let uri = link["uri"].as_str().expect("a uri");
        let whole = ann.read(uri).await["result"]["contents"][0]["text"].as_str().expect("a text").to_owned();
        assert_eq!(whole, (1..=1000).map(|number| format!("{number}\n")).collect::<String>());
        assert_eq!(link["size"], whole.len());
        assert_eq!(bob.read(uri).await["error"]["code"], -32002);
        let output = ann.call("job_output", json!({ "job_id": id, "offset": -5 })).await;
        assert!(text(&output).starts_with("1000\n\n["), "{output}");
    }
    // What is whole is a call and nothing more, and so is what no job could come of.
    for (tool, arguments) in [("much", json!({ "to": 10 })), ("short", json!({}))] {
        let result = ann.call(tool, arguments).await;
        assert!(link(&result).is_none() && result["_meta"]["mcpfier/job"].is_null(), "{result}");
    }
    let listed = ann.call("job_list", json!({})).await;
    assert_eq!(text(&listed).lines().count(), 2, "{listed}");
    // Who knows no links reads of it by the tool.
    let old = Caller::of(&house, "ann", "2025-03-26").await;
    let result = old.call("wrong", json!({})).await;
    assert!(link(&result).is_none() && texts(&result).contains("job_output with"), "{result}");
}

#[tokio::test]
async fn who_has_listed_resources_is_told_when_jobs_come_and_when_they_are_over() {
    let changed = json!({ "jsonrpc": "2.0", "method": "notifications/resources/list_changed" });
    let mut server = serving(FILE).await;
    let folder = server.folder.path().to_owned();
    let first = job(&server.client.call(1, "steps", json!({})).await);
    server.client.call(2, "job_cancel", json!({ "job_id": first })).await;
    assert!(!server.client.passed().contains(&changed), "it knows of no resources");
    assert!(server.client.hears_nothing_for(Duration::from_millis(300)).await);
    let listed = server.client.ask(3, "resources/list", json!({})).await;
    assert_eq!(listed["result"]["resources"].as_array().map(Vec::len), Some(2), "{listed}");
    server.client.request(4, "tools/call", json!({ "name": "steps", "arguments": {} })).await;
    let mut heard: Vec<Value> = Vec::new();
    while heard.iter().filter(|message| !message["id"].is_null()).count() < 1 || !heard.contains(&changed) {
        heard.push(server.client.next().await.expect("a message"));
    }
    let listed = server.client.ask(5, "resources/list", json!({})).await;
    assert_eq!(listed["result"]["resources"].as_array().map(Vec::len), Some(3), "{listed}");
    touch(&folder, "two");
    touch(&folder, "go");
    while server.client.next().await != Some(changed.clone()) {}
    let listed = server.client.ask(6, "resources/list", json!({})).await;
    assert_eq!(listed["result"]["resources"].as_array().map(Vec::len), Some(4), "{listed}");
}

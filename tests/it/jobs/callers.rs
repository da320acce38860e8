//! Whose a job is: over HTTP, of several callers.

#![cfg(all(feature = "server", feature = "http"))]

use serde_json::{Value, json};

use crate::server::house::House;
use crate::support::client::text;

use super::{go, job};

const FILE: &str = r#"
server:
  drain: 0s
  jobs: { folder: kept }
  http:
    auth:
      api_keys:
        - { name: ann, key: "ann-has-a-long-key-0123456789abcdef" }
        - { name: bob, key: "bob-has-a-long-key-0123456789abcdef" }
        - { name: eve, key: "eve-has-a-long-key-0123456789abcdef", permissions: [quick] }
policies:
  - { name: no-cancelling, commands: [job_cancel], deny: "caller.name == 'bob'" }
commands:
  - { name: quick, description: Is over in time., script: echo }
  - name: behind
    description: Nobody waits for it.
    shell: sh
    run: while [ ! -e go ]; do sleep 0.02; done; echo done
    timeout: 1h
    background: true
"#;

async fn ask(house: &House, who: &str, method: &str, params: Value) -> Value {
    let key = format!("{who}-has-a-long-key-0123456789abcdef");
    let request = house.modern(1, method, params).header("Authorization", format!("Bearer {key}"));
    let body = request.send().await.expect("an answer").text().await.expect("a body");
    // It may have come as a stream.
    let last = body
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix("data: ").or(line.starts_with('{').then_some(line)));
    serde_json::from_str(last.unwrap_or_else(|| panic!("no message: {body}"))).expect("JSON")
}

async fn call(house: &House, who: &str, tool: &str, arguments: Value) -> Value {
    ask(house, who, "tools/call", json!({ "name": tool, "arguments": arguments })).await
}

async fn tools(house: &House, who: &str) -> Vec<String> {
    let listed = ask(house, who, "tools/list", json!({})).await;
    let tools = listed["result"]["tools"].as_array().unwrap_or_else(|| panic!("no list: {listed}")).clone();
    tools.iter().map(|tool| tool["name"].as_str().expect("a name").to_owned()).collect()
}

#[tokio::test]
async fn a_job_of_somebody_else_is_as_unknown_as_none() {
    let house = House::start(FILE).await;
    let id = job(&call(&house, "ann", "behind", json!({})).await["result"]);
    for tool in ["job_wait", "job_output"] {
        let foreign = call(&house, "bob", tool, json!({ "job_id": id })).await;
        let none = id.chars().rev().collect::<String>();
        let unknown = call(&house, "bob", tool, json!({ "job_id": none })).await;
        let [foreign, unknown] = [&foreign, &unknown].map(|answer| text(&answer["result"]));
        assert_eq!(foreign.replace(&id, "ID"), unknown.replace(&none, "ID"));
        assert!(foreign.starts_with("there is no job"), "{foreign}");
    }
    let listed = call(&house, "bob", "job_list", json!({})).await;
    assert_eq!(text(&listed["result"]), "there are no jobs");
    go(house.server.folder.path());
    let over = call(&house, "ann", "job_wait", json!({ "job_id": id })).await;
    assert_eq!(text(&over["result"]), "done\n");
}

#[tokio::test]
async fn callers_have_the_tools_for_jobs_if_they_can_have_jobs_and_no_rule_denies_them() {
    let house = House::start(FILE).await;
    assert_eq!(
        tools(&house, "ann").await,
        ["quick", "behind", "job_wait", "job_output", "job_cancel", "job_list"]
    );
    assert_eq!(tools(&house, "bob").await, ["quick", "behind", "job_wait", "job_output", "job_list"]);
    assert_eq!(tools(&house, "eve").await, ["quick"]);
    let denied = call(&house, "bob", "job_cancel", json!({ "job_id": "x" })).await;
    assert!(denied["error"].is_object(), "{denied}");
    let unknown = call(&house, "eve", "job_list", json!({})).await;
    assert!(unknown["error"].is_object(), "{unknown}");
}

#[tokio::test]
async fn a_rule_about_the_time_holds_for_the_tools_for_jobs() {
    let rule = |name: &str, tool: &str, deny: &str| {
        format!(
            "  - {{ name: {name}, commands: [{tool}], deny: 'now {deny} timestamp(\"2000-01-01T00:00:00Z\")' }}\n"
        )
    };
    let rules = format!("policies:\n{}{}", rule("closed", "job_list", ">"), rule("open", "job_wait", "<"));
    let house = House::start(&FILE.replace("policies:\n", &rules)).await;
    assert!(tools(&house, "ann").await.contains(&"job_list".to_owned()), "it is known when it is called");
    let denied = call(&house, "ann", "job_list", json!({})).await;
    assert_eq!(text(&denied["result"]), "`ann` may not call `job_list`: the policy `closed` denies it");
    let waited = call(&house, "ann", "job_wait", json!({ "job_id": "x" })).await;
    assert!(text(&waited["result"]).starts_with("there is no job"), "{waited}");
}

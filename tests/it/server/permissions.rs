//! Who may, over HTTP: lists by caller, calls judged with their arguments, remembered results, reloads.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::house::{House, PATIENCE, answer, call, request};
use crate::support::client::text;

const CI: &str = "a-key-of-ci-that-is-long-too";
const OPS: &str = "a-key-of-ops-that-is-long-too";

const FILE: &str = r#"
roles:
  - { name: viewer, permissions: [look, "list-*"] }
  - { name: ops, permissions: ["*"], inherits: [viewer] }
user_roles: { "key:ci": [viewer], "key:ops": [ops] }
policies:
  - { name: no-prod, commands: [deploy], deny: 'args.target == "prod" && caller.name != "boss"', message: Not to production. }
server:
  http:
    auth:
      api_keys:
        - { name: ci, key: a-key-of-ci-that-is-long-too, permissions: [] }
        - { name: ops, key: a-key-of-ops-that-is-long-too, permissions: [] }
defaults: { detach_after: never }
commands:
  - { name: look, description: Looks., script: echo, args: [looked], annotations: { read_only: true } }
  - { name: secret, description: A result that is remembered for all., script: echo, args: [secret], annotations: { read_only: true }, cache: { ttl: 1h, scope: all } }
  - { name: list-secret, description: The same in a step., steps: [{ id: one, command: secret }] }
  - { name: ruled, description: Only for those with the role., script: echo, args: [ruled], authorization: { required_roles: [ops] } }
  - { name: deploy, description: Deploys., script: echo, args: ["to {{target}}"], params: { target: { type: string, description: Where to } } }
"#;

async fn ask(house: &House, key: &str, message: Value) -> Value {
    answer(house.plain(&message).header("X-API-Key", key).send().await.unwrap()).await
}

async fn names(house: &House, key: &str) -> Vec<String> {
    let listed = ask(house, key, request(1, "tools/list", json!({}))).await;
    let tools = listed["result"]["tools"].as_array().unwrap().iter();
    tools.filter_map(|tool| tool["name"].as_str().map(str::to_owned)).collect()
}

#[tokio::test]
async fn lists_and_calls_follow_roles_and_a_remembered_result_is_for_those_who_may() {
    let house = House::start(FILE).await;
    assert_eq!(names(&house, CI).await, ["look"], "what cannot be called is not listed, nor what calls it");
    assert_eq!(names(&house, OPS).await, ["look", "secret", "list-secret", "ruled", "deploy"]);
    assert_eq!(names(&house, CI).await, ["look"], "one list is not another's");
    assert_eq!(text(&ask(&house, OPS, call(2, "secret", json!({}))).await["result"]), "secret\n");
    let refused = ask(&house, CI, call(3, "secret", json!({}))).await;
    assert_eq!(refused["error"]["message"], "there is no tool `secret`");
    let nested = ask(&house, CI, call(4, "list-secret", json!({}))).await;
    assert_eq!(nested["error"]["message"], "there is no tool `list-secret`");
    let allowed = ask(&house, OPS, call(5, "list-secret", json!({}))).await;
    assert_eq!(allowed["result"]["isError"], false, "{allowed}");
}

#[tokio::test]
async fn a_rule_about_arguments_refuses_the_call_and_says_why() {
    let house = House::start(FILE).await;
    let to = async |target: &str| ask(&house, OPS, call(1, "deploy", json!({ "target": target }))).await;
    assert_eq!(text(&to("dev").await["result"]), "to dev\n");
    let refused = to("prod").await;
    assert_eq!(refused["result"]["isError"], true);
    assert_eq!(text(&refused["result"]), "`ops` may not call `deploy`: Not to production.");
}

#[tokio::test]
async fn rules_of_a_saved_file_hold_from_the_next_request_on() {
    let house = House::start(FILE).await;
    assert_eq!(names(&house, CI).await, ["look"]);
    let file = FILE.replace("\"key:ci\": [viewer]", "\"key:ci\": [ops]");
    std::fs::write(house.server.folder.path().join("tools.yaml"), format!("version: 1\n{file}")).unwrap();
    let begun = Instant::now();
    while !names(&house, CI).await.contains(&"ruled".to_owned()) {
        assert!(begun.elapsed() < PATIENCE, "the old roles still hold");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn roles_of_the_original_take_effect_where_it_has_them() {
    let folder = tempfile::tempdir().unwrap();
    let file = r#"
commands:
  - { name: echo-test, script: echo, args: [hello] }
  - { name: list-files, script: ls, authorization: { required_roles: [admin] } }
composite_tools:
  - { name: all, workflow: [{ tool: echo-test }], permissions: ["composite:run"] }
server:
  http:
    auth:
      enabled: true
      mode: simple
      simple:
        api_keys:
          - { key: mcpfier_dev_123456, name: development, permissions: ["*"] }
          - { key: mcpfier_one_123456, name: one, permissions: ["echo-*", all] }
      enterprise:
        rbac:
          enabled: true
          roles: [{ name: admin, permissions: ["list-*"], description: Everything }]
          user_roles: { "key:one": [admin] }
"#;
    std::fs::write(folder.path().join("tools.yaml"), file).unwrap();
    let house = House::start_in(folder, "tools.yaml", &[]).await;
    assert_eq!(names(&house, "mcpfier_one_123456").await, ["echo-test", "list-files"]);
    assert_eq!(names(&house, "mcpfier_dev_123456").await, ["echo-test", "all"]);
}

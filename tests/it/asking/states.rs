//! What a client is given to bring along: for one caller, one request, a while, and once. And a question
//! that nobody answers in time.

use serde_json::{Value, json};

use super::house::{next, opened};
use crate::server::house::{House, answer, request};
use crate::support::client::{modern_meta, text};

const FILE: &str = r#"
commands:
  - name: deploy
    description: Deploys a version.
    script: touch
    args: ["deployed-{{version}}"]
    params: { version: { type: string, pattern: "^[a-z0-9.]+$" } }
    confirm: { text: "Deploy {{version}}?", ttl: 1s }
  - name: redeploy
    description: Deploys a version again.
    script: touch
    args: ["deployed-{{version}}"]
    params: { version: { type: string, pattern: "^[a-z0-9.]+$" } }
    confirm: "Deploy {{version}}?"
  - name: restart
    description: Restarts a version.
    script: touch
    args: ["restarted-{{version}}"]
    params: { version: { type: string, pattern: "^[a-z0-9.]+$" } }
    confirm: "Restart {{version}}?"
server: { http: { auth: { api_keys: [{ name: ann, key: ann-ann-ann-ann-ann-ann-ann }, { name: bob, key: bob-bob-bob-bob-bob-bob-bob }] } } }
"#;
const ANN: &str = "ann-ann-ann-ann-ann-ann-ann";
const BOB: &str = "bob-bob-bob-bob-bob-bob-bob";

/// A request of a client of the newer era that can be asked.
async fn call(house: &House, key: &str, tool: &str, version: &str, state: Option<&Value>) -> Value {
    let mut meta = modern_meta();
    meta["io.modelcontextprotocol/clientCapabilities"] = json!({ "elicitation": {} });
    let mut params = json!({ "name": tool, "arguments": { "version": version }, "_meta": meta });
    if let Some(state) = state {
        params["requestState"] = state.clone();
        params["inputResponses"] = json!({ "confirm": { "action": "accept" } });
    }
    let sent = house.post(&request(1, "tools/call", params)).header("MCP-Protocol-Version", "2026-07-28");
    let sent = sent.header("Mcp-Method", "tools/call").header("Mcp-Name", tool).header("X-API-Key", key);
    answer(sent.send().await.unwrap()).await
}

fn refused(response: &Value, why: &str) {
    assert_eq!(response["error"]["code"], -32602, "{response}");
    assert!(response["error"]["message"].as_str().unwrap().contains(why), "{why}: {response}");
}

#[tokio::test]
async fn a_state_is_for_its_caller_its_tool_its_arguments_and_once() {
    let house = House::start(FILE).await;
    let asked = call(&house, ANN, "redeploy", "1", None).await;
    assert_eq!(asked["result"]["resultType"], "input_required", "{asked}");
    let state = &asked["result"]["requestState"];
    refused(&call(&house, BOB, "redeploy", "1", Some(state)).await, "not one that this server gave");
    refused(&call(&house, ANN, "restart", "1", Some(state)).await, "not one that this server gave");
    refused(&call(&house, ANN, "redeploy", "2", Some(state)).await, "not one that this server gave");
    let folder = house.server.folder.path();
    for never in ["deployed-1", "deployed-2", "restarted-1"] {
        assert!(!folder.join(never).exists(), "{never}");
    }
    let done = call(&house, ANN, "redeploy", "1", Some(state)).await;
    assert_eq!(done["result"]["isError"], false, "{done}");
    std::fs::remove_file(folder.join("deployed-1")).unwrap();
    refused(&call(&house, ANN, "redeploy", "1", Some(state)).await, "used before");
    assert!(!folder.join("deployed-1").exists(), "it ran twice");
}

#[tokio::test]
async fn another_server_and_the_same_one_started_anew_know_nothing_of_a_state() {
    let (house, other) = (House::start(FILE).await, House::start(FILE).await);
    let asked = call(&house, ANN, "redeploy", "1", None).await;
    let state = &asked["result"]["requestState"];
    refused(&call(&other, ANN, "redeploy", "1", Some(state)).await, "not one that this server gave");
    assert!(!other.server.folder.path().join("deployed-1").exists());
}

#[tokio::test]
async fn a_state_and_a_question_expire() {
    let house = House::start(FILE).await;
    let asked = call(&house, ANN, "deploy", "1", None).await;
    // In a session the question expires meanwhile.
    let session = opened(&house, ANN).await;
    let params = json!({ "name": "deploy", "arguments": { "version": "2" } });
    let sent = house.post(&request(2, "tools/call", params)).header("Mcp-Session-Id", &session);
    let (mut stream, mut heard) = (sent.header("X-API-Key", ANN).send().await.unwrap(), String::new());
    let question = next(&mut stream, &mut heard).await;
    assert_eq!(question["method"], "elicitation/create", "{question}");
    let taken_back = next(&mut stream, &mut heard).await;
    assert_eq!(taken_back["method"], "notifications/cancelled", "{taken_back}");
    assert_eq!(taken_back["params"]["requestId"], question["id"]);
    let result = next(&mut stream, &mut heard).await;
    assert!(text(&result["result"]).contains("nobody answered within 1s"), "{result}");
    let late = json!({ "jsonrpc": "2.0", "id": question["id"], "result": { "action": "accept" } });
    let late = house.post(&late).header("Mcp-Session-Id", &session).header("X-API-Key", ANN);
    assert_eq!(late.send().await.unwrap().status(), 202);
    // Its time is counted in whole seconds.
    tokio::time::sleep(std::time::Duration::from_millis(1200)).await;
    let state = &asked["result"]["requestState"];
    refused(&call(&house, ANN, "deploy", "1", Some(state)).await, "has expired");
    for never in ["deployed-1", "deployed-2"] {
        assert!(!house.server.folder.path().join(never).exists(), "{never}");
    }
}

//! Prompts that ask for the arguments they lack, in both eras and over both transports.

use serde_json::{Value, json};

use crate::server::house::{House, answer, request};
use crate::support::client::modern_meta;
use crate::support::server::Server;

use super::house::{next, opened as session};
use super::stdio::{answer as said, opened, question};

const PROMPTS: &str = r#"
prompts:
  - name: review
    arguments:
      topic: { type: string, description: What it is about, pattern: "^[a-z ]+$", ask: true }
      style: { type: string, enum: [short, thorough], ask: true }
      who: { type: string, optional: true }
    text: "A {{style}} review of {{topic}}{{#if who}} by {{who}}{{/if}}."
  - { name: hidden, arguments: { what: { type: string, ask: true } }, text: "{{what}}", authorization: { required_roles: [admin] } }
"#;
const FILE: &str = r#"
commands: [{ name: date, description: What time it is., script: date }]
server: { stdio: { permissions: ["*"] } }
"#;

fn file() -> String {
    format!("{FILE}{PROMPTS}")
}

fn get(arguments: Value) -> Value {
    json!({ "name": "review", "arguments": arguments })
}

fn text(response: &Value) -> &str {
    response["result"]["messages"][0]["content"]["text"].as_str().unwrap_or_else(|| panic!("{response}"))
}

#[tokio::test]
async fn a_person_is_asked_for_what_a_prompt_lacks_and_what_they_say_is_judged() {
    let mut server = opened(&file(), json!({ "elicitation": {} })).await;
    let client = &mut server.client;
    let listed = client.ask(0, "prompts/list", json!({})).await;
    let arguments = &listed["result"]["prompts"][0]["arguments"];
    assert_eq!(
        arguments[0],
        json!({ "name": "topic", "description": "What it is about", "required": false })
    );
    let yes = |content: Value| json!({ "action": "accept", "content": content });
    let cases = [
        (yes(json!({ "topic": "a wall", "other": 1 })), Ok("A short review of a wall by Ann.")),
        (yes(json!({ "topic": "Wall!" })), Err("`topic`")),
        (yes(json!({ "topic": 7 })), Err("the argument `topic` has to be a text")),
        (yes(json!({})), Err("is required")),
        (json!({ "action": "decline" }), Err("is not made without `topic`: the person declined")),
    ];
    for (id, (answer, expected)) in (1..).zip(cases) {
        client.request(id, "prompts/get", get(json!({ "style": "short", "who": "Ann" }))).await;
        let asked = question(client).await;
        let params = &asked["params"];
        assert_eq!(params["message"], "`review` needs topic.");
        let field = json!({ "type": "string", "description": "What it is about" });
        assert_eq!(params["requestedSchema"]["properties"], json!({ "topic": field }));
        said(client, &asked, answer).await;
        let response = client.answer(id).await;
        match expected {
            Ok(expected) => assert_eq!(text(&response), expected),
            Err(expected) => {
                assert_eq!(response["error"]["code"], -32602, "{response}");
                let message = response["error"]["message"].as_str().unwrap();
                assert!(message.contains(expected), "{message}");
            }
        }
    }
    let whole = client.ask(9, "prompts/get", get(json!({ "style": "short", "topic": "it" }))).await;
    assert_eq!(text(&whole), "A short review of it.");
    // Whoever may not have a prompt is asked nothing.
    let hidden = client.ask(10, "prompts/get", json!({ "name": "hidden" })).await;
    assert!(hidden["error"]["message"].as_str().unwrap().contains("no prompt `hidden`"), "{hidden}");
}

#[tokio::test]
async fn who_cannot_be_asked_is_told_what_is_missing() {
    let mut server = opened(&file(), json!({})).await;
    let refused = server.client.ask(1, "prompts/get", get(json!({ "style": "short" }))).await;
    assert_eq!(refused["error"]["code"], -32602);
    let message = refused["error"]["message"].as_str().unwrap();
    assert!(message.contains("`topic`: is required (string: What it is about)"), "{message}");
}

#[tokio::test]
async fn in_the_newer_era_the_prompt_is_asked_for_again_with_the_answer() {
    let mut server = Server::start(&file());
    let client = &mut server.client;
    let mut meta = modern_meta();
    meta["io.modelcontextprotocol/clientCapabilities"] = json!({ "elicitation": {} });
    let params = |arguments: Value, more: Value| {
        let mut params = json!({ "name": "review", "arguments": arguments, "_meta": meta });
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        params
    };
    let asked = client.ask(1, "prompts/get", params(json!({}), json!({}))).await["result"].clone();
    assert_eq!(asked["resultType"], "input_required", "{asked}");
    assert_eq!(asked["inputRequests"]["arguments"]["method"], "elicitation/create");
    let given = json!({ "topic": "walls", "style": "thorough" });
    let more = json!({
        "inputResponses": { "arguments": { "action": "accept", "content": given } },
        "requestState": asked["requestState"],
    });
    let other = client.ask(2, "prompts/get", params(json!({ "who": "Bob" }), more.clone())).await;
    assert_eq!(other["error"]["code"], -32602, "the state is for other arguments: {other}");
    let tool =
        json!({ "name": "review", "arguments": {}, "_meta": meta, "requestState": asked["requestState"] });
    let other = client.ask(3, "tools/call", tool).await;
    assert_eq!(other["error"]["code"], -32602, "the state is for another method: {other}");
    let made = client.ask(4, "prompts/get", params(json!({}), more.clone())).await;
    assert_eq!(text(&made), "A thorough review of walls.");
    assert_eq!(made["result"]["resultType"], "complete", "{made}");
    let again = client.ask(5, "prompts/get", params(json!({}), more)).await;
    assert!(again["error"]["message"].as_str().unwrap().contains("used before"), "{again}");
}

#[tokio::test]
async fn over_http_the_question_comes_on_the_stream_of_the_prompt() {
    let house = House::start(&file()).await;
    let session = session(&house, "").await;
    let sent = house.post(&request(1, "prompts/get", get(json!({ "style": "short" }))));
    let (mut stream, mut heard) =
        (sent.header("Mcp-Session-Id", &session).send().await.unwrap(), String::new());
    let asked = next(&mut stream, &mut heard).await;
    assert_eq!(asked["method"], "elicitation/create", "{asked}");
    let yes = json!({ "action": "accept", "content": { "topic": "doors" } });
    let yes = json!({ "jsonrpc": "2.0", "id": asked["id"], "result": yes });
    let taken = house.post(&yes).header("Mcp-Session-Id", &session).send().await.unwrap();
    assert_eq!(taken.status(), 202);
    assert_eq!(text(&next(&mut stream, &mut heard).await), "A short review of doors.");
    // Without a session there is nobody to ask.
    let refused = house.post(&request(2, "prompts/get", get(json!({ "style": "short" })))).send().await;
    let refused = answer(refused.unwrap()).await;
    assert!(refused["error"]["message"].as_str().unwrap().contains("is required"), "{refused}");
}

//! Over stdin and stdout, in both eras.

use serde_json::{Value, json};

use super::COMMANDS;
use crate::support::client::{Client, modern_meta, text};
use crate::support::server::Server;

/// A client that can do this, and has said so.
pub async fn opened(file: &str, capabilities: Value) -> Server {
    let mut server = Server::start(file);
    let params = json!({
        "protocolVersion": "2025-11-25",
        "capabilities": capabilities,
        "clientInfo": { "name": "test", "version": "1" },
    });
    server.client.ask("initialize", "initialize", params).await;
    server.client.notify("notifications/initialized", json!({})).await;
    server
}

async fn call(client: &mut Client, id: u32, tool: &str, arguments: Value) {
    client.request(id, "tools/call", json!({ "name": tool, "arguments": arguments })).await;
}

/// The next message has to be a question.
pub async fn question(client: &mut Client) -> Value {
    let message = client.next().await.expect("a question");
    assert_eq!(message["method"], "elicitation/create", "{message}");
    message
}

pub async fn answer(client: &mut Client, question: &Value, result: Value) {
    client.send(&json!({ "jsonrpc": "2.0", "id": question["id"], "result": result })).await;
}

fn deployed(server: &Server, version: &str) -> bool {
    server.folder.path().join(format!("deployed-{version}")).exists()
}

#[tokio::test]
async fn a_person_sees_the_question_and_the_plan_and_only_a_yes_runs_it() {
    let mut server = opened(COMMANDS, json!({ "elicitation": {} })).await;
    for (id, (said, runs)) in [
        (json!({ "action": "decline" }), false),
        (json!({ "action": "cancel" }), false),
        (json!({}), false),
        (json!({ "action": "accept", "content": {} }), true),
    ]
    .into_iter()
    .enumerate()
    {
        let id = u32::try_from(id).unwrap();
        call(&mut server.client, id, "deploy", json!({ "version": "1.2" })).await;
        let asked = question(&mut server.client).await;
        assert!(asked["id"].as_str().unwrap().len() >= 22, "{asked} can be guessed");
        let message = asked["params"]["message"].as_str().unwrap();
        assert!(message.starts_with("Deploy 1.2?\n\nThis would run:\n"), "{message}");
        assert!(message.contains("touch deployed-1.2"), "{message}");
        answer(&mut server.client, &asked, said.clone()).await;
        let result = &server.client.answer(id).await["result"];
        assert_eq!(result["isError"], !runs, "{said}: {result}");
        assert_eq!(deployed(&server, "1.2"), runs, "{said}");
        if !runs {
            assert!(text(result).contains("`deploy` has to be confirmed before it runs"), "{result}");
        }
    }
    let records = server.file("audit.jsonl").await;
    assert_eq!(records.matches("\"unconfirmed\"").count(), 3, "{records}");
    assert_eq!(records.matches(r#""confirmed":"client""#).count(), 1, "{records}");
}

#[tokio::test]
async fn a_client_that_cannot_ask_is_refused_unless_the_file_lets_it() {
    let mut server = opened(COMMANDS, json!({})).await;
    let refused = server.client.call(1, "deploy", json!({ "version": "1" })).await;
    assert!(text(&refused).contains("mcpfier approvals"), "{refused}");
    assert!(text(&refused).contains("has not declared `elicitation`"), "{refused}");
    assert!(!deployed(&server, "1"));
    let refused = server.client.call(2, "outer", json!({ "version": "1" })).await;
    assert_eq!(refused["isError"], true, "a step that has to be confirmed ran: {refused}");
    assert!(!deployed(&server, "1"));
    assert_eq!(text(&server.client.call(3, "lenient", json!({})).await), "ran\n");
    assert_eq!(text(&server.client.call(4, "ruled", json!({ "target": "test" })).await), "test\n");
    let refused = server.client.call(5, "ruled", json!({ "target": "prod" })).await;
    assert!(text(&refused).contains("has to be confirmed"), "{refused}");
}

#[tokio::test]
async fn steps_and_policies_ask_before_anything_runs() {
    let mut server = opened(COMMANDS, json!({ "elicitation": { "form": {} } })).await;
    call(&mut server.client, 1, "outer", json!({ "version": "7" })).await;
    let asked = question(&mut server.client).await;
    assert!(asked["params"]["message"].as_str().unwrap().starts_with("Deploy 7?"), "{asked}");
    answer(&mut server.client, &asked, json!({ "action": "accept" })).await;
    assert_eq!(server.client.answer(1).await["result"]["isError"], false);
    assert!(deployed(&server, "7"));
    call(&mut server.client, 2, "ruled", json!({ "target": "prod" })).await;
    let asked = question(&mut server.client).await;
    assert!(asked["params"]["message"].as_str().unwrap().starts_with("Touch production?"), "{asked}");
    answer(&mut server.client, &asked, json!({ "action": "accept" })).await;
    assert_eq!(text(&server.client.answer(2).await["result"]), "prod\n");
}

#[tokio::test]
async fn what_a_call_lacks_is_asked_for_and_judged_like_what_it_has() {
    let mut server = opened(COMMANDS, json!({ "elicitation": {} })).await;
    let listed = server.client.ask(0, "tools/list", json!({})).await;
    let greet = listed["result"]["tools"].as_array().unwrap().iter().find(|tool| tool["name"] == "greet");
    assert_eq!(greet.unwrap()["inputSchema"].get("required"), None);
    for (id, (content, expected)) in [
        (json!({ "name": "Ann", "extra": 1 }), "hello Ann 2\n"),
        (json!({ "name": "-x" }), "`name`"),
        (json!({}), "is required"),
    ]
    .into_iter()
    .enumerate()
    {
        let id = u32::try_from(id + 1).unwrap();
        call(&mut server.client, id, "greet", json!({ "times": 2 })).await;
        let asked = question(&mut server.client).await;
        let schema = &asked["params"]["requestedSchema"];
        assert_eq!(
            schema["properties"],
            json!({ "name": { "type": "string", "description": "Whom to greet" } })
        );
        assert_eq!(schema["required"], json!(["name"]));
        answer(&mut server.client, &asked, json!({ "action": "accept", "content": content })).await;
        let result = &server.client.answer(id).await["result"];
        assert!(text(result).contains(expected.trim_matches('`')), "{result}");
    }
    call(&mut server.client, 9, "greet", json!({})).await;
    let asked = question(&mut server.client).await;
    answer(&mut server.client, &asked, json!({ "action": "decline" })).await;
    let result = &server.client.answer(9).await["result"];
    assert!(text(result).contains("does not run without `name`, `times`: the person declined"), "{result}");
}

#[tokio::test]
async fn a_question_nobody_answers_ends_with_its_call_or_with_the_client() {
    let mut server = opened(COMMANDS, json!({ "elicitation": {} })).await;
    call(&mut server.client, 1, "deploy", json!({ "version": "9" })).await;
    let asked = question(&mut server.client).await;
    server.client.notify("notifications/cancelled", json!({ "requestId": 1 })).await;
    let cancelled = server.client.next().await.expect("the question is taken back");
    assert_eq!(cancelled["method"], "notifications/cancelled", "{cancelled}");
    assert_eq!(cancelled["params"]["requestId"], asked["id"]);
    answer(&mut server.client, &asked, json!({ "action": "accept" })).await;
    answer(&mut server.client, &json!({ "id": "guessed" }), json!({ "action": "accept" })).await;
    server.client.ask(2, "ping", json!({})).await;
    assert!(!deployed(&server, "9"), "a late yes ran it");
    call(&mut server.client, 3, "deploy", json!({ "version": "9" })).await;
    question(&mut server.client).await;
    server.client.hang_up();
    let (status, took) = server.ended().await;
    assert!(status.success() && took.as_secs() < 10, "{status} after {took:?}");
    assert!(!deployed(&server, "9"));
}

#[tokio::test]
async fn in_the_newer_era_the_call_is_made_again_with_the_answer_and_a_state_that_counts_once() {
    let mut server = Server::start(COMMANDS);
    let mut meta = modern_meta();
    meta["io.modelcontextprotocol/clientCapabilities"] = json!({ "elicitation": {} });
    let params = |arguments: Value, more: Value| {
        let mut params = json!({ "name": "deploy", "arguments": arguments, "_meta": meta });
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        params
    };
    let client = &mut server.client;
    let asked = client.ask(1, "tools/call", params(json!({ "version": "3" }), json!({}))).await;
    let asked = &asked["result"];
    assert_eq!(asked["resultType"], "input_required", "{asked}");
    let form = &asked["inputRequests"]["confirm"];
    assert_eq!(form["method"], "elicitation/create");
    assert!(form["params"]["message"].as_str().unwrap().contains("touch deployed-3"), "{form}");
    let yes = json!({ "confirm": { "action": "accept" } });
    let state = asked["requestState"].as_str().unwrap().to_owned();
    let with = |state: &str| json!({ "inputResponses": yes, "requestState": state });
    for (id, arguments, state) in [
        (2, json!({ "version": "4" }), state.clone()),
        (3, json!({ "version": "3" }), format!("{state}-TAMPERED")),
        (4, json!({ "version": "3" }), "x".to_owned()),
    ] {
        let refused = client.ask(id, "tools/call", params(arguments, with(&state))).await;
        assert_eq!(refused["error"]["code"], -32602, "{refused}");
    }
    let done = client.ask(5, "tools/call", params(json!({ "version": "3" }), with(&state))).await;
    assert_eq!(
        (&done["result"]["isError"], &done["result"]["resultType"]),
        (&json!(false), &json!("complete"))
    );
    let again = client.ask(6, "tools/call", params(json!({ "version": "3" }), with(&state))).await;
    assert!(again["error"]["message"].as_str().unwrap().contains("used before"), "{again}");
    let bare = json!({ "inputResponses": yes });
    let asked = client.ask(7, "tools/call", params(json!({ "version": "5" }), bare)).await;
    assert_eq!(asked["result"]["resultType"], "input_required", "an answer without a question: {asked}");
    assert!(deployed(&server, "3") && !deployed(&server, "4") && !deployed(&server, "5"));
}

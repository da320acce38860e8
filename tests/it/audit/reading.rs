//! What is recorded of resources and prompts that somebody reads.

use serde_json::{Value, json};

use super::{of, records, until};
use crate::server::house::{House, answer, request};
use crate::support::server::Server;

const FILE: &str = r#"
audit: { file: audit.jsonl, mask: [topic] }
roles: [{ name: admin, permissions: ["*"] }, { name: nobody, permissions: [] }]
prompts:
  - name: open
    text: "{{who}} about {{topic}}"
    arguments: { who: string, topic: string }
  - { name: closed, text: For some., authorization: { required_roles: [admin] } }
resources:
  - { uri: "note://plain", text: A note. }
  - { uri: "note://closed", text: For some., authorization: { required_roles: [admin] } }
  - { uri: "topic://{topic}", text: "About {{topic}}." }
  - { uri: "files://{+path}", directory: . }
commands: [{ name: nothing, description: d, script: "true" }]
server:
  http:
    auth:
      api_keys: [{ name: eve, key: "eve-0123456789abcdef0123456789", roles: [nobody] }]
"#;

async fn ask(house: &House, method: &str, params: Value) -> Value {
    let sent = house.post(&request(1, method, params));
    let sent = sent.header("Authorization", "Bearer eve-0123456789abcdef0123456789");
    answer(sent.send().await.unwrap()).await
}

#[tokio::test]
async fn who_reads_what_is_recorded_and_who_may_not() {
    let house = House::start(FILE).await;
    let uris = [
        ("note://plain", "allowed", "note://plain"),
        ("note://closed", "denied", "note://closed"),
        ("note://none", "unavailable", "note://none"),
        ("topic://money", "allowed", "topic://{topic}"),
        ("files://tools.yaml", "allowed", "files://tools.yaml"),
        ("files://none.md", "unavailable", "files://none.md"),
        ("run://none/output", "unavailable", "run://none/output"),
    ];
    for (uri, decision, _) in uris {
        let read = ask(&house, "resources/read", json!({ "uri": uri })).await;
        assert_eq!(read["result"].is_object(), decision == "allowed", "{uri}: {read}");
    }
    let prompts = [
        (json!({ "name": "open", "arguments": { "who": "me", "topic": "money" } }), "allowed"),
        (json!({ "name": "open", "arguments": { "who": "me" } }), "invalid"),
        (json!({ "name": "closed" }), "denied"),
        (json!({ "name": "none" }), "unavailable"),
    ];
    for (prompt, _) in &prompts {
        ask(&house, "prompts/get", prompt.clone()).await;
    }
    until(&house, "resource.read", uris.len()).await;
    let records = until(&house, "prompt.read", prompts.len()).await;
    for (record, (_, decision, recorded)) in of(&records, "resource.read").into_iter().zip(uris) {
        assert_eq!((&record["uri"], &record["decision"]), (&json!(recorded), &json!(decision)), "{record}");
        assert_eq!((&record["caller"], &record["via"]), (&json!("key:eve"), &json!("http")), "{record}");
        assert_eq!(record["reason"].is_string(), decision != "allowed", "{record}");
    }
    for (record, (prompt, decision)) in of(&records, "prompt.read").into_iter().zip(&prompts) {
        assert_eq!((&record["prompt"], &record["decision"]), (&prompt["name"], &json!(decision)), "{record}");
    }
    let arguments = &of(&records, "prompt.read")[0]["arguments"];
    assert_eq!(*arguments, json!({ "who": "me", "topic": "***" }));
    let said = std::fs::read_to_string(house.server.folder.path().join("audit.jsonl")).unwrap();
    assert!(!said.contains("money"), "{said}");
}

#[tokio::test]
async fn nothing_is_given_out_of_which_there_can_be_no_record() {
    let mut server = Server::start(FILE);
    server.client.initialize().await;
    let uri = json!({ "uri": "note://plain" });
    let read = server.client.ask(1, "resources/read", uri.clone()).await;
    assert_eq!(read["result"]["contents"][0]["text"], "A note.");
    let log = server.folder.path().join("audit.jsonl");
    assert_eq!(of(&records(&log), "resource.read").len(), 1);
    std::fs::write(&log, "").unwrap();
    for (method, params) in [
        ("resources/read", uri),
        ("prompts/get", json!({ "name": "open", "arguments": { "who": "me", "topic": "it" } })),
    ] {
        let refused = server.client.ask(method, method, params).await;
        let message = refused["error"]["message"].as_str().unwrap_or_else(|| panic!("{refused}"));
        assert!(message.contains("that cannot be recorded"), "{message}");
    }
}

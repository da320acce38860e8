//! Commands that make their results themselves, and that ask for themselves.

use serde_json::{Value, json};

use super::COMMANDS;
use crate::support::client::{modern_meta, text};
use crate::support::server::Server;

#[tokio::test]
async fn blocks_of_content_reach_the_client_checked_and_clean() {
    let mut server = Server::start(COMMANDS);
    server.client.initialize().await;
    let file = server.folder.path().join("content.json");
    let content = json!([
        { "type": "text", "text": "a\u{1b}[31mred\u{1b}[0m", "annotations": { "audience": ["user"], "priority": 1 } },
        { "type": "image", "data": "aGk=", "mimeType": "image/png" },
        { "type": "resource", "resource": { "uri": "test://a", "text": "x" } },
        { "type": "resource_link", "uri": "test://b", "name": "b" },
    ]);
    std::fs::write(&file, content.to_string()).unwrap();
    let result = server.client.call(1, "blocks", json!({})).await;
    assert_eq!(result["isError"], false, "{result}");
    assert_eq!(result["content"][0]["text"], "ared");
    assert_eq!(result["content"].as_array().unwrap()[1..], content.as_array().unwrap()[1..]);
    std::fs::write(&file, r#"{"content":[{"type":"text","text":"no"}],"isError":true}"#).unwrap();
    let result = server.client.call(2, "blocks", json!({})).await;
    assert_eq!((text(&result), &result["isError"]), ("no", &json!(true)));
    for (id, (bad, said)) in
        [("{", "not JSON"), ("[{\"type\":\"video\"}]", "block 1"), ("3", "a list of blocks")]
            .iter()
            .enumerate()
    {
        std::fs::write(&file, bad).unwrap();
        let result = server.client.call(10 + id, "blocks", json!({})).await;
        assert_eq!(result["isError"], true, "{bad}");
        assert!(text(&result).contains(said), "{bad}: {result}");
    }
}

#[tokio::test]
async fn a_command_asks_and_is_run_again_with_what_it_hears() {
    let mut server = Server::start(COMMANDS);
    let params = json!({
        "protocolVersion": "2025-11-25",
        "capabilities": { "elicitation": {} },
        "clientInfo": { "name": "test", "version": "1" },
    });
    let client = &mut server.client;
    client.ask("initialize", "initialize", params).await;
    client.notify("notifications/initialized", json!({})).await;
    client.request(1, "tools/call", json!({ "name": "curious", "arguments": {} })).await;
    let asked = client.next().await.unwrap();
    assert_eq!(asked["params"]["message"], "Who?", "{asked}");
    let said = json!({ "action": "accept", "content": { "name": "O'Neil \"x\"" } });
    client.send(&json!({ "jsonrpc": "2.0", "id": asked["id"], "result": said })).await;
    let result = client.answer(1).await["result"].clone();
    let heard = &result["structuredContent"];
    assert_eq!(heard["responses"], json!({ "who": said }), "{result}");
    assert_eq!((&heard["unasked"], &heard["state"]), (&json!(["model"]), &json!({ "step": 1 })));
}

#[tokio::test]
async fn in_the_newer_era_a_command_asks_by_its_answer_and_hears_what_is_lacking() {
    let mut server = Server::start(COMMANDS);
    let params = |capabilities: Value, more: Value| {
        let mut meta = modern_meta();
        meta["io.modelcontextprotocol/clientCapabilities"] = capabilities;
        let mut params = json!({ "name": "curious", "arguments": {}, "_meta": meta });
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        params
    };
    let both = json!({ "elicitation": {}, "sampling": {} });
    let client = &mut server.client;
    let asked = client.ask(1, "tools/call", params(both.clone(), json!({}))).await["result"].clone();
    let names: Vec<&String> = asked["inputRequests"].as_object().unwrap().keys().collect();
    assert_eq!(names, ["who", "model"], "{asked}");
    let who = json!({ "action": "accept", "content": { "name": "Ann" } });
    let some = json!({ "inputResponses": { "who": who }, "requestState": asked["requestState"] });
    let again = client.ask(2, "tools/call", params(both.clone(), some)).await["result"].clone();
    assert_eq!(again["resultType"], "input_required", "one answer is missing: {again}");
    let model = json!({ "role": "assistant", "content": { "type": "text", "text": "hi" }, "model": "m" });
    let all = json!({
        "inputResponses": { "who": who, "model": model, "more": {} },
        "requestState": again["requestState"],
    });
    let done = client.ask(3, "tools/call", params(both, all)).await["result"].clone();
    assert_eq!(done["structuredContent"]["responses"], json!({ "who": who, "model": model }), "{done}");
    let lacking = client.ask(4, "tools/call", params(json!({}), json!({}))).await;
    assert_eq!(lacking["error"]["code"], -32021, "{lacking}");
    let required = &lacking["error"]["data"]["requiredCapabilities"];
    assert_eq!(required, &json!({ "elicitation": { "form": {} }, "sampling": {} }));
}

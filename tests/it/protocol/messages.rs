//! Sessions of both eras, and everything that a client may send.

use std::time::Duration;

use serde_json::{Value, json};

use super::fake::{Setting, start};
use crate::support::client::{modern_meta, text};

fn error_code(response: &Value) -> i64 {
    response["error"]["code"].as_i64().unwrap_or_else(|| panic!("no error: {response}"))
}

#[tokio::test(start_paused = true)]
async fn a_session_begins_with_initialize() {
    let mut client = start(Setting::default()).client;
    let response = client.initialize().await;
    assert_eq!(
        response["result"],
        json!({
            "protocolVersion": "2025-11-25",
            "capabilities": { "tools": { "listChanged": true } },
            "serverInfo": { "name": "fixture", "version": env!("CARGO_PKG_VERSION") },
            "instructions": "Mind the gap.",
        })
    );
    assert_eq!(client.ask(1, "ping", json!({})).await["result"], json!({}));
}

#[tokio::test(start_paused = true)]
async fn a_version_from_the_future_is_answered_with_one_that_we_speak() {
    let mut client = start(Setting::default()).client;
    for (id, asked, given) in
        [(1, "2024-11-05", "2024-11-05"), (2, "2025-06-18", "2025-06-18"), (3, "2099-01-01", "2025-11-25")]
    {
        let params = json!({ "protocolVersion": asked, "capabilities": {}, "clientInfo": { "name": "t", "version": "1" } });
        let response = client.ask(id, "initialize", params).await;
        assert_eq!(response["result"]["protocolVersion"], given, "{asked}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_newer_era_needs_no_session() {
    let mut client = start(Setting::default()).client;
    let discovered = client.ask("d", "server/discover", json!({ "_meta": modern_meta() })).await;
    let discovered = &discovered["result"];
    assert_eq!(discovered["resultType"], "complete");
    assert_eq!(discovered["capabilities"], json!({ "tools": { "listChanged": true } }));
    assert_eq!(discovered["cacheScope"], "private");
    assert_eq!(discovered["_meta"]["io.modelcontextprotocol/serverInfo"]["name"], "fixture");
    let versions = discovered["supportedVersions"].as_array().unwrap();
    assert!(versions.contains(&json!("2026-07-28")) && versions.contains(&json!("2025-11-25")));

    let listed = client.ask(1, "tools/list", json!({ "_meta": modern_meta() })).await;
    assert_eq!(listed["result"]["resultType"], "complete");
    assert_eq!(listed["result"]["cacheScope"], "private");
    assert!(listed["result"]["ttlMs"].is_u64());

    let params = json!({ "name": "act", "arguments": { "what": "say hello" }, "_meta": modern_meta() });
    let called = client.ask(2, "tools/call", params).await;
    assert_eq!(text(&called["result"]), "hello");
    assert_eq!(called["result"]["resultType"], "complete");
    assert_eq!(called["result"]["_meta"]["io.modelcontextprotocol/serverInfo"]["name"], "fixture");
}

#[tokio::test(start_paused = true)]
async fn both_eras_live_on_one_connection() {
    let mut client = start(Setting::default()).client;
    client.ask("d", "server/discover", json!({ "_meta": modern_meta() })).await;
    client.initialize().await;
    let old = client.call(1, "act", json!({ "what": "say old" })).await;
    assert!(old.get("resultType").is_none());
    let params = json!({ "name": "act", "arguments": { "what": "say new" }, "_meta": modern_meta() });
    let new = client.ask(2, "tools/call", params).await;
    assert_eq!(new["result"]["resultType"], "complete");
}

#[tokio::test(start_paused = true)]
async fn a_request_of_neither_era_is_told_what_is_missing() {
    let mut client = start(Setting::default()).client;
    let response = client.ask(1, "tools/list", json!({})).await;
    assert_eq!(error_code(&response), -32602);
    assert!(response["error"]["message"].as_str().unwrap().contains("initialize"));
    let mut meta = modern_meta();
    meta["io.modelcontextprotocol/protocolVersion"] = json!("2099-01-01");
    let response = client.ask(2, "tools/list", json!({ "_meta": meta })).await;
    assert_eq!(error_code(&response), -32022);
    assert_eq!(client.ask(3, "ping", json!({})).await["result"], json!({}));
}

#[tokio::test(start_paused = true)]
async fn the_list_is_in_the_order_of_the_file_and_shows_what_clients_need() {
    let schema = json!({ "type": "array", "items": { "type": "number" } });
    let mut client = start(Setting { schema: Some(schema.clone()), ..Setting::default() }).client;
    client.initialize().await;
    let first = client.ask(1, "tools/list", json!({})).await;
    let again = client.ask(2, "tools/list", json!({ "cursor": "" })).await;
    assert_eq!(first["result"], again["result"]);
    let tools = first["result"]["tools"].as_array().unwrap();
    let names: Vec<&str> = tools.iter().map(|tool| tool["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["act", "json", "picture"]);
    assert_eq!(
        tools[1],
        json!({
            "name": "json",
            "title": "JSON",
            "description": "Does what it is told, as `json`.",
            "inputSchema": {
                "type": "object",
                "properties": { "what": { "type": "string", "maxLength": 100_000 } },
                "required": ["what"],
                "additionalProperties": false,
            },
            "outputSchema": { "type": "object", "properties": { "matches": schema }, "required": ["matches"] },
            "annotations": {
                "readOnlyHint": true,
                "destructiveHint": true,
                "idempotentHint": false,
                "openWorldHint": true,
            },
        })
    );
    assert_eq!(error_code(&client.ask(3, "tools/list", json!({ "cursor": "2" })).await), -32602);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_declared_is_not_found() {
    let mut client = start(Setting::default()).client;
    client.initialize().await;
    for (method, params) in [
        ("prompts/list", json!({})),
        ("prompts/get", json!({ "name": "x" })),
        ("resources/list", json!({})),
        ("resources/templates/list", json!({})),
        ("resources/read", json!({ "uri": "x:y" })),
        ("resources/subscribe", json!({ "uri": "x:y" })),
        (
            "completion/complete",
            json!({ "ref": { "type": "ref/prompt", "name": "x" }, "argument": { "name": "a", "value": "b" } }),
        ),
        ("logging/setLevel", json!({ "level": "debug" })),
        ("tasks/get", json!({ "taskId": "x" })),
        ("no/such/method", json!({ "a": 1 })),
    ] {
        for params in [params.clone(), merged(params, json!({ "_meta": modern_meta() }))] {
            let response = client.ask(method, method, params).await;
            assert_eq!(error_code(&response), -32601, "{method}");
        }
    }
}

fn merged(mut object: Value, more: Value) -> Value {
    object.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    object
}

#[tokio::test(start_paused = true)]
async fn an_unknown_tool_is_an_invalid_request_and_bad_arguments_are_a_result() {
    let mut client = start(Setting::default()).client;
    client.initialize().await;
    for name in ["acct", "hidden"] {
        let response =
            client.ask(name, "tools/call", json!({ "name": name, "arguments": { "what": "hang" } })).await;
        assert_eq!(error_code(&response), -32602, "{name}");
    }
    let result = client.call(2, "act", json!({ "wat": 1 })).await;
    assert_eq!(result["isError"], true);
    assert!(text(&result).contains("`what`"), "{result}");
}

#[tokio::test(start_paused = true)]
async fn ids_are_given_back_as_they_came() {
    let mut client = start(Setting::default()).client;
    client.initialize().await;
    for id in [
        json!(0),
        json!(-7),
        json!(9_007_199_254_740_993_i64),
        json!(""),
        json!("a \"quoted\" ü"),
        json!("7"),
    ] {
        let result = client.call(id, "act", json!({ "what": "say x" })).await;
        assert_eq!(text(&result), "x");
    }
}

#[tokio::test(start_paused = true)]
async fn an_id_in_flight_cannot_be_used_again_until_it_is_answered() {
    let mut client = start(Setting::default()).client;
    client.initialize().await;
    client.request(1, "tools/call", json!({ "name": "act", "arguments": { "what": "sleep 500" } })).await;
    let refused = client.ask(1, "ping", json!({})).await;
    assert_eq!(error_code(&refused), -32600);
    assert_eq!(client.answer(1).await["result"]["isError"], false);
    assert_eq!(client.ask(1, "ping", json!({})).await["result"], json!({}));
}

#[tokio::test(start_paused = true)]
async fn nothing_that_a_client_sends_ends_the_server() {
    let mut client = start(Setting::default()).client;
    for line in [
        "",
        "   ",
        "nonsense",
        "{",
        "[]",
        "[1,2]",
        "null",
        "\"text\"",
        "{}",
        "{\"jsonrpc\":\"2.0\"}",
        "{\"jsonrpc\":\"1.0\",\"id\":1}",
        "{\"id\":[],\"method\":\"ping\"}",
        "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\"}",
        "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":{}}}",
        "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":99}}",
        "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\",\"params\":5}",
        "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/what\",\"params\":[1]}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":1,\"message\":\"x\"}}",
        "{\"jsonrpc\":\"2.0\",\"id\":\"i\",\"method\":\"initialize\",\"params\":{\"protocolVersion\":7}}",
        "{\"jsonrpc\":\"2.0\",\"id\":\"t\",\"method\":\"tools/call\",\"params\":{\"name\":\"act\",\"arguments\":5}}",
    ] {
        client.send_raw(line.as_bytes()).await;
        client.send_raw(b"\n").await;
    }
    client.send_raw(b"\xff\xfe\x00\n").await;
    client.send_raw(format!("{}\n", "[".repeat(100_000)).as_bytes()).await;
    client.initialize().await;
    for refused in client.passed() {
        assert!([-32700, -32600, -32602].contains(&error_code(&refused)), "{refused}");
    }
    assert_eq!(text(&client.call("after", "act", json!({ "what": "say alive" })).await), "alive");
}

#[tokio::test(start_paused = true)]
async fn lines_of_sixteen_mebibytes_and_ten_thousand_arguments_are_answered() {
    let mut client = start(Setting { room: 1 << 20, ..Setting::default() }).client;
    client.initialize().await;
    let many: serde_json::Map<String, Value> =
        (0..10_000).map(|number| (format!("a{number}"), json!(number))).collect();
    assert_eq!(client.call(1, "act", Value::Object(many)).await["isError"], true);

    let fitting = json!({ "what": "x".repeat((16 << 20) - 200) });
    assert_eq!(client.call(2, "act", fitting).await["isError"], true);

    let params = json!({ "name": "act", "arguments": { "what": "x".repeat(17 << 20) } });
    let refused = client.ask(3, "tools/call", params).await;
    assert_eq!(error_code(&refused), -32600);
    assert_eq!(text(&client.call(4, "act", json!({ "what": "say alive" })).await), "alive");
}

#[tokio::test(start_paused = true)]
async fn a_fault_of_ours_is_answered_too() {
    let mut client = start(Setting::default()).client;
    client.initialize().await;
    let response =
        client.ask(1, "tools/call", json!({ "name": "act", "arguments": { "what": "panic" } })).await;
    assert_eq!(error_code(&response), -32603);
    assert_eq!(text(&client.call(1, "act", json!({ "what": "say alive" })).await), "alive");
    assert!(client.hears_nothing_for(Duration::from_secs(5)).await);
}

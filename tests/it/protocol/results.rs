//! What comes back from a call.

use serde_json::json;

use super::fake::{Setting, start};
use crate::support::client::text;

#[tokio::test(start_paused = true)]
async fn a_failure_is_a_result_with_its_reason() {
    let mut client = start(Setting::default()).client;
    client.initialize().await;
    let result = client.call(1, "act", json!({ "what": "fail" })).await;
    assert_eq!(result["isError"], true);
    assert!(text(&result).contains("exit code 3"), "{result}");
    assert_eq!(result["_meta"]["mcpfier/run"]["exitCode"], 3);
}

#[tokio::test(start_paused = true)]
async fn output_is_shown_as_text_without_what_terminals_would_obey() {
    let mut client = start(Setting::default()).client;
    client.initialize().await;
    let result = client.call(1, "act", json!({ "what": "say a\tb\nc" })).await;
    assert_eq!(text(&result), "a\tb\nc");
}

#[tokio::test(start_paused = true)]
async fn a_large_output_comes_whole_while_others_are_answered_after_it() {
    let mut client = start(Setting::default()).client;
    client.initialize().await;
    client.request(1, "tools/call", json!({ "name": "act", "arguments": { "what": "flood 20" } })).await;
    client.request(2, "tools/call", json!({ "name": "act", "arguments": { "what": "say small" } })).await;
    let large = client.answer(1).await;
    assert_eq!(text(&large["result"]).len(), 20 << 20);
    let small = client.passed().pop();
    let small = match small {
        Some(small) => small,
        None => client.answer(2).await,
    };
    assert_eq!(text(&small["result"]), "small");
}

#[tokio::test(start_paused = true)]
async fn structured_content_is_there_only_with_a_schema_and_fits_it() {
    let mut client = start(Setting::default()).client;
    client.initialize().await;
    let plain = client.call(1, "json", json!({ "what": "say [1, 2]" })).await;
    assert!(plain.get("structuredContent").is_none());
    assert_eq!(text(&plain), "[1, 2]");

    let schema = json!({ "type": "array", "items": { "type": "number" } });
    let mut client = start(Setting { schema: Some(schema), ..Setting::default() }).client;
    client.initialize().await;
    let structured = client.call(1, "json", json!({ "what": "say [1, 2]" })).await;
    assert_eq!(structured["structuredContent"], json!({ "matches": [1, 2] }));
    let unfit = client.call(2, "json", json!({ "what": "say [\"x\"]" })).await;
    assert_eq!(unfit["isError"], true);
    assert!(unfit.get("structuredContent").is_none());
}

#[tokio::test(start_paused = true)]
async fn binary_output_is_a_picture_to_look_at() {
    let mut client = start(Setting::default()).client;
    client.initialize().await;
    let result = client.call(1, "picture", json!({ "what": "say PNG!" })).await;
    assert_eq!(result["content"], json!([{ "type": "image", "mimeType": "image/png", "data": "UE5HIQ==" }]));
}

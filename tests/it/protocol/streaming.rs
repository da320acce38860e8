//! Progress and cancellation.

use std::time::Duration;

use serde_json::{Value, json};

use super::fake::{Setting, start};
use crate::support::client::{Client, modern_meta, text};

async fn call_with_token(client: &mut Client, id: u64, what: &str, meta: Value) -> Value {
    client.ask(id, "tools/call", json!({ "name": "act", "arguments": { "what": what }, "_meta": meta })).await
}

fn messages(notifications: &[Value]) -> Vec<&str> {
    notifications.iter().map(|message| message["params"]["message"].as_str().unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_client_that_gave_a_token_sees_output_while_it_runs() {
    let mut client = start(Setting::default()).client;
    client.initialize().await;
    let mut newer = modern_meta();
    newer["progressToken"] = json!(7);
    for (id, meta, token) in [(1, json!({ "progressToken": "p" }), json!("p")), (2, newer, json!(7))] {
        let response = call_with_token(&mut client, id, "lines 12", meta).await;
        assert!(text(&response["result"]).ends_with("line 12\n"));
        let notifications = client.passed();
        assert_eq!(messages(&notifications)[..3], ["started", "line 1", "line 2"]);
        assert!(messages(&notifications).len() >= 12);
        let mut last = -1.0;
        for notification in &notifications {
            assert_eq!(notification["method"], "notifications/progress");
            assert_eq!(notification["params"]["progressToken"], token);
            let progress = notification["params"]["progress"].as_f64().unwrap();
            assert!(progress > last);
            last = progress;
        }
    }
    assert!(client.hears_nothing_for(Duration::from_secs(60)).await, "nothing comes after the answer");
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_lines_is_told_at_a_bearable_rate() {
    let mut client = start(Setting::default()).client;
    client.initialize().await;
    call_with_token(&mut client, 1, "lines 1000", json!({ "progressToken": 1 })).await;
    let told = client.passed().len();
    // 90 seconds: a burst, 5 seconds at four a second, the rest at one.
    assert!((100..150).contains(&told), "{told}");
}

#[tokio::test(start_paused = true)]
async fn without_a_token_nothing_is_told() {
    let mut client = start(Setting::default()).client;
    client.initialize().await;
    call_with_token(&mut client, 1, "lines 20", json!({})).await;
    assert!(client.passed().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_silent_command_shows_signs_of_life() {
    let mut client = start(Setting::default()).client;
    client.initialize().await;
    call_with_token(&mut client, 1, "sleep 25000", json!({ "progressToken": 1 })).await;
    assert_eq!(
        messages(&client.passed()),
        ["started", "running 10 s, no output for 10 s", "running 20 s, no output for 20 s"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_call_is_stopped_and_never_answered() {
    let mut client = start(Setting::default()).client;
    client.initialize().await;
    for what in ["hang", "stubborn"] {
        client
            .request(
                1,
                "tools/call",
                json!({ "name": "act", "arguments": { "what": what }, "_meta": { "progressToken": 1 } }),
            )
            .await;
        let begun = client.next().await.unwrap();
        assert_eq!(begun["params"]["message"], "started");
        client.notify("notifications/cancelled", json!({ "requestId": 1, "reason": "enough" })).await;
        assert!(client.hears_nothing_for(Duration::from_secs(30)).await, "{what}");
    }
    // Its id is free again, and nothing of it is left.
    assert_eq!(text(&client.call(1, "act", json!({ "what": "say alive" })).await), "alive");
}

#[tokio::test(start_paused = true)]
async fn calls_run_beside_each_other() {
    let mut client = start(Setting::default()).client;
    client.initialize().await;
    let begun = tokio::time::Instant::now();
    for id in 0..50 {
        client
            .request(id, "tools/call", json!({ "name": "act", "arguments": { "what": "sleep 1000" } }))
            .await;
    }
    let mut answered: Vec<u64> = Vec::new();
    while answered.len() < 50 {
        answered.push(client.next().await.unwrap()["id"].as_u64().unwrap());
    }
    answered.sort_unstable();
    assert_eq!(answered, (0..50).collect::<Vec<u64>>());
    assert_eq!(begun.elapsed().as_secs(), 1);
}

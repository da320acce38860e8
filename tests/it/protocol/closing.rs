//! How it ends: the input's end, a shutdown, a client that is gone or does not read.

use std::time::Duration;

use mcpfier::serve::stdio::Ended;
use serde_json::json;
use tokio::time::Instant;

use super::fake::{Fixture, Setting, start};
use crate::support::client::{Client, text};

async fn begin(client: &mut Client, id: u64, what: &str) {
    client.request(id, "tools/call", json!({ "name": "act", "arguments": { "what": what } })).await;
}

#[tokio::test(start_paused = true)]
async fn calls_that_run_when_the_input_ends_are_answered_first() {
    let Fixture { mut client, server, shutdown: _shutdown } = start(Setting::default());
    client.initialize().await;
    begin(&mut client, 1, "sleep 20000").await;
    begin(&mut client, 2, "lines 3").await;
    client.hang_up();
    let rest = client.rest().await;
    let ids: Vec<&serde_json::Value> = rest.iter().map(|message| &message["id"]).collect();
    assert_eq!(ids, [&json!(2), &json!(1)]);
    assert_eq!(server.await.unwrap(), Ended::ByClient);
}

#[tokio::test(start_paused = true)]
async fn a_last_line_without_a_newline_counts() {
    let Fixture { mut client, server, shutdown: _shutdown } = start(Setting::default());
    client.send_raw(br#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#).await;
    client.hang_up();
    assert_eq!(client.rest().await, [json!({ "jsonrpc": "2.0", "id": 1, "result": {} })]);
    assert_eq!(server.await.unwrap(), Ended::ByClient);
}

#[tokio::test(start_paused = true)]
async fn the_drain_is_limited() {
    let Fixture { mut client, server, shutdown: _shutdown } =
        start(Setting { drain: Duration::from_secs(3), ..Setting::default() });
    client.initialize().await;
    begin(&mut client, 1, "hang").await;
    begin(&mut client, 2, "sleep 2000").await;
    let begun = Instant::now();
    client.hang_up();
    let rest = client.rest().await;
    assert_eq!(rest.first().map(|message| &message["id"]), Some(&json!(2)));
    server.await.unwrap();
    assert!((3.0..4.5).contains(&begun.elapsed().as_secs_f64()), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn no_drain_means_an_end_at_once() {
    let Fixture { mut client, server, shutdown: _shutdown } =
        start(Setting { drain: Duration::ZERO, ..Setting::default() });
    client.initialize().await;
    begin(&mut client, 1, "hang").await;
    let begun = Instant::now();
    client.hang_up();
    client.rest().await;
    server.await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_stops_every_call_within_a_moment() {
    let Fixture { mut client, server, shutdown } = start(Setting::default());
    client.initialize().await;
    begin(&mut client, 1, "hang").await;
    begin(&mut client, 2, "stubborn").await;
    client.ask(3, "ping", json!({})).await;
    let begun = Instant::now();
    shutdown.unwrap().send(()).unwrap();
    assert_eq!(server.await.unwrap(), Ended::ByShutdown);
    assert!(begun.elapsed() < Duration::from_millis(1100), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_cannot_hold_up_the_end() {
    let Fixture { mut client, server, shutdown: _shutdown } =
        start(Setting { room: 1024, ..Setting::default() });
    client.initialize().await;
    begin(&mut client, 1, "flood 4").await;
    begin(&mut client, 2, "hang").await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    let begun = Instant::now();
    client.hang_up();
    server.await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(7), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_cannot_hold_up_a_shutdown() {
    let Fixture { mut client, server, shutdown } = start(Setting { room: 1024, ..Setting::default() });
    client.initialize().await;
    begin(&mut client, 1, "flood 4").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let begun = Instant::now();
    shutdown.unwrap().send(()).unwrap();
    server.await.unwrap();
    assert!(begun.elapsed() < Duration::from_millis(1100), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_gone_takes_its_calls_with_it() {
    let Fixture { mut client, server, shutdown: _shutdown } = start(Setting::default());
    client.initialize().await;
    begin(&mut client, 1, "hang").await;
    begin(&mut client, 2, "sleep 100").await;
    let begun = Instant::now();
    drop(client);
    assert_eq!(server.await.unwrap(), Ended::ByClient);
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_slowly_gets_everything() {
    let Fixture { mut client, server, shutdown: _shutdown } =
        start(Setting { room: 4096, ..Setting::default() });
    client.initialize().await;
    for id in 0..100 {
        begin(&mut client, id, "say x").await;
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    begin(&mut client, 100, "flood 1").await;
    client.hang_up();
    let mut count = 0;
    while let Some(answer) = client.next().await {
        assert!(!text(&answer["result"]).is_empty());
        count += 1;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(count, 101);
    server.await.unwrap();
}

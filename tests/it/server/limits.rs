//! How often callers may ask, how many calls of one caller run, and that nobody is held up by others.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use reqwest::Response;
use serde_json::{Value, json};

use super::house::{COMMANDS, House, PATIENCE, answer, call, request};
use crate::audit::{of, until};
use crate::support::client::{modern_meta, text};

const ANN: &str = "a-key-of-ann-that-is-long";
const BEN: &str = "a-key-of-ben-that-is-long";

fn file(http: &str, more: &str) -> String {
    format!(
        "{COMMANDS}\n{more}\nserver:\n  calls: {{ max: 4, queue: 8, queue_timeout: 10s, per_caller: 2 }}\n  http:\n    {http}\n    auth:\n      api_keys:\n        - {{ name: ann, key: {ANN}, tenant: acme }}\n        - {{ name: ben, key: {BEN}, rate_limit: {{ requests_per_minute: 60, burst_size: 6 }} }}\n"
    )
}

async fn ask(house: &House, key: &str, message: &Value) -> Response {
    house.plain(message).header("X-API-Key", key).send().await.unwrap()
}

/// How many of twenty requests, one after the other, are answered.
async fn answered(house: &House, key: &str, message: &Value) -> usize {
    for count in 0..20 {
        if ask(house, key, message).await.status() == 429 {
            return count;
        }
    }
    20
}

#[tokio::test]
async fn who_asks_too_often_is_told_when_to_come_again_and_others_are_served() {
    let rates = "rate_limit: { requests_per_minute: 10, burst_size: 3 }";
    let house = House::start(&file(rates, "audit: { file: audit.jsonl }")).await;
    let ping = request(1, "ping", json!({}));
    assert_eq!(answered(&house, ANN, &ping).await, 3);
    let refused = ask(&house, ANN, &ping).await;
    assert_eq!(refused.status(), 429);
    let again: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=6).contains(&again), "{again}");
    let said: Value = serde_json::from_str(&refused.text().await.unwrap()).unwrap();
    let said = said["error"].as_str().unwrap();
    assert!(said.starts_with("you ask too often: 10 a minute are allowed; try again in "), "{said}");
    assert_eq!(answered(&house, BEN, &ping).await, 6, "a key has its own rate");
    let records = until(&house, "request.refused", 3).await;
    let refused = of(&records, "request.refused");
    let callers: Vec<&Value> = refused.iter().map(|record| &record["caller"]).collect();
    assert_eq!(callers, [&json!("key:ann"), &json!("key:ann"), &json!("key:ben")], "{refused:#?}");
    assert!(refused[0]["reason"].as_str().unwrap().starts_with("too often: 10 a minute"), "{refused:#?}");
    tokio::time::sleep(Duration::from_secs(again)).await;
    assert_eq!(ask(&house, ANN, &ping).await.status(), 200, "it was true when to come again");
}

#[tokio::test]
async fn an_address_is_counted_before_anybody_is_asked_who_they_are() {
    let http = "rate_limit: { requests_per_minute: 60, burst_size: 5, per: [address] }";
    let house = House::start(&file(http, "")).await;
    let ping = request(1, "ping", json!({}));
    assert_eq!(answered(&house, "no-key-at-all", &ping).await, 5);
    assert_eq!(ask(&house, ANN, &ping).await.status(), 429);
    let probe = house.request(reqwest::Method::GET, "/readyz").send().await.unwrap();
    assert_eq!(probe.status(), 200, "probes are not counted");
}

#[tokio::test]
async fn a_tool_that_is_called_too_often_answers_with_a_result_that_says_so() {
    let tools = r#"rate_limit: { tools: { "ec*": { requests_per_minute: 2 } } }"#;
    let house = House::start(&file(tools, "")).await;
    let say = call(1, "echo", json!({ "what": "hi" }));
    for _ in 0..2 {
        assert_eq!(text(&answer(ask(&house, ANN, &say).await).await["result"]), "hi\n");
    }
    let refused = ask(&house, ANN, &say).await;
    assert_eq!(refused.status(), 200);
    let refused = answer(refused).await;
    assert_eq!(refused["result"]["isError"], true);
    let said = text(&refused["result"]).to_owned();
    assert!(said.starts_with("`echo` is called too often: 2 a minute are allowed; try again in "), "{said}");
    assert_eq!(text(&answer(ask(&house, BEN, &say).await).await["result"]), "hi\n", "ben has his own");
    assert_eq!(ask(&house, ANN, &request(2, "tools/list", json!({}))).await.status(), 200);
}

#[tokio::test]
async fn a_tenant_has_its_own_tools_and_shares_one_rate() {
    let tenants = r#"tenants: [{ id: acme, commands: ["ec*"], rate_limits: { requests_per_minute: 60, burst_size: 4 } }]"#;
    let house = House::start(&file("port: 8080", tenants)).await;
    let list = request(1, "tools/list", json!({}));
    let names = |listed: &Value| -> Vec<String> {
        let tools = listed["result"]["tools"].as_array().unwrap();
        tools.iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&answer(ask(&house, ANN, &list).await).await), ["echo"]);
    assert_eq!(names(&answer(ask(&house, BEN, &list).await).await).len(), 4);
    let refused = answer(ask(&house, ANN, &call(1, "slow", json!({}))).await).await;
    assert_eq!(refused["error"]["message"], "there is no tool `slow`");
    assert_eq!(answered(&house, ANN, &list).await, 2);
}

#[tokio::test]
async fn a_rate_outlives_a_reload() {
    let house = House::start(&file("rate_limit: { requests_per_minute: 1, burst_size: 2 }", "")).await;
    let list = request(1, "tools/list", json!({}));
    assert_eq!(answered(&house, ANN, &list).await, 2);
    let path = house.server.folder.path().join("tools.yaml");
    let text = std::fs::read_to_string(&path).unwrap().replace("Says it.", "Says that.");
    std::fs::write(path, text).unwrap();
    let begun = Instant::now();
    let mut ben = 0;
    loop {
        ben += 1;
        assert!(ben < 6 && begun.elapsed() < PATIENCE, "the file is not loaded");
        if ask(&house, BEN, &list).await.text().await.unwrap().contains("Says that.") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    assert_eq!(ask(&house, ANN, &list).await.status(), 429);
}

#[tokio::test]
async fn one_caller_holds_neither_all_places_nor_the_queue() {
    let house = House::start(&file("port: 8080", "")).await;
    let slow = call(1, "slow", json!({ "seconds": 6 }));
    let running: Vec<_> =
        (0..10).map(|_| tokio::spawn(house.plain(&slow).header("X-API-Key", ANN).send())).collect();
    // Two run, four wait, and the rest of eight places is for others.
    let mut refused = 0;
    let begun = Instant::now();
    let mut running: Vec<_> = running.into_iter().map(Some).collect();
    while refused < 4 {
        assert!(begun.elapsed() < PATIENCE, "only {refused} were refused");
        for slot in &mut running {
            if slot.as_ref().is_some_and(|task| task.is_finished()) {
                let message = answer(slot.take().unwrap().await.unwrap().unwrap()).await;
                let said = text(&message["result"]).to_owned();
                assert!(said.contains("calls of this caller are waiting"), "{said}");
                refused += 1;
            }
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let begun = Instant::now();
    let message = answer(ask(&house, BEN, &call(1, "echo", json!({ "what": "mine" }))).await).await;
    assert_eq!(text(&message["result"]), "mine\n");
    assert!(begun.elapsed() < Duration::from_secs(4), "ben waited {:?}", begun.elapsed());
    running.into_iter().flatten().for_each(|task| task.abort());
}

#[tokio::test]
async fn connections_of_one_address_and_idle_ones_are_bounded() {
    let pool = "connection_pool: { max_connections_per_host: 3, max_idle_connections: 1, idle_timeout: 1s }";
    let house = House::start(&format!("{COMMANDS}\nserver:\n  http:\n    {pool}\n")).await;
    let held: Vec<_> = (0..3).map(|_| house.connect()).collect();
    let begun = Instant::now();
    loop {
        let said = house.raw(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        if said.is_empty() {
            break;
        }
        assert!(begun.elapsed() < Duration::from_millis(900), "a fourth connection was served: {said}");
    }
    // Those who ask for nothing are let go of, and then there is room.
    let begun = Instant::now();
    while house.raw(b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").is_empty() {
        assert!(begun.elapsed() < PATIENCE);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    drop(held);
}

#[tokio::test]
async fn bodies_have_room_together_and_the_largest_goes_first() {
    let house = House::start(&format!(
        "{COMMANDS}\nserver:\n  http:\n    limits: {{ body: 1MiB, bodies: 1MiB, body_timeout: 50s }}\n"
    ))
    .await;
    let head = |length: usize| {
        format!(
            "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
        )
    };
    let mut greedy = house.connect();
    greedy.write_all(head(1_000_000).as_bytes()).unwrap();
    greedy.write_all(&[b' '; 800_000]).unwrap();
    // Whoever sends little is served while it is held.
    let small = house.plain(&call(1, "echo", json!({ "what": "small" }))).send().await.unwrap();
    assert_eq!(text(&answer(small).await["result"]), "small\n");
    let padded = format!("{}{}", " ".repeat(600_000), call(2, "echo", json!({ "what": "large" })));
    let begun = Instant::now();
    loop {
        let sent = house.request(reqwest::Method::POST, "/").header("Content-Type", "application/json");
        let response = sent.body(padded.clone()).send().await.unwrap();
        if response.status() == 200 {
            assert_eq!(text(&answer(response).await["result"]), "large\n");
            break;
        }
        assert!(begun.elapsed() < PATIENCE, "there is never room: {}", response.status());
    }
    // It is the larger one as soon as the server has read enough of it.
    let mut said = String::new();
    greedy.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    let mut other = house.connect();
    while said.is_empty() {
        assert!(begun.elapsed() < PATIENCE, "the largest never goes");
        let _ = other.write_all(head(900_000).as_bytes()).and_then(|()| other.write_all(&[b' '; 700_000]));
        let _ = greedy.read_to_string(&mut said);
        other = house.connect();
    }
    assert!(said.starts_with("HTTP/1.1 503 ") && said.contains("this is the largest of it"), "{said}");
}

#[tokio::test]
async fn one_caller_holds_so_many_streams_and_others_have_theirs() {
    let audit = "audit: { file: audit.jsonl, include: [requests] }";
    let house = House::start(&file("limits: { streams_per_caller: 2 }", audit)).await;
    let call = call(1, "slow", json!({ "seconds": 30 }));
    let begin = async |key: &str| house.post(&call).header("X-API-Key", key).send().await.unwrap();
    let (first, second) = (begin(ANN).await, begin(ANN).await);
    assert_eq!((first.status().as_u16(), second.status().as_u16()), (200, 200));
    let refused = begin(ANN).await;
    assert_eq!((refused.status().as_u16(), &refused.headers()["retry-after"]), (429, &"1".parse().unwrap()));
    assert!(refused.text().await.unwrap().contains("you hold 2 streams open"));
    let records = until(&house, "request.refused", 1).await;
    assert_eq!((&records[0]["caller"], &records[0]["status"]), (&json!("key:ann"), &json!(429)));
    assert_eq!(records[0]["reason"], "2 streams are open, which is as many as may");
    assert_eq!(begin(BEN).await.status(), 200);
    drop(first);
    let begun = Instant::now();
    while ask(&house, ANN, &request(2, "ping", json!({}))).await.status() == 429 {
        assert!(begun.elapsed() < PATIENCE, "a stream that is gone still counts");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_burst_of_subscriptions_is_no_way_around_the_number_of_streams() {
    let house = House::start(&file("limits: { streams_per_caller: 3 }", "")).await;
    let listen = |id: u32| {
        let wanted = json!({ "notifications": { "toolsListChanged": true } });
        house.modern(id, "subscriptions/listen", wanted).header("X-API-Key", ANN).send()
    };
    let burst = futures_util::future::join_all((0..30).map(listen)).await;
    // Held until they are counted.
    let burst: Vec<Response> = burst.into_iter().map(Result::unwrap).collect();
    let mut statuses: Vec<u16> = burst.iter().map(|answer| answer.status().as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [&[200; 3][..], &[429; 27]].concat());
    drop(burst);
    let begun = Instant::now();
    while listen(31).await.unwrap().status() == 429 {
        assert!(begun.elapsed() < PATIENCE, "streams that are gone still count");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // What becomes no stream does not count, however much comes at once.
    let ping = request(1, "ping", json!({}));
    for answered in futures_util::future::join_all((0..30).map(|_| ask(&house, ANN, &ping))).await {
        assert_eq!(answered.status(), 200);
    }
}

#[tokio::test]
async fn a_caller_has_so_many_calls_a_day_and_a_server_that_starts_again_knows_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = format!(
        "version: 1\n{COMMANDS}\nserver:\n  http:\n    quota: {{ calls_per_day: 3, file: quota.json }}\n    auth:\n      api_keys:\n        - {{ name: ann, key: {ANN} }}\n        - {{ name: ben, key: {BEN}, quota: {{ calls_per_hour: 1 }} }}\n"
    );
    std::fs::write(folder.path().join("tools.yaml"), &file).unwrap();
    let path = folder.path().to_path_buf();
    let mut house = House::start_in(folder, "tools.yaml", &[]).await;
    let say = call(1, "echo", json!({ "what": "hi" }));
    let wrong = call(1, "echo", json!({ "waht": "hi" }));
    for (key, expected) in [(ANN, 3), (BEN, 1)] {
        let message = answer(ask(&house, key, &wrong).await).await;
        assert_eq!(message["result"]["isError"], true, "it is refused, and does not count");
        for _ in 0..expected {
            assert_eq!(text(&answer(ask(&house, key, &say).await).await["result"]), "hi\n");
        }
        let refused = answer(ask(&house, key, &say).await).await;
        let said = text(&refused["result"]).to_owned();
        let period = if key == ANN { "all 3 calls of this day" } else { "all 1 calls of this hour" };
        let expected = format!("`echo` is not run: {period} are used up; there are more in ");
        assert!(said.starts_with(&expected), "{said}");
        assert_eq!(ask(&house, key, &request(2, "tools/list", json!({}))).await.status(), 200);
    }
    house.server.signal(nix::sys::signal::Signal::SIGTERM);
    assert!(house.server.ended().await.0.success());
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(path.join("quota.json"), folder.path().join("quota.json")).unwrap();
    std::fs::write(folder.path().join("tools.yaml"), file).unwrap();
    let house = House::start_in(folder, "tools.yaml", &[]).await;
    let refused = answer(ask(&house, ANN, &say).await).await;
    assert!(text(&refused["result"]).contains("are used up"), "{refused}");
}

/// A call of a client that can be asked, in the newer era: with answers and the state if it was asked before.
async fn confirmed(house: &House, more: Value) -> Value {
    let mut params = json!({ "name": "sure", "arguments": { "what": "x" }, "_meta": modern_meta() });
    params["_meta"]["io.modelcontextprotocol/clientCapabilities"] = json!({ "elicitation": { "form": {} } });
    params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let sent = house.post(&request(1, "tools/call", params)).header("MCP-Protocol-Version", "2026-07-28");
    let sent = sent.header("Mcp-Method", "tools/call").header("Mcp-Name", "sure").header("X-API-Key", ANN);
    answer(sent.send().await.unwrap()).await
}

#[tokio::test]
async fn a_call_that_asks_its_client_counts_once_however_often_it_asks() {
    let sure = "  - name: sure\n    description: Asks twice.\n    script: echo\n    args: [ran, \"{{what}}\", \"{{how}}\"]\n    \
                params: { what: { type: string, maxLength: 9 }, how: { type: string, maxLength: 9, ask: true } }\n    confirm: Really?\n";
    for limit in [
        "rate_limit: { tools: { sure: { requests_per_minute: 2, burst_size: 2 } } }",
        "quota: { calls_per_day: 2 }",
    ] {
        let file = format!(
            "{COMMANDS}{sure}\nserver:\n  http:\n    {limit}\n    auth: {{ api_keys: [{{ name: ann, key: {ANN} }}] }}\n"
        );
        let house = House::start(&file).await;
        let given = json!({ "arguments": { "action": "accept", "content": { "how": "so" } } });
        let yes = json!({ "confirm": { "action": "accept" } });
        for _ in 0..2 {
            let first = confirmed(&house, json!({})).await;
            let asked = &first["result"]["inputRequests"];
            assert!(asked["arguments"].is_object(), "{first}");
            let state = first["result"]["requestState"].clone();
            let second = confirmed(&house, json!({ "inputResponses": given, "requestState": state })).await;
            assert!(second["result"]["inputRequests"]["confirm"].is_object(), "{second}");
            let state = second["result"]["requestState"].clone();
            let last = confirmed(&house, json!({ "inputResponses": yes, "requestState": state })).await;
            assert_eq!(text(&last["result"]), "ran x so\n", "{last}");
            let again = confirmed(&house, json!({ "inputResponses": yes, "requestState": state })).await;
            assert!(again["error"]["message"].as_str().unwrap().contains("was used before"), "{again}");
        }
        let first = confirmed(&house, json!({})).await;
        let state = first["result"]["requestState"].clone();
        let third = confirmed(&house, json!({ "inputResponses": given, "requestState": state })).await;
        let said = third["result"]["content"][0]["text"].as_str().unwrap_or_default();
        assert!(said.contains("`sure`") && third["result"]["isError"] == true, "{limit}: {third}");
    }
}

//! What servers record: callers and where they are, who is not let in, what becomes of the server.

use serde_json::{Value, json};

use super::{COMMANDS, of, records, until};
use crate::server::house::{House, answer, call};
use crate::support::server::Server;

const KEY: &str = "a-key-of-ci-that-is-long-too";
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

fn file(audit: &str) -> String {
    format!(
        "audit: {audit}\n{COMMANDS}\nserver:\n  http:\n    auth:\n      api_keys:\n        \
         - {{ name: ci, key: {KEY}, permissions: [greet] }}\n"
    )
}

async fn greet(house: &House, key: &str, who: &str) -> Value {
    let message = call(1, "greet", json!({ "who": who }));
    let request = house.plain(&message).header("X-API-Key", key);
    answer(request.header("traceparent", format!("00-{TRACE}-00f067aa0ba902b7-01")).send().await.unwrap())
        .await
}

#[tokio::test]
async fn a_server_records_who_calls_from_where_and_for_which_trace() {
    let house = House::start(&file("{ file: audit.jsonl }")).await;
    greet(&house, KEY, "world").await;
    let records = until(&house, "call.ended", 1).await;
    let (started, began) = (of(&records, "server.started")[0], of(&records, "call.began")[0]);
    assert_eq!(started["tools"], 3);
    assert!(started["listening"].as_str().unwrap().contains("127.0.0.1"), "{started}");
    assert_eq!((&began["caller"], &began["address"]), (&json!("key:ci"), &json!("127.0.0.1")));
    assert_eq!((&began["via"], &began["trace"]), (&json!("http"), &json!(TRACE)));
    let said = std::fs::read_to_string(house.server.folder.path().join("audit.jsonl")).unwrap();
    assert!(!said.contains(KEY), "{said}");
}

#[tokio::test]
async fn who_is_not_let_in_and_what_is_not_for_somebody_is_recorded() {
    let house = House::start(&file("{ file: audit.jsonl }")).await;
    assert_eq!(
        house.plain(&call(1, "greet", json!({}))).header("X-API-Key", "guess").send().await.unwrap().status(),
        401
    );
    assert_eq!(house.plain(&call(1, "greet", json!({}))).send().await.unwrap().status(), 401);
    let foreign = house.plain(&call(1, "greet", json!({}))).header("Origin", "https://evil.example");
    assert_eq!(foreign.send().await.unwrap().status(), 403);
    let message = call(2, "fail", json!({ "token": "abc" }));
    let hidden = answer(house.plain(&message).header("X-API-Key", KEY).send().await.unwrap()).await;
    assert_eq!(hidden["error"]["message"], "there is no tool `fail`");
    let records = until(&house, "call.refused", 1).await;
    let away = of(&records, "request.refused");
    assert_eq!(away.iter().map(|record| &record["status"]).collect::<Vec<_>>(), [&json!(401), &json!(403)]);
    assert_eq!(away[0]["address"], "127.0.0.1");
    assert!(!away[0].to_string().contains("guess"));
    let refused = of(&records, "call.refused")[0];
    assert_eq!((&refused["decision"], &refused["tool"]), (&json!("denied"), &json!("fail")));
    assert_eq!(refused["arguments"]["token"], "***", "{refused}");
}

#[tokio::test]
async fn a_server_records_what_becomes_of_itself_and_signs_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("audit.key");
    let made =
        std::process::Command::new(env!("CARGO_BIN_EXE_mcpfier")).args(["audit", "key"]).arg(&key).status();
    assert!(made.unwrap().success());
    let text = file("{ file: audit.jsonl, checkpoint: { key: audit.key } }");
    std::fs::write(folder.path().join("tools.yaml"), format!("version: 1\n{text}")).unwrap();
    let mut house = House::start_in(folder, "tools.yaml", &[]).await;
    let path = house.server.folder.path().join("tools.yaml");
    std::fs::write(&path, format!("version: 1\n{text}\n# changed\n")).unwrap();
    until(&house, "config.reloaded", 1).await;
    std::fs::write(&path, "version: 1\ncommands: nothing\n").unwrap();
    until(&house, "config.refused", 1).await;
    house.server.signal(nix::sys::signal::Signal::SIGTERM);
    house.server.ended().await;
    let log = house.server.folder.path().join("audit.jsonl");
    let records = records(&log);
    let mut events: Vec<&str> = records.iter().filter_map(|record| record["event"].as_str()).collect();
    // A file that was written just before is looked at once more.
    events.dedup();
    assert_eq!(
        events,
        ["server.started", "config.reloaded", "config.refused", "server.stopped", "log.checkpoint"]
    );
    assert!(records.last().unwrap()["mac"].is_string());
    let verify = std::process::Command::new(env!("CARGO_BIN_EXE_mcpfier"))
        .args(["audit", "verify", "--key"])
        .args([&key, &log])
        .output()
        .unwrap();
    assert!(verify.status.success(), "{}", String::from_utf8_lossy(&verify.stdout));
}

#[tokio::test]
async fn a_client_that_goes_away_ends_its_call_in_the_log_too() {
    let file = "audit: { file: audit.jsonl }\ncommands: [{ name: hang, description: d, shell: sh, run: sleep 1000, timeout: 10m }]\n";
    let house = House::start(file).await;
    let message = call(1, "hang", json!({}));
    let calling = tokio::spawn(house.plain(&message).send());
    until(&house, "call.began", 1).await;
    calling.abort();
    let records = until(&house, "call.ended", 1).await;
    let verdict = of(&records, "call.ended")[0]["verdict"].as_str().unwrap();
    assert!(["cancelled", "abandoned"].contains(&verdict), "{verdict}");
}

#[tokio::test]
async fn servers_side_by_side_write_one_chain() {
    let folder = tempfile::tempdir().unwrap();
    let shared = folder.path().join("audit.jsonl");
    let file = format!("audit: {{ file: {} }}\n{COMMANDS}", shared.display());
    let mut servers: Vec<Server> = (0..3).map(|_| Server::start(&file)).collect();
    for server in &mut servers {
        server.client.initialize().await;
    }
    for turn in 0..10 {
        for server in &mut servers {
            server.client.call(turn, "greet", json!({ "who": "x" })).await;
        }
    }
    for server in &mut servers {
        server.client.hang_up();
        server.ended().await;
    }
    let records = records(&shared);
    for event in ["call.began", "call.ended"] {
        assert_eq!(of(&records, event).len(), 30);
    }
    let verify = std::process::Command::new(env!("CARGO_BIN_EXE_mcpfier"))
        .args(["audit", "verify"])
        .arg(&shared)
        .output()
        .unwrap();
    assert!(verify.status.success(), "{}", String::from_utf8_lossy(&verify.stdout));
}

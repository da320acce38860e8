//! A flow over stdio: its progress, its result, and other calls beside it.

use serde_json::{Value, json};

use crate::support::client::text;
use crate::support::server::Server;

const FLOW: &str = r#"
commands:
  - { name: quick, description: Quick., script: echo, args: [quick] }
  - name: it
    description: It.
    steps:
      - { id: one, run: 'echo working; sleep 0.4' }
      - { id: two, command: quick }
      - { id: three, run: 'echo "last line"' }
"#;

#[tokio::test]
async fn the_steps_of_a_flow_are_told_as_they_go() {
    let mut server = Server::start(FLOW);
    server.client.initialize().await;
    let params = json!({ "name": "it", "arguments": {}, "_meta": { "progressToken": "t" } });
    let answer = server.client.ask(1, "tools/call", params).await;
    let result = &answer["result"];
    assert_eq!(result["isError"], false, "{answer}");
    assert!(text(result).contains("three:\nlast line"), "{answer}");
    let steps = result["_meta"]["mcpfier/run"]["steps"].as_array().unwrap();
    let states: Vec<&Value> = steps.iter().map(|step| &step["state"]).collect();
    assert_eq!(states, ["succeeded"; 3]);
    let told = server.client.passed();
    let messages: Vec<&str> =
        told.iter().filter_map(|message| message["params"]["message"].as_str()).collect();
    assert!(messages.iter().any(|message| message.starts_with("1/3 one: ")), "{messages:?}");
    assert!(messages.contains(&"working"), "{messages:?}");
    let numbers: Vec<f64> =
        told.iter().filter_map(|message| message["params"]["progress"].as_f64()).collect();
    assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "{numbers:?}");
}

#[tokio::test]
async fn a_wide_flow_runs_within_the_caps_and_waits_for_no_slot_of_its_own() {
    let steps: String =
        (0..60).map(|place| format!("      - {{ id: s{place}, command: quick, after: [] }}\n")).collect();
    let commands = format!(
        "server: {{ calls: {{ max: 2, queue: 3, queue_timeout: 1s }} }}\n{}  - name: wide\n    description: Wide.\n    steps:\n{steps}",
        FLOW.trim_start()
    );
    let mut server = Server::start(&commands);
    server.client.initialize().await;
    for id in 1..=3 {
        server.client.request(id, "tools/call", json!({ "name": "wide", "arguments": {} })).await;
    }
    for _ in 1..=3 {
        let answer = server.client.next().await.expect("an answer");
        assert_eq!(answer["result"]["isError"], false, "{answer}");
    }
}

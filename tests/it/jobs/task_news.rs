//! Tasks in subscriptions of the newer era: their clients are told how they stand.

#![cfg(all(feature = "server", feature = "http", feature = "jobs"))]

use serde_json::{Value, json};

use crate::server::house::{House, messages, request};
use crate::support::client::{Client, modern_meta, text};
use crate::support::server::Server;

use super::KEYS;

const FILE: &str = r#"
server:
  drain: 0s
  jobs: { folder: kept }
commands:
  - name: build
    description: Takes its time.
    background: true
    shell: sh
    run: echo begun; until [ -e go ]; do sleep 0.02; done; echo built
    timeout: 1h
  - name: asks
    description: Asks first.
    background: true
    output: { format: mcp }
    shell: sh
    run: |
      case "${MCPFIER_INPUT:-}" in
        '') echo '{"input_required": {"requests": {"who": {"method": "elicitation/create", "params": {
              "message": "Who?", "requestedSchema": {"type": "object", "properties": {}}}}}}}' ;;
        *) echo '[{"type": "text", "text": "asked"}]' ;;
      esac
"#;

fn with_tasks(mut params: Value) -> Value {
    let mut meta = modern_meta();
    meta["io.modelcontextprotocol/clientCapabilities"] =
        json!({ "extensions": { "io.modelcontextprotocol/tasks": {} }, "elicitation": {} });
    params["_meta"] = meta;
    params
}

async fn begin(client: &mut Client, tool: &str) -> String {
    let answer = client.ask(tool, "tools/call", with_tasks(json!({ "name": tool, "arguments": {} }))).await;
    answer["result"]["taskId"].as_str().unwrap_or_else(|| panic!("no task: {answer}")).to_owned()
}

async fn listen(client: &mut Client, notifications: Value) -> Value {
    client.request("l", "subscriptions/listen", with_tasks(json!({ "notifications": notifications }))).await;
    let acknowledged = client.next().await.expect("a message");
    assert_eq!(acknowledged["method"], "notifications/subscriptions/acknowledged", "{acknowledged}");
    assert_eq!(acknowledged["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"], "l");
    acknowledged["params"]["notifications"].clone()
}

async fn told(client: &mut Client) -> Value {
    let news = client.next().await.expect("a message");
    assert_eq!(news["method"], "notifications/tasks", "{news}");
    assert_eq!(news["params"]["_meta"], json!({ "io.modelcontextprotocol/subscriptionId": "l" }), "{news}");
    news["params"].clone()
}

#[tokio::test]
async fn a_client_is_told_what_its_tasks_ask_and_what_they_come_to() {
    let mut server = Server::start(FILE);
    let folder = server.folder.path().to_owned();
    let client = &mut server.client;
    let (build, asks) = (begin(client, "build").await, begin(client, "asks").await);
    let wanted = json!({ "toolsListChanged": true, "taskIds": [build, "nothing", asks, build] });
    let honoured = listen(client, wanted).await;
    assert_eq!(honoured, json!({ "toolsListChanged": true, "taskIds": [build, asks] }));
    let news = told(client).await;
    assert_eq!((&news["taskId"], &news["status"]), (&json!(asks), &json!("input_required")), "{news}");
    assert_eq!(news["inputRequests"]["who"]["params"]["message"], "Who?");
    let answers =
        json!({ "taskId": asks, "inputResponses": { "who": { "action": "accept", "content": {} } } });
    client.request("u", "tasks/update", with_tasks(answers)).await;
    // It may work again before it is over.
    let mut over = Value::Null;
    while over["status"] != "completed" {
        let news = client.next().await.expect("a message");
        over = if news["id"] == "u" { over } else { news["params"].clone() };
    }
    assert_eq!((&over["taskId"], text(&over["result"])), (&json!(asks), "asked"));
    super::go(&folder);
    let news = told(client).await;
    assert_eq!((&news["taskId"], &news["status"]), (&json!(build), &json!("completed")), "{news}");
    assert_eq!(text(&news["result"]), "begun\nbuilt\n");
    assert_eq!(news["resultType"], Value::Null);
    // What else it wants to know it is told, too.
    let file = folder.join("tools.yaml");
    let more =
        std::fs::read_to_string(&file).unwrap() + "  - { name: fresh, description: New., script: echo }\n";
    std::fs::write(&file, more).unwrap();
    let news = client.next().await.expect("a message");
    assert_eq!(news["method"], "notifications/tools/list_changed");
    assert_eq!(news["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"], "l");
    // Its end is an answer.
    client.hang_up();
    let rest = client.rest().await;
    let ended = rest.iter().find(|message| message["id"] == "l").expect("an answer");
    assert_eq!(ended["result"]["resultType"], "complete");
    assert_eq!(ended["result"]["_meta"]["io.modelcontextprotocol/subscriptionId"], "l");
}

#[tokio::test]
async fn tasks_are_told_of_only_to_whom_they_belong_and_who_takes_any() {
    const BUILD: &str = "
commands:
  - { name: build, description: Is soon over., background: true, script: echo, args: [built] }
";
    let house = House::start(&format!("{KEYS}{BUILD}")).await;
    let ask = async |who: &str, method: &str, params: Value| {
        let name = params["name"].as_str().unwrap_or_default().to_owned();
        let sent = house
            .post(&request(1, method, params))
            .bearer_auth(format!("{who}-has-a-long-key-0123456789abcdef"))
            .header("MCP-Protocol-Version", "2026-07-28")
            .header("Mcp-Method", method)
            .header("Mcp-Name", name);
        sent.send().await.unwrap()
    };
    let begun = ask("ann", "tools/call", with_tasks(json!({ "name": "build", "arguments": {} }))).await;
    let id = messages(begun).await.pop().unwrap()["result"]["taskId"].clone();
    let wanted = json!({ "notifications": { "taskIds": [id] } });
    let mut plain = wanted.clone();
    plain["_meta"] = modern_meta();
    for (who, params, honoured) in [
        ("ann", with_tasks(wanted.clone()), json!({ "taskIds": [id] })),
        ("bob", with_tasks(wanted.clone()), json!({})),
        ("ann", plain, json!({})),
    ] {
        let mut stream = ask(who, "subscriptions/listen", params).await;
        let mut heard = String::new();
        let is_enough = |heard: &str| match honoured == json!({}) {
            true => heard.contains("acknowledged"),
            false => heard.contains("\"completed\""),
        };
        while !is_enough(&heard) {
            let part = stream.chunk().await.unwrap().expect("it goes on");
            heard.push_str(&String::from_utf8_lossy(&part));
        }
        let first =
            heard.lines().find_map(|line| line.strip_prefix("data: ").filter(|data| !data.is_empty()));
        let first: Value = serde_json::from_str(first.expect("a message")).unwrap();
        assert_eq!(first["params"]["notifications"], honoured, "{who}: {heard}");
    }
    for bad in [
        json!({ "taskIds": "x" }),
        json!({ "taskIds": [7] }),
        json!({ "taskIds": [], "toolsListChanged": 7 }),
    ] {
        let answer = ask("ann", "subscriptions/listen", with_tasks(json!({ "notifications": bad }))).await;
        let answer = messages(answer).await.pop().unwrap();
        assert_eq!(answer["error"]["code"], -32602, "{answer}");
    }
}

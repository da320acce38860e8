//! Prompts and resources over HTTP: who sees what, and what sessions are told.

use reqwest::{Method, Response};
use serde_json::{Value, json};

use super::house::{House, PATIENCE, answer, request};

const FILE: &str = r#"
roles: [{ name: admin, permissions: ["*"] }, { name: reader, permissions: ["stat*"] }, { name: nobody, permissions: [] }]
prompts:
  - { name: open, text: For all. }
  - { name: closed, text: For some., authorization: { required_roles: [admin] } }
resources:
  - { uri: "docs://open", file: open.md }
  - { uri: "docs://closed", file: open.md, authorization: { required_roles: [admin] } }
  - { uri: "stat://now", command: stat-now }
commands:
  - name: stat-now
    description: How things are.
    annotations: { read_only: true }
    script: echo
    args: [well]
server:
  http:
    auth:
      api_keys:
        - { name: ann, key: "ann-0123456789abcdef0123456789", roles: [admin] }
        - { name: bob, key: "bob-0123456789abcdef0123456789", roles: [reader] }
        - { name: eve, key: "eve-0123456789abcdef0123456789", roles: [nobody] }
"#;

async fn start() -> House {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("tools.yaml"), format!("version: 1\n{FILE}")).unwrap();
    std::fs::write(folder.path().join("open.md"), "open").unwrap();
    House::start_in(folder, "tools.yaml", &[]).await
}

fn key(name: &str) -> String {
    format!("Bearer {name}-0123456789abcdef0123456789")
}

async fn ask(house: &House, who: &str, method: &str, params: Value) -> Value {
    let sent = house.post(&request(1, method, params)).header("Authorization", key(who));
    answer(sent.send().await.unwrap()).await
}

fn all(list: &Value, key: &str) -> Vec<String> {
    let list = list.as_array().unwrap_or_else(|| panic!("no list: {list}"));
    list.iter().map(|one| one[key].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn everybody_sees_and_reads_what_is_theirs_and_nothing_tells_of_the_rest() {
    let house = start().await;
    for (who, prompts, resources) in [
        ("ann", vec!["open", "closed"], vec!["docs://open", "docs://closed", "stat://now"]),
        ("bob", vec!["open"], vec!["docs://open", "stat://now"]),
        ("eve", vec!["open"], vec!["docs://open"]),
    ] {
        let listed = ask(&house, who, "prompts/list", json!({})).await;
        assert_eq!(all(&listed["result"]["prompts"], "name"), prompts, "{who}");
        let listed = ask(&house, who, "resources/list", json!({})).await;
        assert_eq!(all(&listed["result"]["resources"], "uri"), resources, "{who}");
        for uri in ["docs://open", "docs://closed", "stat://now", "docs://none"] {
            let read = ask(&house, who, "resources/read", json!({ "uri": uri })).await;
            assert_eq!(read["result"].is_object(), resources.contains(&uri), "{who} {uri}: {read}");
            if !resources.contains(&uri) {
                assert_eq!(read["error"]["message"], format!("there is no resource `{uri}`"), "{who}");
            }
        }
        let got = ask(&house, who, "prompts/get", json!({ "name": "closed" })).await;
        assert_eq!(got["result"].is_object(), prompts.contains(&"closed"), "{who}: {got}");
    }
}

/// Reads a stream until a message of this method comes.
async fn hears(stream: &mut Response, method: &str) -> Value {
    let mut heard = String::new();
    let wait = async {
        loop {
            let chunk = stream.chunk().await.unwrap().unwrap_or_else(|| panic!("no {method}: {heard}"));
            heard.push_str(std::str::from_utf8(&chunk).unwrap());
            let whole = heard.rsplit_once("\n\n").map_or("", |(whole, _)| whole);
            let data = whole.lines().filter_map(|line| line.strip_prefix("data: "));
            let mut messages = data.map(|line| serde_json::from_str::<Value>(line).unwrap());
            if let Some(message) = messages.find(|message| message["method"] == method) {
                return message;
            }
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("{method} never came"))
}

#[tokio::test]
async fn a_hundred_subscribers_of_either_era_are_told_of_one_change() {
    let house = start().await;
    let mut streams = Vec::new();
    for n in 0..100 {
        if n % 2 == 0 {
            let wanted = json!({ "notifications": { "resourceSubscriptions": ["docs://open"] } });
            let sent = house.modern(1, "subscriptions/listen", wanted).header("Authorization", key("bob"));
            let mut stream = sent.send().await.unwrap();
            hears(&mut stream, "notifications/subscriptions/acknowledged").await;
            streams.push(stream);
            continue;
        }
        let params = json!({
            "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "test", "version": "1" },
        });
        let sent = house.post(&request(1, "initialize", params)).header("Authorization", key("bob"));
        let opened = sent.send().await.unwrap();
        let session = opened.headers()["Mcp-Session-Id"].to_str().unwrap().to_owned();
        let subscribe = request(2, "resources/subscribe", json!({ "uri": "docs://open" }));
        let sent =
            house.post(&subscribe).header("Authorization", key("bob")).header("Mcp-Session-Id", &session);
        assert_eq!(answer(sent.send().await.unwrap()).await["result"], json!({}));
        let listen = house.request(Method::GET, "/mcp").header("Accept", "text/event-stream");
        let listen = listen.header("Mcp-Session-Id", &session).header("Authorization", key("bob"));
        streams.push(listen.send().await.unwrap());
    }
    std::fs::write(house.server.folder.path().join("open.md"), "changed").unwrap();
    for stream in &mut streams {
        let told = hears(stream, "notifications/resources/updated").await;
        assert_eq!(told["params"]["uri"], "docs://open");
    }
}

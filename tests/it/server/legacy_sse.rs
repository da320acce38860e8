//! The transport of 2024-11-05: one stream for all answers, and an address where messages are posted.

use std::time::Duration;

use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use super::house::{COMMANDS, House, PATIENCE, call, request, until};
use crate::support::client::text;
use crate::support::server::is_alive;

fn on() -> String {
    format!("{COMMANDS}\nserver: {{ http: {{ legacy_sse: true }} }}\n")
}

/// A client with its stream, and what of it was read and not yet asked for.
struct Older<'h> {
    house: &'h House,
    stream: Response,
    read: Vec<u8>,
    endpoint: String,
}

impl<'h> Older<'h> {
    async fn connect(house: &'h House) -> Self {
        let stream = house.request(Method::GET, "/sse").header("Accept", "text/event-stream").send();
        let stream = stream.await.unwrap();
        assert_eq!(stream.status(), 200);
        assert_eq!(stream.headers()["content-type"], "text/event-stream");
        let mut older = Self { house, stream, read: Vec::new(), endpoint: String::new() };
        let (event, endpoint) = older.event().await;
        assert_eq!(event, "endpoint");
        assert!(endpoint.starts_with("/messages?sessionId="), "{endpoint}");
        older.endpoint = endpoint;
        older
    }

    async fn initialized(house: &'h House) -> Self {
        Self::able(house, json!({})).await
    }

    /// A client that can do this.
    async fn able(house: &'h House, capabilities: Value) -> Self {
        let mut older = Self::connect(house).await;
        let params = json!({ "protocolVersion": "2024-11-05", "capabilities": capabilities, "clientInfo": { "name": "t", "version": "1" } });
        assert_eq!(older.post(&request(0, "initialize", params)).await, 202);
        let answer = older.message().await;
        assert_eq!((&answer["id"], &answer["result"]["protocolVersion"]), (&json!(0), &json!("2024-11-05")));
        let note = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        assert_eq!(older.post(&note).await, 202);
        older
    }

    async fn post(&self, message: &Value) -> StatusCode {
        let sent =
            self.house.request(Method::POST, &self.endpoint).header("Content-Type", "application/json");
        sent.body(message.to_string()).send().await.unwrap().status()
    }

    /// The next event: its name and its data.
    async fn event(&mut self) -> (String, String) {
        let mut looked = 0;
        loop {
            if let Some(end) = self.read[looked..].windows(2).position(|pair| pair == b"\n\n") {
                let end = looked + end;
                looked = 0;
                let event: Vec<u8> = self.read.drain(..end + 2).collect();
                let event = String::from_utf8(event).unwrap();
                let field = |name: &str| {
                    event.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().to_owned()
                };
                if event.starts_with(':') {
                    continue;
                }
                return (field("event: "), field("data: "));
            }
            looked = self.read.len().saturating_sub(1);
            let chunk = tokio::time::timeout(PATIENCE, self.stream.chunk()).await.expect("something comes");
            self.read.extend_from_slice(&chunk.unwrap().expect("the stream goes on"));
        }
    }

    async fn message(&mut self) -> Value {
        let (event, data) = self.event().await;
        assert_eq!(event, "message");
        serde_json::from_str(&data).unwrap_or_else(|_| panic!("no JSON: {data}"))
    }
}

#[tokio::test]
async fn answers_and_progress_come_on_the_stream_whole_and_beside_each_other() {
    let house = House::start(&on()).await;
    let mut older = Older::initialized(&house).await;
    let mut listed = request(1, "tools/list", json!({}));
    assert_eq!(older.post(&listed).await, 202);
    assert_eq!(older.message().await["result"]["tools"][0]["name"], "echo");
    // One that is slow and says how it goes, one that is sixteen mebibytes, and small ones.
    listed = call(10, "slow", json!({ "seconds": 0.5 }));
    listed["params"]["_meta"] = json!({ "progressToken": "t" });
    assert_eq!(older.post(&listed).await, 202);
    assert_eq!(older.post(&call(11, "flood", json!({}))).await, 202);
    for id in 12..32 {
        assert_eq!(older.post(&call(id, "echo", json!({ "what": id.to_string() }))).await, 202);
    }
    let (mut answered, mut notes) = (Vec::new(), 0);
    while answered.len() < 22 {
        let message = older.message().await;
        match message["id"].as_u64() {
            None => notes += usize::from(message["params"]["progressToken"] == "t"),
            Some(10) => assert_eq!(text(&message["result"]), "started\ndone\n"),
            Some(11) => assert_eq!(text(&message["result"]).len(), 16 << 20),
            Some(id) => assert_eq!(text(&message["result"]), format!("{id}\n")),
        }
        answered.extend(message["id"].as_u64());
    }
    answered.sort_unstable();
    assert_eq!(answered, (10..32).collect::<Vec<_>>());
    assert!(notes > 0);
}

#[tokio::test]
async fn a_slow_call_holds_up_no_fast_one_of_its_session() {
    let house = House::start(&on()).await;
    let mut older = Older::initialized(&house).await;
    let mut slow = call(1, "hang", json!({}));
    slow["params"]["_meta"] = json!({ "progressToken": "t" });
    assert_eq!(older.post(&slow).await, 202);
    house.server.file("ready").await;
    for id in 2..12 {
        assert_eq!(older.post(&call(id, "echo", json!({ "what": id.to_string() }))).await, 202);
        let message = loop {
            let message = older.message().await;
            if message.get("method").is_none() {
                break message;
            }
        };
        assert_eq!((&message["id"], text(&message["result"])), (&json!(id), &*format!("{id}\n")));
    }
    let hanging = house.server.file("hanging").await;
    assert!(hanging.lines().all(|pid| is_alive(pid.parse().unwrap())), "the slow one has run all the time");
}

/// A stream is full with an answer that nobody reads: that is the client's own matter.
#[tokio::test]
async fn a_stream_that_nobody_reads_holds_up_no_other_and_its_calls_can_be_cancelled() {
    let house = House::start(&on()).await;
    let full = Older::initialized(&house).await;
    assert_eq!(full.post(&call(1, "hang", json!({}))).await, 202);
    house.server.file("ready").await;
    assert_eq!(full.post(&call(2, "flood", json!({}))).await, 202);
    super::traps::until_the_way_is_blocked(&house).await;
    let mut other = Older::initialized(&house).await;
    assert_eq!(other.post(&call(1, "echo", json!({ "what": "here" }))).await, 202);
    assert_eq!(text(&other.message().await["result"]), "here\n");
    let pids: Vec<i32> = house.server.file("hanging").await.lines().map(|pid| pid.parse().unwrap()).collect();
    assert!(pids.iter().all(|&pid| is_alive(pid)));
    let note = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": 1 } });
    assert_eq!(full.post(&note).await, 202);
    until("the tree is gone", || !pids.iter().any(|&pid| is_alive(pid))).await;
}

#[tokio::test]
async fn a_question_comes_on_the_stream_and_is_answered_at_the_address_of_its_client() {
    let house = House::start(
        r#"
commands:
  - name: deploy
    description: Deploys a version.
    script: touch
    args: ["deployed-{{version}}"]
    params: { version: { type: string, pattern: "^[0-9]+$", ask: true } }
    confirm: "Deploy {{version}}?"
server: { http: { legacy_sse: true } }
"#,
    )
    .await;
    let mut older = Older::able(&house, json!({ "elicitation": {} })).await;
    let other = Older::able(&house, json!({ "elicitation": {} })).await;
    assert_eq!(older.post(&call(1, "deploy", json!({}))).await, 202);
    let form = older.message().await;
    assert_eq!(form["method"], "elicitation/create", "{form}");
    assert_eq!(form["params"]["requestedSchema"]["required"], json!(["version"]));
    // Others of the stream are served meanwhile.
    assert_eq!(older.post(&request(2, "ping", json!({}))).await, 202);
    assert_eq!(older.message().await["id"], 2);
    let said =
        |asked: &Value, result: Value| json!({ "jsonrpc": "2.0", "id": asked["id"], "result": result });
    let given = json!({ "action": "accept", "content": { "version": "7" } });
    assert_eq!(older.post(&said(&form, given)).await, 202);
    let question = older.message().await;
    assert!(question["params"]["message"].as_str().unwrap().starts_with("Deploy 7?"), "{question}");
    let yes = said(&question, json!({ "action": "accept" }));
    assert_eq!(other.post(&yes).await, 202);
    assert_eq!(older.post(&request(3, "ping", json!({}))).await, 202);
    assert_eq!(older.message().await["id"], 3, "somebody else has answered");
    assert_eq!(older.post(&yes).await, 202);
    let result = older.message().await;
    assert_eq!((&result["id"], &result["result"]["isError"]), (&json!(1), &json!(false)), "{result}");
    assert!(house.server.folder.path().join("deployed-7").exists());
}

#[tokio::test]
async fn a_call_ends_by_word_and_with_its_stream() {
    let house = House::start(&on()).await;
    for by_word in [true, false] {
        let mut older = Older::initialized(&house).await;
        assert_eq!(older.post(&call(7, "hang", json!({}))).await, 202);
        house.server.file("ready").await;
        let pids: Vec<i32> =
            house.server.file("hanging").await.lines().map(|pid| pid.parse().unwrap()).collect();
        assert!(pids.iter().all(|&pid| is_alive(pid)));
        if by_word {
            let note = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled", "params": { "requestId": 7 } });
            assert_eq!(older.post(&note).await, 202);
            assert_eq!(older.post(&request(8, "ping", json!({}))).await, 202);
            assert_eq!(older.message().await["id"], 8, "nothing is said of what was cancelled");
        } else {
            let endpoint = older.endpoint.clone();
            drop(older);
            until("the tree is gone", || !pids.iter().any(|&pid| is_alive(pid))).await;
            let late = house.request(Method::POST, &endpoint).header("Content-Type", "application/json");
            let late = late.body(request(9, "ping", json!({})).to_string()).send().await.unwrap();
            assert_eq!(late.status(), 404, "the session is over");
        }
        until("the tree is gone", || !pids.iter().any(|&pid| is_alive(pid))).await;
        for left in ["ready", "hanging"] {
            std::fs::remove_file(house.server.folder.path().join(left)).unwrap();
        }
    }
}

#[tokio::test]
async fn who_asks_for_much_and_does_not_read_it_is_let_go() {
    let settings = "server: { http: { legacy_sse: true, limits: { stall_timeout: 1h } } }";
    let house = House::start(&format!("{COMMANDS}\n{settings}\n")).await;
    let older = Older::initialized(&house).await;
    let mut reading = Older::initialized(&house).await;
    for id in 1..9 {
        assert_eq!(older.post(&call(id, "flood", json!({}))).await, 202);
    }
    let (begun, mut id) = (std::time::Instant::now(), 9);
    loop {
        let status = older.post(&request(id, "ping", json!({}))).await.as_u16();
        if status == 404 {
            break;
        }
        assert!(begun.elapsed() < PATIENCE && [202, 429].contains(&status), "{status}");
        id += 1;
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    assert_eq!(reading.post(&request(1, "ping", json!({}))).await, 202);
    assert_eq!(reading.message().await["id"], 1, "somebody else's session goes on");
}

#[tokio::test]
async fn a_client_is_told_of_another_list_and_of_what_was_no_message() {
    let house = House::start(&on()).await;
    let mut older = Older::initialized(&house).await;
    for (body, status) in [("{", 400), ("[]", 400), ("", 202)] {
        let sent = house.request(Method::POST, &older.endpoint).header("Content-Type", "application/json");
        assert_eq!(sent.body(body).send().await.unwrap().status(), status, "{body}");
    }
    let more = "  - { name: fresh, description: It was not here before., script: echo }\n";
    let with = on().replace("\nserver:", &format!("{more}\nserver:"));
    std::fs::write(house.server.folder.path().join("tools.yaml"), format!("version: 1\n{with}")).unwrap();
    assert_eq!(older.message().await["method"], "notifications/tools/list_changed");
}

#[tokio::test]
async fn it_is_off_unless_the_file_turns_it_on_and_then_asks_for_keys_like_everything_else() {
    let house = House::start(COMMANDS).await;
    let stream = |house: &House| house.request(Method::GET, "/sse").header("Accept", "text/event-stream");
    assert_eq!(stream(&house).send().await.unwrap().status(), 405);
    let keys = "auth: { api_keys: [{ name: ann, key: a-key-of-ann-that-is-long }, { name: bob, key: a-key-of-bob-that-is-long }] }";
    let house =
        House::start(&format!("{COMMANDS}\nserver: {{ http: {{ legacy_sse: true, {keys} }} }}\n")).await;
    assert_eq!(stream(&house).send().await.unwrap().status(), 401);
    let mut opened = stream(&house).header("X-API-Key", "a-key-of-ann-that-is-long").send().await.unwrap();
    let mut heard = String::new();
    while !heard.contains("sessionId=") || !heard.ends_with("\n\n") {
        heard.push_str(std::str::from_utf8(&opened.chunk().await.unwrap().unwrap()).unwrap());
    }
    let endpoint = heard.lines().find_map(|line| line.strip_prefix("data: ")).unwrap().to_owned();
    for (key, status) in
        [(None, 401), (Some("a-key-of-bob-that-is-long"), 404), (Some("a-key-of-ann-that-is-long"), 202)]
    {
        let sent = house.request(Method::POST, &endpoint).header("Content-Type", "application/json");
        let sent = key.into_iter().fold(sent, |sent, key| sent.header("X-API-Key", key));
        let sent = sent.body(request(1, "ping", json!({})).to_string()).send().await.unwrap();
        assert_eq!(sent.status(), status, "{key:?}");
    }
}

#[tokio::test]
async fn answers_that_are_due_when_the_server_stops_come_before_the_stream_ends() {
    let mut house = House::start(&on()).await;
    let older = Older::initialized(&house).await;
    assert_eq!(older.post(&call(1, "slow", json!({ "seconds": 1 }))).await, 202);
    tokio::time::sleep(Duration::from_millis(300)).await;
    let Older { mut stream, mut read, .. } = older;
    house.server.signal(nix::sys::signal::Signal::SIGTERM);
    while let Some(chunk) = stream.chunk().await.unwrap() {
        read.extend_from_slice(&chunk);
    }
    let heard = String::from_utf8(read).unwrap();
    assert!(heard.contains(r#""text":"started\ndone\n""#), "{heard}");
    assert!(house.server.ended().await.0.success());
}

#[tokio::test]
async fn a_call_that_the_deadline_cuts_is_told_so_before_the_stream_ends() {
    let mut house = House::start(&on().replace("server: {", "server: { drain: 1s,")).await;
    let older = Older::initialized(&house).await;
    assert_eq!(older.post(&call(1, "hang", json!({}))).await, 202);
    house.server.file("ready").await;
    let Older { mut stream, mut read, .. } = older;
    house.server.signal(nix::sys::signal::Signal::SIGTERM);
    while let Some(chunk) = stream.chunk().await.unwrap() {
        read.extend_from_slice(&chunk);
    }
    let heard = String::from_utf8(read).unwrap();
    assert!(heard.contains(r#""text":"cancelled after 1."#), "{heard}");
    house.server.ended().await;
}

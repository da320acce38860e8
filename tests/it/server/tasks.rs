//! Clients that take tasks for answers, that ask for log messages, and that lack what a tool needs.

use serde_json::{Value, json};

use super::house::{House, answer, call, messages, request};
use crate::support::client::{modern_meta, text};

const COMMANDS: &str = r#"
server:
  http:
    auth:
      api_keys:
        - { name: ann, key: "ann-key-0123456789abcdef0123456789", permissions: ["*"] }
        - { name: bob, key: "bob-key-0123456789abcdef0123456789", permissions: ["*"] }
commands:
  - name: build
    description: Takes its time.
    background: true
    shell: sh
    run: |
      echo began
      until [ -e go ]; do sleep 0.01; done
      echo built
      exit "$PARAM_code"
    params: { code: { type: integer, default: 0 } }
  - name: quick
    description: May take long, and does not.
    script: echo
    args: [quick]
    timeout: 5m
    detach_after: 30s
  - name: short
    description: Never takes long.
    script: echo
    args: [short]
  - name: only-tasks
    description: For those who take tasks.
    background: true
    script: echo
    args: [only]
    requires: { client: [tasks, sampling] }
  - name: talks
    description: Says what it does.
    logging: true
    shell: sh
    run: |
      echo 'to the operator' >&2
      echo '::log debug in detail::'
      echo '::log error it is hot::' >&2
      echo result
  - name: routed
    description: Goes to a region.
    script: echo
    args: ["{{region}}"]
    params: { region: { type: string, enum: [eu, us], x-mcp-header: Region } }
"#;

/// A client of the newer era, who declares some capabilities.
struct Client<'h> {
    house: &'h House,
    key: &'static str,
    capabilities: Value,
}

const ANN: &str = "ann-key-0123456789abcdef0123456789";
const BOB: &str = "bob-key-0123456789abcdef0123456789";

impl<'h> Client<'h> {
    fn of(house: &'h House, key: &'static str) -> Self {
        Self { house, key, capabilities: json!({ "extensions": { "io.modelcontextprotocol/tasks": {} } }) }
    }

    async fn ask_with(&self, method: &str, mut params: Value, headers: &[(&str, &str)]) -> (u16, Vec<Value>) {
        let mut meta = modern_meta();
        meta["io.modelcontextprotocol/clientCapabilities"] = self.capabilities.clone();
        if let Some(level) = params["level"].take().as_str() {
            meta["io.modelcontextprotocol/logLevel"] = level.into();
        }
        params["_meta"] = meta;
        let name = params["name"].as_str().or(params["taskId"].as_str()).unwrap_or_default().to_owned();
        let mut sent = self.house.post(&request(1, method, params)).bearer_auth(self.key);
        for (name, value) in
            [("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", method), ("Mcp-Name", &name)]
                .iter()
                .chain(headers)
        {
            sent = sent.header(*name, *value);
        }
        let response = sent.send().await.expect("an answer");
        (response.status().as_u16(), messages(response).await)
    }

    async fn ask(&self, method: &str, params: Value) -> Value {
        self.ask_with(method, params, &[]).await.1.pop().expect("an answer has a message")
    }

    async fn call(&self, tool: &str, arguments: Value) -> Value {
        self.ask("tools/call", json!({ "name": tool, "arguments": arguments })).await
    }

    async fn task(&self, id: &Value) -> Value {
        self.ask("tasks/get", json!({ "taskId": id })).await
    }

    async fn over(&self, id: &Value) -> Value {
        loop {
            let task = self.task(id).await["result"].clone();
            if task["status"] != "working" {
                return task;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
}

#[tokio::test]
async fn a_call_in_the_background_is_a_task_of_its_caller_alone() {
    let house = House::start(COMMANDS).await;
    let (ann, bob) = (Client::of(&house, ANN), Client::of(&house, BOB));
    let offered = ann.ask("server/discover", json!({})).await;
    assert_eq!(offered["result"]["capabilities"]["extensions"]["io.modelcontextprotocol/tasks"], json!({}));
    let begun = ann.call("build", json!({})).await["result"].clone();
    assert_eq!((&begun["resultType"], &begun["status"]), (&json!("task"), &json!("working")), "{begun}");
    assert!(begun["ttlMs"].as_u64().unwrap() >= 600_000 && begun["pollIntervalMs"] == 1000, "{begun}");
    let id = &begun["taskId"];
    for method in ["tasks/get", "tasks/update", "tasks/cancel"] {
        let foreign = bob.ask(method, json!({ "taskId": id, "inputResponses": {} })).await;
        let unknown = bob.ask(method, json!({ "taskId": "never", "inputResponses": {} })).await;
        assert_eq!(foreign["error"]["code"], -32602, "{foreign}");
        assert_eq!(foreign["error"], unknown["error"], "{method}: who asks learns whether there is one");
    }
    std::fs::write(house.server.folder.path().join("go"), "").unwrap();
    let task = ann.over(id).await;
    assert_eq!((&task["status"], &task["resultType"]), (&json!("completed"), &json!("complete")), "{task}");
    assert_eq!(task["statusMessage"], "built");
    assert_eq!(text(&task["result"]), "began\nbuilt\n");
    assert_eq!(task["result"]["isError"], false);
}

#[tokio::test]
async fn a_task_that_fails_is_completed_and_one_that_is_cancelled_says_so() {
    let house = House::start(COMMANDS).await;
    let ann = Client::of(&house, ANN);
    let cancelled = ann.call("build", json!({})).await["result"]["taskId"].clone();
    let ack = ann.ask("tasks/cancel", json!({ "taskId": cancelled })).await;
    assert_eq!(ack["result"]["resultType"], "complete");
    let task = ann.over(&cancelled).await;
    assert_eq!(task["status"], "cancelled", "{task}");
    assert!(task.get("result").is_none() && task.get("error").is_none(), "{task}");
    std::fs::write(house.server.folder.path().join("go"), "").unwrap();
    let failed = ann.call("build", json!({ "code": 3 })).await["result"]["taskId"].clone();
    let task = ann.over(&failed).await;
    assert_eq!((&task["status"], &task["result"]["isError"]), (&json!("completed"), &json!(true)), "{task}");
    assert!(text(&task["result"]).contains("exit code 3"), "{task}");
}

#[tokio::test]
async fn a_call_that_is_over_at_once_is_no_task() {
    let house = House::start(COMMANDS).await;
    let ann = Client::of(&house, ANN);
    for tool in ["quick", "short"] {
        let result = ann.call(tool, json!({})).await["result"].clone();
        assert_eq!((&result["resultType"], text(&result)), (&json!("complete"), &*format!("{tool}\n")));
    }
}

#[tokio::test]
async fn who_does_not_take_tasks_gets_a_job_and_is_told_what_a_tool_needs() {
    let house = House::start(COMMANDS).await;
    let plain = Client { capabilities: json!({ "sampling": {} }), ..Client::of(&house, ANN) };
    let result = plain.call("build", json!({})).await["result"].clone();
    assert_eq!(result["resultType"], "complete");
    assert!(text(&result).contains("job_wait"), "{result}");
    let (status, refused) = plain.ask_with("tasks/get", json!({ "taskId": "any" }), &[]).await;
    assert_eq!((status, &refused[0]["error"]["code"]), (400, &json!(-32021)));
    let (status, refused) = plain.ask_with("tools/call", json!({ "name": "only-tasks" }), &[]).await;
    let needed = json!({ "requiredCapabilities": { "extensions": { "io.modelcontextprotocol/tasks": {} } } });
    assert_eq!((status, &refused[0]["error"]["code"]), (400, &json!(-32021)), "{refused:?}");
    assert_eq!(refused[0]["error"]["data"], needed);
    let able = json!({ "sampling": {}, "extensions": { "io.modelcontextprotocol/tasks": {} } });
    let able = Client { capabilities: able, ..Client::of(&house, ANN) };
    assert_eq!(able.call("only-tasks", json!({})).await["result"]["resultType"], "task");
    let older =
        answer(house.post(&call(1, "only-tasks", json!({}))).bearer_auth(ANN).send().await.unwrap()).await;
    assert!(text(&older["result"]).contains("`tasks` and `sampling`"), "{older}");
    assert_eq!(older["result"]["isError"], true);
}

#[tokio::test]
async fn log_messages_come_to_those_who_ask_for_them() {
    let house = House::start(COMMANDS).await;
    let ann = Client::of(&house, ANN);
    let told = |messages: &[Value]| -> Vec<(String, String)> {
        let logs = messages.iter().filter(|message| message["method"] == "notifications/message");
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        logs.map(|log| (text(&log["params"]["level"]), text(&log["params"]["data"]))).collect()
    };
    let pair = |level: &str, text: &str| (level.to_owned(), text.to_owned());
    let talks = |level: Value| json!({ "name": "talks", "arguments": {}, "level": level });
    assert_eq!(told(&ann.ask_with("tools/call", talks(Value::Null), &[]).await.1), []);
    let (_, all) = ann.ask_with("tools/call", talks("debug".into()), &[]).await;
    let mut heard = told(&all);
    heard.sort();
    assert_eq!(
        heard,
        [pair("debug", "in detail"), pair("error", "it is hot"), pair("info", "to the operator")]
    );
    let (_, hot) = ann.ask_with("tools/call", talks("warning".into()), &[]).await;
    assert_eq!(told(&hot), [pair("error", "it is hot")]);
    assert!(text(&hot.last().unwrap()["result"]).contains("result\n"));
}

#[tokio::test]
async fn a_session_says_once_which_messages_it_wants() {
    let free = COMMANDS.split_once("commands:").unwrap().1;
    let house = House::start(&format!("commands:{free}")).await;
    let session = house.initialize().await;
    let send = |message: Value| house.post(&message).header("Mcp-Session-Id", &session).send();
    let heard =
        |messages: Vec<Value>| messages.iter().filter(|message| message.get("method").is_some()).count();
    assert_eq!(heard(messages(send(call(1, "talks", json!({}))).await.unwrap()).await), 0);
    let set = answer(send(request(2, "logging/setLevel", json!({ "level": "info" }))).await.unwrap()).await;
    assert_eq!(set["result"], json!({}));
    assert_eq!(heard(messages(send(call(3, "talks", json!({}))).await.unwrap()).await), 2);
}

#[tokio::test]
async fn a_value_that_a_header_repeats_has_to_be_the_same() {
    let house = House::start(COMMANDS).await;
    let ann = Client::of(&house, ANN);
    let call = |region: &str| json!({ "name": "routed", "arguments": { "region": region } });
    let (status, right) = ann.ask_with("tools/call", call("eu"), &[("Mcp-Param-Region", "eu")]).await;
    assert_eq!((status, text(&right[0]["result"])), (200, "eu\n"));
    for headers in [&[("Mcp-Param-Region", "us")][..], &[], &[("Mcp-Param-Region", "=?base64?!?=")]] {
        let (status, refused) = ann.ask_with("tools/call", call("eu"), headers).await;
        assert_eq!((status, &refused[0]["error"]["code"]), (400, &json!(-32020)), "{headers:?}: {refused:?}");
    }
}

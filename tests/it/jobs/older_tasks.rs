//! Tasks as the revision 2025-11-25 has them: whom they are offered, whose they are, and what they say.

#![cfg(all(feature = "server", feature = "http", feature = "jobs"))]

use serde_json::{Value, json};

use crate::server::house::{House, messages, request};
use crate::support::client::{Client, modern_meta, text};

use super::{KEYS, go, job, serving};

const FILE: &str = r#"
server:
  drain: 0s
  jobs: { folder: kept, max: 400, per_caller: 400 }
commands:
  - name: build
    description: Takes its time.
    background: true
    shell: sh
    run: echo begun; until [ -e go ]; do sleep 0.02; done; echo built; exit "$PARAM_code"
    params: { code: { type: integer, default: 0 } }
    timeout: 1h
  - { name: quick, description: Is over in time., script: echo, args: [here], timeout: 1h, detach_after: 50s }
  - { name: short, description: Never takes long., script: echo }
"#;

async fn begin(client: &mut Client, tool: &str, arguments: Value) -> Value {
    let params = json!({ "name": tool, "arguments": arguments, "task": { "ttl": 60_000 } });
    client.ask("begin", "tools/call", params).await
}

async fn ask(client: &mut Client, method: &str, task: &Value) -> Value {
    client.ask(method, method, json!({ "taskId": task })).await
}

#[tokio::test]
async fn a_call_is_a_task_where_its_client_asks_for_one_and_a_job_as_well() {
    let mut server = serving(FILE).await;
    let created = begin(&mut server.client, "build", json!({})).await;
    let task = created["result"]["task"].clone();
    assert_eq!((&task["status"], &task["pollInterval"]), (&json!("working"), &json!(1000)), "{created}");
    // As long as it may run, and the time that its result can at least be asked for.
    assert!(task["ttl"].as_u64() >= Some(3_600_000 + 600_000), "{task}");
    let id = &task["taskId"];
    server.client.request("result", "tasks/result", json!({ "taskId": id })).await;
    let standing = ask(&mut server.client, "tasks/get", id).await;
    assert_eq!((&standing["result"]["taskId"], &standing["result"]["status"]), (id, &json!("working")));
    assert!(server.client.passed().is_empty(), "the result waits");
    go(server.folder.path());
    let result = server.client.answer("result").await["result"].clone();
    assert_eq!((text(&result), &result["isError"]), ("begun\nbuilt\n", &json!(false)));
    assert_eq!(result["_meta"]["io.modelcontextprotocol/related-task"], json!({ "taskId": id }));
    let standing = ask(&mut server.client, "tasks/get", id).await;
    assert_eq!(standing["result"]["status"], "completed");
    assert_eq!(standing["result"]["statusMessage"], "built");
    let over = server.client.call(1, "job_wait", json!({ "job_id": id })).await;
    assert_eq!((job(&over), text(&over)), (id.as_str().unwrap().to_owned(), "begun\nbuilt\n"));
    // It says that it failed, as the revision has it, and what came of it all the same.
    let failed =
        begin(&mut server.client, "build", json!({ "code": 3 })).await["result"]["task"]["taskId"].clone();
    let result = ask(&mut server.client, "tasks/result", &failed).await["result"].clone();
    assert!(result["isError"] == true && text(&result).contains("exit code 3"), "{result}");
    assert_eq!(ask(&mut server.client, "tasks/get", &failed).await["result"]["status"], "failed");
    // Even what is over in time.
    let quick = begin(&mut server.client, "quick", json!({})).await["result"]["task"]["taskId"].clone();
    assert_eq!(text(&ask(&mut server.client, "tasks/result", &quick).await["result"]), "here\n");
}

#[tokio::test]
async fn what_cannot_become_a_task_is_an_error_of_the_protocol() {
    let mut server = serving(FILE).await;
    for (tool, arguments, code, said) in [
        ("short", json!({}), -32601, "is not called as a task"),
        ("job_list", json!({}), -32601, "is not called as a task"),
        ("build", json!({ "code": "x" }), -32602, "code"),
        ("nothing", json!({}), -32602, "nothing"),
    ] {
        let error = begin(&mut server.client, tool, arguments).await["error"].clone();
        assert_eq!(error["code"], code, "{tool}: {error}");
        assert!(error["message"].as_str().is_some_and(|text| text.contains(said)), "{tool}: {error}");
    }
    for (method, params) in [
        ("tasks/get", json!({})),
        ("tasks/get", json!({ "taskId": 7 })),
        ("tasks/get", json!({ "taskId": "nothing" })),
        ("tasks/result", json!({ "taskId": "nothing" })),
        ("tasks/cancel", json!({ "taskId": "nothing" })),
        ("tasks/list", json!({ "cursor": "nothing" })),
    ] {
        let answer = server.client.ask(1, method, params.clone()).await;
        assert_eq!(answer["error"]["code"], -32602, "{method} {params}: {answer}");
    }
    assert_eq!(server.client.ask(2, "tasks/update", json!({ "taskId": "x" })).await["error"]["code"], -32601);
    // A call that asks for none is one.
    assert_eq!(text(&server.client.call(3, "quick", json!({})).await), "here\n");
}

#[tokio::test]
async fn who_asks_for_a_task_takes_one() {
    let file = FILE.replace("    timeout: 1h\n", "    timeout: 1h\n    requires: { client: [tasks] }\n");
    let mut server = serving(&file).await;
    let refused = server.client.call(1, "build", json!({})).await;
    assert!(refused["isError"] == true && text(&refused).contains("tasks"), "{refused}");
    let begun = begin(&mut server.client, "build", json!({})).await;
    assert_eq!(begun["result"]["task"]["status"], "working", "{begun}");
}

#[tokio::test]
async fn a_task_that_is_cancelled_has_ended_and_is_cancelled_once() {
    let mut server = serving(FILE).await;
    let id = begin(&mut server.client, "build", json!({})).await["result"]["task"]["taskId"].clone();
    server.client.request("result", "tasks/result", json!({ "taskId": id })).await;
    let cancelled = ask(&mut server.client, "tasks/cancel", &id).await;
    assert_eq!((&cancelled["result"]["taskId"], &cancelled["result"]["status"]), (&id, &json!("cancelled")));
    let again = ask(&mut server.client, "tasks/cancel", &id).await;
    assert_eq!(again["error"]["message"], "the task is over: cancelled");
    // Who does not want to wait any more leaves the task as it is.
    let other = begin(&mut server.client, "build", json!({})).await["result"]["task"]["taskId"].clone();
    server.client.request("wait", "tasks/result", json!({ "taskId": other })).await;
    server.client.notify("notifications/cancelled", json!({ "requestId": "wait" })).await;
    let standing = ask(&mut server.client, "tasks/get", &other).await;
    assert_eq!(standing["result"]["status"], "working");
}

#[tokio::test]
async fn tasks_are_listed_in_pages_the_newest_first() {
    let mut server = serving(FILE).await;
    for _ in 0..102 {
        begin(&mut server.client, "quick", json!({})).await;
    }
    let first = server.client.ask(1, "tasks/list", json!({})).await["result"].clone();
    assert_eq!(first["tasks"].as_array().map(Vec::len), Some(100));
    let rest = server.client.ask(2, "tasks/list", json!({ "cursor": first["nextCursor"] })).await;
    assert_eq!(rest["result"]["tasks"].as_array().map(Vec::len), Some(2), "{rest}");
    assert_eq!(rest["result"]["nextCursor"], Value::Null);
}

#[tokio::test]
async fn they_are_offered_to_their_revision_alone_and_only_where_there_can_be_any() {
    let without =
        FILE.split("  - { name: quick").next().unwrap().replace("background: true", "detach_after: never");
    for (file, version, is_offered) in
        [(FILE, "2025-11-25", true), (FILE, "2025-06-18", false), (without.as_str(), "2025-11-25", false)]
    {
        let mut server = crate::support::server::Server::start(file);
        let client = &mut server.client;
        let params = json!({ "protocolVersion": version, "capabilities": {}, "clientInfo": { "name": "t", "version": "1" } });
        let opened = client.ask(0, "initialize", params).await["result"].clone();
        assert_eq!(opened["protocolVersion"], version);
        let offered = json!({ "list": {}, "cancel": {}, "requests": { "tools": { "call": {} } } });
        assert_eq!(opened["capabilities"]["tasks"], if is_offered { offered } else { Value::Null });
        client.notify("notifications/initialized", json!({})).await;
        let tools = client.ask(1, "tools/list", json!({})).await["result"]["tools"].clone();
        let support: Vec<&Value> =
            tools.as_array().unwrap().iter().map(|tool| &tool["execution"]["taskSupport"]).collect();
        assert_eq!(support[0], &if is_offered { json!("optional") } else { Value::Null }, "{tools}");
        assert!(support.iter().skip(2).all(|support| support.is_null()), "{tools}");
        for method in ["tasks/get", "tasks/result", "tasks/list", "tasks/cancel"] {
            let code = client.ask(2, method, json!({ "taskId": "x" })).await["error"]["code"].clone();
            let expected = if is_offered && method != "tasks/list" { json!(-32602) } else { json!(-32601) };
            assert_eq!(
                code,
                if is_offered && method == "tasks/list" { Value::Null } else { expected },
                "{method}"
            );
        }
        // Where there are none it is a call like any other.
        let last = tools.as_array().unwrap().iter().any(|tool| tool["name"] == "quick");
        if !is_offered && last {
            let result = begin(client, "quick", json!({})).await["result"].clone();
            assert_eq!(text(&result), "here\n");
        }
        // The newer era has others in their place, also on this connection.
        let listed = client.ask(3, "tools/list", json!({ "_meta": modern_meta() })).await;
        assert!(!listed.to_string().contains("taskSupport"), "{listed}");
    }
}

#[tokio::test]
async fn tasks_of_somebody_else_are_as_unknown_as_none() {
    let commands = FILE.split("commands:").nth(1).unwrap();
    let house = House::start(&format!("{KEYS}commands:{commands}")).await;
    let session = async |who: &str| {
        let key = format!("{who}-has-a-long-key-0123456789abcdef");
        let params = json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "t", "version": "1" } });
        let sent = house.post(&request(0, "initialize", params)).bearer_auth(&key).send().await.unwrap();
        (key, sent.headers()["mcp-session-id"].to_str().unwrap().to_owned())
    };
    let ask = async |(key, session): &(String, String), method: &str, params: Value| {
        let sent = house.post(&request(1, method, params)).bearer_auth(key).header("Mcp-Session-Id", session);
        messages(sent.send().await.unwrap()).await.pop().unwrap()
    };
    let (ann, bob) = (session("ann").await, session("bob").await);
    let params = json!({ "name": "build", "arguments": {}, "task": {} });
    let id = ask(&ann, "tools/call", params).await["result"]["task"]["taskId"].clone();
    for method in ["tasks/get", "tasks/result", "tasks/cancel"] {
        let foreign = ask(&bob, method, json!({ "taskId": id })).await;
        let unknown = ask(&bob, method, json!({ "taskId": "nothing" })).await;
        assert_eq!(
            (&foreign["error"]["code"], &foreign["error"]),
            (&json!(-32602), &unknown["error"]),
            "{method}"
        );
    }
    assert_eq!(ask(&bob, "tasks/list", json!({})).await["result"]["tasks"], json!([]));
    assert_eq!(ask(&ann, "tasks/list", json!({})).await["result"]["tasks"][0]["taskId"], id);
    go(house.server.folder.path());
    assert_eq!(text(&ask(&ann, "tasks/result", json!({ "taskId": id })).await["result"]), "begun\nbuilt\n");
}

#[tokio::test]
async fn where_nobody_is_known_no_tasks_are_listed() {
    let house = House::start(FILE).await;
    let params = json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "t", "version": "1" } });
    let sent = house.post(&request(0, "initialize", params)).send().await.unwrap();
    let session = sent.headers()["mcp-session-id"].to_str().unwrap().to_owned();
    let opened = messages(sent).await.pop().unwrap();
    let tasks = json!({ "cancel": {}, "requests": { "tools": { "call": {} } } });
    assert_eq!(opened["result"]["capabilities"]["tasks"], tasks);
    let sent = house.post(&request(1, "tasks/list", json!({}))).header("Mcp-Session-Id", session);
    let listed = messages(sent.send().await.unwrap()).await.pop().unwrap();
    assert_eq!(listed["error"]["code"], -32601, "{listed}");
}

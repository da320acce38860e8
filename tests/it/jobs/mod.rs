//! Calls that go on when nobody waits for them, from outside: over stdio, over HTTP, at the shell, and
//! through the death of their server.

mod callers;
#[cfg(feature = "jobs")]
mod held;
#[cfg(feature = "jobs")]
mod killed;
mod older_tasks;
mod resources;
mod shell;
mod task_news;

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::client::{Client, text};
use crate::support::processes::{assert_none_left, mark, marked};
use crate::support::server::{Server, Wire};

/// A server over HTTP with two callers.
pub(super) const KEYS: &str = r#"
server:
  drain: 0s
  jobs: { folder: kept }
  http:
    auth:
      api_keys:
        - { name: ann, key: "ann-has-a-long-key-0123456789abcdef" }
        - { name: bob, key: "bob-has-a-long-key-0123456789abcdef" }
"#;

const COMMANDS: &str = r#"
server: { drain: 0s, jobs: { folder: kept, log_limit: 1KiB, max: 3, per_caller: 2 } }
defaults: { timeout: 1h, detach_after: 300ms }
commands:
  - name: quick
    description: Is over in time.
    script: echo
    args: [here]
    detach_after: 50s
  - name: slow
    description: Ends when it is told to.
    shell: sh
    run: echo begun; while [ ! -e go ]; do sleep 0.02; done; echo done; exit 3
  - name: behind
    description: Nobody waits for it.
    script: sh
    args: [-c, "echo begun; while [ ! -e go ]; do sleep 0.02; done; echo done", "{{mark}}"]
    params: { mark: { type: string, default: none } }
    background: true
  - name: chatty
    description: Writes more than is kept.
    shell: sh
    run: i=0; while [ $i -lt 400 ]; do i=$((i+1)); echo "line $i é"; done
    background: true
  - name: promised
    description: Its output has a form.
    shell: sh
    run: while [ ! -e go ]; do sleep 0.02; done; echo '{"a":1}'
    output: { format: json, schema: { type: object, properties: { a: { type: integer } } } }
"#;

pub(super) async fn serving(file: &str) -> Server {
    let mut server = Server::start(file);
    server.client.initialize().await;
    server
}

/// The next server of the same file.
pub(super) async fn again(server: &mut Server) -> Server {
    let folder = std::mem::replace(&mut server.folder, scratch());
    let mut next = Server::start_in(Wire::Pipes, folder);
    next.client.initialize().await;
    next
}

fn scratch() -> TempDir {
    tempfile::tempdir().expect("a scratch folder")
}

/// The job that a result tells of.
pub(super) fn job(result: &Value) -> String {
    result["_meta"]["mcpfier/job"]["id"].as_str().unwrap_or_else(|| panic!("no job: {result}")).to_owned()
}

pub(super) fn state(result: &Value) -> &str {
    result["_meta"]["mcpfier/job"]["state"].as_str().unwrap_or_else(|| panic!("no job: {result}"))
}

/// Waits to its end, however long one call may wait.
pub(super) async fn wait(client: &mut Client, id: &str) -> Value {
    for _ in 0..30 {
        let result = client.call("wait", "job_wait", json!({ "job_id": id, "seconds": 5 })).await;
        if result["_meta"]["mcpfier/job"]["state"] != "running" {
            return result;
        }
    }
    panic!("the job `{id}` does not end");
}

pub(super) fn go(folder: &Path) {
    std::fs::write(folder.join("go"), "").expect("a file");
}

/// All texts of a result as one.
fn texts(result: &Value) -> String {
    let blocks = result["content"].as_array().expect("content");
    blocks.iter().filter_map(|block| block["text"].as_str()).collect()
}

#[tokio::test]
async fn a_call_that_is_over_in_time_is_a_call() {
    let mut server = serving(COMMANDS).await;
    let result = server.client.call(1, "quick", json!({})).await;
    assert_eq!((text(&result), &result["isError"]), ("here\n", &json!(false)));
    assert_eq!(result["_meta"]["mcpfier/job"], Value::Null);
    let listed = server.client.call(2, "job_list", json!({})).await;
    assert_eq!(text(&listed), "there are no jobs");
    assert!(!server.folder.path().join("kept").read_dir().is_ok_and(|mut files| {
        files.any(|file| {
            file.expect("a file").path().join("logs").read_dir().is_ok_and(|logs| logs.count() > 0)
        })
    }));
}

#[tokio::test]
async fn a_call_that_takes_longer_becomes_a_job_and_gives_its_result_when_it_is_asked_for() {
    let mut server = serving(COMMANDS).await;
    let result = server.client.call(1, "slow", json!({})).await;
    let id = job(&result);
    let said = text(&result);
    assert!(said.starts_with(&format!("still running after 300ms, as the job `{id}`\n")), "{said}");
    assert!(said.contains("so far it wrote:\nbegun\n\n"), "{said}");
    assert!(said.contains(&format!("job_wait with job_id=\"{id}\"")), "{said}");
    assert_eq!(result["isError"], false);

    let waited = server.client.call(2, "job_wait", json!({ "job_id": id, "seconds": 1 })).await;
    assert!(text(&waited).starts_with(&format!("the job `{id}` is still running\n")), "{}", text(&waited));
    go(server.folder.path());
    let over = wait(&mut server.client, &id).await;
    assert!(text(&over).starts_with("begun\ndone\nexit code 3"), "{}", text(&over));
    assert_eq!((&over["isError"], state(&over)), (&json!(true), "failed"));
    assert_eq!(over["_meta"]["mcpfier/run"]["exitCode"], 3);

    let output = server.client.call(3, "job_output", json!({ "job_id": id })).await;
    assert_eq!(text(&output), "begun\ndone\n\n[failed; bytes 0 to 11 of 11; this is the end]");
    let part = server.client.call(4, "job_output", json!({ "job_id": id, "offset": -5, "limit": 2 })).await;
    assert_eq!(text(&part), "do\n[failed; bytes 6 to 8 of 11; there is more: offset=8]");
    let listed = server.client.call(5, "job_list", json!({})).await;
    assert!(text(&listed).starts_with(&format!("{id}  failed  slow  begun ")), "{}", text(&listed));
}

#[tokio::test]
async fn a_command_in_the_background_is_answered_at_once() {
    let mut server = serving(COMMANDS).await;
    let result = server.client.call(1, "behind", json!({})).await;
    let id = job(&result);
    assert!(text(&result).starts_with(&format!("begun, as the job `{id}`\n")), "{}", text(&result));
    go(server.folder.path());
    let over = wait(&mut server.client, &id).await;
    assert_eq!((text(&over), state(&over)), ("begun\ndone\n", "succeeded"));
}

#[tokio::test]
async fn who_waits_for_a_job_hears_what_it_writes() {
    let mut server = serving(COMMANDS).await;
    let id = job(&server.client.call(1, "behind", json!({})).await);
    let params = json!({
        "name": "job_wait",
        "arguments": { "job_id": id },
        "_meta": { "progressToken": "t" },
    });
    server.client.request(2, "tools/call", params).await;
    server.client.is_told_something().await;
    go(server.folder.path());
    let over = server.client.answer(2).await;
    assert_eq!(text(&over["result"]), "begun\ndone\n");
    assert!(!server.client.passed().is_empty());
}

#[tokio::test]
async fn a_job_that_is_cancelled_leaves_no_process() {
    let mut server = serving(COMMANDS).await;
    let mark = mark();
    let id = job(&server.client.call(1, "behind", json!({ "mark": mark })).await);
    while marked(&mark).is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let cancelled = server.client.call(2, "job_cancel", json!({ "job_id": id })).await;
    let expected = format!("the job `{id}` is cancelled; nothing of it runs any more");
    assert_eq!((text(&cancelled), state(&cancelled)), (expected.as_str(), "cancelled"));
    assert_none_left(&mark, Duration::ZERO);
    let again = server.client.call(3, "job_cancel", json!({ "job_id": id })).await;
    assert_eq!(text(&again), format!("the job `{id}` was over before: cancelled"));
}

#[tokio::test]
async fn a_call_that_is_cancelled_before_it_is_left_is_no_job() {
    let mark = mark();
    let file = COMMANDS.replace("    background: true\n", "    detach_after: 30s\n");
    let mut server = serving(&file).await;
    let params = json!({ "name": "behind", "arguments": { "mark": mark } });
    server.client.request(1, "tools/call", params).await;
    while marked(&mark).is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    server.client.notify("notifications/cancelled", json!({ "requestId": 1 })).await;
    assert_none_left(&mark, Duration::from_secs(10));
    assert_eq!(text(&server.client.call(2, "job_list", json!({})).await), "there are no jobs");
}

#[tokio::test]
async fn there_are_no_more_jobs_than_may_be_and_calls_beyond_are_waited_for() {
    let mut server = serving(COMMANDS).await;
    for number in 0..2 {
        server.client.call(number, "behind", json!({})).await;
    }
    let refused = server.client.call(3, "behind", json!({})).await;
    let expected = "no more jobs now: 2 of this caller are running, which is as many as may; wait for one of them, \
                    or cancel it";
    assert_eq!((text(&refused), &refused["isError"]), (expected, &json!(true)));
    let params = json!({ "name": "slow", "arguments": {} });
    server.client.request(4, "tools/call", params).await;
    assert!(server.client.hears_nothing_for(Duration::from_millis(600)).await);
    go(server.folder.path());
    let waited = server.client.answer(4).await;
    assert!(text(&waited["result"]).starts_with("begun\ndone\nexit code 3"), "{waited}");
}

#[tokio::test]
async fn the_beginning_of_a_long_log_is_kept_and_read_in_whole_characters() {
    let mut server = serving(COMMANDS).await;
    let id = job(&server.client.call(1, "chatty", json!({})).await);
    let over = wait(&mut server.client, &id).await;
    assert!(text(&over).ends_with("line 400 é\n"), "{}", text(&over));
    let (mut whole, mut offset) = (String::new(), 0);
    loop {
        let arguments = json!({ "job_id": id, "offset": offset, "limit": 10 });
        let output = server.client.call(2, "job_output", arguments).await;
        let (piece, _) = text(&output).rsplit_once("\n[").expect("a last line");
        whole.push_str(piece);
        let next = output["_meta"]["mcpfier/job"]["nextOffset"].as_u64().expect("an offset");
        assert!(next > offset || text(&output).contains("was not kept"), "{}", text(&output));
        if next == offset || next == 1024 {
            assert!(text(&output).contains("what came after 1024 bytes was not kept"), "{}", text(&output));
            break;
        }
        offset = next;
    }
    let expected: String = (1..=400).map(|number| format!("line {number} é\n")).collect();
    assert!(expected.starts_with(whole.trim_end_matches('\u{fffd}')), "{whole}");
    assert!(whole.len() >= 1022, "{}", whole.len());
}

#[tokio::test]
async fn what_has_no_form_yet_is_not_taken_for_it() {
    let mut server = serving(COMMANDS).await;
    let result = server.client.call(1, "promised", json!({})).await;
    assert_eq!(result["isError"], true, "clients look for structured content in a success");
    go(server.folder.path());
    let over = wait(&mut server.client, &job(&result)).await;
    assert_eq!((&over["isError"], &over["structuredContent"]), (&json!(false), &json!({ "a": 1 })));
}

#[tokio::test]
async fn tools_for_jobs_are_there_only_where_something_can_become_one() {
    const NAMES: [&str; 4] = ["job_wait", "job_output", "job_cancel", "job_list"];
    let file = |more: &str| format!("commands:\n  - {{ name: x, description: X., script: echo{more} }}\n");
    for (more, is_there) in [
        ("", false),
        (", timeout: 45s", false),
        (", timeout: 46s", true),
        (", timeout: 1h, detach_after: never", false),
        (", background: true", true),
        (", timeout: 1h, expose: false", false),
    ] {
        let mut server = serving(&file(more)).await;
        let listed = server.client.ask(1, "tools/list", json!({})).await;
        let names: Vec<&str> = listed["result"]["tools"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|tool| tool["name"].as_str())
            .collect();
        let own: Vec<&str> = names.into_iter().filter(|name| *name != "x").collect();
        assert_eq!(own, if is_there { &NAMES[..] } else { &[] }, "{more}");
        let called = server.client.ask(2, "tools/call", json!({ "name": "job_list", "arguments": {} })).await;
        assert_eq!(called["result"].is_object(), is_there, "{called}");
    }
}

#[tokio::test]
async fn bad_arguments_of_our_tools_are_refused_like_those_of_others() {
    let mut server = serving(COMMANDS).await;
    for (tool, arguments, said) in [
        ("job_wait", json!({}), "job_id"),
        ("job_wait", json!({ "job_id": "x", "seconds": 46 }), "seconds"),
        ("job_output", json!({ "job_id": "x", "limit": 0 }), "limit"),
        ("job_list", json!({ "limit": "all" }), "limit"),
        ("job_list", json!({ "strange": 1 }), "strange"),
    ] {
        let result = server.client.call(1, tool, arguments).await;
        assert_eq!(result["isError"], true);
        assert!(texts(&result).contains(said), "{tool}: {}", texts(&result));
    }
    for id in ["x", "../jobs.db", "", "ü", &"x".repeat(100)] {
        let result =
            server.client.ask(2, "tools/call", json!({ "name": "job_wait", "arguments": { "job_id": id } }));
        assert_eq!(result.await["result"]["isError"], true);
    }
}

#[tokio::test]
async fn what_is_over_survives_its_server() {
    let mut server = serving(COMMANDS).await;
    let id = job(&server.client.call(1, "behind", json!({})).await);
    go(server.folder.path());
    let before = wait(&mut server.client, &id).await;
    server.client.hang_up();
    assert!(server.ended().await.0.success());
    let mut next = again(&mut server).await;
    let mut after = next.client.call(1, "job_wait", json!({ "job_id": id })).await;
    assert_eq!(after["_meta"], before["_meta"]);
    after["_meta"] = before["_meta"].clone();
    assert_eq!(after, before);
    let output = next.client.call(2, "job_output", json!({ "job_id": id })).await;
    assert!(text(&output).starts_with("begun\ndone\n\n[succeeded;"), "{}", text(&output));
    assert!(text(&next.client.call(3, "job_list", json!({})).await).starts_with(&id));
}

#[tokio::test]
async fn what_runs_when_the_client_goes_is_ended_and_says_so() {
    let mut server = serving(COMMANDS).await;
    let mark = mark();
    let id = job(&server.client.call(1, "behind", json!({ "mark": mark })).await);
    while marked(&mark).is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    server.client.hang_up();
    assert!(server.ended().await.0.success());
    assert_none_left(&mark, Duration::ZERO);
    let mut next = again(&mut server).await;
    let after = next.client.call(1, "job_wait", json!({ "job_id": id })).await;
    assert_eq!(state(&after), "cancelled");
}

#[tokio::test]
async fn a_job_goes_on_as_long_as_the_server_drains() {
    let mut server = serving(&COMMANDS.replace("drain: 0s", "drain: 30s")).await;
    let id = job(&server.client.call(1, "behind", json!({})).await);
    server.client.hang_up();
    let folder = server.folder.path().to_owned();
    let later = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        go(&folder);
    };
    let ((status, took), ()) = tokio::join!(server.ended(), later);
    assert!(status.success() && took < Duration::from_secs(20), "{status} {took:?}");
    let mut next = again(&mut server).await;
    let after = next.client.call(1, "job_wait", json!({ "job_id": id })).await;
    assert_eq!((text(&after), state(&after)), ("begun\ndone\n", "succeeded"));
}

#[tokio::test]
async fn two_servers_of_one_file_see_the_jobs_of_their_caller() {
    let mut one = serving(COMMANDS).await;
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_mcpfier"));
    command.arg("--config").arg(one.folder.path().join("tools.yaml"));
    let mut other = Server::run(Wire::Pipes, scratch(), command);
    other.client.initialize().await;
    let id = job(&one.client.call(1, "behind", json!({})).await);
    let seen = other.client.call(1, "job_wait", json!({ "job_id": id, "seconds": 1 })).await;
    assert_eq!(state(&seen), "running");
    go(one.folder.path());
    let over = wait(&mut other.client, &id).await;
    assert_eq!((text(&over), state(&over)), ("begun\ndone\n", "succeeded"));
    std::fs::remove_file(one.folder.path().join("go")).expect("it is there");
    let second = job(&one.client.call(2, "behind", json!({})).await);
    other.client.call(2, "job_cancel", json!({ "job_id": second })).await;
    let over = wait(&mut other.client, &second).await;
    assert_eq!(state(&over), "cancelled");
}

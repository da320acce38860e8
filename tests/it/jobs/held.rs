//! What calls leave on the disk that may become jobs: nothing, unless they become one or their answers are cut;
//! and what they print is in the log of such a job from its first byte on, however much that was.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use crate::support::client::text;
use crate::support::server::Server;

use super::{again, go, job, serving, wait};

const COMMANDS: &str = r#"
server: { drain: 0s, jobs: { folder: kept, log_limit: 2500KiB } }
secrets: { word: { script: printf, args: ["300000\n300001"] } }
defaults: { timeout: 1h, limits: { output: 4KiB } }
commands:
  - name: much
    description: Prints more than a call keeps.
    shell: sh
    run: seq 100000 500000; while [ ! -e go ]; do sleep 0.02; done; echo done
  - name: left
    description: Prints as much, and is left to itself.
    shell: sh
    run: seq 100000 500000; while [ ! -e go ]; do sleep 0.02; done; echo done
    env: { WORD: "{{secrets.word}}" }
    detach_after: 1500ms
  - name: little
    description: Prints what a call keeps.
    shell: sh
    run: seq 100; while [ ! -e go ]; do sleep 0.02; done; echo done
"#;

/// The files below a part of the one folder that is kept.
fn files(folder: &Path, part: &str) -> Vec<PathBuf> {
    let below = |path: PathBuf| path.read_dir().into_iter().flatten().flatten().map(|entry| entry.path());
    let mut found: Vec<PathBuf> =
        below(folder.join("kept")).map(|kept| kept.join(part)).flat_map(below).collect();
    if part == "held" {
        found = found.into_iter().flat_map(below).collect();
    }
    found
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(60), "never: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn call(server: &mut Server, id: u64, tool: &str) {
    server.client.request(id, "tools/call", json!({ "name": tool, "arguments": {} })).await;
}

#[tokio::test]
async fn what_a_call_prints_waits_in_a_file_if_it_is_much_and_stays_where_its_answer_was_cut() {
    let mut server = serving(COMMANDS).await;
    let folder = server.folder.path().to_owned();
    call(&mut server, 1, "much").await;
    let is_written =
        || files(&folder, "held").iter().any(|file| file.metadata().is_ok_and(|file| file.len() > 0));
    until("it is in a file", is_written).await;
    assert_eq!(files(&folder, "logs"), Vec::<PathBuf>::new());
    let listed = server.client.call(2, "job_list", json!({})).await;
    assert_eq!(text(&listed), "there are no jobs");
    go(&folder);
    let answer = server.client.answer(1).await;
    assert!(text(&answer["result"]).contains("done\n\n[all that is kept of it: job_output"), "{answer}");
    until("the file is elsewhere", || files(&folder, "held").is_empty()).await;
    assert_eq!(files(&folder, "logs").len(), 1, "{answer}");
}

#[tokio::test]
async fn what_a_call_has_printed_is_gone_with_it_when_it_is_cancelled() {
    let mut server = serving(COMMANDS).await;
    let folder = server.folder.path().to_owned();
    call(&mut server, 1, "much").await;
    until("it is in a file", || !files(&folder, "held").is_empty()).await;
    server.client.notify("notifications/cancelled", json!({ "requestId": 1 })).await;
    until("the file is gone", || files(&folder, "held").is_empty()).await;
    assert_eq!(files(&folder, "logs"), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn a_call_that_prints_little_makes_no_file() {
    let mut server = serving(COMMANDS).await;
    let folder = server.folder.path().to_owned();
    call(&mut server, 1, "little").await;
    go(&folder);
    server.client.answer(1).await;
    assert!(!folder.join("kept").exists());
}

#[tokio::test]
async fn the_log_of_a_call_that_becomes_a_job_has_its_beginning_however_much_it_had_printed() {
    let mut server = serving(COMMANDS).await;
    let folder = server.folder.path().to_owned();
    let result = server.client.call(1, "left", json!({})).await;
    let id = job(&result);
    until("its log has its name", || !files(&folder, "logs").is_empty()).await;
    assert!(files(&folder, "held").is_empty());
    go(&folder);
    let over = wait(&mut server.client, &id).await;
    assert!(text(&over).ends_with("done\n"), "{}", text(&over));
    let expected: String = (100_000..=500_000).map(|number| format!("{number}\n")).collect();
    let expected = expected.replace("300000\n300001", "[redacted]");
    let mut offset = 0;
    let mut whole = String::new();
    loop {
        let arguments = json!({ "job_id": id, "offset": offset, "limit": 262_144 });
        let output: Value = server.client.call(2, "job_output", arguments).await;
        let (piece, _) = text(&output).rsplit_once("\n[").expect("a last line");
        whole.push_str(piece);
        let next = output["_meta"]["mcpfier/job"]["nextOffset"].as_u64().expect("an offset");
        if next == offset {
            break;
        }
        offset = next;
    }
    assert_eq!(whole.len(), 2500 << 10, "as much as is kept");
    assert!(expected.starts_with(&whole), "from its first byte on, without a gap and without the secret");
}

#[tokio::test]
async fn what_a_server_that_was_killed_held_for_its_callers_is_removed_by_the_next() {
    let mut server = serving(COMMANDS).await;
    let folder = server.folder.path().to_owned();
    call(&mut server, 1, "much").await;
    until("it is in a file", || !files(&folder, "held").is_empty()).await;
    server.signal(Signal::SIGKILL);
    server.ended().await;
    assert!(!files(&folder, "held").is_empty());
    let mut next = again(&mut server).await;
    let listed = next.client.call(1, "job_list", json!({})).await;
    assert_eq!(text(&listed), "there are no jobs");
    assert!(files(&folder, "held").is_empty());
}

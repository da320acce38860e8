//! The server dies in the middle of things: nothing is forgotten, nothing is run twice, nothing runs on.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::json;

use crate::support::client::text;
use crate::support::processes::{assert_none_left, mark, marked};

use super::{again, job, serving, state};

const COMMANDS: &str = r#"
server: { calls: { max: 200, queue: 200 }, jobs: { folder: kept, max: 200, per_caller: 200 } }
commands:
  - name: note
    description: Notes that it ran, and takes a while.
    script: sh
    args: [-c, 'echo ran >>"ran-$0-$1"; echo begun; sleep "0.$1"; echo done', "{{mark}}", "{{n}}"]
    params: { n: { type: integer, minimum: 10, maximum: 999 }, mark: { type: string } }
    timeout: 1m
    background: true
  - name: long
    description: Says something and stays.
    script: sh
    args: [-c, "echo first; echo second; sleep 1000; true", "{{mark}}"]
    params: { mark: { type: string } }
    timeout: 1h
    background: true
"#;

/// As many times in CI; `MCPFIER_JOB_KILLS=50` for the whole of it.
const MOMENTS: usize = 4;

const JOBS: usize = 100;

fn database(folder: &Path) -> PathBuf {
    let mut kept = folder.join("kept").read_dir().expect("jobs were kept");
    kept.next().expect("a folder of this file").expect("it can be read").path().join("jobs.db")
}

#[tokio::test]
async fn a_job_that_ran_when_its_server_died_is_lost_with_what_it_had_written() {
    let mut server = serving(COMMANDS).await;
    let mark = mark();
    let id = job(&server.client.call(1, "long", json!({ "mark": mark })).await);
    loop {
        let output = server.client.call(2, "job_output", json!({ "job_id": id })).await;
        if text(&output).contains("second") && !marked(&mark).is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // What was read is on its way to the disk.
    let log = database(server.folder.path()).with_file_name("logs").join(&id);
    while std::fs::read_to_string(&log).unwrap_or_default() != "first\nsecond\n" {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    server.signal(Signal::SIGKILL);
    server.ended().await;
    assert_none_left(&mark, Duration::from_secs(10));
    let mut next = again(&mut server).await;
    let lost = next.client.call(1, "job_wait", json!({ "job_id": id })).await;
    assert_eq!((state(&lost), &lost["isError"]), ("lost", &json!(true)));
    assert!(text(&lost).starts_with("lost: the server died while it ran"), "{}", text(&lost));
    let output = next.client.call(2, "job_output", json!({ "job_id": id })).await;
    assert_eq!(text(&output), "first\nsecond\n\n[lost; bytes 0 to 13 of 13; this is the end]");
    let listed = next.client.call(3, "job_list", json!({})).await;
    assert!(text(&listed).starts_with(&format!("{id}  lost  long")), "{}", text(&listed));
    assert!(text(&listed).trim_end().ends_with("second"), "{}", text(&listed));
}

#[tokio::test]
async fn whenever_the_server_is_killed_no_job_is_forgotten_or_run_twice() {
    let moments = std::env::var("MCPFIER_JOB_KILLS").ok().and_then(|moments| moments.parse().ok());
    let moments = moments.unwrap_or(MOMENTS);
    let mut server = serving(COMMANDS).await;
    let mut known: BTreeSet<String> = BTreeSet::new();
    let mut states = std::collections::BTreeMap::<String, usize>::new();
    let mut ran = 0;
    for _ in 0..moments {
        let mark = mark();
        for number in 0..JOBS {
            let arguments = json!({ "n": 10 + number, "mark": mark });
            server
                .client
                .request(number, "tools/call", json!({ "name": "note", "arguments": arguments }))
                .await;
        }
        // Anything between the first answer and long after the last.
        server.client.is_told_something().await;
        tokio::time::sleep(Duration::from_millis(random() % 1500)).await;
        server.signal(Signal::SIGKILL);
        server.ended().await;
        let answers = server.client.rest_of_a_dead_server().await;
        let ids: Vec<String> = answers
            .iter()
            .filter(|answer| answer["result"].is_object())
            .map(|answer| job(&answer["result"]))
            .collect();
        known.extend(ids.iter().cloned());
        assert_none_left(&mark, Duration::from_secs(20));
        let check = rusqlite::Connection::open(database(server.folder.path())).expect("a database");
        let whole: String =
            check.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("an answer");
        assert_eq!(whole, "ok");
        drop(check);
        server = again(&mut server).await;
        for id in &ids {
            let result = server.client.call("state", "job_wait", json!({ "job_id": id, "seconds": 1 })).await;
            assert!(result["_meta"]["mcpfier/job"].is_object(), "`{id}` is forgotten: {result}");
            assert!(matches!(state(&result), "succeeded" | "lost"), "{result}");
            *states.entry(state(&result).to_owned()).or_default() += 1;
        }
        ran += how_many_ran_once(server.folder.path(), &mark);
    }
    println!("{} jobs answered, {ran} begun, over {moments} moments: {states:?}", known.len());
    assert!(!known.is_empty());
}

/// Of those of one moment; none of them has run twice.
fn how_many_ran_once(folder: &Path, mark: &str) -> usize {
    let mut ran = 0;
    for entry in folder.read_dir().expect("a folder").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with(&format!("ran-{mark}-")) {
            // One that was killed in between has a file without a line.
            let times = std::fs::read_to_string(entry.path()).expect("a file").lines().count();
            assert!(times <= 1, "{name}: {times} times");
            ran += 1;
        }
    }
    ran
}

fn random() -> u64 {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).expect("random numbers");
    u64::from_le_bytes(bytes)
}

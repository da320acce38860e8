//! Very many clients at once: further threads see them through, and lose nothing.

use std::fs;
use std::net::TcpStream;
use std::thread::available_parallelism;

use nix::sys::signal::Signal;
use reqwest::Response;
use serde_json::json;

use super::attack::held;
use super::house::{COMMANDS, House, answer, call, until};
use crate::support::client::text;
use crate::support::server::is_alive;

/// More than one thread takes alone.
const MANY: usize = 80;

/// Its calls can be counted.
const COUNTED: &str = r#"
  - name: counted
    description: Says something after a while.
    shell: sh
    run: echo begun >>begun; sleep 3; echo done
"#;

async fn house(more: &str) -> House {
    House::start(&format!("{COMMANDS}{COUNTED}\nserver: {{ calls: {{ max: 128, queue: 128 }}{more} }}\n"))
        .await
}

/// The threads that see connections through beside the first one.
fn further_threads(house: &House) -> usize {
    let tasks = fs::read_dir(format!("/proc/{}/task", house.server.pid())).expect("the server is there");
    let names = tasks.flatten().filter_map(|task| fs::read_to_string(task.path().join("comm")).ok());
    names.filter(|name| name.trim() == "connections").count()
}

fn is_alone() -> bool {
    available_parallelism().map_or(1, usize::from) == 1
}

#[tokio::test]
async fn many_calls_at_once_are_answered_by_several_threads_also_while_the_server_goes() {
    let mut house = house("").await;
    let alone = answer(house.plain(&call(0, "echo", json!({ "what": "one" }))).send().await.unwrap()).await;
    assert_eq!((text(&alone["result"]), further_threads(&house)), ("one\n", 0));
    let calls = (0..MANY).zip(0..).map(|(_, id)| house.plain(&call(id, "counted", json!({}))).send());
    let calls: Vec<_> = calls.map(tokio::spawn).collect();
    let begun = house.server.folder.path().join("begun");
    let count = || fs::read_to_string(&begun).map_or(0, |text| text.lines().count());
    until("all have begun", || count() == MANY).await;
    until("another thread takes some of them", || is_alone() || further_threads(&house) > 0).await;
    house.server.signal(Signal::SIGTERM);
    for sent in calls {
        let answered = answer(sent.await.unwrap().expect("no call is lost")).await;
        assert_eq!(text(&answered["result"]), "done\n");
    }
    assert!(house.server.ended().await.0.success());
}

/// A call that hangs, and the processes that it has begun.
async fn hang(house: &House) -> (Response, Vec<i32>) {
    let call = house.modern(1, "tools/call", json!({ "name": "hang", "arguments": {} }));
    let response = call.send().await.unwrap();
    house.server.file("ready").await;
    let pids = house.server.file("hanging").await;
    let pids: Vec<i32> = pids.lines().map(|pid| pid.parse().unwrap()).collect();
    assert!(pids.len() == 2 && pids.iter().all(|&pid| is_alive(pid)));
    (response, pids)
}

/// So many that the next one is not seen through by the first thread.
async fn crowd(house: &House) -> Vec<TcpStream> {
    let idle = (0..=MANY).map(|_| house.connect()).collect();
    until("all are held", || held(house) > MANY).await;
    until("another thread takes some of them", || is_alone() || further_threads(house) > 0).await;
    idle
}

#[tokio::test]
async fn a_client_that_goes_takes_its_call_with_it_from_another_thread() {
    let house = house("").await;
    let idle = crowd(&house).await;
    let (response, pids) = hang(&house).await;
    drop(response);
    until("the tree is gone", || !pids.iter().any(|&pid| is_alive(pid))).await;
    drop(idle);
}

#[tokio::test]
async fn what_still_runs_in_another_thread_when_the_time_is_up_is_killed() {
    let mut house = house(", drain: 300ms").await;
    let idle = crowd(&house).await;
    let (response, pids) = hang(&house).await;
    house.server.signal(Signal::SIGTERM);
    assert!(house.server.ended().await.0.success());
    assert!(!pids.iter().any(|&pid| is_alive(pid)), "something is left");
    drop((response, idle));
}

//! Whoever means harm: none gets in, none takes the server down, and others are served meanwhile.

mod bombs;
mod browsers;
mod chaos;
mod crowds;
mod frames;
mod guesses;
mod half_open;
mod log;
mod slow;
mod smuggling;

use std::time::{Duration, Instant};

use serde_json::json;

use super::house::{House, answer, call, until};
use crate::support::client::text;

/// A command that leaves a trace, so that a call of it which must not happen is seen.
pub const TRACE: &str = "
commands:
  - { name: trace, description: Leaves a trace., shell: sh, run: echo x >>traces }
  - { name: echo, description: Says it., script: echo, args: [\"{{what}}\"], params: { what: { type: string, maxLength: 1000 } } }
";

/// How often `trace` has run.
pub fn traces(house: &House) -> usize {
    let path = house.server.folder.path().join("traces");
    std::fs::read_to_string(path).map_or(0, |text| text.lines().count())
}

/// Somebody who means no harm is served, with a command, in a time that they would wait.
pub async fn serves(house: &House, when: &str) {
    let begun = Instant::now();
    let sent = house.plain(&call(1, "echo", json!({ "what": "served" }))).send().await;
    let sent = sent.unwrap_or_else(|error| panic!("{when}: {error}"));
    assert_eq!(text(&answer(sent).await["result"]), "served\n", "{when}");
    assert!(begun.elapsed() < Duration::from_secs(20), "{when}: served after {:?} only", begun.elapsed());
}

/// Bytes of memory that the server has.
pub fn memory(house: &House) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", house.server.pid()));
    let status = status.expect("the server is there");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|rest| rest.split_whitespace().next()?.parse::<usize>().ok());
    kibibytes.expect("it has memory") * 1024
}

/// The connections that the server holds.
pub fn held(house: &House) -> usize {
    let port = format!(":{:04X}", house.address.port());
    let table = std::fs::read_to_string("/proc/net/tcp").expect("the kernel lists connections");
    let is_held = |line: &&str| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let (local, state, inode) = (fields.get(1), fields.get(3), fields.get(9));
        // Nobody has those without a file any more; `0A` is what listens.
        local.is_some_and(|local| local.ends_with(&port)) && state != Some(&"0A") && inode != Some(&"0")
    };
    table.lines().filter(is_held).count()
}

/// Waits until the server holds no more connections.
pub async fn let_go(house: &House) {
    until("the connections are let go", || held(house) == 0).await;
}

/// A request to `/` in the form of the original, with more lines in its head.
pub fn plain(house: &House, more: &str, body: &str) -> String {
    format!(
        "POST / HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{more}\r\n{body}",
        house.address,
        body.len()
    )
}

/// The statuses of all answers in what came over a connection.
pub fn statuses(answered: &str) -> Vec<u16> {
    let after =
        answered.match_indices("HTTP/1.1 ").filter_map(|(at, found)| answered.get(at + found.len()..));
    after.filter_map(|rest| rest.get(..3)?.parse().ok()).collect()
}

//! Very many connections at once.

use std::io::Write;
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;

use super::super::house::{COMMANDS, House, answer, call};
use super::{held, let_go, memory, plain, serves};
use crate::support::client::text;
use crate::support::server::{Server, Wire};
use crate::support::skip::skip;

/// What one that is idle may cost; the aim is 10 KiB.
const EACH: usize = 10 << 10;

const MANY: usize = 10_000;

/// As many as there may be here: ten thousand, or what descriptors allow to one process, aloud. The server
/// has as many, and needs a quarter of them for commands.
fn many() -> usize {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let wanted = MANY * 3 / 2;
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).expect("there is a limit");
    let most = hard.max(wanted as u64);
    // Who is root here may raise the limit of all.
    let raised = [(most, most), (hard, hard)]
        .into_iter()
        .find(|(soft, hard)| setrlimit(Resource::RLIMIT_NOFILE, *soft, *hard).is_ok());
    let has = usize::try_from(raised.map_or(soft, |(soft, _)| soft)).unwrap_or(usize::MAX);
    if has < wanted {
        skip(&format!("{has} descriptors are too few for {MANY} idle connections; fewer are tried"));
    }
    (has / 2).min(MANY)
}

#[tokio::test]
async fn ten_thousand_idle_connections_cost_little_and_others_are_served() {
    let limits = "server: { http: { limits: { connections: 20000, header_timeout: 10m } } }";
    let count = many();
    let house = House::start(&format!("{COMMANDS}\n{limits}\n")).await;
    serves(&house, "at first").await;
    let memory_before = memory(&house);
    let idle: Vec<TcpStream> = (0..count).map(|_| house.connect()).collect();
    serves(&house, "beside the idle").await;
    let each = memory(&house).saturating_sub(memory_before) / count;
    assert!(held(&house) > count * 7 / 10, "{} connections are held", held(&house));
    assert!(each < EACH, "each of {count} idle connections costs {each} bytes");
    drop(idle);
    let_go(&house).await;
    serves(&house, "afterwards").await;
}

#[tokio::test]
async fn a_crowd_that_asks_for_nothing_keeps_nobody_out() {
    let limits = "server: { http: { limits: { connections: 20, header_timeout: 10m } } }";
    let house = House::start(&format!("{COMMANDS}\n{limits}\n")).await;
    let mut crowd: Vec<TcpStream> = (0..60).map(|_| house.connect()).collect();
    for stream in &mut crowd {
        let _ = stream.write_all(b"POST / HTTP/1.1\r\nHost: ");
    }
    for _ in 0..3 {
        serves(&house, "beside the crowd").await;
    }
    drop(crowd);
}

#[tokio::test]
async fn those_who_are_being_answered_keep_their_places() {
    let limits = "server: { http: { limits: { connections: 4 } } }";
    let house = House::start(&format!("{COMMANDS}\n{limits}\n")).await;
    let asking = (0..4).map(|id| house.plain(&call(id, "slow", json!({ "seconds": 3 }))).send());
    let asking: Vec<_> = asking.map(tokio::spawn).collect();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let later = house.plain(&call(9, "echo", json!({ "what": "later" }))).send();
    for answered in asking {
        let answered = answer(answered.await.unwrap().expect("nobody was sent away")).await;
        assert_eq!(text(&answered["result"]), "started\ndone\n");
    }
    assert_eq!(text(&answer(later.await.unwrap()).await["result"]), "later\n");
}

#[tokio::test]
async fn connections_do_not_take_the_descriptors_that_commands_need() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("tools.yaml"), format!("version: 1\n{COMMANDS}")).unwrap();
    let mut command = Command::new("sh");
    command.env_remove("PORT").arg("-c").arg("ulimit -n 256; exec \"$@\"").arg("sh");
    command.arg(env!("CARGO_BIN_EXE_mcpfier")).arg("--config").arg(folder.path().join("tools.yaml"));
    command.args(["--server", "--port", "0"]);
    let house = House::of(Server::run(Wire::Pipes, folder, command)).await;
    let crowd: Vec<TcpStream> = (0..400).map(|_| house.connect()).collect();
    let begun = Instant::now();
    for _ in 0..3 {
        serves(&house, "with few descriptors").await;
    }
    assert!(begun.elapsed() < Duration::from_secs(30));
    drop(crowd);
}

#[tokio::test]
async fn connections_that_come_and_go_leave_nothing() {
    let house = House::start(COMMANDS).await;
    serves(&house, "at first").await;
    let churn = |house: &House, count: usize| {
        for number in 0..count {
            let mut stream = house.connect();
            match number % 4 {
                0 => {}
                1 => drop(stream.write_all(b"GET /livez HTTP/1.1\r\nHo")),
                2 => drop(stream.write_all(plain(house, "", "{\"jsonrpc\"").as_bytes())),
                _ => drop(stream.write_all(b"\x16\x03\x01\x00\xff\x01")),
            }
        }
    };
    churn(&house, 500);
    let_go(&house).await;
    // A busy host takes many at once, and what they needed together is kept for the next time. What is
    // lost is lost each time.
    let mut least = usize::MAX;
    for _ in 0..5 {
        let memory_before = memory(&house);
        churn(&house, 3000);
        let_go(&house).await;
        least = least.min(memory(&house).saturating_sub(memory_before));
        if least < 4 << 20 {
            break;
        }
    }
    assert!(least < 4 << 20, "{least} bytes more after each 3,000 connections");
    assert_eq!(house.request(Method::GET, "/readyz").send().await.unwrap().status(), 200);
}

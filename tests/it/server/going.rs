//! How a server goes, seen from outside: who is told what, and what is still taken.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use reqwest::Method;
use serde_json::json;

use super::house::{COMMANDS, House, answer, call};
use crate::support::client::text;

#[tokio::test]
async fn with_a_notice_it_says_that_it_goes_before_it_does() {
    let mut house = House::start(&format!("{COMMANDS}\nserver: {{ http: {{ notice: 1500ms }} }}\n")).await;
    let ready = || house.request(Method::GET, "/readyz").send();
    assert_eq!(ready().await.unwrap().status(), 200);
    let said = house.plain(&call(1, "echo", json!({ "what": "before" }))).send().await.unwrap();
    assert!(!said.headers().contains_key("connection"), "{:?}", said.headers());
    house.server.signal(Signal::SIGTERM);
    let begun = Instant::now();
    while ready().await.unwrap().status() != 503 {
        assert!(begun.elapsed() < Duration::from_secs(1), "it does not say that it goes");
    }
    assert_eq!(house.request(Method::GET, "/livez").send().await.unwrap().status(), 200);
    // A balancer has not noticed yet.
    let late = house.plain(&call(2, "slow", json!({ "seconds": 2 }))).send().await.unwrap();
    assert_eq!(late.headers()["connection"], "close", "the next call may go elsewhere");
    assert_eq!(text(&answer(late).await["result"]), "started\ndone\n");
    let (status, _) = house.server.ended().await;
    assert!(status.success() && begun.elapsed() > Duration::from_millis(1400), "{:?}", begun.elapsed());
    assert!(house.request(Method::GET, "/livez").send().await.is_err(), "nobody listens");
}

#[tokio::test]
async fn requests_that_wait_at_the_door_when_it_closes_are_answered() {
    for _ in 0..3 {
        let mut house = House::start(COMMANDS).await;
        house.server.signal(Signal::SIGSTOP);
        let mut waiting: Vec<_> = (0..40).map(|_| house.connect()).collect();
        for (id, stream) in (0..).zip(&mut waiting) {
            let body = call(id, "echo", json!({ "what": "in time" })).to_string();
            let head = format!(
                "POST /mcp HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                house.address,
                body.len()
            );
            stream.write_all(head.as_bytes()).unwrap();
        }
        house.server.signal(Signal::SIGTERM);
        house.server.signal(Signal::SIGCONT);
        for mut stream in waiting {
            let mut answered = String::new();
            stream.read_to_string(&mut answered).expect("nothing is reset");
            assert!(answered.starts_with("HTTP/1.1 200") && answered.contains("in time"), "{answered}");
        }
        assert!(house.server.ended().await.0.success());
    }
}

#[tokio::test]
async fn what_comes_too_late_is_told_to_come_back() {
    let mut house = House::start(COMMANDS).await;
    let running = tokio::spawn(house.plain(&call(1, "slow", json!({ "seconds": 2 }))).send());
    let body = call(2, "echo", json!({ "what": "late" })).to_string();
    let mut late = house.connect();
    let head = format!(
        "POST / HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        house.address,
        body.len()
    );
    late.write_all(head.as_bytes()).unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    house.server.signal(Signal::SIGTERM);
    tokio::time::sleep(Duration::from_millis(800)).await;
    late.write_all(body.as_bytes()).unwrap();
    let mut answered = String::new();
    late.read_to_string(&mut answered).unwrap();
    let answered = answered.to_lowercase();
    assert!(answered.starts_with("http/1.1 503") && answered.contains("retry-after: 1"), "{answered}");
    let message = answer(running.await.unwrap().unwrap()).await;
    assert_eq!(text(&message["result"]), "started\ndone\n");
    assert!(house.server.ended().await.0.success());
}

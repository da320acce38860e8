//! How a server goes, seen from outside: who is told what, and what is still taken.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use reqwest::Method;
use serde_json::json;

use super::house::{COMMANDS, House, answer, call, messages};
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

/// Descriptors, and those that the kernel lets wait; or why it cannot be tried.
fn room_for(count: u64) -> Result<(), String> {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).map_err(|error| error.to_string())?;
    if setrlimit(Resource::RLIMIT_NOFILE, most, most).is_err() || most < 2 * count {
        return Err(format!("{most} descriptors are too few for {count} connections that wait"));
    }
    let waiting = std::fs::read_to_string("/proc/sys/net/core/somaxconn");
    match waiting.ok().and_then(|text| text.trim().parse::<u64>().ok()) {
        Some(waiting) if waiting < count => {
            Err(format!("net.core.somaxconn lets {waiting} connections wait, and {count} shall"))
        }
        _ => Ok(()),
    }
}

#[tokio::test]
async fn a_thousand_who_knock_while_the_server_is_busy_are_not_turned_away() {
    const CROWD: usize = 1000;
    if let Err(reason) = room_for(CROWD as u64) {
        return crate::support::skip::skip(&reason);
    }
    let house = House::start(COMMANDS).await;
    house.server.signal(Signal::SIGSTOP);
    // One for whom there is no room is dropped, and tries again after a second. A busy host takes its time, too.
    let (mut crowd, mut late) = (Vec::new(), 0);
    for number in 0..CROWD {
        let begun = Instant::now();
        crowd.push(house.connect());
        late += usize::from(begun.elapsed() > Duration::from_millis(900));
        assert!(late <= 3, "{late} of {number} had to knock twice");
    }
    house.server.signal(Signal::SIGCONT);
    let head = format!("GET /livez HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", house.address);
    for stream in &mut crowd {
        stream.write_all(head.as_bytes()).unwrap();
    }
    for mut stream in crowd {
        let mut answered = String::new();
        stream.read_to_string(&mut answered).expect("nothing is reset");
        assert!(answered.starts_with("HTTP/1.1 200"), "{answered}");
    }
}

/// However it was asked: for one answer, for a stream, or in a session.
#[tokio::test]
async fn a_call_that_the_deadline_cuts_is_told_so() {
    let mut house = House::start(&format!("{COMMANDS}\nserver: {{ drain: 1s }}\n")).await;
    let session = house.initialize().await;
    let message = call(1, "hang", json!({}));
    let modern = house.modern(1, "tools/call", json!({ "name": "hang", "arguments": {} }));
    let of_session = house.post(&message).header("Mcp-Session-Id", &session);
    let mut running = Vec::new();
    for (kind, sent) in [("plain", house.plain(&message)), ("modern", modern), ("session", of_session)] {
        running.push((kind, tokio::spawn(sent.send())));
        house.server.file("ready").await;
        std::fs::remove_file(house.server.folder.path().join("ready")).unwrap();
    }
    house.server.signal(Signal::SIGTERM);
    let begun = Instant::now();
    for (kind, running) in running {
        let response = running.await.unwrap().unwrap_or_else(|error| panic!("{kind}: {error}"));
        // To the end of the body, which is whole.
        let message = answer(response).await;
        let result = &message["result"];
        assert_eq!((&message["id"], &result["isError"]), (&json!(1), &json!(true)), "{kind}: {message}");
        assert!(text(result).starts_with("cancelled after 1."), "{kind}: {message}");
    }
    assert!(begun.elapsed() > Duration::from_millis(900), "{:?}", begun.elapsed());
    house.server.ended().await;
    let said = house.server.stderr();
    assert!(said.contains("calls are cancelled that did not end in time"), "{said}");
}

#[tokio::test]
async fn streams_of_events_and_subscriptions_end_when_the_server_closes_and_calls_go_on() {
    let mut house = House::start(COMMANDS).await;
    let session = house.initialize().await;
    let listen = house.request(Method::GET, "/mcp").header("Accept", "text/event-stream");
    let events = listen.header("Mcp-Session-Id", &session).send().await.unwrap();
    let wished = json!({ "notifications": { "toolsListChanged": true } });
    let subscription = house.modern(1, "subscriptions/listen", wished).send().await.unwrap();
    assert_eq!((events.status().as_u16(), subscription.status().as_u16()), (200, 200));
    let running = house.plain(&call(1, "slow", json!({ "seconds": 6 }))).send();
    let running = tokio::spawn(async { answer(running.await.unwrap()).await });
    tokio::time::sleep(Duration::from_millis(500)).await;
    house.server.signal(Signal::SIGTERM);
    let begun = Instant::now();
    // To their ends, which are those of whole bodies.
    let heard = events.text().await.expect("the end of a body");
    assert!(!heard.contains("data: "), "{heard}");
    let heard = messages(subscription).await;
    assert_eq!(heard[0]["method"], "notifications/subscriptions/acknowledged", "{heard:?}");
    assert_eq!((heard.len(), &heard[1]["id"]), (2, &json!(1)), "it is answered: {heard:?}");
    assert!(begun.elapsed() < Duration::from_secs(4), "they end after {:?} only", begun.elapsed());
    assert!(!running.is_finished(), "they do not wait for calls");
    assert_eq!(text(&running.await.unwrap()["result"]), "started\ndone\n");
    assert!(house.server.ended().await.0.success());
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

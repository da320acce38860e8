//! Safe by default, and against those who mean harm.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;

use super::house::{COMMANDS, House, PATIENCE, answer, call, request};
use crate::support::client::text;
use crate::support::place::Place;

#[test]
fn an_address_that_others_reach_is_refused_without_keys() {
    let place = Place::with(&[("tools.yaml", &format!("version: 1\n{COMMANDS}"))]);
    let refused =
        place.run(&["--config", "tools.yaml", "--server", "--host", "0.0.0.0", "--port", "0"]).ends_with(6);
    for told in ["reached from other machines", "mcpfier key create", "--host 127.0.0.1", "insecure"] {
        assert!(refused.stderr.contains(told), "`{told}` is missing in {}", refused.stderr);
    }
    let wrong =
        place.run(&["--config", "tools.yaml", "--server", "--host", "no.such.name.invalid"]).ends_with(1);
    assert!(wrong.stderr.contains("no.such.name.invalid"), "{}", wrong.stderr);
    place.run(&["--config", "tools.yaml", "--port", "1"]).ends_with(2);
}

#[tokio::test]
async fn names_and_pages_of_strangers_are_refused_before_anything_else() {
    let house = House::start(COMMANDS).await;
    let with = |name: &'static str, value: String| {
        house.plain(&request(1, "tools/list", json!({}))).header(name, value).send()
    };
    let own = house.address;
    for (name, value, status) in [
        ("Host", "localhost".to_owned(), 200),
        ("Host", "rebound.example.com".to_owned(), 403),
        ("Host", format!("127.0.0.1.example.com:{}", own.port()), 403),
        ("Origin", format!("http://{own}"), 200),
        ("Origin", format!("http://localhost:{}", own.port()), 200),
        ("Origin", "http://localhost:1".to_owned(), 403),
        ("Origin", "https://page.example.com".to_owned(), 403),
        ("Origin", "null".to_owned(), 403),
    ] {
        let response = with(name, value.clone()).await.unwrap();
        assert_eq!(response.status(), status, "{name}: {value}");
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        assert!(!response.headers().contains_key("access-control-allow-origin"));
    }
    let post = |more: &str| {
        let body = request(1, "tools/list", json!({})).to_string();
        house.raw(
            format!(
                "POST / HTTP/1.1\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n{more}\r\n{body}",
                body.len()
            )
            .as_bytes(),
        )
    };
    for wrong in [
        String::new(),
        format!("Host: {own}\r\nHost: {own}\r\n"),
        format!("Host: {own}\r\nOrigin: http://{own}\r\nOrigin: null\r\n"),
    ] {
        let answered = post(&wrong);
        assert!(answered.starts_with("HTTP/1.1 40"), "{wrong}: {answered}");
    }
    assert!(post(&format!("Host: {own}\r\n")).starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_form_of_a_page_cannot_call() {
    let house = House::start(COMMANDS).await;
    for content_type in ["text/plain", "application/x-www-form-urlencoded", ""] {
        let message = call(1, "echo", json!({ "what": "x" })).to_string();
        let sent = house.request(Method::POST, "/").header("Content-Type", content_type).body(message);
        assert_eq!(sent.send().await.unwrap().status(), 415, "{content_type}");
    }
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        assert_eq!(house.request(method, "/mcp").send().await.unwrap().status(), 405);
    }
}

#[tokio::test]
async fn pages_that_the_file_names_may_call_and_are_asked_for_their_key() {
    let file = format!(
        "{COMMANDS}\nserver: {{ http: {{ cors: {{ allowed_origins: [\"https://app.example.com\"] }}, auth: {{ api_keys: [{{ name: a, key: 0123456789abcdef }}] }} }} }}\n"
    );
    let house = House::start(&file).await;
    let preflight = |origin: &'static str| {
        let asked = house.request(Method::OPTIONS, "/mcp").header("Origin", origin);
        asked.header("Access-Control-Request-Method", "POST").send()
    };
    let allowed = preflight("https://app.example.com").await.unwrap();
    assert_eq!(allowed.status(), 204, "a preflight has no key yet");
    assert_eq!(allowed.headers()["access-control-allow-origin"], "https://app.example.com");
    assert!(allowed.headers()["access-control-allow-headers"].to_str().unwrap().contains("X-API-Key"));
    assert_eq!(preflight("https://other.example.com").await.unwrap().status(), 403);
    let ask =
        || house.plain(&request(1, "tools/list", json!({}))).header("Origin", "https://app.example.com");
    let refused = ask().send().await.unwrap();
    assert_eq!(
        (refused.status().as_u16(), refused.headers().contains_key("access-control-allow-origin")),
        (401, true)
    );
    assert_eq!(ask().header("X-API-Key", "0123456789abcdef").send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_page_that_may_call_may_repeat_values_in_headers() {
    let cors = "cors: { allowed_origins: [\"https://app.example.com\"] }";
    let house = House::start(&format!("{COMMANDS}\nserver: {{ http: {{ {cors} }} }}\n")).await;
    let allowed = |asked: &'static str| {
        let preflight = house.request(Method::OPTIONS, "/mcp").header("Origin", "https://app.example.com");
        let preflight = preflight.header("Access-Control-Request-Method", "POST");
        let answered = preflight.header("Access-Control-Request-Headers", asked).send();
        async {
            answered.await.unwrap().headers()["access-control-allow-headers"].to_str().unwrap().to_owned()
        }
    };
    let said = allowed("content-type,mcp-param-region, Mcp-Param-Day,x-other,mcp-param-(day)").await;
    let names: Vec<&str> = said.split(", ").collect();
    assert!(names.contains(&"mcp-param-region") && names.contains(&"Mcp-Param-Day"), "{said}");
    assert!(!said.contains("x-other") && !said.contains('('), "{said}");
    assert!(!allowed("content-type").await.to_lowercase().contains("mcp-param"));
}

#[tokio::test]
async fn a_star_lets_pages_of_all_origins_read_and_needs_keys() {
    let served = |more: &str| {
        format!(
            "version: 1\n{COMMANDS}\nserver: {{ http: {{ cors: {{ allowed_origins: [\"*\"] }}{more} }} }}\n"
        )
    };
    let place = Place::with(&[("tools.yaml", &served(""))]);
    let refused = place.run(&["validate", "tools.yaml"]);
    assert_ne!(refused.status, 0, "every page could call: {}", refused.stdout);
    let with_keys = served(", auth: { api_keys: [{ name: a, key: 0123456789abcdef }] }");
    let house = House::start(with_keys.trim_start_matches("version: 1\n")).await;
    for origin in ["https://app.example.com", "http://localhost:3000"] {
        let asked = house.request(Method::OPTIONS, "/mcp").header("Origin", origin);
        let allowed = asked.header("Access-Control-Request-Method", "POST").send().await.unwrap();
        assert_eq!(allowed.status(), 204, "{origin}");
        let called = house.plain(&request(1, "tools/list", json!({}))).header("Origin", origin);
        let called = called.header("X-API-Key", "0123456789abcdef").send().await.unwrap();
        assert_eq!(called.status(), 200, "{origin}");
        for response in [allowed, called] {
            // Its name and no star, and no credentials that a browser keeps: a page has to have the key.
            assert_eq!(response.headers()["access-control-allow-origin"], origin);
            assert_eq!(response.headers()["vary"], "Origin", "{origin}");
            assert!(!response.headers().contains_key("access-control-allow-credentials"), "{origin}");
        }
        let without = house.plain(&request(1, "tools/list", json!({}))).header("Origin", origin);
        assert_eq!(without.send().await.unwrap().status(), 401, "{origin}");
    }
    let nobody = house.plain(&request(1, "tools/list", json!({}))).header("Origin", "null");
    let nobody = nobody.header("X-API-Key", "0123456789abcdef").send().await.unwrap();
    assert_eq!(nobody.status(), 403, "a page without an origin is nobody's");
}

#[tokio::test]
async fn every_answer_has_the_headers_that_keep_browsers_from_harm() {
    let house = House::start(COMMANDS).await;
    let session = house.initialize().await;
    let list = request(1, "tools/list", json!({}));
    let listen = house.request(Method::GET, "/mcp").header("Accept", "text/event-stream");
    let stranger = house.plain(&list).header("Origin", "https://page.example.com");
    for (what, sent, status, content_type) in [
        ("an answer", house.plain(&list), 200, "application/json"),
        ("a stream of an answer", house.post(&call(2, "slow", json!({}))), 200, "text/event-stream"),
        ("a stream of events", listen.header("Mcp-Session-Id", &session), 200, "text/event-stream"),
        ("an error of the protocol", house.modern(3, "no/such", json!({})), 404, "application/json"),
        ("no message", house.plain(&json!("none")), 400, "application/json"),
        ("a refusal", stranger, 403, "application/json"),
        ("no such method", house.request(Method::PUT, "/mcp"), 405, "application/json"),
        ("a probe", house.request(Method::GET, "/livez"), 200, "text/plain"),
    ] {
        let response = sent.send().await.unwrap();
        assert_eq!(response.status(), status, "{what}");
        let said = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        assert!(said("content-type").is_some_and(|said| said.starts_with(content_type)), "{what}");
        for (name, value) in [
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("x-accel-buffering", "no"),
        ] {
            assert_eq!(said(name).as_deref(), Some(value), "{what}: {name}");
        }
    }
}

/// Listens on all addresses for the length of this test, with a key.
#[tokio::test]
async fn a_saved_file_that_would_let_everyone_in_is_not_taken_where_others_reach_the_server() {
    let keys =
        "server: { http: { host: 0.0.0.0, auth: { api_keys: [{ name: a, key: 0123456789abcdef }] } } }";
    let mut house = House::start(&format!("{COMMANDS}\n{keys}\n")).await;
    house.address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    let path = house.server.folder.path().join("tools.yaml");
    let fresh = "  - { name: fresh, description: It was not here before., script: echo }";
    let open = format!("version: 1\n{COMMANDS}{fresh}\nserver: {{ http: {{ host: 0.0.0.0 }} }}\n");
    std::fs::write(&path, open).unwrap();
    let said = house.server.says("this file would let everyone in").await;
    assert!(
        said.contains("the changed configuration cannot be used; what was served before stays"),
        "{said}"
    );
    let list = || house.plain(&request(1, "tools/list", json!({})));
    assert_eq!(list().send().await.unwrap().status(), 401, "a key is asked for as before");
    let names = async || {
        let listed = answer(list().header("X-API-Key", "0123456789abcdef").send().await.unwrap()).await;
        let tools =
            listed["result"]["tools"].as_array().unwrap_or_else(|| panic!("no list: {listed}")).clone();
        tools.iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names().await, ["echo", "slow", "flood", "hang"], "nothing of that file is served");
    // One that is right is taken, so the files are still read.
    std::fs::write(&path, format!("version: 1\n{COMMANDS}{fresh}\n{keys}\n")).unwrap();
    let begun = Instant::now();
    while names().await.last().is_none_or(|name| name != "fresh") {
        assert!(begun.elapsed() < PATIENCE, "the file is not loaded");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(list().send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn what_is_too_large_too_slow_or_half_open_is_let_go() {
    let limits = "server: { http: { limits: { body: 64KiB, header_timeout: 1s, body_timeout: 1s } } }";
    let house = House::start(&format!("{COMMANDS}\n{limits}\n")).await;
    let large = call(1, "echo", json!({ "what": "x".repeat(100_000) }));
    assert_eq!(house.plain(&large).send().await.unwrap().status(), 413);
    let own = house.address;
    let chunked = format!(
        "POST / HTTP/1.1\r\nHost: {own}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n20000\r\n{}",
        " ".repeat(0x20000)
    );
    assert!(house.raw(chunked.as_bytes()).starts_with("HTTP/1.1 413"));
    let header = format!("GET /livez HTTP/1.1\r\nHost: {own}\r\nX: {}\r\n\r\n", "x".repeat(100_000));
    assert!(house.raw(header.as_bytes()).starts_with("HTTP/1.1 431"));
    let many = format!("GET /livez HTTP/1.1\r\nHost: {own}\r\n{}\r\n", "X: y\r\n".repeat(500));
    assert!(house.raw(many.as_bytes()).starts_with("HTTP/1.1 431"));
    let begun = Instant::now();
    let mut slow: Vec<_> = (0..50).map(|_| house.connect()).collect();
    for stream in &mut slow {
        stream.write_all(b"GET /livez HTTP/1.1\r\nHost: ").unwrap();
    }
    assert_eq!(house.request(Method::GET, "/livez").send().await.unwrap().status(), 200, "others are served");
    for stream in &mut slow {
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
    }
    assert!(begun.elapsed() < Duration::from_secs(20), "slow heads were kept for {:?}", begun.elapsed());
    let half = format!(
        "POST / HTTP/1.1\r\nHost: {own}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{{"
    );
    assert!(house.raw(half.as_bytes()).starts_with("HTTP/1.1 408"));
    assert!(
        house.raw(b"\x16\x03\x01\x02\x00\x01").is_empty() || !house.raw(b"nonsense\r\n\r\n").contains("200")
    );
    assert_eq!(house.request(Method::GET, "/livez").send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn no_more_connections_are_served_than_may_be_and_others_wait() {
    let limits = "server: { http: { limits: { connections: 4, header_timeout: 1s } } }";
    let house = House::start(&format!("{COMMANDS}\n{limits}\n")).await;
    let idle: Vec<_> = (0..20).map(|_| house.connect()).collect();
    let sent = house.plain(&call(1, "echo", json!({ "what": "after all" })));
    assert_eq!(text(&answer(sent.send().await.unwrap()).await["result"]), "after all\n");
    drop(idle);
}

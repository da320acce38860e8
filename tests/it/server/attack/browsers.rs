//! Pages of strangers in the browser of somebody who runs this server: what they can have it send.

use reqwest::Method;
use serde_json::json;

use super::super::house::{House, call};
use super::{TRACE, serves, traces};

/// As a browser sends a request of a page, with what it says of where it comes from.
fn from_page(house: &House, origin: &str, host: Option<&str>, content_type: &str) -> reqwest::RequestBuilder {
    let sent = house
        .request(Method::POST, "/mcp")
        .header("Origin", origin)
        .header("Referer", format!("{origin}/page.html"))
        .header("Sec-Fetch-Site", "cross-site")
        .header("Sec-Fetch-Mode", "cors")
        .header("Sec-Fetch-Dest", "empty")
        .header("Accept", "*/*")
        .header("Content-Type", content_type)
        .header(
            "User-Agent",
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/142.0.0.0 Safari/537.36",
        )
        .body(call(1, "trace", json!({})).to_string());
    match host {
        Some(host) => sent.header("Host", host),
        None => sent,
    }
}

#[tokio::test]
async fn a_page_whose_name_is_bound_to_this_machine_is_refused() {
    let house = House::start(TRACE).await;
    let port = house.address.port();
    for host in [
        format!("rebound.example.com:{port}"),
        "rebound.example.com".to_owned(),
        format!("127.0.0.1.nip.example.com:{port}"),
        format!("localhost.example.com:{port}"),
        format!("0.0.0.0:{port}"),
        format!("[::]:{port}"),
        format!("2130706433:{port}"),
        format!("0x7f.1:{port}"),
    ] {
        // Of one origin with the page, as the browser sees it, so nothing is asked for first.
        let sent = from_page(&house, &format!("http://{host}"), Some(&host), "application/json");
        let answered = sent.send().await.unwrap();
        assert_eq!(answered.status(), 403, "{host}");
        assert!(!answered.headers().contains_key("access-control-allow-origin"));
    }
    assert_eq!(traces(&house), 0);
    serves(&house, "after rebinding").await;
}

#[tokio::test]
async fn a_page_of_a_stranger_starts_nothing_even_where_no_keys_are_asked_for() {
    let house = House::start(TRACE).await;
    for origin in [
        "https://evil.example.com",
        "http://localhost:3000",
        "http://127.0.0.1",
        "null",
        "file://",
        "chrome-extension://abcdefghijklmnop",
        "http://localhost.evil.example.com",
        "http://evil.example.com#http://localhost",
        "",
    ] {
        // What needs no preflight, and what would have needed one.
        for content_type in [
            "text/plain",
            "text/plain; application/json",
            "application/x-www-form-urlencoded",
            "multipart/form-data",
            "application/json",
        ] {
            let answered = from_page(&house, origin, None, content_type).send().await.unwrap();
            assert_eq!(answered.status(), 403, "{origin} as {content_type}");
        }
        let asked = house
            .request(Method::OPTIONS, "/mcp")
            .header("Origin", origin)
            .header("Access-Control-Request-Method", "POST")
            .header("Access-Control-Request-Headers", "content-type, authorization")
            .header("Access-Control-Request-Private-Network", "true");
        let answered = asked.send().await.unwrap();
        let allowed = answered.headers().keys().any(|name| name.as_str().starts_with("access-control-allow"));
        assert!(!allowed, "{origin} is let in by a preflight: {answered:?}");
    }
    // A form, a picture and a link: a browser that says no `Origin` with them, and cannot say JSON.
    for sent in [
        house
            .request(Method::POST, "/")
            .header("Content-Type", "text/plain")
            .body(call(1, "trace", json!({})).to_string()),
        house.request(Method::POST, "/").body(call(1, "trace", json!({})).to_string()),
        house.request(Method::GET, "/mcp?message=%7B%22method%22%3A%22tools%2Fcall%22%7D"),
        house.request(Method::GET, "/?jsonrpc=2.0&method=tools/call&name=trace"),
        house.request(Method::HEAD, "/"),
    ] {
        assert!(sent.send().await.unwrap().status().is_client_error());
    }
    assert_eq!(traces(&house), 0);
    serves(&house, "after pages").await;
}

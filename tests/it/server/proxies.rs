//! Behind a proxy: whose word counts for whom a request came from.

use reqwest::Method;
use serde_json::json;

use super::house::{COMMANDS, House, call};

const KEYS: &str = "auth: { api_keys: [{ name: ann, key: a-key-of-ann-in-a-test }] }";

#[tokio::test]
async fn a_trusted_proxy_says_for_whom_it_asks_and_nobody_else_does() {
    for (proxies, expected) in [("[127.0.0.0/8]", "peer=203.0.113.9"), ("[10.0.0.0/8]", "peer=127.0.0.1")] {
        let mut house = House::start(&format!(
            "{COMMANDS}\nserver: {{ http: {{ trusted_proxies: {proxies}, {KEYS} }} }}\n"
        ))
        .await;
        let message = call(1, "echo", json!({ "what": "in" }));
        let request = house.plain(&message).header("X-API-Key", "no-key-of-anybody");
        let request =
            request.header("X-Forwarded-For", "1.2.3.4, 203.0.113.9").header("Forwarded", "for=9.9.9.9");
        assert_eq!(request.send().await.unwrap().status(), 401);
        house.server.says(expected).await;
    }
}

#[tokio::test]
async fn the_host_that_a_trusted_proxy_says_is_judged_like_any_other() {
    let settings = "trusted_proxies: [127.0.0.1], allowed_hosts: [tools.example.com]";
    let house = House::start(&format!("{COMMANDS}\nserver: {{ http: {{ {settings} }} }}\n")).await;
    let site = ("X-Forwarded-Proto", "https");
    for (host, origin, status) in [
        ("tools.example.com", None, 200),
        ("tools.example.com", Some("https://tools.example.com"), 200),
        ("tools.example.com", Some("http://tools.example.com"), 403),
        ("tools.example.com", Some("https://evil.example.com"), 403),
        ("evil.example.com", None, 403),
        ("evil.example.com", Some("https://evil.example.com"), 403),
    ] {
        let mut request =
            house.request(Method::GET, "/livez").header("X-Forwarded-Host", host).header(site.0, site.1);
        if let Some(origin) = origin {
            request = request.header("Origin", origin);
        }
        assert_eq!(request.send().await.unwrap().status(), status, "{host} {origin:?}");
    }
}

#[tokio::test]
async fn forwarded_is_believed_where_the_file_names_it_and_only_from_a_trusted_proxy() {
    let header =
        r#"for=1.2.3.4;host=evil.example.com, for="[2001:db8::7]:80";proto=https;host=tools.example.com"#;
    for (proxies, expected, status) in
        [("[127.0.0.0/8]", "peer=2001:db8::7", 200), ("[10.0.0.0/8]", "peer=127.0.0.1", 403)]
    {
        let settings = format!(
            "trusted_proxies: {proxies}, proxy_headers: forwarded, allowed_hosts: [tools.example.com], {KEYS}"
        );
        let mut house = House::start(&format!("{COMMANDS}\nserver: {{ http: {{ {settings} }} }}\n")).await;
        let message = call(1, "echo", json!({ "what": "in" }));
        let request = house.plain(&message).header("X-API-Key", "no-key-of-anybody");
        let request = request.header("Forwarded", header).header("X-Forwarded-For", "9.9.9.9");
        assert_eq!(request.send().await.unwrap().status(), 401);
        house.server.says(expected).await;
        // Of the site that the proxy says, if it may say one.
        let page = house.request(Method::GET, "/livez").header("Origin", "https://tools.example.com");
        assert_eq!(page.header("Forwarded", header).send().await.unwrap().status(), status, "{proxies}");
        let evil =
            house.request(Method::GET, "/livez").header("Forwarded", "for=1.2.3.4;host=evil.example.com");
        let evil = evil.header("X-Forwarded-Host", "tools.example.com").send().await.unwrap();
        assert_eq!(evil.status() == 403, status == 200, "{proxies}");
    }
}

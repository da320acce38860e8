//! The `server:` of an original file, in one file that runs as it is: each key in it is shown by a request
//! whose answer would be another one without it.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};

use super::house::{House, PATIENCE, answer, request};
use crate::support::issuer::{Issuer, Signer};
use crate::support::server::{Server, Wire};

const DEVELOPMENT: &str = "mcpfier_dev_123456";
const PRODUCTION: &str = "mcpfier_prod_789012";
const OPERATIONS: &str = "mcpfier_ops_345678";
const AUDIENCE: &str = "https://mcpfier.example.com/api";
const PAGE: &str = "https://app.example.com";

fn sample() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/mcpfier/server.yaml");
    std::fs::read_to_string(path).expect("the file of the original")
}

/// Serves a file as a user of the original does: `--server` and nothing else, with its variables.
async fn serve(text: &str, issuer: &Issuer) -> (House, u16) {
    let folder = tempfile::tempdir().expect("a scratch folder");
    std::fs::write(folder.path().join("config.yaml"), text).expect("it is written");
    let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcpfier"));
    command.env_remove("PORT").env("TOOLS_PORT", port.to_string()).env("OAUTH_ISSUER", &issuer.url);
    command.arg("--config").arg(folder.path().join("config.yaml")).arg("--server");
    (House::of(Server::run(Wire::Pipes, folder, command)).await, port)
}

pub(super) fn list(house: &House) -> RequestBuilder {
    house.plain(&request(1, "tools/list", json!({})))
}

pub(super) async fn names(sent: RequestBuilder) -> Vec<String> {
    let response = sent.send().await.expect("an answer");
    assert_eq!(response.status(), 200);
    let listed = answer(response).await;
    let tools = listed["result"]["tools"].as_array().expect("a list").iter();
    tools.filter_map(|tool| tool["name"].as_str().map(str::to_owned)).collect()
}

pub(super) async fn status(sent: RequestBuilder) -> u16 {
    sent.send().await.expect("an answer").status().as_u16()
}

pub(super) fn header<'r>(response: &'r Response, name: &str) -> &'r str {
    response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

async fn document(house: &House, path: &str) -> Value {
    let found = house.request(Method::GET, path).send().await.expect("an answer");
    serde_json::from_str(&found.text().await.expect("a body")).expect("JSON")
}

#[tokio::test]
async fn callers_come_in_by_each_way_that_the_file_has_and_see_what_is_theirs() {
    let (signer, stranger) = (Signer::new("one"), Signer::new("one"));
    let issuer = Issuer::start(&[&signer]);
    let (house, port) = serve(&sample(), &issuer).await;
    assert_eq!((house.address.port(), house.address.ip().is_loopback()), (port, true), "`host` and `port`");
    assert_eq!(status(list(&house)).await, 401, "`auth.enabled`");
    let key = |key: &str| list(&house).header("X-API-Key", key);
    assert_eq!(names(key(DEVELOPMENT)).await, ["echo-test", "list-files", "weather"], "`permissions: [*]`");
    assert_eq!(names(key(PRODUCTION)).await, ["echo-test", "weather"], "`permissions` of a key");
    assert_eq!(names(key(OPERATIONS)).await, ["list-files"], "`auth.api_keys` as a map");
    assert_eq!(status(key("mcpfier_dev_123457")).await, 401);
    let admin = list(&house).basic_auth("admin", Some("password"));
    assert_eq!(names(admin).await, ["echo-test"], "`basic_auth`");

    let of = |name: &str, audience: &str| {
        let mut claims = issuer.claims(audience);
        claims["sub"] = name.into();
        claims
    };
    let bearer = |token: &str| list(&house).bearer_auth(token);
    for (name, seen) in [
        ("admin@example.com", vec!["echo-test", "list-files", "weather"]),
        ("user123@example.com", vec!["echo-test", "list-files", "weather"]),
        ("analyst@example.com", vec!["weather"]),
    ] {
        assert_eq!(names(bearer(&signer.sign(&of(name, AUDIENCE)))).await, seen, "`rbac`: {name}");
    }
    let nobody = names(bearer(&signer.sign(&of("nobody@example.com", AUDIENCE)))).await;
    assert!(nobody.is_empty(), "whom `user_roles` does not name has no role: {nobody:?}");
    assert_eq!(issuer.fetched(), 0, "the keys are where `jwks_uri` says");
    assert_eq!(
        status(bearer(&signer.sign(&of("admin@example.com", "https://other")))).await,
        401,
        "`audience`"
    );
    assert_eq!(status(bearer(&stranger.sign(&of("admin@example.com", AUDIENCE)))).await, 401, "`issuer`");
    let meaning = json!({ "active": true, "aud": AUDIENCE, "username": "analyst@example.com", "sub": "analyst@example.com" });
    issuer.says("a-token-that-says-nothing", meaning);
    assert_eq!(names(bearer("a-token-that-says-nothing")).await, ["weather"], "`client_id`, `client_secret`");
    assert_eq!(issuer.asked(), 1);

    let about = document(&house, "/.well-known/oauth-protected-resource").await;
    assert_eq!(about["authorization_servers"], json!([issuer.url]), "`issuer`");
    assert_eq!(about["scopes_supported"], json!(["mcp:read", "mcp:execute", "mcp:admin"]), "`scopes`");
    let endpoints = document(&house, "/.well-known/oauth-authorization-server").await;
    let at = |path: &str| json!(format!("{}{path}", issuer.url));
    assert_eq!(endpoints["authorization_endpoint"], at("/authorize"));
    assert_eq!(endpoints["token_endpoint"], at("/token"));
}

#[tokio::test]
async fn people_of_user_roles_are_known_by_the_address_that_their_issuer_has_verified() {
    let signer = Signer::new("one");
    let issuer = Issuer::start(&[&signer]);
    let (house, _) = serve(&sample(), &issuer).await;
    let seen = async |more: Value| {
        let mut claims = issuer.claims(AUDIENCE);
        claims["sub"] = "248289761001".into();
        claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        names(list(&house).bearer_auth(signer.sign(&claims))).await
    };
    let address = "analyst@example.com";
    assert_eq!(seen(json!({ "email": address, "email_verified": true })).await, ["weather"]);
    for unproved in [
        json!({ "email": address }),
        json!({ "email": address, "email_verified": false }),
        json!({ "email": address, "email_verified": null }),
        json!({ "email": [address], "email_verified": true }),
        json!({ "preferred_username": address }),
    ] {
        assert!(seen(unproved.clone()).await.is_empty(), "{unproved}");
    }
    assert_eq!(seen(json!({ "sub": address })).await, ["weather"]);
}

#[tokio::test]
async fn pages_rates_headers_and_connections_are_bounded_as_the_file_says() {
    let issuer = Issuer::start(&[]);
    let (house, _) = serve(&sample(), &issuer).await;
    let preflight = house.request(Method::OPTIONS, "/").header("Origin", PAGE).send().await.unwrap();
    assert_eq!(preflight.status(), 204);
    assert_eq!(header(&preflight, "access-control-allow-origin"), PAGE, "`allowed_origins`");
    assert_eq!(header(&preflight, "access-control-allow-methods"), "GET, POST, OPTIONS", "`allowed_methods`");
    let allowed = header(&preflight, "access-control-allow-headers");
    assert!(allowed.starts_with("Authorization, Content-Type, X-API-Key"), "`allowed_headers`: {allowed}");
    assert_eq!(header(&preflight, "x-frame-options"), "SAMEORIGIN", "`security_headers`, in place of ours");
    assert_eq!(header(&preflight, "x-served-by"), "mcpfier", "`security_headers`");
    let of = |origin: &str| list(&house).header("X-API-Key", DEVELOPMENT).header("Origin", origin.to_owned());
    let read = of(PAGE).send().await.unwrap();
    assert_eq!((read.status().as_u16(), header(&read, "access-control-allow-origin")), (200, PAGE));
    assert_eq!(status(of("https://evil.example.com")).await, 403);

    let mut answered = 0;
    while status(list(&house).header("X-API-Key", PRODUCTION)).await == 200 {
        answered += 1;
        assert!(answered <= 12, "`rate_limit` does not hold");
    }
    assert!((10..=12).contains(&answered), "`burst_size`: {answered}");
    let refused = list(&house).header("X-API-Key", PRODUCTION).send().await.unwrap();
    assert_eq!(refused.status(), 429);
    let said = refused.text().await.unwrap();
    assert!(said.contains("60 a minute are allowed"), "`requests_per_minute`: {said}");

    let mut held: Vec<_> = (0..8).map(|_| house.connect()).collect();
    let ask = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut said = [0; 4096];
    // As soon as the server has taken more than three, whoever asks is the last on its connection.
    let asking = held.first_mut().unwrap();
    let begun = Instant::now();
    loop {
        asking.write_all(ask).unwrap();
        let count = asking.read(&mut said).unwrap();
        let text = String::from_utf8_lossy(&said[..count]).to_ascii_lowercase();
        if text.contains("connection: close") {
            break;
        }
        assert!(begun.elapsed() < Duration::from_millis(1500), "`max_idle_connections`: {text}");
    }
    let begun = Instant::now();
    assert_eq!(held.last_mut().unwrap().read(&mut said).unwrap(), 0);
    let waited = begun.elapsed();
    assert!(waited < Duration::from_secs(30), "`idle_timeout`: {waited:?}");
}

#[tokio::test]
async fn one_address_has_no_more_connections_than_the_file_says() {
    let issuer = Issuer::start(&[]);
    let (house, _) = serve(&sample(), &issuer).await;
    let held: Vec<_> = (0..8).map(|_| house.connect()).collect();
    let ask = b"GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let begun = Instant::now();
    while !house.raw(ask).is_empty() {
        assert!(begun.elapsed() < Duration::from_millis(1900), "`max_connections_per_host`");
    }
    drop(held);
    let begun = Instant::now();
    while house.raw(ask).is_empty() {
        assert!(begun.elapsed() < PATIENCE, "nobody is served any more");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn what_is_not_enabled_is_off() {
    let issuer = Issuer::start(&[]);
    let (house, _) = serve(&sample().replace("enabled: true", "enabled: false"), &issuer).await;
    for _ in 0..20 {
        let response = list(&house).header("Origin", "http://localhost").send().await.unwrap();
        assert_ne!(response.status(), 429, "`rate_limit.enabled`");
        assert_eq!(header(&response, "x-served-by"), "", "`security_headers.enabled`");
    }
    assert_eq!(names(list(&house)).await, ["echo-test", "list-files", "weather"], "`auth.enabled`");
    let page = list(&house).header("Origin", PAGE).send().await.unwrap();
    assert_eq!(
        (page.status().as_u16(), header(&page, "access-control-allow-origin")),
        (403, ""),
        "`cors.enabled`"
    );
}

#[tokio::test]
async fn each_way_in_can_be_off_by_itself() {
    let signer = Signer::new("one");
    let issuer = Issuer::start(&[&signer]);
    let off = |key: &str| {
        let text = sample();
        let (before, after) = text.split_once(&format!(" {key}:")).expect("the key is there");
        format!("{before} {key}:{}", after.replacen("enabled: true", "enabled: false", 1))
    };
    let (house, _) = serve(&off("basic_auth"), &issuer).await;
    assert_eq!(status(list(&house).basic_auth("admin", Some("password"))).await, 401);
    let (house, _) = serve(&off("oauth21"), &issuer).await;
    let token = signer.sign(&issuer.claims(AUDIENCE));
    assert_eq!(status(list(&house).bearer_auth(&token)).await, 401);
    let (house, _) = serve(&off("rbac"), &issuer).await;
    assert_eq!(
        names(list(&house).bearer_auth(&token)).await.len(),
        3,
        "there are no roles that bound anybody"
    );
}

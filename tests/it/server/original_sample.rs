//! The sample that the original ships, served as it is, and a file in its shape: what each key of its
//! `server:` says is shown by a request.

use std::path::Path;
use std::process::Command;

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::house::{House, answer, call, request};
use super::original::{header, list, names, status};
use crate::support::issuer::{Issuer, Signer};
use crate::support::server::{STATE, Server, Wire};
use crate::support::skip::leave_out;

/// What both files have in common.
const DEVELOPMENT: &str = "mcpfier_dev_123456";
const PRODUCTION: &str = "mcpfier_prod_789012";
const AUDIENCE: &str = "https://mcpfier.example.com/api";
const PAGE: &str = "https://app.example.com";

/// Of `password`.
const USERS: &str = r#"
        basic_auth:
          enabled: true
          users:
            - username: "admin"
              password_hash: "$2y$10$92IXUNpkjO0rOQ5byMi.Ye4oKoEa3Ro9llC/.og/at2.uheWG/igi"
              permissions: ["*"]
"#;

/// Simple by `mode`, with all of what `enterprise` could be beside it.
const FILE: &str = r#"
commands:
  - { name: echo-test, script: echo, args: ["Hello!"], description: "Says hello", timeout: "10s" }
  - { name: list-files, script: ls, args: ["-la"], description: "List the files of the folder", timeout: "30s" }
server:
  http:
    port: 8080
    host: "localhost"
    auth:
      enabled: true
      mode: "simple"
      simple:
        api_keys:
          - { key: "mcpfier_dev_123456", name: "development", description: "For developers", permissions: ["*"] }
          - { key: "mcpfier_prod_789012", name: "production", permissions: ["weather", "echo-test"] }
      enterprise:
        oauth21:
          enabled: true
          issuer: "ISSUER"
          audience: ["https://mcpfier.example.com/api"]
          client_id: "${OAUTH_CLIENT_ID}"
          client_secret: "${OAUTH_CLIENT_SECRET}"
          authorization_endpoint: "ISSUER/authorize"
          token_endpoint: "ISSUER/token"
          jwks_uri: "ISSUER/keys"
          scopes: ["mcp:read", "mcp:execute", "mcp:admin"]
        rbac:
          enabled: true
          roles:
            - { name: "admin", permissions: ["*"], description: "Everything" }
            - { name: "developer", permissions: ["echo-test", "weather"] }
          user_roles:
            "ann@example.com": ["developer"]
            "admin@example.com": ["admin"]
    cors:
      enabled: true
      allowed_origins: ["http://localhost:3000", "https://app.example.com"]
      allowed_methods: ["GET", "POST", "OPTIONS"]
      allowed_headers: ["Authorization", "Content-Type", "X-API-Key"]
    rate_limit: { enabled: true, requests_per_minute: 60, burst_size: 10 }
analytics: { enabled: true, database_path: "~/.mcpfier/analytics.db", retention_days: 30 }
"#;

async fn serve(text: &[u8]) -> House {
    let folder = tempfile::tempdir().expect("a scratch folder");
    std::fs::write(folder.path().join("config.yaml"), text).expect("it is written");
    House::start_in(folder, "config.yaml", &[]).await
}

fn by_key(house: &House, key: &str, message: &Value) -> RequestBuilder {
    house.plain(message).header("X-API-Key", key)
}

/// What each key says of both files.
async fn takes_effect(house: &House) {
    assert!(house.address.ip().is_loopback(), "`host`");
    assert_eq!(status(list(house)).await, 401, "`auth.enabled`");
    assert_eq!(status(list(house).header("X-API-Key", "mcpfier_dev_123457")).await, 401);
    let tools = request(1, "tools/list", json!({}));
    let all = names(by_key(house, DEVELOPMENT, &tools)).await;
    assert!(all.contains(&"echo-test".to_owned()) && all.contains(&"list-files".to_owned()), "{all:?}");
    assert_eq!(names(by_key(house, PRODUCTION, &tools)).await, ["echo-test"], "`permissions`");
    let (echo, files) = (call(1, "echo-test", json!({})), call(1, "list-files", json!({})));
    let ran = answer(by_key(house, PRODUCTION, &echo).send().await.expect("an answer")).await;
    assert_eq!(ran["result"]["isError"], false, "{ran}");
    let refused = answer(by_key(house, PRODUCTION, &files).send().await.expect("an answer")).await;
    assert_eq!(refused["error"]["message"], "there is no tool `list-files`");

    let about = house.request(Method::GET, "/.well-known/oauth-protected-resource");
    assert_eq!(status(about).await, 401, "`mode: simple` has no issuer that clients are told of");

    let preflight = house.request(Method::OPTIONS, "/").header("Origin", PAGE).send().await.unwrap();
    assert_eq!((preflight.status().as_u16(), header(&preflight, "access-control-allow-origin")), (204, PAGE));
    assert_eq!(header(&preflight, "access-control-allow-methods"), "GET, POST, OPTIONS", "`allowed_methods`");
    let allowed = header(&preflight, "access-control-allow-headers");
    assert!(allowed.starts_with("Authorization, Content-Type, X-API-Key"), "`allowed_headers`: {allowed}");
    let of = |origin: &'static str| by_key(house, DEVELOPMENT, &tools).header("Origin", origin);
    assert_eq!(status(of(PAGE)).await, 200, "`allowed_origins`");
    assert_eq!(status(of("https://evil.example.com")).await, 403, "`allowed_origins`");

    let mut answered = 0;
    let refused = loop {
        let response = by_key(house, DEVELOPMENT, &tools).send().await.expect("an answer");
        if response.status() == 429 {
            break response;
        }
        answered += 1;
        assert!(answered <= 12, "`rate_limit` does not hold");
    };
    assert!(!header(&refused, "retry-after").is_empty());
    assert!(refused.text().await.unwrap().contains("60 a minute are allowed"), "`requests_per_minute`");
}

#[tokio::test]
async fn a_file_in_the_shape_of_the_sample_takes_effect_key_by_key() {
    let signer = Signer::new("one");
    let issuer = Issuer::start(&[&signer]);
    let text = FILE.replace("ISSUER", &issuer.url);
    let house = serve(text.as_bytes()).await;
    takes_effect(&house).await;
    let token = |name: &str| {
        let mut claims = issuer.claims(AUDIENCE);
        claims["sub"] = name.into();
        signer.sign(&claims)
    };
    assert_eq!(status(list(&house).bearer_auth(token("admin@example.com"))).await, 401, "`mode: simple`");
    assert_eq!(issuer.fetched(), 0, "nobody asks an issuer that is not trusted");
    drop(house);

    let house = serve(text.replace("mode: \"simple\"", "mode: \"enterprise\"").as_bytes()).await;
    assert_eq!(
        names(list(&house).bearer_auth(token("ann@example.com"))).await,
        ["echo-test"],
        "`user_roles`"
    );
    assert_eq!(
        names(list(&house).bearer_auth(token("admin@example.com"))).await,
        ["echo-test", "list-files"]
    );
    assert!(names(list(&house).bearer_auth(token("eve@example.com"))).await.is_empty());
    let key = by_key(&house, PRODUCTION, &request(1, "tools/list", json!({})));
    assert_eq!(names(key).await, ["echo-test"], "keys let in as before");
    drop(house);

    let (before, after) = text.split_once("      enterprise:").expect("it is there");
    let house =
        serve(format!("{before}{}      enterprise:{after}", USERS.trim_start_matches('\n')).as_bytes()).await;
    assert_eq!(names(list(&house).basic_auth("admin", Some("password"))).await, ["echo-test", "list-files"]);
    assert_eq!(status(list(&house).basic_auth("admin", Some("passwort"))).await, 401, "`basic_auth`");
}

#[tokio::test]
async fn the_sample_of_the_original_is_served_as_it_is() {
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let mut files = above.map(|folder| folder.join("shared/data/mcpfier-config.yaml"));
    let Some(text) = files.find_map(|path| std::fs::read(path).ok()) else {
        return leave_out("the sample of the original is not here");
    };
    takes_effect(&serve(&text).await).await;
}

#[tokio::test]
async fn a_file_says_over_what_it_is_served_where_the_command_line_does_not() {
    let file = |transport: &str| {
        format!(
            "commands: [{{ name: echo-test, script: echo }}]\nserver: {{ transport: {transport}, http: {{ port: 0 }} }}\n"
        )
    };
    let start = |transport: &str, words: &[&str]| {
        let folder = tempfile::tempdir().expect("a scratch folder");
        std::fs::write(folder.path().join("config.yaml"), file(transport)).expect("it is written");
        let mut command = Command::new(env!("CARGO_BIN_EXE_mcpfier"));
        command.env_remove("PORT").env("XDG_STATE_HOME", STATE).args(words);
        command.arg("--config").arg(folder.path().join("config.yaml"));
        Server::run(Wire::Pipes, folder, command)
    };
    let house = House::of(start("http", &[])).await;
    assert_eq!(names(list(&house)).await, ["echo-test"]);
    for (transport, words) in [("http", &["--mcp"] as &[&str]), ("stdio", &[]), ("both", &[])] {
        let mut server = start(transport, words);
        server.client.initialize().await;
        let listed = server.client.ask(1, "tools/list", json!({})).await;
        assert_eq!(listed["result"]["tools"][0]["name"], "echo-test", "{transport} {words:?}");
    }
}

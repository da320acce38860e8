//! Tokens by client credentials: fetched once, kept, exchanged when refused, and shown to nobody.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;

use crate::support::client::text;
use crate::support::program::{Program, mcpfier};
use crate::support::server::Server;
use crate::support::web::{Web, answer, reply, send};

const SECRET: &str = "hush/hush+hush";

/// A server of tokens `token-number-N`, and one of things that takes those from `since` on.
fn servers(since: usize) -> (Web, Web) {
    let made = Arc::new(AtomicUsize::new(0));
    let tokens = Web::start(move |_, stream| {
        // Whoever asks meanwhile waits for this one.
        std::thread::sleep(Duration::from_millis(100));
        let number = made.fetch_add(1, Ordering::SeqCst) + 1;
        let said = json!({
            "access_token": format!("token-number-{number}"), "token_type": "Bearer", "expires_in": 3600
        });
        reply(stream, &answer("200 OK", &[], said.to_string().as_bytes()));
    });
    let things = Web::start(move |heard, stream| {
        let bearer = heard.header("authorization").unwrap_or_default();
        let number = bearer.strip_prefix("Bearer token-number-").and_then(|number| number.parse().ok());
        let status =
            if number.is_some_and(|number: usize| number >= since) { "200 OK" } else { "401 Unauthorized" };
        reply(stream, &answer(status, &[], format!("you said {bearer}").as_bytes()));
    });
    (tokens, things)
}

fn commands(token_url: &str, things: &Web, keys: &str) -> String {
    format!(
        r#"secrets: {{ secret: {{ env: CLIENT_SECRET }} }}
commands:
  - name: get
    description: Get it.
    webhook:
      url: "{}/things"
      auth: {{ type: oauth2, token_url: "{token_url}", client_id: "me:too", client_secret: "{{{{secrets.secret}}}}"{keys} }}
      allow_private: true
"#,
        things.url()
    )
}

fn run(words: &[&str], token_url: &str, things: &Web, keys: &str) -> Program {
    let tools = format!("version: 1\n{}", commands(token_url, things, keys));
    mcpfier(words).tools(&tools).env("CLIENT_SECRET", SECRET)
}

#[test]
fn a_token_is_fetched_and_never_shown() {
    let (tokens, things) = servers(1);
    let said = run(&["call", "get"], &tokens.url(), &things, ", scopes: [a, b c], audience: \"x&y\"").run();
    assert_eq!(said.stdout, "you said Bearer [redacted]");
    let asked = &tokens.heard()[0];
    assert_eq!((asked.method.as_str(), asked.target.as_str()), ("POST", "/"));
    assert_eq!(asked.body, "grant_type=client_credentials&scope=a%20b%20c&audience=x%26y");
    // `me%3Atoo:hush%2Fhush%2Bhush`, so that no sign of theirs is taken for the one between them.
    assert_eq!(asked.header("authorization"), Some("Basic bWUlM0F0b286aHVzaCUyRmh1c2glMkJodXNo"));
    run(&["call", "get"], &tokens.url(), &things, ", auth_style: body").run();
    let asked = &tokens.heard()[1];
    assert_eq!(
        asked.body,
        "grant_type=client_credentials&client_id=me%3Atoo&client_secret=hush%2Fhush%2Bhush"
    );
    assert_eq!(asked.header("authorization"), None);
    let plan = run(&["--dry-run", "get"], &tokens.url(), &things, "").run().stdout;
    assert!(plan.contains("a token of ") && plan.contains("${OAUTH_TOKEN}"), "{plan}");
    assert!(!plan.contains(SECRET), "{plan}");
}

#[tokio::test]
async fn calls_side_by_side_share_one_token_and_a_refused_one_is_exchanged_once() {
    let (tokens, things) = servers(2);
    let commands = commands(&tokens.url(), &things, "").replace("env: CLIENT_SECRET", "env: PATH");
    let mut server = Server::start(&commands);
    server.client.initialize().await;
    // The first token is refused, and was fetched for this very call: that is an answer.
    let result = server.client.call(1, "get", json!({})).await;
    assert_eq!(result["isError"], true);
    assert_eq!(tokens.heard().len(), 1);
    for id in 2..8 {
        server.client.request(id, "tools/call", json!({ "name": "get", "arguments": {} })).await;
    }
    for _ in 2..8 {
        // In whatever order they come.
        let answer = server.client.next().await.expect("an answer");
        let result = &answer["result"];
        assert_eq!(result["isError"], false, "{answer:#}");
        assert_eq!(text(result), "you said Bearer [redacted]");
    }
    // The first one was refused to six, and exchanged for all of them by one.
    assert_eq!(tokens.heard().len(), 2);
}

#[test]
fn a_token_that_cannot_be_had_is_told_clearly() {
    let (_, things) = servers(1);
    let big = vec![b' '; 1 << 20];
    for (bytes, told) in [
        (
            answer(
                "400 Bad Request",
                &[],
                format!(r#"{{"error":"invalid_client","error_description":"{SECRET}\u001b is wrong"}}"#)
                    .as_bytes(),
            ),
            "HTTP status 400 Bad Request: invalid_client: [redacted] is wrong",
        ),
        (answer("200 OK", &[], b"<html>"), "its answer is no JSON with an `access_token`"),
        (
            answer("200 OK", &[], br#"{"access_token":"short"}"#),
            "its token: its value is shorter than 8 bytes",
        ),
        (answer("200 OK", &[], &big), "its answer is longer than 64 KiB"),
        (answer("302 Found", &[("Location", "https://example.com/")], b""), "HTTP status 302 Found"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{".to_vec(), "end of file"),
    ] {
        let tokens = Web::start(move |_, stream| reply(stream, &bytes));
        let said = run(&["call", "get"], &tokens.url(), &things, "").ends_with(125).run();
        let begin = format!("mcpfier: no answer: no token of `{}`: ", tokens.address);
        assert!(said.stderr.starts_with(&begin) && said.stderr.contains(told), "{told}: {}", said.stderr);
        assert!(!said.stderr.contains(SECRET), "{}", said.stderr);
    }
    assert!(things.heard().is_empty());
}

#[test]
fn a_token_endpoint_that_stalls_is_given_up_with_the_call() {
    let (_, things) = servers(1);
    let tokens = Web::start(|_, stream| {
        send(stream, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        while send(stream, b"1\r\n \r\n") {
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    let tools = format!("version: 1\n{}    timeout: 1s\n", commands(&tokens.url(), &things, ""));
    let said = mcpfier(&["call", "get"]).tools(&tools).env("CLIENT_SECRET", SECRET).ends_with(124).run();
    assert!(said.stderr.starts_with("mcpfier: timed out after 1s"), "{}", said.stderr);
}

#[test]
fn a_token_endpoint_of_this_host_needs_to_be_allowed() {
    let (tokens, _) = servers(1);
    let tools = format!(
        "version: 1\nsecrets: {{ secret: {{ env: CLIENT_SECRET }} }}\ncommands:\n  - name: get\n    description: Get it.\n    webhook: {{ url: \"https://example.com/\", auth: {{ type: oauth2, token_url: \"{}\", client_id: me, client_secret: \"{{{{secrets.secret}}}}\" }} }}\n",
        tokens.url()
    );
    let said = mcpfier(&["call", "get"]).tools(&tools).env("CLIENT_SECRET", SECRET).ends_with(3).run();
    assert!(said.stderr.contains("error[E0112]"), "{}", said.stderr);
    assert!(tokens.heard().is_empty());
}

#[test]
fn an_original_file_fetches_tokens_too_and_is_migrated() {
    let (tokens, things) = servers(1);
    let original = format!(
        "commands:\n  - name: get\n    description: Get it.\n    webhook:\n      url: \"{}\"\n      auth: {{ type: oauth, token_url: \"{}\", client_id: me, client_secret: \"${{CLIENT_SECRET}}\", scopes: [a, b] }}\n",
        things.url(),
        tokens.url()
    );
    let said = mcpfier(&["get"]).tools(&original).env("CLIENT_SECRET", SECRET).may_talk().run();
    assert_eq!(said.stdout, "you said Bearer [redacted]");
    assert_eq!(tokens.heard()[0].body, "grant_type=client_credentials&scope=a%20b");
    let native = mcpfier(&["migrate", "old.yaml"]).file("old.yaml", &original).may_talk().run().stdout;
    assert!(native.contains("type: oauth2"), "{native}");
    let said = mcpfier(&["call", "get"]).tools(&native).env("CLIENT_SECRET", SECRET).may_talk().run();
    assert_eq!(said.stdout, "you said Bearer [redacted]", "{native}");
}

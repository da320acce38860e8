//! Webhooks of original files: they run, and where they are read otherwise it is told.

use crate::support::program::mcpfier;
use crate::support::web::{Web, answer, reply};

fn echo() -> Web {
    Web::start(|heard, stream| {
        let status = if heard.target.contains("fails") { "500 Internal Server Error" } else { "200 OK" };
        reply(stream, &answer(status, &[], heard.target.as_bytes()));
    })
}

const COMMANDS: &str = r#"commands:
  - name: plain
    description: Plain.
    timeout: "10s"
    webhook: { url: "URL/get", headers: { User-Agent: "Test/1.0", X-N: 5 } }
  - name: json
    webhook: { url: "URL/post", method: post, body: '{"a": "{{b}}"}', body_format: JSON }
  - name: bearer
    webhook: { url: "URL/user", auth: { type: bearer, token: "${API_TOKEN}" }, retry: { max_retries: 2, delay: 1s } }
  - name: key
    webhook: { url: "URL/key", auth: { type: api_key, key: the-key } }
  - name: basic
    webhook: { url: "URL/basic", auth: { type: basic, user: user, pass: pass } }
  - name: failing
    webhook: { url: "URL/fails" }
"#;

#[test]
fn commands_of_an_original_file_call_what_they_name() {
    let web = echo();
    let tools = COMMANDS.replace("URL", &web.url());
    for (name, line) in
        [("plain", "/get"), ("json", "/post"), ("bearer", "/user"), ("key", "/key"), ("basic", "/basic")]
    {
        let said = mcpfier(&[name]).tools(&tools).env("API_TOKEN", "from-the-environment").may_talk().run();
        assert_eq!(said.stdout, line);
    }
    let heard = web.heard();
    assert_eq!((heard[0].header("user-agent"), heard[0].header("x-n")), (Some("Test/1.0"), Some("5")));
    assert_eq!((heard[1].method.as_str(), heard[1].body.as_str()), ("POST", r#"{"a": "{{b}}"}"#));
    assert_eq!(heard[1].header("content-type"), Some("application/json"));
    assert_eq!(heard[2].header("authorization"), Some("Bearer from-the-environment"));
    assert_eq!(heard[3].header("x-api-key"), Some("the-key"));
    assert_eq!(heard[4].header("authorization"), Some("Basic dXNlcjpwYXNz"));
}

#[test]
fn a_failing_call_says_so_in_the_words_of_the_original() {
    let web = echo();
    let tools = COMMANDS.replace("URL", &web.url());
    let result = mcpfier(&["call", "failing", "--json"]).tools(&tools).ends_with(22).run().json();
    let text = result["text"].as_str().expect("a text");
    assert!(text.starts_with("Command execution failed: HTTP status 500 Internal Server Error · "), "{text}");
    assert!(text.contains("\nOutput: /fails"), "{text}");
}

#[test]
fn what_is_read_otherwise_and_what_is_missing_is_told() {
    let tools = COMMANDS.replace("URL", "http://127.0.0.1:1");
    let report = mcpfier(&["--validate"]).tools(&tools).env("API_TOKEN", "x").may_talk().run().stderr;
    assert!(report.contains("`${…}` in `webhook` is expanded here"), "{report}");
    assert!(!report.contains("not supported yet"), "{report}");
}

#[test]
fn the_samples_of_the_original_send_what_they_promise() {
    let sample = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/mcpfier-config.yaml");
    let Ok(sample) = std::fs::read_to_string(sample) else { return };
    let web = echo();
    let tools = ["https://httpbin.org", "https://api.github.com"]
        .iter()
        .fold(sample, |text, host| text.replace(host, &web.url()));
    for (name, line) in [
        ("httpbin-get", "/get"),
        ("httpbin-post-json", "/post"),
        ("github-api-user", "/user"),
        ("api-with-key-auth", "/bearer"),
        ("webhook-basic-auth", "/basic-auth/user/pass"),
    ] {
        let said = mcpfier(&[name]).tools(&tools).env("GITHUB_TOKEN", "token-of-somebody").may_talk().run();
        assert_eq!(said.stdout, line);
    }
    let heard = web.heard();
    assert_eq!(heard[0].header("user-agent"), Some("MCPFier-Test/1.0"));
    assert_eq!(
        (heard[1].method.as_str(), heard[1].header("x-custom-header")),
        ("POST", Some("mcpfier-webhook"))
    );
    assert!(heard[1].body.starts_with(r#"{"message": "Hello from MCPFier!""#));
    assert_eq!(heard[2].header("authorization"), Some("Bearer token-of-somebody"));
    assert_eq!(heard[3].header("x-api-key"), Some("your-api-key-here"));
    assert_eq!(heard[4].header("authorization"), Some("Basic dXNlcjpwYXNz"));
}

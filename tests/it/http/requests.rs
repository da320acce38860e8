//! What is sent is what the plan says, and every value is nothing but data in its place.

use serde_json::{Value, json};

use crate::support::client::text;
use crate::support::program::{Program, mcpfier};
use crate::support::server::Server;
use crate::support::web::{Heard, Web, answer, send};

const TOKEN: &str = "correct-horse-battery";

fn tools(web: &Web) -> String {
    r#"version: 1
vars: { shop: URL }
secrets: { token: { env: SHOP_TOKEN } }
commands:
  - name: find
    description: Find things.
    webhook:
      url: "{{vars.shop}}/of/{{owner}}/v{{version}}.json?fixed=a+b&raw={{q}}"
      query: { q: "{{q}}", tag: "{{tags}}", opt: "{{opt}}", all: "{{json tags}}", "odd name": "x&y" }
      headers: { X-Note: "note {{q}}", X-Opt: "{{opt}}", Accept: application/json }
      auth: { type: bearer, token: "{{secrets.token}}" }
      allow_private: true
    params:
      owner: { type: string, description: Owner }
      version: { type: integer, description: Version, default: 2 }
      q: { type: string, description: Query }
      tags: { type: array, description: Tags, items: { type: string }, optional: true }
      opt: { type: string, description: Optional, optional: true }
  - name: make
    description: Make a thing.
    webhook:
      url: "{{vars.shop}}/things"
      body:
        title: "{{title}}"
        count: "{{count}}"
        open: "{{open}}"
        text: "{{title}} × {{count}}"
        deep: { token: "{{secrets.token}}", opt: "{{opt}}" }
        gone: { opt: "{{opt}}" }
        list: ["{{opt}}", "{{count}}", null, 1.5, "2", yes]
        data: "{{data}}"
        empty: {}
      allow_private: true
    params:
      title: string
      count: integer
      open: { type: boolean, description: Open, default: false }
      data: { type: object, description: Anything, default: { a: [] } }
      opt: { type: string, description: Optional, optional: true }
  - name: log-in
    description: Log in.
    webhook:
      url: "{{vars.shop}}/login"
      form: { user: "{{user}}", password: "{{secrets.token}}", role: "{{roles}}" }
      auth: { type: basic, username: "{{user}}", password: "{{secrets.token}}" }
      allow_private: true
    params:
      user: string
      roles: { type: array, description: Roles, items: { type: string }, default: [a, "b c"] }
  - name: put-note
    description: Put a note.
    webhook: { url: "{{vars.shop}}/note", method: PUT, body: "{{note}}", auth: { type: api_key, header: X-Key, key: "{{secrets.token}}" }, allow_private: true }
    params: { note: string }
  - name: whole
    description: Send a whole document.
    webhook: { url: "{{vars.shop}}/whole", body: "{{document}}", allow_private: true }
    params: { document: { type: array, description: A document, items: { type: integer } } }
  - name: hush
    description: Send a password.
    webhook: { url: "{{vars.shop}}/hush/{{pin}}", body: { pin: "{{pin}}" }, allow_private: true }
    params: { pin: { type: string, description: A number, sensitive: true } }
  - name: show
    description: Show a thing.
    webhook: { url: "{{vars.shop}}/show/{{id}}", success: [200, 404], allow_private: true }
    output: { format: json, schema: { type: object, properties: { id: { type: string } }, required: [id] } }
    params: { id: string }
"#
    .replace("URL", &web.url())
}

fn echo() -> Web {
    Web::start(|heard, stream| {
        let status = match heard.target.as_str() {
            "/show/none" => "404 Not Found",
            "/show/broken" => "500 Internal Server Error",
            _ => "200 OK",
        };
        let id = heard.target.rsplit('/').next().unwrap_or_default();
        let said = json!({ "id": id, "auth": heard.header("authorization") });
        send(stream, &answer(status, &[("Content-Type", "application/json")], said.to_string().as_bytes()));
    })
}

fn run(words: &[&str], web: &Web) -> Program {
    mcpfier(words).tools(&tools(web)).env("SHOP_TOKEN", TOKEN)
}

fn only(web: &Web) -> Heard {
    let heard = web.heard();
    assert_eq!(heard.len(), 1, "{heard:?}");
    heard[0].clone()
}

#[test]
fn values_are_encoded_for_the_place_where_they_stand() {
    let web = echo();
    let words = ["call", "find", "owner=a/../b?c#d", "q=x y&z=%2F+é", "tags=1,2", "tags=&"];
    run(&words, &web).run();
    let heard = only(&web);
    assert_eq!(heard.method, "GET");
    assert_eq!(
        heard.target,
        "/of/a%2F..%2Fb%3Fc%23d/v2.json?fixed=a+b&raw=x%20y%26z%3D%252F%2B%C3%A9&q=x%20y%26z%3D%252F%2B%C3%A9&tag=1%2C2&tag=%26&all=%5B%221%2C2%22%2C%22%26%22%5D&odd%20name=x%26y"
    );
    assert_eq!(heard.header("x-note"), Some("note x y&z=%2F+é"));
    assert_eq!(heard.header("x-opt"), None);
    assert_eq!(heard.header("accept"), Some("application/json"));
    assert_eq!(heard.header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
    assert_eq!(heard.header("user-agent"), Some(concat!("mcpfier/", env!("CARGO_PKG_VERSION"))));
}

#[test]
fn a_json_body_keeps_the_types_of_values() {
    let web = echo();
    let words = ["call", "make", "title=\"}, {\"evil\": 1", "count=3"];
    run(&words, &web).run();
    let heard = only(&web);
    assert_eq!((heard.method.as_str(), heard.header("content-type")), ("POST", Some("application/json")));
    let body: Value = serde_json::from_str(&heard.body).expect("JSON");
    let expected = json!({
        "title": "\"}, {\"evil\": 1",
        "count": 3,
        "open": false,
        "text": "\"}, {\"evil\": 1 × 3",
        "deep": { "token": TOKEN },
        "list": [3, null, 1.5, "2", "yes"],
        "data": { "a": [] },
        "empty": {},
    });
    assert_eq!(body, expected);
}

#[test]
fn forms_and_texts_and_credentials_are_sent_as_they_should_be() {
    let web = echo();
    run(&["call", "log-in", "user=a&b:c"], &web).run();
    let heard = only(&web);
    assert_eq!(heard.header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(heard.body, format!("user=a%26b%3Ac&password={TOKEN}&role=a&role=b%20c"));
    assert_eq!(heard.header("authorization"), Some("Basic YSZiOmM6Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5"));
    run(&["call", "put-note", "note=<b>\nsecond line"], &web).run();
    let heard = web.heard()[1].clone();
    assert_eq!((heard.method.as_str(), heard.body.as_str()), ("PUT", "<b>\nsecond line"));
    assert_eq!(heard.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(heard.header("x-key"), Some(TOKEN));
    run(&["call", "whole", "document:=[1, 2]"], &web).run();
    let heard = web.heard()[2].clone();
    assert_eq!((heard.body.as_str(), heard.header("content-type")), ("[1,2]", Some("application/json")));
}

#[test]
fn a_value_that_would_lead_elsewhere_is_refused_before_anything_is_sent() {
    let web = echo();
    for (words, told) in [
        (["call", "find", "owner=..", "q=x"], "`owner`: would lead to another path of the server"),
        (["call", "find", "owner=.", "q=x"], "`owner`: would lead to another path of the server"),
        (["call", "find", "owner=", "q=x"], "`owner`: is empty, and a part of the URL's path cannot be"),
        (
            ["call", "find", "owner=a", "q=x\nX-Evil: 1"],
            "`q`: holds a line break, which cannot stand in the header `X-Note`",
        ),
    ] {
        let said = run(&words, &web).ends_with(2).run();
        assert_eq!(said.stderr, format!("error: {told}\n"));
    }
    assert!(web.heard().is_empty());
}

#[test]
fn a_plan_shows_the_request_and_no_secret() {
    let web = echo();
    let words = ["--dry-run", "make", "title=it's", "count=1", "--json"];
    let plan = run(&words, &web).run();
    assert!(!plan.stdout.contains(TOKEN), "{}", plan.stdout);
    let body = plan.json()["body"].as_str().expect("a body").to_owned();
    assert!(body.contains(r#""deep":{"token":"<secret env:SHOP_TOKEN>"}"#), "{body}");
    let plan = run(&["--dry-run", "hush", "pin=0815-0815"], &web).run().stdout;
    assert!(plan.contains("/hush/***") && !plan.contains("0815"), "{plan}");
    let text = run(&["--dry-run", "log-in", "user=me"], &web).run().stdout.replace(&web.url(), "URL");
    insta::assert_snapshot!(text);
    assert!(web.heard().is_empty());
}

#[test]
fn the_printed_line_sends_what_the_call_sends() {
    let web = echo();
    let words = ["find", "owner=it's a/b", "q=$(id) \"q\"", "tags=x"];
    let planned = run(&[&["--dry-run", "--json"], &words[..]].concat(), &web).run().json();
    let line = planned["curl"].as_str().expect("a line").to_owned();
    let Ok(status) = std::process::Command::new("curl").arg("--version").output().map(|out| out.status)
    else {
        return crate::support::skip::skip("there is no curl; tests/run installs one");
    };
    assert!(status.success());
    let ran = std::process::Command::new("bash").args(["-c", &line]).env("SHOP_TOKEN", TOKEN).output();
    assert!(ran.expect("bash").status.success(), "{line}");
    run(&[&["call"], &words[..]].concat(), &web).run();
    let heard = web.heard();
    let [pasted, called] = heard.as_slice() else { panic!("{heard:?}") };
    assert_eq!(
        (&pasted.method, &pasted.target, &pasted.body),
        (&called.method, &called.target, &called.body)
    );
    for name in ["authorization", "x-note", "accept", "user-agent"] {
        assert_eq!(pasted.header(name), called.header(name), "{name}");
    }
}

#[test]
fn a_failing_status_is_an_error_that_names_it_and_shows_the_body() {
    let web = echo();
    let said = run(&["call", "show", "id=broken"], &web).ends_with(22).run();
    assert_eq!(said.stdout, r#"{"id":"broken","auth":null}"#);
    assert!(said.stderr.starts_with("mcpfier: HTTP status 500 Internal Server Error · "), "{}", said.stderr);
    let result = run(&["call", "show", "id=broken", "--json"], &web).ends_with(22).run().json();
    assert_eq!((&result["ok"], &result["run"]["httpStatus"]), (&json!(false), &json!(500)));
    let text = result["text"].as_str().expect("a text");
    assert!(text.starts_with(r#"{"id":"broken","auth":null}"#) && text.contains("HTTP status 500"), "{text}");
    let result = run(&["call", "show", "id=none", "--json"], &web).run().json();
    assert_eq!(result["structured"], json!({ "id": "none", "auth": null }), "{result:#}");
    assert_eq!((&result["ok"], &result["run"]["httpStatus"]), (&json!(true), &json!(404)));
}

#[test]
fn a_secret_that_a_server_repeats_is_redacted() {
    let web = echo();
    let said = run(&["call", "log-in", "user=me"], &web).run();
    assert!(said.stdout.contains("[redacted]") && !said.stdout.contains(TOKEN), "{}", said.stdout);
    let said = run(&["call", "find", "owner=a", "q=b"], &web).run();
    assert_eq!(
        said.stdout,
        r#"{"id":"v2.json?fixed=a+b&raw=b&q=b&odd%20name=x%26y","auth":"Bearer [redacted]"}"#
    );
}

#[test]
fn a_secret_that_cannot_stand_in_a_header_is_told_without_its_value() {
    let web = echo();
    let said = mcpfier(&["call", "put-note", "note=x"])
        .tools(&tools(&web))
        .env("SHOP_TOKEN", "two\nlines of it")
        .ends_with(125)
        .run();
    assert!(said.stderr.contains("the value of the header `X-Key` holds a character"), "{}", said.stderr);
    assert!(!said.stderr.contains("lines of it"), "{}", said.stderr);
}

#[tokio::test]
async fn clients_call_it_like_any_other_tool() {
    let web = echo();
    let shop = tools(&web);
    let commands = shop
        .strip_prefix("version: 1\n")
        .expect("a first line")
        .replace("secrets: { token: { env: SHOP_TOKEN } }\n", "secrets: { token: { env: HOME } }\n");
    let mut server = Server::start(&commands);
    server.client.initialize().await;
    let result = server.client.call(1, "show", json!({ "id": "7" })).await;
    assert_eq!(result["structuredContent"]["id"], "7", "{result:#}");
    assert_eq!(result["_meta"]["mcpfier/run"]["httpStatus"], 200);
    let result = server.client.call(2, "show", json!({ "id": "broken" })).await;
    assert_eq!(result["isError"], true);
    assert!(text(&result).contains("HTTP status 500 Internal Server Error"), "{result:#}");
}

//! An OpenAPI document becomes tools that call what it describes.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::program::mcpfier;
use crate::support::web::{Heard, Web, answer, reply};

fn document(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/import").join(name)
}

/// A corner shop as the document describes it.
fn shop() -> Web {
    Web::start(|heard, stream| {
        let said = match (heard.method.as_str(), heard.target.as_str()) {
            ("DELETE", "/v1/orders/7") => {
                return reply(stream, b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
            }
            ("GET", "/v1/orders/7") => json!({ "id": 7 }),
            ("POST", "/v1/orders") => {
                json!({ "id": 8, "got": serde_json::from_str::<Value>(&heard.body).expect("JSON") })
            }
            ("GET", target) if target.starts_with("/v1/orders?") => json!([{ "id": 7 }]),
            _ => return reply(stream, &answer("404 Not Found", &[], b"no such thing")),
        };
        reply(
            stream,
            &answer("200 OK", &[("Content-Type", "application/json")], said.to_string().as_bytes()),
        );
    })
}

fn imported(web: &Web, words: &[&str]) -> String {
    let text = std::fs::read_to_string(document("openapi.yaml")).expect("the document");
    let text = text.replace("8099", &web.address.port().to_string());
    let words = [&["import", "api.yaml"], words].concat();
    mcpfier(&words).file("api.yaml", &text).may_talk().run().stdout
}

fn call(tools: &str, words: &[&str]) -> crate::support::program::Said {
    let words = [&["call"], words].concat();
    mcpfier(&words)
        .tools(tools)
        .env("CORNER_SHOP_KEY", "key-of-the-shop")
        .env("CORNER_SHOP_STAFF_USERNAME", "somebody")
        .env("CORNER_SHOP_STAFF_PASSWORD", "pass-of-somebody")
        .run()
}

fn last(web: &Web) -> Heard {
    web.heard().pop().expect("a request")
}

#[test]
fn every_operation_of_a_document_can_be_called() {
    let web = shop();
    let tools = imported(&web, &[]);
    let said = call(&tools, &["listOrders", "status=open", "status=paid", "limit=5"]);
    assert_eq!(said.stdout, r#"[{"id":7}]"#);
    assert_eq!(last(&web).target, "/v1/orders?limit=5&status=open&status=paid");
    assert_eq!(last(&web).header("x-shop-key"), Some("key-of-the-shop"));

    let said = call(
        &tools,
        &["createOrder", "customer_name=Ann", "lines:=[{\"article\": \"AB1234\"}]", "gift=true"],
    );
    let expected = json!({
        "customer": { "name": "Ann" },
        "lines": [{ "article": "AB1234" }],
        "gift": true,
    });
    assert_eq!(said.json()["got"], expected);

    assert_eq!(call(&tools, &["getOrder", "order_id=7"]).stdout, r#"{"id":7}"#);
    call(&tools, &["cancelOrder", "order_id=7"]);
    assert_eq!(last(&web).method, "DELETE");
    assert!(last(&web).header("authorization").is_some_and(|value| value.starts_with("Basic ")));
}

#[test]
fn what_the_document_forbids_is_refused_before_it_is_sent() {
    let web = shop();
    let tools = imported(&web, &[]);
    for words in [
        &["call", "listOrders", "limit=0"][..],
        &["call", "listOrders", "status=lost"],
        &["call", "getOrder", "order_id=../1"],
        &["call", "createOrder", "customer_name=Ann"],
        &["call", "put-stock-code-note", "code=../../x", "body=y"],
    ] {
        mcpfier(words).tools(&tools).env("CORNER_SHOP_KEY", "key-of-the-shop").ends_with(2).run();
    }
    assert!(web.heard().is_empty());
}

#[test]
fn a_part_of_a_document_can_be_chosen() {
    let names = |words: &[&str]| {
        let file = document("openapi.yaml");
        let file = file.to_string_lossy();
        let words = [&["import", &*file], words].concat();
        let tools = mcpfier(&words).may_talk().run().stdout;
        let listed = mcpfier(&["list", "--json"]).tools(&tools).may_talk().run().json();
        let names = listed
            .as_array()
            .expect("a list")
            .iter()
            .map(|tool| tool["name"].as_str().expect("a name").to_owned());
        names.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names(&["--only", "GET /orders*"]), "listOrders getOrder");
    assert_eq!(names(&["--only", "delete *", "--only", "login"]), "cancelOrder login");
    assert_eq!(names(&["--tag", "stock"]), "put-stock-code-note");
    assert_eq!(names(&["--tag", "orders", "--only", "/orders"]), "listOrders createOrder");
    let file = document("openapi.yaml");
    let said = mcpfier(&["import", &file.to_string_lossy(), "--only", "GET /pets"]).ends_with(1).run();
    assert!(
        said.stderr.contains("no operation fits `--only` and `--tag`; it has such as `GET /orders`"),
        "{}",
        said.stderr
    );
}

#[test]
fn a_document_goes_into_a_file_with_what_it_needs() {
    let mine = "version: 1\nvars:\n  mine: x\n\n# my tools\ncommands:\n  - name: say\n    description: Say.\n    script: echo\n";
    let file = document("openapi.yaml");
    let words = ["import", &file.to_string_lossy(), "--only", "GET *", "--into", "t.yaml"];
    let said = mcpfier(&words).file("t.yaml", mine).may_talk().run();
    assert_eq!(said.stdout, "added to t.yaml: listOrders getOrder\n");
    let text = std::fs::read_to_string(said.folder().join("t.yaml")).expect("the file");
    let expected = "version: 1\nvars:\n  corner_shop_url: 'http://127.0.0.1:8099/v1'\n  mine: x\n\n# my tools\nsecrets:\n  corner_shop_key: { env: CORNER_SHOP_KEY }\n\ncommands:\n  - name: say\n";
    assert!(text.starts_with(expected), "{text}");
    mcpfier(&["--validate", "--offline"]).config(&said.folder().join("t.yaml")).may_talk().run();
}

#[test]
fn a_document_that_is_too_large_or_too_old_is_refused_with_a_way_out() {
    let mut paths = serde_json::Map::new();
    for number in 0..150 {
        paths.insert(format!("/a{number}"), json!({ "get": { "tags": [format!("t{}", number % 2)] } }));
    }
    let large = json!({ "openapi": "3.1.0", "info": { "title": "Large" }, "servers": [{ "url": "https://a.example.com" }], "paths": paths });
    let said = mcpfier(&["import", "large.json"]).file("large.json", &large.to_string()).ends_with(1).run();
    assert!(
        said.stderr.contains("it has 150 operations") && said.stderr.contains("--tag NAME"),
        "{}",
        said.stderr
    );
    let said = mcpfier(&["import", "large.json", "--tag", "t1"])
        .file("large.json", &large.to_string())
        .may_talk()
        .run();
    assert_eq!(said.stdout.matches("- name: ").count(), 75);
    for (old, told) in [
        (r#"{"swagger": "2.0"}"#, "OpenAPI 2.0"),
        (r#"{"openapi": "4.0.0"}"#, "OpenAPI 4.0.0"),
        (r#"{"openapi": "3.0.0"}"#, "no `paths`"),
    ] {
        let said = mcpfier(&["import", "old.json"]).file("old.json", old).ends_with(1).run();
        assert!(said.stderr.contains(told), "{}", said.stderr);
    }
}

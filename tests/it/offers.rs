//! Prompts, resources and suggestions, from outside: in both eras, on stdio and over HTTP.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::client::modern_meta;
use crate::support::server::{Server, Wire};

const FILE: &str = r#"
vars: { team: ops }
prompts:
  - name: review
    title: Review a change
    description: Looks for mistakes.
    arguments:
      diff: { type: string, description: The change }
      style: { type: string, enum: [short, thorough], default: short }
      branch: { type: string, optional: true, complete: { command: branches } }
    text: "{{vars.team}}: a {{style}} review of {{diff}}{{#if branch}} on {{branch}}{{/if}}"
  - name: scene
    arguments: { what: string }
    messages:
      - { file: scene.md }
      - { image: dot.png }
      - { role: assistant, resource: "docs://runbook" }
      - { resource: { uri: "{{what}}", text: "All of {{what}}", mime: text/markdown } }
  - { name: quiet, text: Nobody else sees this., authorization: { required_roles: [admin] } }
resources:
  - { uri: "docs://runbook", file: runbook.md, title: The runbook }
  - { uri: "test://dot", file: dot.png }
  - { uri: "test://template/{id}/data", mime: application/json, text: '{"id":{{json id}}}', params: { id: { type: integer, minimum: 1 } } }
  - { uri: "notes://{+path}", directory: notes, files: ["**/*.md"] }
  - { uri: "flat://{name}", directory: notes }
  - { uri: "status://{what}", command: status }
  - { uri: "secret://x", text: hidden, authorization: { required_roles: [admin] } }
commands:
  - name: status
    description: How things are.
    expose: false
    annotations: { read_only: true }
    script: echo
    args: ["{{what}} is well"]
    params: { what: { type: string, maxLength: 20 } }
  - name: branches
    description: Branches.
    annotations: { read_only: true }
    shell: sh
    run: printf 'main\nmaster\ndevelop\n%s\n' "ma-$PARAM_style-$PARAM_typed"
    params: { style: { type: string, optional: true }, typed: { type: string, optional: true } }
  - { name: echo, description: Says nothing., script: echo }
server:
  stdio: { permissions: ["*"] }
"#;

const DOT: &[u8] = b"\x89PNG\r\n\x1a\n0000";

fn house(folder: &Path, file: &str) {
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.join(name), bytes).unwrap();
    std::fs::create_dir_all(folder.join("notes/deep/.hidden")).unwrap();
    write("tools.yaml", format!("version: 1\n{file}").as_bytes());
    write("runbook.md", b"# Stay calm\n");
    write("scene.md", "Paint {{what}} for {{vars.team}}.".as_bytes());
    write("dot.png", DOT);
    write("notes/a b.md", b"a");
    write("notes/c.txt", b"c");
    write("notes/deep/d.md", b"d");
    write("notes/deep/.hidden/e.md", b"e");
    std::os::unix::fs::symlink(folder.join("runbook.md"), folder.join("notes/link.md")).unwrap();
}

fn start(file: &str) -> Server {
    let folder = tempfile::tempdir().unwrap();
    house(folder.path(), file);
    Server::start_in(Wire::Pipes, folder)
}

fn read_of(response: &Value) -> &Value {
    &response["result"]["contents"][0]
}

#[tokio::test]
async fn prompts_are_listed_and_filled_in() {
    let mut server = start(FILE);
    let client = &mut server.client;
    let capabilities = client.initialize().await["result"]["capabilities"].clone();
    assert_eq!(capabilities["prompts"], json!({ "listChanged": true }));
    assert_eq!(capabilities["resources"], json!({ "subscribe": true, "listChanged": true }));
    assert_eq!(capabilities["completions"], json!({}));
    let listed = client.ask(1, "prompts/list", json!({})).await["result"].clone();
    assert_eq!(listed["prompts"].as_array().unwrap().len(), 2, "one is for others: {listed}");
    assert_eq!(
        listed["prompts"][0],
        json!({
            "name": "review", "title": "Review a change", "description": "Looks for mistakes.",
            "arguments": [
                { "name": "diff", "description": "The change", "required": true },
                { "name": "style", "required": false },
                { "name": "branch", "required": false },
            ],
        })
    );
    let filled =
        client.ask(2, "prompts/get", json!({ "name": "review", "arguments": { "diff": "+{{x}}" } })).await;
    let said =
        json!({ "role": "user", "content": { "type": "text", "text": "ops: a short review of +{{x}}" } });
    assert_eq!(filled["result"]["messages"], json!([said]));
    let filled =
        client.ask(3, "prompts/get", json!({ "name": "scene", "arguments": { "what": "x://y" } })).await;
    assert_eq!(
        filled["result"]["messages"],
        json!([
            { "role": "user", "content": { "type": "text", "text": "Paint x://y for ops." } },
            { "role": "user", "content": { "type": "image", "mimeType": "image/png", "data": "iVBORw0KGgowMDAw" } },
            { "role": "assistant", "content": { "type": "resource", "resource": { "uri": "docs://runbook", "mimeType": "text/markdown", "text": "# Stay calm\n" } } },
            { "role": "user", "content": { "type": "resource", "resource": { "uri": "x://y", "mimeType": "text/markdown", "text": "All of x://y" } } },
        ])
    );
    for (params, said) in [
        (json!({ "name": "none" }), "there is no prompt `none`"),
        (json!({ "name": "quiet" }), "there is no prompt `quiet`"),
        (json!({ "name": "review" }), "`diff`: is required"),
        (json!({ "name": "review", "arguments": { "diff": "x", "style": "long" } }), "style"),
        (json!({ "name": "review", "arguments": { "diff": 7 } }), "has to be a text"),
    ] {
        let error = client.ask(4, "prompts/get", params).await["error"].clone();
        assert_eq!(error["code"], -32602, "{error}");
        assert!(error["message"].as_str().unwrap().contains(said), "{error}");
    }
}

#[tokio::test]
async fn resources_are_listed_and_read_and_nothing_beside_them() {
    let mut server = start(FILE);
    let client = &mut server.client;
    client.initialize().await;
    let listed = client.ask(1, "resources/list", json!({})).await["result"]["resources"].clone();
    let uris: Vec<&str> = listed.as_array().unwrap().iter().map(|one| one["uri"].as_str().unwrap()).collect();
    assert_eq!(
        uris,
        [
            "docs://runbook",
            "test://dot",
            "notes://a%20b.md",
            "notes://deep/d.md",
            "flat://a%20b.md",
            "flat://c.txt"
        ]
    );
    let templates =
        client.ask(2, "resources/templates/list", json!({})).await["result"]["resourceTemplates"].clone();
    let uris: Vec<&Value> = templates.as_array().unwrap().iter().map(|one| &one["uriTemplate"]).collect();
    assert_eq!(uris, ["test://template/{id}/data", "notes://{+path}", "flat://{name}", "status://{what}"]);
    for (uri, mime, text) in [
        ("docs://runbook", "text/markdown", "# Stay calm\n"),
        ("test://template/7/data", "application/json", "{\"id\":7}"),
        ("notes://deep/d.md", "text/markdown", "d"),
        ("notes://a%20b.md", "text/markdown", "a"),
        ("flat://c.txt", "text/plain", "c"),
        ("status://disk", "text/plain", "disk is well\n"),
    ] {
        let response = client.ask(3, "resources/read", json!({ "uri": uri })).await;
        assert_eq!(*read_of(&response), json!({ "uri": uri, "mimeType": mime, "text": text }), "{response}");
    }
    let response = client.ask(4, "resources/read", json!({ "uri": "test://dot" })).await;
    assert_eq!(read_of(&response)["blob"], "iVBORw0KGgowMDAw");
    for uri in [
        "docs://other",
        "secret://x",
        "test://template/0/data",
        "test://template/x/data",
        "notes://../runbook.md",
        "notes://%2e%2e/runbook.md",
        "notes://deep/../../runbook.md",
        "notes:///etc/passwd",
        "notes://link.md",
        "notes://deep/.hidden/e.md",
        "notes://c.txt",
        "flat://deep%2Fd.md",
        "flat://deep/d.md",
        "flat://..",
        "notes://deep",
        "status://",
        "run://x/output",
        "run://x",
        "file:///etc/passwd",
        "",
    ] {
        let error = client.ask(5, "resources/read", json!({ "uri": uri })).await["error"].clone();
        assert_eq!(error["code"], -32002, "{uri}: {error}");
    }
    let long = "x".repeat(30);
    let error =
        client.ask(6, "resources/read", json!({ "uri": format!("status://{long}") })).await["error"].clone();
    assert_eq!(error["code"], -32603, "{error}");
    assert!(error["message"].as_str().unwrap().contains("what"), "{error}");
}

#[tokio::test]
async fn arguments_are_suggested_by_lists_files_and_commands() {
    let mut server = start(FILE);
    let client = &mut server.client;
    client.initialize().await;
    let prompt = |name: &str| json!({ "type": "ref/prompt", "name": name });
    let resource = |uri: &str| json!({ "type": "ref/resource", "uri": uri });
    for (of, argument, typed, values) in [
        (prompt("review"), "style", "t", json!(["thorough", "short"])),
        (prompt("review"), "style", "sho", json!(["short"])),
        (prompt("review"), "diff", "x", json!([])),
        (prompt("review"), "branch", "ma", json!(["main", "master", "ma-short-ma"])),
        (resource("notes://{+path}"), "path", "deep", json!(["deep/d.md"])),
    ] {
        let params = json!({
            "ref": of, "argument": { "name": argument, "value": typed },
            "context": { "arguments": { "style": "short", "other": "x" } },
        });
        let response = client.ask(1, "completion/complete", params).await;
        assert_eq!(response["result"]["completion"]["values"], values, "{response}");
    }
    for (of, argument) in [
        (prompt("none"), "x"),
        (prompt("quiet"), "x"),
        (prompt("review"), "x"),
        (resource("notes://"), "path"),
    ] {
        let params = json!({ "ref": of, "argument": { "name": argument, "value": "" } });
        assert!(client.ask(2, "completion/complete", params).await["error"].is_object());
    }
}

#[tokio::test]
async fn a_session_is_told_of_what_it_subscribes_to_and_of_lists_that_change() {
    let mut server = start(FILE);
    let folder = server.folder.path().to_path_buf();
    let client = &mut server.client;
    client.initialize().await;
    client.ask(1, "resources/list", json!({})).await;
    for uri in ["docs://runbook", "notes://deep/d.md", "docs://runbook"] {
        assert_eq!(client.ask(2, "resources/subscribe", json!({ "uri": uri })).await["result"], json!({}));
    }
    let error = client.ask(3, "resources/subscribe", json!({ "uri": "secret://x" })).await["error"].clone();
    assert_eq!(error["code"], -32002, "{error}");
    for (path, uri) in [("runbook.md", "docs://runbook"), ("notes/deep/d.md", "notes://deep/d.md")] {
        std::fs::write(folder.join(path), "something else").unwrap();
        let told = client.next().await.unwrap();
        assert_eq!(
            (&told["method"], &told["params"]["uri"]),
            (&json!("notifications/resources/updated"), &json!(uri))
        );
    }
    // Written anew beside it and moved into its place, as editors do.
    client.ask(4, "resources/unsubscribe", json!({ "uri": "notes://deep/d.md" })).await;
    std::fs::write(folder.join("notes/deep/d.md"), "not told").unwrap();
    std::fs::write(folder.join("new"), "moved").unwrap();
    std::fs::rename(folder.join("new"), folder.join("runbook.md")).unwrap();
    assert_eq!(client.next().await.unwrap()["params"]["uri"], "docs://runbook");
    std::fs::write(folder.join("notes/deep/fresh.md"), "x").unwrap();
    assert_eq!(client.next().await.unwrap()["method"], "notifications/resources/list_changed");
    let more = FILE.replace("title: Review a change", "title: Another title");
    std::fs::write(folder.join("tools.yaml"), format!("version: 1\n{more}")).unwrap();
    assert_eq!(client.next().await.unwrap()["method"], "notifications/prompts/list_changed");
}

#[tokio::test]
async fn the_newer_era_says_how_long_answers_keep_and_listens() {
    let mut server = start(FILE);
    let folder = server.folder.path().to_path_buf();
    let client = &mut server.client;
    for (method, params, ttl) in [
        ("prompts/list", json!({}), json!(60000)),
        ("resources/list", json!({}), json!(0)),
        ("resources/templates/list", json!({}), json!(60000)),
        ("resources/read", json!({ "uri": "docs://runbook" }), json!(0)),
        ("prompts/get", json!({ "name": "review", "arguments": { "diff": "x" } }), Value::Null),
    ] {
        let mut params = params;
        params["_meta"] = modern_meta();
        let result = client.ask(1, method, params).await["result"].clone();
        assert_eq!(
            (&result["resultType"], &result["ttlMs"]),
            (&json!("complete"), &ttl),
            "{method}: {result}"
        );
        let scope = if ttl.is_null() { Value::Null } else { json!("private") };
        assert_eq!(result["cacheScope"], scope, "{method}");
        assert!(result["_meta"]["io.modelcontextprotocol/serverInfo"].is_object(), "{method}");
    }
    let unknown = json!({ "uri": "docs://none", "_meta": modern_meta() });
    assert_eq!(client.ask(2, "resources/read", unknown).await["error"]["code"], -32602);
    let old = json!({ "uri": "docs://runbook", "_meta": modern_meta() });
    assert_eq!(client.ask(3, "resources/subscribe", old).await["error"]["code"], -32601);
    let wanted = json!({
        "notifications": { "resourcesListChanged": true, "resourceSubscriptions": ["docs://runbook", "secret://x"] },
        "_meta": modern_meta(),
    });
    client.request(4, "subscriptions/listen", wanted).await;
    let accepted = client.next().await.unwrap()["params"]["notifications"].clone();
    assert_eq!(
        accepted,
        json!({ "resourcesListChanged": true, "resourceSubscriptions": ["docs://runbook"] })
    );
    std::fs::write(folder.join("runbook.md"), "something else").unwrap();
    let told = client.next().await.unwrap();
    assert_eq!(told["params"]["uri"], "docs://runbook");
    assert_eq!(told["params"]["_meta"]["io.modelcontextprotocol/subscriptionId"], 4);
    std::fs::remove_file(folder.join("notes/a b.md")).unwrap();
    assert_eq!(client.next().await.unwrap()["method"], "notifications/resources/list_changed");
}

#[tokio::test]
async fn a_file_without_them_offers_none_of_it() {
    let mut server = Server::start("commands: [{ name: echo, description: Says it., script: echo }]");
    let client = &mut server.client;
    let capabilities = client.initialize().await["result"]["capabilities"].clone();
    assert_eq!(capabilities, json!({ "tools": { "listChanged": true } }));
    for method in ["prompts/list", "resources/list", "resources/templates/list"] {
        assert_eq!(client.ask(1, method, json!({})).await["error"]["code"], -32601, "{method}");
    }
    let read = client.ask(2, "resources/read", json!({ "uri": "x://y" })).await;
    assert_eq!(read["error"]["code"], -32601);
}

#[tokio::test]
async fn a_thousand_resources_are_listed_fast() {
    let entries: String = (0..1000)
        .map(|n| format!("  - {{ uri: \"x://{n}\", text: number {n}, description: The {n}th }}\n"))
        .collect();
    let mut server = Server::start(&format!(
        "resources:\n{entries}commands: [{{ name: echo, description: Says it., script: echo }}]"
    ));
    let client = &mut server.client;
    client.initialize().await;
    client.ask(1, "resources/list", json!({})).await;
    let begun = std::time::Instant::now();
    let listed = client.ask(2, "resources/list", json!({})).await;
    assert_eq!(listed["result"]["resources"].as_array().unwrap().len(), 1000);
    assert!(begun.elapsed().as_secs() < 2, "{:?}", begun.elapsed());
    assert_eq!(
        read_of(&client.ask(3, "resources/read", json!({ "uri": "x://999" })).await)["text"],
        "number 999"
    );
}

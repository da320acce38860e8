//! What becomes of what commands print: at a shell, for clients of both eras, and where it is none of what
//! the file promises.

use serde_json::{Value, json};

use crate::support::client::{modern_meta, text};
use crate::support::program::mcpfier;
use crate::support::server::Server;

/// Commands that print what is in their files, so that a test can write anything there.
const COMMANDS: &str = r##"
vars: { channels: [ops, dev] }
commands:
  - name: table
    description: A table.
    script: cat
    args: [table.csv]
    output:
      format: csv
      schema:
        type: array
        items: { type: object, properties: { name: { type: string }, cpu: { type: number }, up: { type: boolean } }, required: [name] }
  - name: report
    description: A text of a table.
    script: cat
    args: [table.csv]
    params:
      title: { type: string, description: Its heading, pattern: "^[A-Za-z ]+$", default: Hosts }
      token: { type: string, description: Not to be shown, pattern: "^[a-z]+$", optional: true, sensitive: true }
    output:
      format: csv
      template: |
        # {{title}} ({{len result}}, {{params.token}})
        {{#each result}}
        - {{name}}{{#if (eq up "false")}} is down{{/if}}
        {{else}}
        nothing
        {{/each}}
        {{#each vars.channels}}{{this}} {{/each}}{{exit_code}}
      mime: text/markdown
  - name: places
    description: Where it is.
    shell: sh
    run: printf 'a.rs:3:\033[1mx\033[0m\nno match\nb.rs:14:y\n'
    output:
      format: regex
      pattern: '^(?<file>[^:]+):(?<line>\d+):(?<text>.*)$'
      schema: { type: array, items: { type: object, properties: { line: { type: integer } } } }
  - name: first
    description: A part of a document.
    script: cat
    args: [document.yaml]
    output: { format: yaml, select: "items[?up].name | [0]" }
  - name: part
    description: A part of a document.
    script: cat
    args: [document.yaml]
    output: { format: yaml, select: /items/0, schema: { type: object, required: [name] } }
  - name: pages
    description: Text of a type.
    script: echo
    args: ["# Hello"]
    output: { mime: text/markdown }
  - name: draw
    description: Writes files.
    shell: sh
    run: |
      mkdir -p out/deep
      printf '\211PNG\r\n\032\nrest' >out/picture.png
      echo hello >out/deep/note.txt
      head -c 40000 /dev/zero >out/large.bin
      ln -sf /etc/passwd out/passwd.txt
      echo drawn
    output: { files: ["out/**/*"] }
"##;

const TABLE: &str = "name,cpu,up\nweb,1.5,true\n\"db, old\",2,false\n";
const DOCUMENT: &str = "items:\n- { name: db, up: false }\n- { name: web, up: true }\n";

async fn server() -> Server {
    let mut server = Server::start(COMMANDS);
    write(&server, TABLE, DOCUMENT);
    server.client.initialize().await;
    server
}

fn write(server: &Server, table: &str, document: &str) {
    std::fs::write(server.folder.path().join("table.csv"), table).unwrap();
    std::fs::write(server.folder.path().join("document.yaml"), document).unwrap();
}

/// The result for a client of the newer era.
async fn modern(server: &mut Server, id: i64, tool: &str) -> Value {
    let params = json!({ "name": tool, "arguments": {}, "_meta": modern_meta() });
    server.client.ask(id, "tools/call", params).await["result"].clone()
}

#[tokio::test]
async fn structured_results_are_the_same_in_both_eras() {
    let mut server = server().await;
    let rows = json!({ "matches": [
        { "name": "web", "cpu": 1.5, "up": true },
        { "name": "db, old", "cpu": 2, "up": false },
    ] });
    let places = json!({ "matches": [
        { "file": "a.rs", "line": 3, "text": "x" },
        { "file": "b.rs", "line": 14, "text": "y" },
    ] });
    let mut id = 0;
    for (tool, structured) in
        [("table", rows), ("places", places), ("part", json!({ "name": "db", "up": false }))]
    {
        id += 2;
        let old = server.client.call(id, tool, json!({})).await;
        let new = modern(&mut server, id + 1, tool).await;
        assert_eq!(old["structuredContent"], structured, "{tool}: {old}");
        assert_eq!((&old["content"], &old["isError"]), (&new["content"], &new["isError"]));
        assert_eq!(new["structuredContent"], structured, "{tool}: {new}");
    }
    let listed = server.client.ask("l", "tools/list", json!({})).await;
    let table = &listed["result"]["tools"][0]["outputSchema"];
    assert_eq!(table["required"], json!(["matches"]), "{table}");
}

#[tokio::test]
async fn a_part_is_the_text_of_a_result_and_a_template_makes_one() {
    let mut server = server().await;
    assert_eq!(text(&server.client.call(1, "first", json!({})).await), "web");
    assert_eq!(
        text(&server.client.call(2, "part", json!({})).await),
        "{\n  \"name\": \"db\",\n  \"up\": false\n}"
    );
    let result = server.client.call(3, "report", json!({ "token": "hidden" })).await;
    assert_eq!(
        result["content"],
        json!([{ "type": "resource", "resource": {
            "uri": "mcpfier:stdout",
            "mimeType": "text/markdown",
            "text": "# Hosts (2, ***)\n- web\n- db, old is down\nops dev 0\n",
        } }])
    );
    let pages = server.client.call(4, "pages", json!({})).await;
    assert_eq!(pages["content"][0]["resource"]["text"], json!("# Hello\n"));
}

#[tokio::test]
async fn a_broken_promise_is_an_error_that_says_where() {
    let mut server = server().await;
    let mut id = 0;
    for (tool, table, document, says) in [
        ("table", "name,cpu\nweb,fast\n", "", "row 1, `cpu`: `fast` is no number"),
        ("table", "name,cpu\nweb\n", "", "row 1 (line 2) has 1 cells, and the header names 2 columns"),
        ("table", "host,cpu\nweb,1\n", "", "the output does not fit `output.schema` at `/0`"),
        ("table", "name,name\n", "", "names `name` twice"),
        ("first", "", "items: [1", "the command promised one YAML document on stdout, but wrote none"),
        ("part", "", "items: []", "there is nothing at `/items/0` (output.select)"),
        ("part", "", "items: [{ up: true }]", "\"name\" is a required property"),
        ("report", "name\nweb\n", "", "`name` in the template is not there"),
    ] {
        id += 1;
        // The template of `report` wants a name; without that column it finds none.
        let table = if tool == "report" { "host,up\nweb,true\n" } else { table };
        write(&server, table, document);
        let result = server.client.call(id, tool, json!({})).await;
        assert_eq!(result["isError"], json!(true), "{tool}: {result}");
        assert!(text(&result).contains(says), "{tool}: {}", text(&result));
        assert_eq!(result.get("structuredContent"), None, "{result}");
    }
}

#[tokio::test]
async fn what_printed_nothing_is_a_list_without_items() {
    let mut server = server().await;
    write(&server, "", "");
    let result = server.client.call(1, "table", json!({})).await;
    assert_eq!(result["structuredContent"], json!({ "matches": [] }), "{result}");
    let report = server.client.call(2, "report", json!({})).await;
    let made = report["content"][0]["resource"]["text"].as_str().unwrap();
    assert_eq!(made, "# Hosts (0, )\nnothing\nops dev 0\n");
}

#[tokio::test]
async fn files_that_a_command_has_written_are_in_its_result() {
    let mut server = server().await;
    std::fs::create_dir(server.folder.path().join("out")).unwrap();
    std::fs::write(server.folder.path().join("out/old.txt"), "was there").unwrap();
    let result = server.client.call(1, "draw", json!({})).await;
    let folder = server.folder.path().canonicalize().unwrap();
    let uri = |name: &str| json!(format!("file://{}/out/{name}", folder.display()));
    let content = result["content"].as_array().unwrap();
    assert_eq!(content.len(), 4, "{result}");
    assert_eq!(content[0], json!({ "type": "text", "text": "drawn\n" }));
    assert_eq!(
        content[1]["resource"],
        json!({ "uri": uri("deep/note.txt"), "mimeType": "text/plain", "text": "hello\n" })
    );
    assert_eq!(
        content[2],
        json!({ "type": "resource_link", "uri": uri("large.bin"), "name": "out/large.bin",
            "mimeType": "application/octet-stream", "size": 40000 })
    );
    assert_eq!((&content[3]["type"], &content[3]["mimeType"]), (&json!("image"), &json!("image/png")));
    assert!(!result.to_string().contains("root:"), "{result}");
}

#[test]
fn a_shell_is_shown_what_is_made_and_told_of_files() {
    let run = |name: &str| mcpfier(&["call", name]).file("table.csv", TABLE).file("document.yaml", DOCUMENT);
    let tools = format!("version: 1\n{COMMANDS}");
    assert_eq!(run("first").tools(&tools).run().stdout, "web\n");
    assert_eq!(run("table").tools(&tools).run().stdout, TABLE);
    assert!(run("report").tools(&tools).run().stdout.starts_with("# Hosts (2, )\n- web\n"));
    let drawn = run("draw").tools(&tools).may_talk().run();
    assert_eq!(drawn.stdout, "drawn\n");
    assert_eq!(
        drawn.stderr,
        "mcpfier: wrote [folder]/out/deep/note.txt (text/plain, 6 bytes)\n\
         mcpfier: wrote [folder]/out/large.bin (application/octet-stream, 40000 bytes)\n\
         mcpfier: wrote [folder]/out/picture.png (image/png, 12 bytes)\n"
    );
    let broken =
        mcpfier(&["call", "first"]).file("document.yaml", "items: [").tools(&tools).ends_with(1).run();
    assert_eq!(broken.stdout, "items: [");
    assert!(
        broken.stderr.starts_with("mcpfier: the command promised one YAML document"),
        "{}",
        broken.stderr
    );
    let document = mcpfier(&["call", "draw", "--json"]).tools(&tools).run().json();
    assert_eq!(document["files"].as_array().map(Vec::len), Some(3), "{document}");
    assert_eq!(document["files"][2]["mimeType"], json!("image/png"));
}

#[test]
fn a_plan_says_how_the_result_is_made() {
    let tools = format!("version: 1\n{COMMANDS}");
    let plan = mcpfier(&["--dry-run", "places"]).tools(&tools).run().stdout;
    assert!(plan.contains("  output   regex  ^(?<file>[^:]+):(?<line>\\d+):(?<text>.*)$\n"), "{plan}");
    let plan = mcpfier(&["--dry-run", "report", "token=hidden"]).tools(&tools).run().stdout;
    assert!(plan.contains("  output   csv\n           template  # {{title}} "), "{plan}");
    assert!(!plan.contains("hidden"), "{plan}");
    let plan = mcpfier(&["--dry-run", "draw"]).tools(&tools).run().stdout;
    assert!(plan.contains("  output   files  [folder]/out/**/*\n"), "{plan}");
    let plan = mcpfier(&["--dry-run", "first", "--json"]).tools(&tools).run().json();
    assert_eq!(plan["output"], json!({ "format": "yaml", "select": "items[?up].name | [0]" }));
}

#[test]
fn files_of_a_container_are_looked_for_where_its_mount_comes_from() {
    let tools = r#"
version: 1
commands:
  - name: draw
    description: Draws.
    script: draw
    container:
      image: docker.io/library/alpine@sha256:0000000000000000000000000000000000000000000000000000000000000001
      workdir: /out/here
      mounts:
        - { source: given, target: /in, read_only: true }
        - { source: made, target: /out, read_only: false }
    output: { files: ["*.png", /out/*.csv] }
"#;
    let plan = mcpfier(&["--dry-run", "draw", "--json"])
        .file_below("made/x", "")
        .file_below("given/x", "")
        .tools(tools)
        .run();
    let folder = plan.json()["output"]["files"].clone();
    assert_eq!(folder, json!(["[folder]/made/here/*.png", "[folder]/made/*.csv"]));
}

#[test]
fn a_secret_that_a_command_escapes_is_redacted_in_values_and_templates() {
    let tools = r#"
version: 1
secrets: { token: { env: TOKEN } }
commands:
  - name: leak
    description: Prints it, each quote twice.
    script: sh
    args: [-c, 'printf "a\n\"%s\"\n" "$(printf %s "$TOKEN" | sed "s/\"/\"\"/g")"; printf %s "$TOKEN" >written.txt']
    env: { TOKEN: "{{secrets.token}}" }
    output: { format: csv, template: "{{result.0.a}} {{json result}}", files: [written.txt] }
"#;
    let secret = "very\"secret\"value";
    let said = mcpfier(&["call", "leak"]).tools(tools).env("TOKEN", secret).may_talk().run();
    assert_eq!(said.stdout, "[redacted] [{\"a\":\"[redacted]\"}]\n");
}

#[tokio::test]
async fn what_a_command_says_of_a_run_takes_the_place_of_no_facts() {
    let mut server = Server::start(
        r#"
commands:
  - name: own
    description: A result of its own.
    shell: sh
    run: |
      echo '{"content": [], "_meta": {"mcpfier/run": {"exitCode": 7}, "example.com/kept": true}}'
    output: { format: mcp }
"#,
    );
    server.client.initialize().await;
    server.client.request(1, "tools/call", json!({ "name": "own" })).await;
    server.client.hang_up();
    let said = server.client.rest_as_text().await;
    assert_eq!(said.matches("mcpfier/run").count(), 1, "{said}");
    let result: Value = serde_json::from_str(said.trim()).unwrap();
    let meta = &result["result"]["_meta"];
    assert_eq!((&meta["mcpfier/run"]["exitCode"], &meta["example.com/kept"]), (&json!(0), &json!(true)));
}

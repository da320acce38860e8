//! What a person sees in an editor: the real YAML language server with our schema, over stdio.
//!
//! Most editors use this server. `tests/run` installs it and names its folder in
//! `MCPFIER_TEST_TOOLS`.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::program::mcpfier;
use crate::support::skip::skip;

/// Far beyond what any answer takes.
const PATIENCE: Duration = Duration::from_secs(60);

const HEAD: &str = "# yaml-language-server: $schema=config.schema.json
version: 1
commands:
  - name: greet
    description: Say hello.
";

#[test]
fn a_mistake_is_shown_at_its_line() {
    let Some(mut editor) = Editor::start() else { return };
    for (keys, line, said) in [
        ("    script: echo\n    timeout: 30\n", 6, "Expected a number with a unit"),
        ("    script: echo\n    limits: { memory: 12x }\n", 6, "Expected a number of bytes"),
        ("    script: echo\n    tiemout: 30s\n", 6, "Property tiemout is not allowed."),
        ("    run: ls\n    args: [a]\n", 6, "Property args is not allowed."),
        ("    script: echo\n    deprecated: true\n", 6, "Property deprecated is not allowed."),
        ("    script: echo\n    params: { word: strin }\n", 6, "Expected a type (string, integer"),
        (
            "    script: echo\n    output: { format: jsn }\n",
            6,
            "Value is not accepted. Valid values: \"text\"",
        ),
        ("    title: Greet\n", 3, "Missing property \"script\"."),
    ] {
        let found = editor.open(&format!("{HEAD}{keys}"));
        let (at, told) = found.first().unwrap_or_else(|| panic!("nothing is said of\n{keys}"));
        assert_eq!((found.len(), *at), (1, line), "{found:?}");
        assert!(told.starts_with(said), "{told}");
    }
}

#[test]
fn a_file_that_is_right_is_left_alone() {
    let Some(mut editor) = Editor::start() else { return };
    let keys = "    script: echo
    args: [--, \"{{word}}\", { if: loud, args: [\"!\"] }, { literal: \"{{.Names}}\" }, [1.10, yes]]
    params: { word: string, loud: { type: boolean, default: false }, n: { type: array, items: integer } }
    env: { PORT: 8080 }
    exit_codes: { 0: ok, 1: nothing }
    kill_grace: 0
    env_inherit: [\"AWS_*\"]
server: { drain: \"${DRAIN:-5s}\", calls: { max: \"${CALLS}\" } }
";
    assert_eq!(editor.open(&format!("{HEAD}{keys}")), []);
}

#[test]
fn a_key_is_explained_under_the_pointer() {
    let Some(mut editor) = Editor::start() else { return };
    editor.open(&format!("{HEAD}    script: echo\n    timeout: 10s\n    limits: {{ memory: 1GiB }}\n"));
    let told = editor.hover(6, 6);
    assert!(
        told.contains("#### timeout\n\nHow long a call may take") && told.contains("Default: `30s`"),
        "{told}"
    );
    let told = editor.hover(7, 16);
    assert!(told.contains("#### memory\n\nMemory of the whole process tree"), "{told}");
}

#[test]
fn keys_and_values_are_offered() {
    let Some(mut editor) = Editor::start() else { return };
    let offered = editor.offers("    script: echo\n    ti");
    for key in ["timeout", "title"] {
        assert!(offered.iter().any(|label| label == key), "{offered:?}");
    }
    // What is there already, and what does not work yet.
    for key in ["script", "deprecated"] {
        assert!(!offered.iter().any(|label| label == key), "{offered:?}");
    }
    let formats = ["text", "json", "lines", "csv", "regex", "yaml", "binary", "mcp"];
    assert_eq!(editor.offers("    output:\n      format: "), formats);
    assert_eq!(editor.offers("    params:\n      word: ")[0], "string");
    assert_eq!(editor.offers("    args:\n      - { "), ["literal", "if", "args"]);
}

/// A language server, and an editor that asks it.
struct Editor {
    server: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    last: u64,
    file: String,
    folder: TempDir,
}

impl Editor {
    fn start() -> Option<Self> {
        let tools = std::env::var_os("MCPFIER_TEST_TOOLS").map(PathBuf::from).unwrap_or_default();
        let script = tools.join("node_modules/yaml-language-server/bin/yaml-language-server");
        if !script.exists() {
            skip("no YAML language server here; tests/run installs it");
            return None;
        }
        let folder = tempfile::tempdir().expect("a scratch folder");
        let schema = mcpfier(&["schema", "config"]).run().stdout;
        std::fs::write(folder.path().join("config.schema.json"), schema).expect("a scratch file");
        let mut server = Command::new(tools.join("bin/node"))
            .arg(script)
            .arg("--stdio")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the language server starts");
        let input = server.stdin.take().expect("it is piped");
        let messages = messages(server.stdout.take().expect("it is piped"));
        let mut editor = Self { server, input, messages, last: 0, file: String::new(), folder };
        editor.ask(
            "initialize",
            &json!({
                "processId": null,
                "rootUri": null,
                "capabilities": {
                    "textDocument": { "hover": { "contentFormat": ["markdown"] } },
                    "workspace": { "configuration": true },
                },
            }),
        );
        editor.tell("initialized", &json!({}));
        Some(editor)
    }

    /// Opens a file of this text: the lines with problems, from 0, and what is said of them.
    fn open(&mut self, text: &str) -> Vec<(u64, String)> {
        self.last += 1;
        self.file = format!("file://{}/{}.yaml", self.folder.path().display(), self.last);
        let document = json!({ "uri": self.file, "languageId": "yaml", "version": 1, "text": text });
        self.tell("textDocument/didOpen", &json!({ "textDocument": document }));
        let file = self.file.clone();
        let published = self.wait(|message| {
            message["method"] == "textDocument/publishDiagnostics"
                && message["params"]["uri"] == file.as_str()
        });
        let found = published["params"]["diagnostics"].as_array().expect("a list").iter();
        found
            .map(|problem| {
                let line = problem["range"]["start"]["line"].as_u64().expect("a line");
                (line, problem["message"].as_str().expect("a message").to_owned())
            })
            .collect()
    }

    fn hover(&mut self, line: u64, character: u64) -> String {
        let told = self.ask_at("textDocument/hover", line, character);
        told["contents"]["value"].as_str().unwrap_or_default().to_owned()
    }

    /// What is offered at the end of a command that is being written.
    fn offers(&mut self, keys: &str) -> Vec<String> {
        let text = format!("{HEAD}{keys}");
        self.open(&text);
        let last = text.lines().last().expect("a line");
        let line = u64::try_from(text.lines().count() - 1).expect("a line");
        let answer =
            self.ask_at("textDocument/completion", line, u64::try_from(last.len()).expect("a place"));
        let items = answer["items"].as_array().expect("a list of offers").iter();
        items.map(|item| item["label"].as_str().expect("a label").to_owned()).collect()
    }

    fn ask_at(&mut self, method: &str, line: u64, character: u64) -> Value {
        let place = json!({ "line": line, "character": character });
        let file = json!({ "uri": self.file });
        self.ask(method, &json!({ "textDocument": file, "position": place }))
    }

    fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.last += 1;
        let id = self.last;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        self.wait(|message| message["id"] == id && message.get("method").is_none())["result"].take()
    }

    fn tell(&mut self, method: &str, params: &Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len()).expect("the server reads");
        self.input.flush().expect("the server reads");
    }

    /// Waits for a message; what the server asks meanwhile is answered.
    fn wait(&mut self, is_wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let message = self.messages.recv_timeout(PATIENCE).expect("the server says something");
            if message.get("method").is_some() && message.get("id").is_some() {
                let result = answer(&message);
                self.send(&json!({ "jsonrpc": "2.0", "id": message["id"], "result": result }));
            } else if is_wanted(&message) {
                return message;
            }
        }
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// Settings as an editor has them, without a store of schemas in the network.
fn answer(request: &Value) -> Value {
    if request["method"] != "workspace/configuration" {
        return Value::Null;
    }
    let items = request["params"]["items"].as_array().map_or(&[][..], Vec::as_slice);
    let settings = |item: &Value| match item["section"].as_str() {
        Some("yaml") => json!({
            "hover": true, "completion": true, "validate": true, "schemaStore": { "enable": false },
        }),
        _ => Value::Null,
    };
    items.iter().map(settings).collect()
}

/// The messages of the server, read beside the test.
fn messages(output: ChildStdout) -> Receiver<Value> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut output = BufReader::new(output);
        while let Some(message) = message(&mut output) {
            if sender.send(message).is_err() {
                break;
            }
        }
    });
    receiver
}

fn message(output: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end().split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse().ok()?
            }
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    output.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}

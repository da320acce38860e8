//! The real program serving over HTTP, and a client that knows nothing of our code.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

use reqwest::{Method, RequestBuilder, Response};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::client::modern_meta;
use crate::support::server::{STATE, Server, Wire};

/// Far beyond what anything here takes.
pub const PATIENCE: Duration = Duration::from_secs(60);

pub const COMMANDS: &str = r#"
commands:
  - name: echo
    description: Says it.
    script: echo
    args: ["{{what}}"]
    params: { what: { type: string, maxLength: 1000 } }
  - name: slow
    description: Says something after a while.
    shell: sh
    run: echo started; sleep "$PARAM_seconds"; echo done
    params: { seconds: { type: number, default: 1.5 } }
  - name: flood
    description: Sixteen mebibytes.
    shell: sh
    run: head -c 16777216 /dev/zero | tr '\0' x
    limits: { output: 32MiB }
    output: { show: 32MiB }
  - name: hang
    description: Until it is stopped, with a child of its own.
    shell: sh
    run: echo $$ >hanging; sleep 1000 & echo $! >>hanging; echo two >ready; wait
    timeout: 10m
    detach_after: never
"#;

pub struct House {
    pub server: Server,
    pub address: SocketAddr,
    pub client: reqwest::Client,
}

impl House {
    /// Serves commands and settings of a file, given without its first line.
    pub async fn start(file: &str) -> Self {
        Self::start_with(file, &[]).await
    }

    pub async fn start_with(file: &str, words: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a scratch folder");
        std::fs::write(folder.path().join("tools.yaml"), format!("version: 1\n{file}")).expect("a file");
        Self::start_in(folder, "tools.yaml", words).await
    }

    pub async fn start_in(folder: TempDir, file: &str, words: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mcpfier"));
        command.env_remove("PORT").env("XDG_STATE_HOME", STATE).arg("--config").arg(folder.path().join(file));
        command.args(["--server", "--port", "0"]).args(words);
        Self::of(Server::run(Wire::Pipes, folder, command)).await
    }

    /// A server that somebody else has started.
    pub async fn of(mut server: Server) -> Self {
        let said = server.says("/mcp").await;
        let address = said.split("http://").nth(1).and_then(|rest| rest.split("/mcp").next());
        let address: SocketAddr = address.and_then(|text| text.parse().ok()).expect("an address is said");
        let client =
            reqwest::Client::builder().pool_max_idle_per_host(0).timeout(PATIENCE).build().expect("a client");
        Self { server, address, client }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, self.url(path))
    }

    /// A message as clients of the original send it.
    pub fn plain(&self, message: &Value) -> RequestBuilder {
        self.request(Method::POST, "/").header("Content-Type", "application/json").body(message.to_string())
    }

    /// A message of a client that understands streams.
    pub fn post(&self, message: &Value) -> RequestBuilder {
        self.request(Method::POST, "/mcp")
            .header("Content-Type", "application/json")
            .header("Accept", "application/json, text/event-stream")
            .body(message.to_string())
    }

    /// A message of the newer era, with its headers.
    pub fn modern(&self, id: u32, method: &str, mut params: Value) -> RequestBuilder {
        let mut meta = modern_meta();
        if let Some(token) = params["_meta"]["progressToken"].as_str() {
            meta["progressToken"] = token.into();
        }
        params["_meta"] = meta;
        let mut request = self
            .post(&request(id, method, params.clone()))
            .header("MCP-Protocol-Version", "2026-07-28")
            .header("Mcp-Method", method);
        if let Some(name) = params["name"].as_str().or(params["uri"].as_str()) {
            request = request.header("Mcp-Name", name);
        }
        request
    }

    /// Opens a session and gives its name.
    pub async fn initialize(&self) -> String {
        let params = json!({
            "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "test", "version": "1" },
        });
        let response = self.post(&request(0, "initialize", params)).send().await.expect("an answer");
        assert_eq!(response.status(), 200);
        let session = response.headers()["mcp-session-id"].to_str().expect("text").to_owned();
        let message = answer(response).await;
        assert_eq!(message["result"]["protocolVersion"], "2025-11-25", "{message}");
        session
    }

    /// Sends bytes on a connection of their own and reads until the server closes it.
    pub fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect();
        let _ = stream.write_all(bytes);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        stream
    }
}

pub fn request(id: u32, method: &str, params: Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })
}

pub fn call(id: u32, tool: &str, arguments: Value) -> Value {
    request(id, "tools/call", json!({ "name": tool, "arguments": arguments }))
}

/// The last message of an answer, whichever form it has.
pub async fn answer(response: Response) -> Value {
    messages(response).await.pop().expect("an answer has a message")
}

/// All messages of an answer.
pub async fn messages(response: Response) -> Vec<Value> {
    let is_stream = response.headers()["content-type"] == "text/event-stream";
    let text = response.text().await.expect("a body");
    if !is_stream {
        return vec![serde_json::from_str(&text).unwrap_or_else(|_| panic!("no JSON: {text}"))];
    }
    let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
    data.map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"))).collect()
}

/// Waits until something holds.
pub async fn until(what: &str, holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < PATIENCE, "never: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

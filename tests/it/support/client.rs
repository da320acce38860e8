//! A small MCP client that knows nothing of our code: JSON lines over two byte streams.
//!
//! It never waits for ever, and it fails on anything that is not one JSON-RPC message a line.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};

/// Far beyond what anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Client {
    output: Option<Box<dyn AsyncWrite + Unpin + Send>>,
    input: BufReader<Box<dyn AsyncRead + Unpin + Send>>,
    /// What came while something else was waited for.
    passed: Vec<Value>,
}

impl Client {
    pub fn new(
        input: impl AsyncRead + Unpin + Send + 'static,
        output: impl AsyncWrite + Unpin + Send + 'static,
    ) -> Self {
        Self { output: Some(Box::new(output)), input: BufReader::new(Box::new(input)), passed: Vec::new() }
    }

    /// Sends bytes as they are.
    pub async fn send_raw(&mut self, bytes: &[u8]) {
        let output = self.output.as_mut().expect("the client has not closed its output");
        tokio::time::timeout(PATIENCE, output.write_all(bytes))
            .await
            .expect("the server takes messages in time")
            .expect("the server takes messages");
    }

    pub async fn send(&mut self, message: &Value) {
        self.send_raw(format!("{message}\n").as_bytes()).await;
    }

    pub async fn request(&mut self, id: impl Into<Value>, method: &str, params: Value) {
        let id: Value = id.into();
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })).await;
    }

    pub async fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params })).await;
    }

    /// Asks and waits for the answer: the whole response.
    pub async fn ask(&mut self, id: impl Into<Value>, method: &str, params: Value) -> Value {
        let id: Value = id.into();
        self.request(id.clone(), method, params).await;
        self.answer(id).await
    }

    /// Calls a tool in a session and waits for its result.
    pub async fn call(&mut self, id: impl Into<Value>, tool: &str, arguments: Value) -> Value {
        let response = self.ask(id, "tools/call", json!({ "name": tool, "arguments": arguments })).await;
        response.get("result").unwrap_or_else(|| panic!("no result: {response}")).clone()
    }

    /// Opens a session the old way.
    pub async fn initialize(&mut self) -> Value {
        let params = json!({
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": { "name": "test", "version": "1" },
        });
        let response = self.ask("initialize", "initialize", params).await;
        self.notify("notifications/initialized", json!({})).await;
        response
    }

    /// The response to a request. What else comes until then can be had from [`Self::passed`].
    pub async fn answer(&mut self, id: impl Into<Value>) -> Value {
        let id: Value = id.into();
        loop {
            let message =
                self.next().await.unwrap_or_else(|| panic!("the server ended before it answered {id}"));
            if message.get("id") == Some(&id) && message.get("method").is_none() {
                return message;
            }
            self.passed.push(message);
        }
    }

    /// The messages that came while answers were waited for.
    pub fn passed(&mut self) -> Vec<Value> {
        std::mem::take(&mut self.passed)
    }

    /// Everything that a server has said that was killed: its last words may be cut.
    pub async fn rest_of_a_dead_server(&mut self) -> Vec<Value> {
        let mut bytes = Vec::new();
        let read = tokio::io::AsyncReadExt::read_to_end(&mut self.input, &mut bytes);
        // A socket of a dead peer may say that it was reset.
        let _ = tokio::time::timeout(PATIENCE, read).await.expect("the output ends in time");
        let lines = bytes.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n"));
        lines.map(|line| serde_json::from_slice(line).expect("every whole line is JSON")).collect()
    }

    /// The next message, or `None` at the end of the server's output.
    pub async fn next(&mut self) -> Option<Value> {
        let mut line = Vec::new();
        let read = self.input.read_until(b'\n', &mut line);
        let count = tokio::time::timeout(PATIENCE, read)
            .await
            .expect("the server answers in time")
            .expect("the server's output can be read");
        if count == 0 {
            return None;
        }
        assert_eq!(line.pop(), Some(b'\n'), "every message ends with a newline");
        let message: Value = serde_json::from_slice(&line)
            .unwrap_or_else(|error| panic!("no JSON ({error}): {}", String::from_utf8_lossy(&line)));
        assert_eq!(message.get("jsonrpc"), Some(&json!("2.0")), "{message}");
        Some(message)
    }

    /// Whether nothing comes for a while.
    pub async fn hears_nothing_for(&mut self, while_: Duration) -> bool {
        tokio::time::timeout(while_, self.input.fill_buf()).await.is_err()
    }

    /// Waits until there is something to read, and does not read it.
    pub async fn is_told_something(&mut self) {
        let waiting = self.input.fill_buf();
        let waiting = tokio::time::timeout(PATIENCE, waiting).await.expect("the server answers in time");
        assert!(!waiting.expect("the server's output can be read").is_empty());
    }

    /// Closes the server's input.
    pub fn hang_up(&mut self) {
        self.output = None;
    }

    /// The rest of the server's output as it is.
    pub async fn rest_as_text(&mut self) -> String {
        let mut text = String::new();
        let read = tokio::io::AsyncReadExt::read_to_string(&mut self.input, &mut text);
        tokio::time::timeout(PATIENCE, read).await.expect("the output ends in time").expect("it is text");
        text
    }

    /// Everything up to the end of the server's output.
    pub async fn rest(&mut self) -> Vec<Value> {
        let mut messages = Vec::new();
        while let Some(message) = self.next().await {
            messages.push(message);
        }
        messages
    }
}

/// The `_meta` that every request of the newer era carries.
pub fn modern_meta() -> Value {
    json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "1" },
    })
}

/// The first text of a tool's result.
pub fn text(result: &Value) -> &str {
    result["content"][0]["text"].as_str().unwrap_or_else(|| panic!("no text: {result}"))
}

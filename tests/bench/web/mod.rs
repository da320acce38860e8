//! Servers over HTTP, and clients of them that do as little as they can.
//!
//! mcpfier is compared to *bare*, a handler on axum that does nothing else, to the floor behind such a
//! handler, and to itself over stdio.

mod answer;
pub mod bare;
mod burst;
pub mod client;
pub mod floor;
pub mod server;
pub mod wrk;

use axum::Router;
use serde_json::{Value, json};

use crate::failure::Failure;

pub use burst::burst;
pub use client::Connection;
pub use server::WebServer;

/// Serves on a free port, and says which.
fn listen(router: Router) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        use axum::serve::ListenerExt;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        println!("http://{}/mcp", listener.local_addr()?);
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        Ok(axum::serve(listener, router).await?)
    })
}

/// One `tools/call` of the newer era, as its clients send it, with more lines in its head.
pub fn call(tool: &str, more: &str) -> Vec<u8> {
    call_with(tool, &json!({}), more)
}

/// The same for a client that wants to be told how it goes.
pub fn watched_call(tool: &str) -> Vec<u8> {
    call_with(tool, &json!({ "progressToken": 7, "mcpfier/stream": true }), "")
}

/// What such a call says, over whatever it comes.
pub fn params(tool: &str) -> Value {
    json!({ "name": tool, "arguments": {}, "_meta": {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": { "name": "bench", "version": "1" },
    } })
}

fn call_with(tool: &str, meta: &Value, more: &str) -> Vec<u8> {
    let mut params = params(tool);
    if let (Some(all), Some(meta)) = (params.pointer_mut("/_meta"), meta.as_object()) {
        for (key, value) in meta {
            all[key] = value.clone();
        }
    }
    let head =
        format!("MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: {tool}\r\n{more}");
    post(&head, &json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params }))
}

/// Any other request of the newer era.
pub fn ask(method: &str, params: &Value) -> Vec<u8> {
    let mut params = params.clone();
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let head = format!("MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: {method}\r\n");
    post(&head, &json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }))
}

/// Opens a session of the older era.
pub fn hello() -> Vec<u8> {
    let params = json!({
        "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": { "name": "bench", "version": "1" },
    });
    post("", &json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params }))
}

fn post(more: &str, message: &Value) -> Vec<u8> {
    let body = message.to_string();
    let head = format!(
        "POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n\
         Accept: application/json, text/event-stream\r\n{more}Content-Length: {}\r\n\r\n",
        body.len()
    );
    (head + &body).into_bytes()
}

//! What is left of a server over HTTP when everything is taken away: a handler on axum that gives bytes
//! back, and runs a command if the head names one of the table of [`crate::menu`].

use std::collections::HashMap;
use std::process::Stdio;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;

use crate::failure::Failure;

use super::listen;

pub const WORD: &str = "__bare";

/// The tool whose answer is known.
pub const NOOP: &str = "noop";

struct Bare {
    noop: bytes::Bytes,
    commands: HashMap<String, Vec<String>>,
}

pub fn serve(table: Option<&String>, noop: Option<&String>) -> Result<(), Failure> {
    let (Some(table), Some(noop)) = (table, noop) else { return Err(Failure::Usage(WORD.to_owned())) };
    let commands = std::fs::read_to_string(table)?;
    let commands = commands.lines().map(|line| {
        let mut fields = line.split('\t').map(str::to_owned);
        (fields.next().unwrap_or_default(), fields.skip(2).collect())
    });
    let bare = Bare { noop: std::fs::read(noop)?.into(), commands: commands.collect() };
    listen(Router::new().route("/mcp", post(answer)).with_state(Arc::new(bare)))
}

async fn answer(State(bare): State<Arc<Bare>>, headers: HeaderMap, _body: bytes::Bytes) -> Response {
    let tool = headers.get("mcp-name").and_then(|name| name.to_str().ok()).unwrap_or_default();
    if tool == NOOP {
        return ([(header::CONTENT_TYPE, "application/json")], bare.noop.clone()).into_response();
    }
    let Some([program, words @ ..]) = bare.commands.get(tool).map(Vec::as_slice) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let mut command = tokio::process::Command::new(program);
    command.args(words).stdin(Stdio::null()).process_group(0).kill_on_drop(true);
    match command.output().await {
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stdout);
            let content = serde_json::json!([{ "type": "text", "text": text }]);
            let result = serde_json::json!({ "content": content, "isError": false });
            let body = serde_json::json!({ "jsonrpc": "2.0", "id": 1, "result": result }).to_string();
            ([(header::CONTENT_TYPE, "application/json")], body).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

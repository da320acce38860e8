//! The floor: the least server that rmcp and `tokio::process` make, without macros and without care.
//!
//! It reads the table of [`crate::menu`], collects a command's output whole, and kills the group of
//! a cancelled call. It has no limits, no checks and no plan: what mcpfier costs beyond it is the
//! price of those.

use std::collections::HashMap;
use std::process::Stdio;
use std::sync::Arc;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, JsonObject, ListToolsResult,
    PaginatedRequestParams, ProgressNotificationParam, ProgressToken, ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::{Peer, RequestContext};
use rmcp::{ErrorData, RoleServer, ServerHandler, ServiceExt};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::failure::Failure;

pub const WORD: &str = "__floor";

pub fn serve(table: Option<&String>) -> Result<(), Failure> {
    let table = table.ok_or_else(|| Failure::Usage(WORD.to_owned()))?;
    let floor = Floor::read(&std::fs::read_to_string(table)?)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let refused = |error: &dyn std::fmt::Display| Failure::Refused(error.to_string());
        let service = floor.serve(rmcp::transport::stdio()).await.map_err(|error| refused(&error))?;
        service.waiting().await.map_err(|error| refused(&error))?;
        Ok(())
    })
}

pub struct Floor {
    tools: Vec<Tool>,
    commands: Vec<Vec<String>>,
}

impl Floor {
    pub fn read(table: &str) -> Result<Self, Failure> {
        let mut floor = Self { tools: Vec::new(), commands: Vec::new() };
        let mut schemas: HashMap<&str, Arc<JsonObject>> = HashMap::new();
        for line in table.lines() {
            let mut fields = line.split('\t');
            let (Some(name), Some(description), Some(schema)) = (fields.next(), fields.next(), fields.next())
            else {
                return Err(Failure::unexpected("a tool", line));
            };
            if !schemas.contains_key(schema) {
                schemas.insert(schema, Arc::new(serde_json::from_str(schema)?));
            }
            let schema = schemas.get(schema).cloned().unwrap_or_default();
            floor.tools.push(Tool::new(name.to_owned(), description.to_owned(), schema));
            floor.commands.push(fields.map(str::to_owned).collect());
        }
        Ok(floor)
    }

    fn command(&self, tool: &str) -> Option<Command> {
        let index = self.tools.iter().position(|known| known.name == tool)?;
        let (program, arguments) = self.commands.get(index)?.split_first()?;
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.process_group(0).kill_on_drop(true);
        Some(command)
    }
}

impl ServerHandler for Floor {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(self.tools.clone()))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let mut command =
            self.command(&request.name).ok_or_else(|| ErrorData::invalid_params("no such tool", None))?;
        let child = command.spawn().map_err(internal)?;
        let group = child.id().unwrap_or_default().cast_signed();
        let output = tokio::select! {
            output = collect(child, context.meta.get_progress_token(), &context.peer) => output?,
            () = context.ct.cancelled() => {
                let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
                return Err(ErrorData::internal_error("cancelled", None));
            }
        };
        let text = String::from_utf8_lossy(&output).into_owned();
        Ok(CallToolResult::success(vec![ContentBlock::text(text)]).into())
    }
}

async fn collect(
    mut child: Child,
    token: Option<ProgressToken>,
    peer: &Peer<RoleServer>,
) -> Result<Vec<u8>, ErrorData> {
    let lines = if token.is_some() { child.stdout.take() } else { None };
    let (Some(token), Some(stdout)) = (token, lines) else {
        return Ok(child.wait_with_output().await.map_err(internal)?.stdout);
    };
    let mut lines = BufReader::new(stdout).lines();
    let mut number = 0.0;
    while let Some(line) = lines.next_line().await.map_err(internal)? {
        number += 1.0;
        let _ = peer
            .notify_progress(ProgressNotificationParam::new(token.clone(), number).with_message(line))
            .await;
    }
    child.wait().await.map_err(internal)?;
    Ok(Vec::new())
}

fn internal(error: std::io::Error) -> ErrorData {
    ErrorData::internal_error(error.to_string(), None)
}

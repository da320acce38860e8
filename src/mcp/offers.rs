//! What this server says it can do: what the file gives it, and nothing else.

use rmcp::model::ServerCapabilities;

use crate::engine::State;

pub(super) fn capabilities(_state: &State) -> ServerCapabilities {
    ServerCapabilities::builder().enable_tools().enable_tool_list_changed().build()
}

//! What this server says it can do: what the file gives it, and nothing else.

use rmcp::model::{JsonObject, ServerCapabilities};

use crate::engine::State;

use super::tasks;

pub(super) fn capabilities(state: &State) -> ServerCapabilities {
    let mut capabilities = ServerCapabilities::builder().enable_tools().enable_tool_list_changed().build();
    if tasks::are_offered(state) {
        let of_tasks = ServerCapabilities::builder().enable_tasks().build();
        capabilities.extensions = of_tasks.extensions;
    }
    capabilities.logging = logging(state).then(JsonObject::new);
    capabilities
}

/// Whether there is anything that log messages are made of.
pub(super) fn logging(state: &State) -> bool {
    state.catalog().offered().any(|tool| tool.logging)
}

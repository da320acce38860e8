//! What this server says it can do: what the file gives it, and nothing else.

use rmcp::model::{JsonObject, PromptsCapability, ResourcesCapability, ServerCapabilities};

use crate::engine::State;

use super::offered::Offered;
use super::tasks;

pub(super) fn capabilities(state: &State) -> ServerCapabilities {
    let mut capabilities = ServerCapabilities::builder().enable_tools().enable_tool_list_changed().build();
    let Offered { prompts, resources, completions } = Offered::by(state);
    if prompts {
        let mut own = PromptsCapability::default();
        own.list_changed = Some(true);
        capabilities.prompts = Some(own);
    }
    if resources {
        let mut own = ResourcesCapability::default();
        (own.subscribe, own.list_changed) = (Some(true), Some(true));
        capabilities.resources = Some(own);
    }
    if completions {
        capabilities.completions = Some(JsonObject::new());
    }
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

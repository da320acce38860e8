//! What a tool needs of the client that calls it, and whether that client says that it has it.

use rmcp::ErrorData;
use rmcp::model::{
    ClientCapabilities, ElicitationCapability, ErrorCode, RootsCapabilities, SamplingCapability,
};
use serde_json::json;

use crate::engine::{Rejection, State};
use crate::model::{ClientFeature, Principal};

use super::context::Context;

/// Refuses the call of a client that lacks something its tool needs.
pub(super) fn judge(
    state: &State,
    name: &str,
    caller: &Principal,
    context: &Context,
    is_task: bool,
) -> Result<(), Rejection> {
    let Some(needs) = state.catalog().tool(name).and_then(|tool| tool.requires.as_ref()) else {
        return Ok(());
    };
    // What a tool needs is told only to those who see it.
    if needs.client.is_empty() || !state.offers(name, caller) {
        return Ok(());
    }
    let declared = context.capabilities().unwrap_or_default();
    // Who asks for a task of the older kind takes one.
    let takes = |feature| feature == ClientFeature::Tasks && is_task;
    let lacking =
        needs.client.iter().copied().filter(|feature| !has(&declared, *feature) && !takes(*feature));
    let lacking: Vec<ClientFeature> = lacking.collect();
    match lacking.is_empty() {
        true => Ok(()),
        false => Err(Rejection::ClientLacks { tool: name.to_owned(), lacking }),
    }
}

fn has(declared: &ClientCapabilities, feature: ClientFeature) -> bool {
    match feature {
        ClientFeature::Tasks => declared.supports_tasks(),
        ClientFeature::Elicitation => declared.elicitation.is_some(),
        ClientFeature::Sampling => declared.sampling.is_some(),
        ClientFeature::Roots => declared.roots.is_some(),
    }
}

/// The protocol's own error for this, which the newer era has.
pub(super) fn error(rejection: &Rejection) -> ErrorData {
    let lacking = match rejection {
        Rejection::ClientLacks { lacking, .. } => lacking.as_slice(),
        _ => &[],
    };
    let mut required = ClientCapabilities::default();
    for feature in lacking {
        match feature {
            ClientFeature::Tasks => {
                required.extensions = ClientCapabilities::builder().enable_tasks().build().extensions;
            }
            ClientFeature::Elicitation => required.elicitation = Some(ElicitationCapability::default()),
            ClientFeature::Sampling => required.sampling = Some(SamplingCapability::default()),
            ClientFeature::Roots => required.roots = Some(RootsCapabilities::default()),
        }
    }
    let data = json!({ "requiredCapabilities": required });
    ErrorData::new(ErrorCode::MISSING_REQUIRED_CLIENT_CAPABILITY, rejection.to_string(), Some(data))
}

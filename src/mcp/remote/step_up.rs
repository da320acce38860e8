//! A call for which the caller's token is not good enough is answered before it begins, by a status
//! and the scopes that it takes: so a client can ask its user for more.

use rmcp::model::{ClientRequest, RequestId};

use super::super::discovery;
use super::super::wire::refusal::{INVALID_REQUEST, Refusal, written};
use super::Reaction;
use crate::call::Call;
use crate::engine::{Engine, Origin};
use crate::model::Principal;

pub(super) fn judge(
    engine: &Engine,
    caller: &Principal,
    id: &RequestId,
    request: &ClientRequest,
    origin: impl FnOnce() -> Origin,
) -> Option<Reaction> {
    let own = caller.scopes.as_ref()?;
    let ClientRequest::CallToolRequest(call) = request else { return None };
    let state = engine.state();
    // What it takes to use a tool is told only to those who see that tool.
    let named = discovery::meant(&call.params.name, call.params.arguments.as_ref());
    let tool = state.offered_to(caller).find(|tool| tool.name.as_str() == named)?;
    let needed = state.catalog().scopes_of(tool);
    let lacking = caller.lacks(&needed);
    if lacking.is_empty() {
        return None;
    }
    let (principal, tool_name) = (caller.clone().into(), call.params.name.clone().into_owned());
    let call =
        Call { principal, tool: tool_name, arguments: call.params.arguments.clone().unwrap_or_default() };
    engine.lacks_scopes(&meant_call(call, named), &origin(), &lacking);
    let text = format!("`{}` takes a token that is good for `{}`", tool.name, lacking.join(" "));
    let body = Refusal::new(&written(id), INVALID_REQUEST, &text).into_json();
    // With those that it has: a client asks for all that is named, and for nothing else.
    let scopes = own.iter().cloned().chain(needed).collect();
    Some(Reaction::Lacking { scopes, body })
}

/// The call as it is recorded: the one that is meant, with what was sent for that.
fn meant_call(call: Call, named: &str) -> Call {
    if call.tool == named {
        return call;
    }
    let (principal, tool) = (call.principal.clone(), named.to_owned());
    discovery::unwrapped(call).unwrap_or_else(|_| Call { principal, tool, arguments: Default::default() })
}

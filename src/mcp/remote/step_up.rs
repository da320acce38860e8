//! A call for which the caller's token is not good enough is answered before it begins, by a status
//! and the scopes that it takes: so a client can ask its user for more.

use rmcp::model::{ClientRequest, RequestId};

use super::super::discovery;
use super::super::wire::refusal::{INVALID_REQUEST, Refusal, written};
use super::Reaction;
use crate::engine::Engine;
use crate::model::Principal;

pub(super) fn judge(
    engine: &Engine,
    caller: &Principal,
    id: &RequestId,
    request: &ClientRequest,
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
    let text = format!("`{}` takes a token that is good for `{}`", tool.name, lacking.join(" "));
    let body = Refusal::new(&written(id), INVALID_REQUEST, &text).into_json();
    // With those that it has: a client asks for all that is named, and for nothing else.
    let scopes = own.iter().cloned().chain(needed).collect();
    Some(Reaction::Lacking { scopes, body })
}

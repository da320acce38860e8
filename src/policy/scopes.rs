//! Whether the token of a caller is good for all that a command may do. A command that it is not good
//! for is listed all the same: whoever sees it can ask for more.

use super::decide::Finding;
use super::denied::{Denied, Reason};
use crate::model::{Catalog, Principal, Tool};

/// What the command asks of a token, scope by scope.
pub(super) fn findings(catalog: &Catalog, caller: &Principal, tool: &Tool) -> Vec<Finding<'static>> {
    let Some(own) = &caller.scopes else { return Vec::new() };
    let needed = catalog.scopes_of(tool).into_iter();
    needed.map(|name| Finding::Scope { is_held: own.contains(&name), name }).collect()
}

pub(super) fn judge(catalog: &Catalog, caller: &Principal, tool: &Tool) -> Result<(), Denied> {
    if caller.scopes.is_none() {
        return Ok(());
    }
    let needed = catalog.scopes_of(tool);
    let lacking = caller.lacks(&needed);
    if lacking.is_empty() {
        return Ok(());
    }
    let reason = Reason::LacksScopes(lacking.join(" "));
    Err(Denied { principal: caller.name.clone(), tool: tool.name.to_string(), reason })
}

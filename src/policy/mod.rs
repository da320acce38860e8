//! May this caller do this? One evaluator for listing, for calling and for the finished plan.
//!
//! On stdio and at the shell the caller has every permission; over HTTP a key has patterns of tools.
//! Nothing can be planned that was not authorized.

use crate::call::{BadCall, Call, Invocation};
use crate::model::{Availability, Catalog, Permissions, Principal, Tool};

/// Why a caller may not; the text is for the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{principal}` may not call `{tool}`")]
pub struct Denied {
    pub principal: String,
    pub tool: String,
}

/// An invocation that its caller may make. Only [`Policy::authorize`] makes one.
#[derive(Debug, Clone)]
pub struct Authorized(Invocation);

impl Authorized {
    pub fn invocation(&self) -> &Invocation {
        &self.0
    }
}

/// Who may do what.
#[derive(Debug, Clone, Default)]
pub struct Policy {}

impl Policy {
    /// Judges a call before anything of it is looked at: a tool that its caller may not see is not
    /// there for them, and neither is its name.
    pub fn admit(&self, catalog: &Catalog, call: &Call) -> Result<(), BadCall> {
        let Call { principal, tool: name, .. } = call;
        if principal.permissions == Permissions::All {
            return Ok(());
        }
        let is_there = |tool: &Tool| tool.availability != Availability::Internal;
        let found = catalog.tool(name).filter(|tool| is_there(tool));
        if found.is_some_and(|tool| principal.permissions.allow(tool.name.as_str())) {
            return Ok(());
        }
        let seen = catalog.tools().iter().filter(|tool| self.may_see(principal, tool));
        Err(BadCall::unknown(name, seen.map(|tool| tool.name.as_str())))
    }

    /// Judges a call with its arguments.
    pub fn authorize(&self, invocation: Invocation) -> Result<Authorized, Denied> {
        let (principal, tool) = (invocation.principal(), invocation.tool());
        if !principal.permissions.allow(tool.name.as_str()) {
            return Err(Denied { principal: principal.name.clone(), tool: tool.name.to_string() });
        }
        Ok(Authorized(invocation))
    }

    /// What is written in a step of a command may run where the command may.
    pub fn authorize_part(&self, _of: &Authorized, part: Invocation) -> Authorized {
        Authorized(part)
    }

    /// Whether a caller sees a tool in the list.
    pub fn may_see(&self, principal: &Principal, tool: &Tool) -> bool {
        tool.is_offered() && principal.permissions.allow(tool.name.as_str())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Map;

    use super::*;
    use crate::model::{Secrets, ServerSettings};

    fn call(permissions: &[&str], tool: &str) -> Call {
        let permissions = Permissions::of(permissions.iter().map(ToString::to_string).collect());
        let principal = Principal { permissions, ..Principal::local() };
        Call { principal, tool: tool.to_owned(), arguments: Map::new() }
    }

    #[test]
    fn a_tool_that_is_not_there_and_one_that_is_forbidden_are_told_alike() {
        let catalog = Catalog::new(Vec::new(), ServerSettings::default(), Secrets::new());
        let refused = Policy::default().admit(&catalog, &call(&["git-*"], "deploy"));
        assert_eq!(refused.unwrap_err().to_string(), "there is no tool `deploy`");
        assert_eq!(Policy::default().admit(&catalog, &call(&["*"], "deploy")), Ok(()));
    }
}

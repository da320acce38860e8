//! May this caller do this? One evaluator for listing, for calling and for the finished plan.
//!
//! On stdio and at the shell the caller has every permission; roles, rules and keys come with the
//! HTTP mode. The seam is here now so that nothing can be planned that was not authorized.

use crate::call::Invocation;
use crate::model::{Principal, Tool};

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
    /// Judges a call with its arguments.
    pub fn authorize(&self, invocation: Invocation) -> Result<Authorized, Denied> {
        Ok(Authorized(invocation))
    }

    /// What is written in a step of a command may run where the command may.
    pub fn authorize_part(&self, _of: &Authorized, part: Invocation) -> Authorized {
        Authorized(part)
    }

    /// Whether a caller sees a tool in the list.
    pub fn may_see(&self, _principal: &Principal, tool: &Tool) -> bool {
        tool.is_offered()
    }
}

//! Why a caller may not, in words for that caller.

use std::sync::Arc;

use crate::call::BadCall;

/// Why a caller may not; the text is for the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{principal}` may not call `{tool}`{reason}")]
pub struct Denied {
    pub principal: String,
    pub tool: String,
    pub reason: Reason,
}

/// What decided; the text follows a sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// No permission of theirs and of their roles lets them.
    #[error("")]
    NotPermitted,
    #[error(": it needs the role `{0}`")]
    LacksRole(String),
    #[error(": it needs the permission `{0}`")]
    LacksPermission(String),
    #[error(": it takes a token that is good for `{0}`")]
    LacksScopes(String),
    /// Their permissions let them, and their tenant has it not.
    #[error(": it is none of the tools of the tenant `{0}`")]
    OutsideTenant(String),
    /// A matter of choice and not of permission: it is not among what they are offered.
    #[error(": it has none of the tags of what they are offered, `{0}`")]
    NotOffered(String),
    #[error(": {}", .message.as_deref().map_or_else(|| format!("the policy `{policy}` denies it"), str::to_owned))]
    Policy { policy: String, message: Option<Arc<str>> },
    /// It then denies. What went wrong is not for callers: it may name what they cannot know.
    #[error(": the policy `{policy}` cannot be judged")]
    NotJudged { policy: String, problem: String },
    /// They may not call what it calls.
    #[error(": it calls `{tool}`, which they may not call{reason}")]
    Part { tool: String, reason: Box<Reason> },
}

impl Reason {
    /// What decided in the end, of the command itself or of one that it calls.
    pub fn root(&self) -> &Self {
        match self {
            Self::Part { reason, .. } => reason.root(),
            other => other,
        }
    }
}

/// Why a call is not let in before anything of it is looked at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAdmitted {
    #[error(transparent)]
    Unknown(BadCall),
    /// There is such a tool, and its caller is not to know.
    #[error("{said}")]
    Hidden { said: BadCall, denied: Box<Denied> },
    /// Whoever calls here can read the file as well.
    #[error(transparent)]
    Denied(Denied),
}

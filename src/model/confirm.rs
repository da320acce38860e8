//! What a person has to agree to before a command runs.

use std::time::Duration;

use super::http::HttpAction;
use super::name::ToolName;
use super::template::Template;

/// How a command asks before it runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Confirm {
    /// What is asked; the plan is shown beneath.
    pub text: Template,
    /// What happens where nobody can be asked.
    pub fallback: Unasked,
    /// How long an answer is waited for, and how long an approval holds.
    pub ttl: Duration,
    /// Who is asked instead of the person at the client.
    pub approve: Option<Approver>,
}

impl Confirm {
    /// How long somebody may think, unless the file says more.
    pub const TTL: Duration = Duration::from_mins(5);
}

/// What happens to a call that has to be confirmed, where nobody can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unasked {
    #[default]
    Refuse,
    Allow,
}

impl Unasked {
    pub fn word(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::Allow => "allow",
        }
    }
}

/// What a command that decides can be given, as texts.
pub const APPROVER_PARAMS: [&str; 4] = ["tool", "by", "text", "plan"];

/// What a webhook that decides is sent, as texts; `by` goes out as `caller`.
pub const APPROVAL_FIELDS: [&str; 6] = ["id", "tool", "by", "text", "plan", "expires"];

/// A request that somebody elsewhere answers with their decision.
#[derive(Debug, Clone, PartialEq)]
pub struct ApprovalCall {
    /// Its holes are named like the fields.
    pub action: HttpAction,
    pub timeout: Duration,
}

impl ApprovalCall {
    /// How long an answer may take, unless the file says more.
    pub const TIMEOUT: Duration = Duration::from_secs(30);
}

/// Who decides outside of the client.
#[derive(Debug, Clone, PartialEq)]
pub enum Approver {
    /// Whoever runs `mcpfier approvals` as the user of the server.
    Shell,
    /// A command of the file: its success approves.
    Command(ToolName),
    /// Whoever answers this request, or says that the decision comes later.
    Webhook(Box<ApprovalCall>),
}

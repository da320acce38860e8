//! A tool: everything about one command that does not change from call to call.

use std::sync::Arc;
use std::time::Duration;

use super::access::Authorization;
use super::action::Action;
use super::automation::Automation;
use super::breaker::Breaker;
use super::cache::CacheRules;
use super::condition::When;
use super::confirm::Confirm;
use super::fallback::Fallback;
use super::jobs::Detach;
use super::limits::Limits;
use super::name::ToolName;
use super::output::{ExitCodes, OutputRules};
use super::params::Params;
use super::requires::Requires;
use super::retry::Retry;
use super::sandbox::Sandbox;

#[derive(Debug, Clone)]
pub struct Tool {
    pub name: ToolName,
    pub title: Option<String>,
    pub description: String,
    pub params: Arc<Params>,
    /// Judged before anything of a call is planned.
    pub when: Option<When>,
    /// Judged before it is offered.
    pub requires: Option<Box<Requires>>,
    /// What it asks of its callers.
    pub authorization: Authorization,
    pub action: Action,
    /// After a failure it is tried again like this.
    pub retry: Option<Retry>,
    /// Called when it has failed for good.
    pub fallback: Option<Fallback>,
    pub breaker: Option<Breaker>,
    pub cache: Option<CacheRules>,
    /// Somebody is asked before it runs. Boxed, since few commands have it.
    pub confirm: Option<Box<Confirm>>,
    /// For all tries together.
    pub timeout: Duration,
    /// When a call that still runs is left to itself.
    pub detach: Detach,
    /// Between the polite signal and the kill.
    pub kill_grace: Duration,
    pub limits: Limits,
    pub concurrency: Concurrency,
    pub exit_codes: ExitCodes,
    pub annotations: Annotations,
    pub output: OutputRules,
    /// Clients that ask for it are told what it writes to stderr.
    pub logging: bool,
    pub availability: Availability,
    /// Words by which tools are chosen.
    pub tags: Vec<String>,
    /// What the token of a caller has to be good for.
    pub scopes: Vec<String>,
    /// What it does by itself. Boxed, since few have it.
    pub automation: Option<Box<Automation>>,
    pub dialect: Dialect,
}

impl Tool {
    /// When a call of it is left to itself; `None`: not before it is over.
    pub fn detaches(&self) -> Option<Duration> {
        match self.detach {
            Detach::Never => None,
            Detach::AtOnce => Some(Duration::ZERO),
            Detach::After(after) => (after < self.timeout).then_some(after),
        }
    }

    /// What its process may touch, if it is a process that is held at all.
    pub fn sandbox(&self) -> Option<&Sandbox> {
        match &self.action {
            Action::Process(workload) => workload.sandbox.as_ref(),
            Action::Container(_) | Action::Http(_) | Action::Flow(_) | Action::NotSupported(_) => None,
        }
    }
}

/// Whether clients see a tool, and if not, why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Availability {
    Offered,
    /// `expose: false`: for steps of other commands only.
    Internal,
    /// `enabled: false`.
    Disabled,
    /// This host or this version cannot run it; the reason is for people.
    Unavailable {
        reason: String,
    },
}

/// How many calls of one tool run at once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Concurrency {
    pub max: Option<usize>,
    /// Of one caller.
    pub per_caller: Option<usize>,
    /// Calls that name the same lock exclude each other.
    pub lock: Option<String>,
}

/// Hints for clients. The defaults are on the safe side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Annotations {
    pub read_only: bool,
    pub destructive: bool,
    pub idempotent: bool,
    pub open_world: bool,
}

impl Default for Annotations {
    fn default() -> Self {
        Self { read_only: false, destructive: true, idempotent: false, open_world: true }
    }
}

/// Which language a file is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// `version: 1`: strict.
    Native,
    /// A file of the original mcpfier.
    Original,
}

impl Tool {
    pub fn is_offered(&self) -> bool {
        self.availability == Availability::Offered
    }
}

//! Why a call did not run. The text is for the client.

use std::sync::Arc;
use std::time::Duration;

use crate::call::BadCall;
use crate::model::{ConditionError, format_duration};
use crate::plan::PlanError;
use crate::policy::{Denied, NotAdmitted};
use crate::runner::StartError;
use crate::runner::container::ContainerFailure;

use super::own_folder::NoFolder;
use super::quotas::UsedUp;
use super::rates::TooOften;

#[derive(Debug, thiserror::Error)]
pub enum Rejection {
    #[error(transparent)]
    BadCall(#[from] BadCall),
    /// There is such a tool, and its caller is not to know.
    #[error("{said}")]
    Hidden { said: BadCall, denied: Box<Denied> },
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error("`{tool}` does not run now: its condition does not hold\n  when  {condition}\n  here  {seen}")]
    NotMet { tool: String, condition: String, seen: String },
    #[error("`{tool}` does not run: its condition cannot be judged: {problem}\n  when  {condition}")]
    NotJudged { tool: String, condition: String, problem: ConditionError },
    #[error("{}", list(.0))]
    Plan(Vec<PlanError>),
    #[error(
        "busy: {running} calls are running and {waiting} are waiting, which is as many as may; try again later"
    )]
    Busy { running: usize, waiting: usize },
    #[error(
        "busy: {waiting} calls of this caller are waiting, and the rest of the queue is for others; try again later"
    )]
    BusyCaller { waiting: usize },
    #[error("busy: no call ended within {}; try again later", format_duration(*.after))]
    QueueTimeout { after: Duration },
    #[error("`{tool}` is called {late}")]
    TooOften { tool: String, late: TooOften },
    #[error(
        "no more jobs now: {running}{whose} are running, which is as many as may; wait for one of them, or cancel it"
    )]
    TooManyJobs { running: usize, whose: &'static str },
    #[error(transparent)]
    NoFolder(NoFolder),
    #[error("`{tool}` is not run: {used_up}")]
    UsedUp { tool: String, used_up: UsedUp },
    #[error("cancelled before it started")]
    Cancelled,
    #[error(transparent)]
    Start(StartError),
    #[error("`{tool}` is not tried now: it failed {failures} times in a row; {}\n  last  {last}", again(.again_in))]
    BreakerOpen { tool: String, failures: u32, last: String, again_in: Option<Duration> },
    #[error("{last}; that was try {attempts}; before: {before}")]
    Again { attempts: u32, before: String, last: Box<Rejection> },
    #[error("`{tool}` failed ({reason}), and its fallback `{fallback}` did not run: {problem}")]
    Fallback { tool: String, reason: String, fallback: String, problem: Box<Rejection> },
    #[error("`{tool}` is not run, because calls cannot be recorded: {problem}")]
    NotRecorded { tool: String, problem: String },
    #[error("`{tool}` has to be confirmed before it runs: {why}")]
    NotConfirmed { tool: String, why: String },
    #[error("`{tool}` does not run without `{params}`: {why}")]
    NotGiven { tool: String, params: String, why: String },
    #[error("`{tool}` cannot go on without an answer: {why}")]
    NotAsked { tool: String, why: String },
    /// Of a run that several callers wait for.
    #[error(transparent)]
    Shared(Arc<Rejection>),
}

impl From<StartError> for Rejection {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Container(ContainerFailure::Cancelled) => Self::Cancelled,
            error => Self::Start(error),
        }
    }
}

impl From<NotAdmitted> for Rejection {
    fn from(refusal: NotAdmitted) -> Self {
        match refusal {
            NotAdmitted::Unknown(problem) => Self::BadCall(problem),
            NotAdmitted::Hidden { said, denied } => Self::Hidden { said, denied },
            NotAdmitted::Denied(denied) => Self::Denied(denied),
        }
    }
}

impl Rejection {
    /// Why its caller may not, if that is the reason; of a flow, why they may not do a part of it.
    pub fn denied(&self) -> Option<&Denied> {
        match self {
            Self::Denied(denied) => Some(denied),
            Self::Hidden { denied, .. } => Some(denied),
            Self::Plan(problems) => problems.iter().find_map(|problem| match problem.cause() {
                PlanError::Denied(denied) => Some(denied),
                _ => None,
            }),
            Self::Shared(shared) => shared.denied(),
            _ => None,
        }
    }

    /// The command could not do its work; other refusals are about the call, or about how busy we are.
    pub(super) fn is_failure(&self) -> bool {
        match self {
            Self::Start(_)
            | Self::NoFolder(_)
            | Self::BreakerOpen { .. }
            | Self::Again { .. }
            | Self::Fallback { .. } => true,
            Self::Shared(shared) => shared.is_failure(),
            _ => false,
        }
    }

    /// The caller named a tool that is not there: a mistake of the client, not of the arguments.
    pub fn is_unknown_tool(&self) -> bool {
        matches!(self, Self::BadCall(BadCall::UnknownTool { .. }) | Self::Hidden { .. })
    }
}

/// As precise as anybody waits.
fn again(again_in: &Option<Duration>) -> String {
    match again_in {
        None => "one call is trying it right now".to_owned(),
        Some(left) => format!("it is tried again in {:.1} s", left.as_secs_f64()),
    }
}

fn list(problems: &[PlanError]) -> String {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

//! Why a call did not run. The text is for the client.

use std::time::Duration;

use crate::call::BadCall;
use crate::model::{ConditionError, format_duration};
use crate::plan::PlanError;
use crate::policy::Denied;
use crate::runner::StartError;
use crate::runner::container::ContainerFailure;

#[derive(Debug, thiserror::Error)]
pub enum Rejection {
    #[error(transparent)]
    BadCall(#[from] BadCall),
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
    #[error("busy: no call ended within {}; try again later", format_duration(*.after))]
    QueueTimeout { after: Duration },
    #[error("cancelled before it started")]
    Cancelled,
    #[error(transparent)]
    Start(StartError),
}

impl From<StartError> for Rejection {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Container(ContainerFailure::Cancelled) => Self::Cancelled,
            error => Self::Start(error),
        }
    }
}

impl Rejection {
    /// The caller named a tool that is not there: a mistake of the client, not of the arguments.
    pub fn is_unknown_tool(&self) -> bool {
        matches!(self, Self::BadCall(BadCall::UnknownTool { .. }))
    }
}

fn list(problems: &[PlanError]) -> String {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

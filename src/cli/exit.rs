//! What our exit codes mean. A command that ran gives its own code instead.

use std::process::ExitCode;

use crate::call::BadCall;
use crate::engine::{Ending, Rejection};
use crate::model::ExitCodes;
use crate::plan::PlanError;
use crate::runner::End;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exit(u8);

impl Exit {
    pub const OK: Self = Self(0);
    /// Something failed that no other code names.
    pub const FAILURE: Self = Self(1);
    /// The command line or a tool's arguments do not fit.
    pub const USAGE: Self = Self(2);
    /// The configuration has errors.
    pub const CONFIG: Self = Self(3);
    /// There is no configuration, or it may not be used unasked.
    pub const NO_CONFIG: Self = Self(4);
    /// There is no such command, or it is not available here.
    pub const NO_COMMAND: Self = Self(5);
    /// Not run: denied, busy, or a required limit cannot be enforced here.
    pub const REFUSED: Self = Self(6);
    /// Asked for something that this version does not have yet.
    pub const NOT_SUPPORTED: Self = Self(7);
    /// An HTTP call was answered with a status that is no success.
    pub const HTTP_STATUS: Self = Self(22);
    /// The command was killed at its timeout.
    pub const TIMEOUT: Self = Self(124);
    /// The command could not be started, or was killed for its output.
    pub const NOT_STARTED: Self = Self(125);
    /// The command was killed for its memory or its processes.
    pub const KILLED: Self = Self(137);
    /// Interrupted.
    pub const INTERRUPTED: Self = Self(130);

    /// The code of a command that ran: its own where it has one.
    pub fn of_ending(ending: &Ending, codes: &ExitCodes) -> Self {
        if let Ending::FlowFailed(step) = ending {
            let step = step.as_ref().map(|step| Self::of_ending(step, codes));
            return step.filter(|exit| *exit != Self::OK).unwrap_or(Self::FAILURE);
        }
        if let Some(code) = ending.exit_code() {
            // A shell hands on the code itself, success or not.
            return Self(u8::try_from(code & 0xff).unwrap_or(1));
        }
        if ending.success(codes).is_some() {
            return Self::OK;
        }
        match ending {
            Ending::Ran(End::Answered { .. }) => Self::HTTP_STATUS,
            Ending::Ran(End::Signalled(signal)) => Self(128 + u8::try_from(*signal & 0x7f).unwrap_or(0)),
            Ending::Ran(End::TimedOut { .. }) => Self::TIMEOUT,
            Ending::Ran(End::OutOfMemory | End::TooManyProcesses) => Self::KILLED,
            Ending::Ran(End::Cancelled) => Self::INTERRUPTED,
            Ending::TooMuchOutput | Ending::Ran(End::Lost | End::Unanswered { .. }) => Self::NOT_STARTED,
            Ending::Ran(End::Success | End::Failed(_)) | Ending::FlowFailed(_) => Self::OK,
        }
    }

    pub fn of_rejection(rejection: &Rejection) -> Self {
        match rejection {
            Rejection::BadCall(problem) => Self::of_call(problem),
            Rejection::Plan(problems) => Self::of_problems(problems),
            Rejection::NotMet { .. } | Rejection::NotJudged { .. } => Self::REFUSED,
            Rejection::Hidden { .. }
            | Rejection::Denied(_)
            | Rejection::Busy { .. }
            | Rejection::QueueTimeout { .. } => Self::REFUSED,
            Rejection::Cancelled => Self::INTERRUPTED,
            Rejection::BusyCaller { .. } | Rejection::BreakerOpen { .. } => Self::REFUSED,
            Rejection::TooOften { .. }
            | Rejection::UsedUp { .. }
            | Rejection::TooManyJobs { .. }
            | Rejection::NotRecorded { .. } => Self::REFUSED,
            Rejection::NotConfirmed { .. } | Rejection::NotGiven { .. } | Rejection::NotAsked { .. } => {
                Self::REFUSED
            }
            Rejection::Start(_) | Rejection::NoFolder(_) => Self::NOT_STARTED,
            Rejection::Again { last, .. } => Self::of_rejection(last),
            Rejection::Fallback { problem, .. } => Self::of_rejection(problem),
            Rejection::Shared(shared) => Self::of_rejection(shared),
        }
    }

    fn of_problems(problems: &[PlanError]) -> Self {
        match problems.first().map(PlanError::cause) {
            Some(PlanError::Unavailable { .. } | PlanError::NoCommand { .. }) => Self::NO_COMMAND,
            Some(PlanError::Call(problem)) => Self::of_call(problem),
            Some(PlanError::Denied(_)) => Self::REFUSED,
            Some(
                PlanError::NotEnforceable { .. }
                | PlanError::SandboxNotEnforceable { .. }
                | PlanError::NotLocked { .. },
            ) => Self::REFUSED,
            Some(
                PlanError::Argument { .. }
                | PlanError::InStep { .. }
                | PlanError::TooDeep { .. }
                | PlanError::TooManySteps { .. }
                | PlanError::Waiting,
            )
            | None => Self::USAGE,
        }
    }

    fn of_call(problem: &BadCall) -> Self {
        match problem {
            BadCall::UnknownTool { .. } | BadCall::Unavailable { .. } => Self::NO_COMMAND,
            BadCall::Arguments { .. } | BadCall::Schema { .. } => Self::USAGE,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.0)
    }
}

//! What happened to a run.

use std::time::Duration;

use crate::model::ExitCodes;
use crate::runner::{End, RunId};

use super::capture::Output;
use super::flow::FlowReport;
use super::story::Story;

/// A run that is over, with what was kept of its output.
#[derive(Debug, Clone)]
pub struct Outcome {
    pub id: RunId,
    pub ending: Ending,
    /// In the queue, before it started.
    pub waited: Duration,
    pub duration: Duration,
    pub output: Output,
    /// What became of the steps, if it was a flow.
    pub flow: Option<Box<FlowReport>>,
    /// What else there was to it than one run.
    pub story: Story,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    Ran(End),
    /// Killed because it wrote more than `limits.output` and `on_overflow` is `kill`.
    TooMuchOutput,
    /// A step of a flow failed, like this if it ran at all.
    FlowFailed(Option<Box<Ending>>),
}

impl Ending {
    /// The exit code, if the program ended by itself.
    pub fn exit_code(&self) -> Option<i32> {
        match self {
            Self::Ran(End::Success) => Some(0),
            Self::Ran(End::Failed(code)) => Some(code.get()),
            Self::FlowFailed(step) => step.as_ref()?.exit_code(),
            _ => None,
        }
    }

    pub fn signal(&self) -> Option<i32> {
        match self {
            Self::Ran(End::Signalled(signal)) => Some(*signal),
            _ => None,
        }
    }

    /// The status of an HTTP call that was answered.
    pub fn http_status(&self) -> Option<u16> {
        match self {
            Self::Ran(End::Answered { status, .. }) => Some(*status),
            _ => None,
        }
    }

    /// The command has certainly changed nothing.
    pub fn has_done_nothing(&self) -> bool {
        match self {
            Self::Ran(End::Unanswered { is_unsent, .. }) => *is_unsent,
            Self::Ran(End::Answered { status, retry_after, .. }) => {
                matches!(status, 429 | 503) && retry_after.is_some()
            }
            _ => false,
        }
    }

    /// Whether this ending is a success under these codes, and the text that then stands for an
    /// empty result.
    pub fn success<'c>(&self, codes: &'c ExitCodes) -> Option<Option<&'c str>> {
        match self {
            Self::FlowFailed(_) => None,
            Self::Ran(End::Answered { is_success, .. }) => is_success.then_some(None),
            _ => codes.success(self.exit_code()?),
        }
    }
}

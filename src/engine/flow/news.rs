//! What a watcher hears of the steps of a flow.

use std::fmt;
use std::time::Duration;

use crate::engine::present::seconds;

use super::StepVerdict;

/// Something has happened to a step.
#[derive(Debug, Clone, PartialEq)]
pub struct StepNews {
    /// Which: `3/7 tag`, and inside of another flow `3/7 release › 1/2 build`.
    pub step: String,
    pub change: StepChange,
    /// How many of the steps of the whole have ended, and how many there are.
    pub ended: usize,
    pub all: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub enum StepChange {
    Running,
    /// So many of its items are done.
    Items {
        done: usize,
        all: usize,
    },
    /// Tried again after a wait.
    Again {
        attempt: u32,
        attempts: u32,
        wait: Duration,
    },
    Ended {
        verdict: StepVerdict,
        after: Duration,
    },
}

impl StepNews {
    /// Whether many of the kind come, of which only the latest is worth a line.
    pub fn is_passing(&self) -> bool {
        matches!(self.change, StepChange::Items { .. })
    }
}

impl fmt::Display for StepNews {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.step)?;
        match &self.change {
            StepChange::Running => f.write_str("running"),
            StepChange::Items { done, all } => write!(f, "{done} of {all} items"),
            StepChange::Again { attempt, attempts, wait } => {
                write!(f, "try {attempt} of {attempts} in {}", seconds(*wait))
            }
            StepChange::Ended { verdict: StepVerdict::Skipped, .. } => f.write_str("skipped"),
            StepChange::Ended { verdict: StepVerdict::Cancelled, .. } => f.write_str("cancelled"),
            StepChange::Ended { verdict, after } => write!(f, "{} in {}", verdict.word(), seconds(*after)),
        }
    }
}

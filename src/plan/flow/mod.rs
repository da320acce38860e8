//! Flows with nothing left to decide but what depends on results: which steps there are, what each waits
//! for, and the whole plan of each, with holes where something is known only later.

mod asked;
pub(super) mod given;
mod items;
mod planner;
mod print;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::call::Invocation;
use crate::model::{FlowResult, Reference, Retry, StepId, When};
use crate::policy::Authorized;

use super::{ExecutionPlan, Facts};

pub(super) use planner::{Bounds, Problems};
pub use planner::{Judge, LookUp, Planner};
pub(super) use print::{lines, steps, to_json};

/// What one call of a flow will do.
#[derive(Debug, Clone)]
pub struct FlowPlan {
    pub steps: Vec<PlannedStep>,
    /// One after the other, whatever happened.
    pub finally: Vec<PlannedStep>,
    pub timeout: Duration,
    pub cleanup_timeout: Duration,
    pub result: FlowResult,
    /// The call itself, which steps are filled from.
    pub call: Authorized,
    /// What planning knew of the host for this call.
    pub facts: Facts,
}

#[derive(Debug, Clone)]
pub struct PlannedStep {
    pub id: StepId,
    /// The command that it calls, or the name of what is written in it.
    pub label: String,
    /// The places of those that it waits for.
    pub after: Vec<usize>,
    pub when: Option<When>,
    pub work: Rounds,
    pub otherwise: Option<Rounds>,
    pub retry: Option<Retry>,
    pub timeout: Option<Duration>,
    pub on_error: PlannedOnError,
    pub once: bool,
    /// What it asks of other steps, and of its item.
    pub sees: Vec<Reference>,
}

/// How often a step works.
#[derive(Debug, Clone, PartialEq)]
pub enum Rounds {
    One(Work),
    /// Once for each item.
    Each {
        rounds: Vec<Round>,
        concurrency: NonZeroUsize,
    },
    /// Once for each item of a list that is known later.
    Later {
        items: String,
        work: Work,
        concurrency: NonZeroUsize,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub struct Round {
    pub item: Value,
    pub is_sensitive: bool,
    pub work: Work,
}

#[derive(Debug, Clone)]
pub enum Work {
    /// This very plan is carried out.
    Ready(Box<Made>),
    /// A preview: the same function makes the plan when what it waits for is known.
    Later(Box<ExecutionPlan>),
}

/// A plan and the call that it was made of.
#[derive(Debug, Clone)]
pub struct Made {
    pub plan: Arc<ExecutionPlan>,
    pub call: Invocation,
}

#[derive(Debug, Clone, PartialEq)]
pub enum PlannedOnError {
    Abort,
    Continue,
    Run(Work),
}

impl Work {
    pub fn plan(&self) -> &ExecutionPlan {
        match self {
            Self::Ready(made) => &made.plan,
            Self::Later(preview) => preview,
        }
    }
}

/// Two are equal if they do the same.
impl PartialEq for Work {
    fn eq(&self, other: &Self) -> bool {
        let (mine, theirs) = (self.plan(), other.plan());
        mine.tool.name == theirs.tool.name && mine.step == theirs.step
    }
}

impl PartialEq for PlannedStep {
    fn eq(&self, other: &Self) -> bool {
        let whole = |step: &Self| (step.id.clone(), step.after.clone(), step.timeout, step.once);
        whole(self) == whole(other)
            && self.when == other.when
            && self.work == other.work
            && self.otherwise == other.otherwise
            && self.retry == other.retry
            && self.on_error == other.on_error
    }
}

impl PartialEq for FlowPlan {
    fn eq(&self, other: &Self) -> bool {
        self.steps == other.steps
            && self.finally == other.finally
            && self.timeout == other.timeout
            && self.cleanup_timeout == other.cleanup_timeout
            && self.result == other.result
    }
}

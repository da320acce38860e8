//! A flow: steps of which each begins when those before it have ended.
//!
//! `steps` of a command and its `depends_on` are both read into this. Every name in it has been found, and
//! there is no circle in it, neither among the steps nor through the commands that they call.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::condition::When;
use super::http::JsonTemplate;
use super::name::{ParamName, StepId, ToolName};
use super::retry::Retry;
use super::tool::{Availability, Tool};

/// How deep commands with steps may call each other.
pub const MOST_NESTED_FLOWS: usize = 8;
/// How many steps one call may come to, with those of the commands that it runs.
pub const MOST_STEPS: usize = 10_000;
/// For how many items one step may run.
pub const MOST_ITEMS: usize = 10_000;

#[derive(Debug, Clone)]
pub struct Flow {
    /// In the order of the file.
    pub steps: Vec<FlowStep>,
    /// Run one after the other, whatever happened, when no other step runs any more.
    pub finally: Vec<FlowStep>,
    /// For all of `finally` together.
    pub cleanup_timeout: Duration,
    pub result: FlowResult,
    /// Relative paths among the arguments are relative to it.
    pub folder: PathBuf,
    /// Whether it would be offered if all that it runs could run; `None` where nothing else was looked at.
    pub apart: Option<Availability>,
}

/// What a flow ends with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FlowResult {
    /// What each step came to, or the text that `output.template` makes of it.
    Steps,
    /// What this step ended with: the command itself, after what it depends on.
    Of(StepId),
}

impl FlowResult {
    /// The step whose ending is that of the flow.
    pub fn step(&self) -> Option<&StepId> {
        match self {
            Self::Of(id) => Some(id),
            Self::Steps => None,
        }
    }
}

#[derive(Debug, Clone)]
pub struct FlowStep {
    pub id: StepId,
    pub work: StepWork,
    /// If it does not hold, `otherwise` is done instead, or nothing.
    pub when: Option<When>,
    pub otherwise: Option<StepWork>,
    /// The steps that have to end first, each once, in the order of the list. They all stand above this one.
    /// Whoever reads a result is among those that wait for it. Empty in `finally`.
    pub after: Vec<StepId>,
    pub each: Option<ForEach>,
    pub retry: Option<Retry>,
    pub timeout: Option<Duration>,
    pub on_error: OnError,
    /// An equal one (command and arguments) of the same call is not run again: its result is used. So it is
    /// with dependencies.
    pub once: bool,
}

/// What a step does.
#[derive(Debug, Clone)]
pub enum StepWork {
    /// A command of the file, with these arguments.
    Command { tool: ToolName, with: Vec<(ParamName, JsonTemplate)> },
    /// Written in the step itself. It sees the parameters of the command whose step it is.
    Inline(Arc<Tool>),
}

impl Flow {
    /// Everything that its steps may do.
    pub fn works(&self) -> impl Iterator<Item = &StepWork> {
        self.steps.iter().chain(&self.finally).flat_map(FlowStep::works)
    }

    /// What is written in its steps themselves.
    pub fn inlines(&self) -> impl Iterator<Item = &Arc<Tool>> {
        self.works().filter_map(|work| match work {
            StepWork::Inline(tool) => Some(tool),
            StepWork::Command { .. } => None,
        })
    }

    /// The commands of the file that it may run by itself, not those that these run.
    pub fn commands(&self) -> impl Iterator<Item = &ToolName> {
        self.works().filter_map(|work| match work {
            StepWork::Command { tool, .. } => Some(tool),
            StepWork::Inline(_) => None,
        })
    }
}

impl Flow {
    /// The command's own action, if the flow ends with that.
    pub fn own(&self) -> Option<&Arc<Tool>> {
        let own = self.result.step()?;
        match &self.steps.iter().find(|step| step.id == *own)?.work {
            StepWork::Inline(tool) => Some(tool),
            StepWork::Command { .. } => None,
        }
    }
}

impl FlowStep {
    /// What it may do: its work, what is done in its place, and what is done if it fails.
    pub fn works(&self) -> impl Iterator<Item = &StepWork> {
        let on_error = if let OnError::Run(work) = &self.on_error { Some(work) } else { None };
        std::iter::once(&self.work).chain(&self.otherwise).chain(on_error)
    }
}

/// The step runs once for each of several items.
#[derive(Debug, Clone)]
pub struct ForEach {
    /// A list, or a template that becomes one.
    pub items: JsonTemplate,
    /// How many at once. Results stay in the order of the items.
    pub concurrency: NonZeroUsize,
}

/// What a failed step does to the others.
#[derive(Debug, Clone)]
pub enum OnError {
    /// No other step begins, those that run are cancelled, and the flow has failed.
    Abort,
    /// Those that wait for it go on, as after a success.
    Continue,
    /// This is done, and then the flow has failed.
    Run(StepWork),
}

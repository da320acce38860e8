//! Authorized → [`ExecutionPlan`]: every word, variable, limit and deadline of one call.
//!
//! Making a plan is synchronous, deterministic and without I/O: what the host has comes in as
//! [`Facts`]. A dry-run prints the plan, policy judges it, and a runner carries it out; nobody
//! decides anything after it is made.

mod cache;
mod care;
mod confirm;
mod container;
mod document;
mod expand;
mod facts;
mod fallback;
mod flow;
mod held;
mod http;
mod output;
mod process;
mod quote;
mod render;
mod sandbox;
mod secret;
mod seen;
mod shell_word;
mod version;
mod word;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::call::{BadCall, Invocation};
use crate::model::{Principal, SecretName, StepId, Tool};
use crate::policy::Denied;

pub use cache::KeyPart;
pub use confirm::PlannedConfirm;
pub use container::{
    BUILD_LABEL, BUILD_OF_LABEL, BuildFact, ContainerPlan, Door, Doors, Leads, MountLookup, PlannedBuild,
    PlannedMount, PlannedReuse, TRIVY_FOUND, ahead, build_tag, docker_line, lookups_ahead, mount_lookups,
    scan_words, verify_words,
};
pub use facts::{Environment, Facts, Mean, Means, PathFact};
pub use fallback::PlannedFallback;
pub use flow::{FlowPlan, Judge, LookUp, Made, PlannedOnError, PlannedStep, Planner, Round, Rounds, Work};
pub use held::{Held, shortened};
pub use http::{HttpStep, PlannedAuth, PlannedBody, PlannedPart, PlannedPartContent, PlannedToken};
pub use output::{PlannedFiles, PlannedOutput};
pub use process::{PlannedStdin, ProcessPlan, plan};
pub use quote::quoted;
pub use sandbox::{Lack, SandboxMeans};
pub use seen::Sensitive;
pub use word::{Encoding, Fill, Word};

/// Everything that one call will do.
#[derive(Debug, Clone)]
pub struct ExecutionPlan {
    pub tool: Arc<Tool>,
    pub principal: Arc<Principal>,
    pub step: Step,
    /// Which means enforces each limit on this host.
    pub means: Means,
    /// What the call is remembered by, where its command says that.
    pub cache_key: Option<Vec<KeyPart>>,
    /// What is called if this fails.
    pub fallback: Option<PlannedFallback>,
    /// The condition under which it runs, if it has one. It has been judged.
    pub held: Option<Held>,
    /// What has to be agreed to before it runs, of this alone.
    pub confirm: Option<Box<PlannedConfirm>>,
    /// What the result is made with.
    pub output: PlannedOutput,
}

impl ExecutionPlan {
    /// What one call does by this step, without its condition and what is called if it fails.
    fn of(invocation: &Invocation, step: Step, facts: &Facts) -> Self {
        let (tool, principal) = (Arc::clone(invocation.tool()), Arc::clone(invocation.principal()));
        let cache_key = tool.cache.as_ref().and_then(|rules| cache::key(rules, invocation, facts));
        let output = PlannedOutput::of(invocation, &step, facts);
        let means = facts.means;
        Self { tool, principal, step, means, cache_key, fallback: None, held: None, confirm: None, output }
    }

    /// Whether what its process prints may be of a try that fails, or may have been printed before.
    pub fn may_not_be_the_result(&self) -> bool {
        let tool = &self.tool;
        tool.retry.is_some() || tool.fallback.is_some() || tool.cache.is_some()
    }
}

/// What is carried out, with what its runner needs.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    Process(ProcessPlan),
    Container(Box<ContainerPlan>),
    Http(HttpStep),
    Flow(Box<FlowPlan>),
}

impl Step {
    /// The same with less time.
    pub fn within(&self, left: Duration) -> Self {
        let mut step = self.clone();
        let timeout = match &mut step {
            Self::Process(process) => &mut process.timeout,
            Self::Container(container) => &mut container.timeout,
            Self::Http(call) => &mut call.timeout,
            Self::Flow(flow) => &mut flow.timeout,
        };
        *timeout = left.min(*timeout);
        step
    }

    /// The secrets that have to be known before it can start.
    pub fn secrets(&self) -> BTreeSet<&SecretName> {
        match self {
            Self::Process(process) => process.words().flat_map(Word::secrets).collect(),
            Self::Container(container) => container.words().flat_map(Word::secrets).collect(),
            Self::Http(call) => call.words().into_iter().flat_map(Word::secrets).collect(),
            // Each of its steps knows its own when it starts.
            Self::Flow(_) => BTreeSet::new(),
        }
    }
}

/// Why a call that fits its tool cannot be planned. One text for all problems of one call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    #[error("`{tool}` cannot run here: {reason}")]
    Unavailable { tool: String, reason: String },
    #[error("`{param}`: {problem}")]
    Argument { param: String, problem: String },
    #[error("`{tool}`: {reason}; if that is wanted, `mcpfier lock` writes it down")]
    NotLocked { tool: String, reason: String },
    #[error("the limit `{limit}` cannot be enforced on this host, and `limits_enforcement` is `required`")]
    NotEnforceable { limit: &'static str },
    #[error("the sandbox cannot be kept on this host ({lack}), and `limits_enforcement` is `required`")]
    SandboxNotEnforceable { lack: Lack },
    #[error("step `{step}`: {problem}")]
    InStep { step: StepId, problem: Box<PlanError> },
    #[error(transparent)]
    Call(BadCall),
    #[error(transparent)]
    Denied(Denied),
    #[error("there is no command `{tool}`")]
    NoCommand { tool: String },
    #[error("commands with steps call each other more than {most} deep")]
    TooDeep { most: usize },
    #[error(
        "with all its steps and items the call comes to more than {most} runs, which is as many as may be"
    )]
    TooManySteps { most: usize },
    #[error("something that it needs is not known yet")]
    Waiting,
}

impl PlanError {
    fn of_step(self, step: &StepId) -> Self {
        Self::InStep { step: step.clone(), problem: Box::new(self) }
    }

    /// What is wrong, wherever it is.
    pub fn cause(&self) -> &Self {
        match self {
            Self::InStep { problem, .. } => problem.cause(),
            other => other,
        }
    }
}

//! Authorized → [`ExecutionPlan`]: every word, variable, limit and deadline of one call.
//!
//! Making a plan is synchronous, deterministic and without I/O: what the host has comes in as
//! [`Facts`]. A dry-run prints the plan, policy judges it, and a runner carries it out; nobody
//! decides anything after it is made.

mod cache;
mod care;
mod container;
mod expand;
mod facts;
mod fallback;
mod http;
mod process;
mod quote;
mod render;
mod sandbox;
mod secret;
mod shell_word;
mod word;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::model::{Principal, SecretName, Tool};

pub use cache::KeyPart;
pub use container::{
    BUILD_LABEL, BuildFact, ContainerPlan, Door, Doors, Leads, MountLookup, PlannedBuild, PlannedMount,
    ahead, build_tag, docker_line, lookups_ahead, mount_lookups, verify_words,
};
pub use facts::{Environment, Facts, Mean, Means, PathFact};
pub use fallback::PlannedFallback;
pub use http::{HttpStep, PlannedAuth};
pub use process::{PlannedStdin, ProcessPlan, plan};
pub use quote::quoted;
pub use sandbox::{Lack, SandboxMeans};
pub use word::{Encoding, Fill, Word};

/// Everything that one call will do.
#[derive(Debug, Clone)]
pub struct ExecutionPlan {
    pub tool: Arc<Tool>,
    pub principal: Principal,
    pub step: Step,
    /// Which means enforces each limit on this host.
    pub means: Means,
    /// What the call is remembered by, where its command says that.
    pub cache_key: Option<Vec<KeyPart>>,
    /// What is called if this fails.
    pub fallback: Option<PlannedFallback>,
}

impl ExecutionPlan {
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
}

impl Step {
    /// The same with less time.
    pub fn within(&self, left: Duration) -> Self {
        let mut step = self.clone();
        let timeout = match &mut step {
            Self::Process(process) => &mut process.timeout,
            Self::Container(container) => &mut container.timeout,
            Self::Http(call) => &mut call.timeout,
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
}

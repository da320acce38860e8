//! Hands each step to the runner that can carry it out.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::model::WarmCaps;
use crate::plan::{ContainerPlan, Environment, Step};

use super::container::ContainerRunner;
use super::http::HttpRunner;
use super::process::ProcessRunner;
use super::{BoxFuture, RunId, Runner, Running, SecretValues, StartError, Teller};

/// Local processes, containers and HTTP calls.
#[derive(Clone)]
pub struct Dispatch {
    processes: ProcessRunner,
    containers: ContainerRunner,
    calls: HttpRunner,
}

/// An engine takes longer to remove a container than a kernel to kill a process.
const FOR_CONTAINERS: Duration = Duration::from_secs(5);

impl Dispatch {
    /// The environment says where a container engine is.
    pub fn new(processes: ProcessRunner, environment: Arc<Environment>) -> Self {
        Self { processes, containers: ContainerRunner::new(environment), calls: HttpRunner::new() }
    }

    /// Waits until nothing that was started is alive, and says whether that is so.
    pub async fn shut_down(&self, patience: Duration) -> bool {
        let (processes, containers) = tokio::join!(
            self.processes.shut_down(patience),
            self.containers.shut_down(patience.max(FOR_CONTAINERS)),
        );
        processes && containers
    }
}

impl Runner for Dispatch {
    fn keep_ready(&self, plans: Vec<ContainerPlan>, caps: WarmCaps) {
        self.containers.keep_ready(plans, caps);
    }

    fn start<'a>(
        &'a self,
        step: &'a Step,
        secrets: &'a SecretValues,
        cancel: CancellationToken,
    ) -> BoxFuture<'a, Result<Box<dyn Running>, StartError>> {
        match step {
            Step::Process(_) => self.processes.start(step, secrets, cancel),
            Step::Container(_) => self.containers.start(step, secrets, cancel),
            Step::Http(_) => self.calls.start(step, secrets, cancel),
            Step::Flow(_) => Box::pin(std::future::ready(Err(StartError::Elsewhere("a flow")))),
        }
    }

    fn start_run<'a>(
        &'a self,
        run: &'a RunId,
        step: &'a Step,
        secrets: &'a SecretValues,
        cancel: CancellationToken,
        news: Teller,
    ) -> BoxFuture<'a, Result<Box<dyn Running>, StartError>> {
        match step {
            Step::Container(_) => self.containers.start_run(run, step, secrets, cancel, news),
            Step::Process(_) | Step::Http(_) | Step::Flow(_) => self.start(step, secrets, cancel),
        }
    }
}

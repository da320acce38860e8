//! Hands each step to the runner that can carry it out.

use tokio_util::sync::CancellationToken;

use crate::plan::Step;

use super::http::HttpRunner;
use super::process::ProcessRunner;
use super::{BoxFuture, Runner, Running, SecretValues, StartError};

/// Local processes and HTTP calls.
#[derive(Clone)]
pub struct Dispatch {
    processes: ProcessRunner,
    calls: HttpRunner,
}

impl Dispatch {
    pub fn new(processes: ProcessRunner) -> Self {
        Self { processes, calls: HttpRunner::new() }
    }
}

impl Runner for Dispatch {
    fn start<'a>(
        &'a self,
        step: &'a Step,
        secrets: &'a SecretValues,
        cancel: CancellationToken,
    ) -> BoxFuture<'a, Result<Box<dyn Running>, StartError>> {
        match step {
            Step::Process(_) => self.processes.start(step, secrets, cancel),
            Step::Container(_) => Box::pin(async { Err(StartError::Elsewhere("a container")) }),
            Step::Http(_) => self.calls.start(step, secrets, cancel),
        }
    }
}

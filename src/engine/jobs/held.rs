//! A job whose caller waits for it: over in time, it was a call like any other, and has cost no more.

use std::sync::Arc;

use tokio::runtime::Handle;

use crate::engine::{Engine, Presented, Rejection};
use crate::model::JobRules;

use super::Job;
use super::begin::Run;

/// Goes on while it is waited for. Dropped before its end, it is cancelled.
pub struct Held {
    engine: Arc<Engine>,
    job: Arc<Job>,
    rules: JobRules,
    /// Nothing once it is over, or goes on by itself.
    run: Option<Run>,
    result: Option<Presented>,
    is_done: bool,
}

impl Held {
    pub(super) fn new(engine: Arc<Engine>, job: Arc<Job>, run: Run, rules: JobRules) -> Self {
        Self { engine, job, rules, run: Some(run), result: None, is_done: false }
    }

    pub fn job(&self) -> &Arc<Job> {
        &self.job
    }

    /// Has it end; it is to be waited for nevertheless.
    pub fn cancel(&self) {
        self.job.cancel();
    }

    /// Resolves when it is over. May be dropped and called again.
    pub async fn over(&mut self) {
        if self.is_done {
            return;
        }
        match &mut self.run {
            Some(run) => {
                self.result = Some(run.await);
                self.run = None;
            }
            None => {
                self.job.over().await;
                self.result = self.job.result();
            }
        }
        self.is_done = true;
    }

    /// Resolves with what it came to.
    pub async fn result(mut self) -> Presented {
        self.over().await;
        self.result.take().unwrap_or_else(|| Presented::refusal(Rejection::Cancelled.to_string()))
    }

    /// Leaves it to itself. Gives it back if it is about to be over, or if there are as many jobs as may
    /// be: then its caller waits on.
    pub async fn leave(mut self) -> Result<Arc<Job>, Self> {
        // Nobody waits for it while it is written down.
        if let Some(run) = self.run.take() {
            self.engine.go_on(&self.job, run, self.rules.clone());
        }
        match self.engine.jobs().keep(&self.job, &self.rules).await {
            Ok(true) => {
                self.is_done = true;
                Ok(Arc::clone(&self.job))
            }
            Ok(false) | Err(_) => Err(self),
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.is_done {
            return;
        }
        self.job.cancel();
        if let Some(run) = self.run.take()
            && let Ok(runtime) = Handle::try_current()
        {
            // What it has started is ended in order, whether anybody waits for that or not.
            runtime.spawn(run);
        }
    }
}

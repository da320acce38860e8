//! A job whose caller waits for it: over in time, it was a call like any other.

use std::sync::Arc;

use crate::engine::{Engine, Presented, Rejection};
use crate::model::JobRules;

use super::Job;

/// Dropped before its end, it is cancelled.
pub struct Held {
    engine: Arc<Engine>,
    job: Arc<Job>,
    rules: JobRules,
    is_left: bool,
}

impl Held {
    pub(super) fn new(engine: Arc<Engine>, job: Arc<Job>, rules: JobRules) -> Self {
        Self { engine, job, rules, is_left: false }
    }

    pub fn job(&self) -> &Arc<Job> {
        &self.job
    }

    /// Resolves with what it came to.
    pub async fn result(&self) -> Presented {
        self.job.over().await;
        self.job.result().unwrap_or_else(|| Presented::refusal(Rejection::Cancelled.to_string()))
    }

    /// Leaves it to itself. Gives it back if it is about to be over, or if there are as many jobs as may
    /// be: then its caller waits on.
    pub async fn leave(mut self) -> Result<Arc<Job>, Self> {
        match self.engine.jobs().keep(&self.job, &self.rules).await {
            Ok(true) => {
                self.is_left = true;
                Ok(Arc::clone(&self.job))
            }
            Ok(false) | Err(_) => Err(self),
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if !self.is_left {
            self.job.cancel();
        }
    }
}

//! Calls that go on when nobody waits for them: begun for a caller, found again by that caller alone.
//!
//! A job runs in a task of its own, which is the only one that holds its run. Whoever waits for it,
//! reads its log or cancels it does so through [`Job`], and may go away at any time. Knows no
//! protocol: tools, tasks, resources and schedules are made of this elsewhere.

mod id;
mod job;
mod log;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::model::Principal;

use super::{Engine, Prepared, Rejection, Watcher};

use job::Listener;

pub use id::JobId;
pub use job::{Job, JobState, JobStatus};
pub use log::LogPart;

/// The jobs of one engine.
#[derive(Default)]
pub struct Jobs {
    known: Mutex<HashMap<JobId, Arc<Job>>>,
}

impl Jobs {
    /// A caller's job. One that is somebody else's is as unknown as one that never was.
    pub fn find(&self, id: &str, caller: &Principal) -> Option<Arc<Job>> {
        let known = self.lock();
        let job = known.get(&JobId::of(id)).filter(|job| *job.owner() == caller.id())?;
        Some(Arc::clone(job))
    }

    /// A caller's jobs, the newest first.
    pub fn of(&self, caller: &Principal) -> Vec<Arc<Job>> {
        let owner = caller.id();
        let mut jobs: Vec<Arc<Job>> =
            self.lock().values().filter(|job| *job.owner() == owner).cloned().collect();
        jobs.sort_by_key(|job| std::cmp::Reverse(job.status().created));
        jobs
    }

    /// Forgets a job that nobody will ask for.
    pub fn forget(&self, id: &JobId) {
        self.lock().remove(id);
    }

    fn add(&self, job: &Arc<Job>) {
        self.lock().insert(job.id().clone(), Arc::clone(job));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<JobId, Arc<Job>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Engine {
    /// Begins a job of a plan. `watcher` sees it as it goes, beside the job's own log. Needs a tokio
    /// runtime, on which the job stays.
    pub fn begin_job(
        self: &Arc<Self>,
        prepared: Prepared,
        watcher: Box<dyn Watcher>,
    ) -> Result<Arc<Job>, Rejection> {
        let job = Arc::new(Job::new(&prepared).ok_or(Rejection::Cancelled)?);
        self.jobs().add(&job);
        let (engine, own) = (Arc::clone(self), Arc::clone(&job));
        tokio::spawn(async move {
            let mut listener = Listener::new(Arc::clone(&own), watcher);
            let result = engine.execute(&prepared, &mut listener, own.stop().clone()).await;
            // What was written last is told before the end is.
            drop(listener);
            own.end(prepared, result).await;
        });
        Ok(job)
    }
}

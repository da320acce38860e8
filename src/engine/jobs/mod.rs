//! Calls that go on when nobody waits for them: begun for a caller, found again by that caller alone.
//!
//! A job runs in a task of its own, which is the only one that holds its run; while its caller waits for it,
//! in the task of that call. Whoever waits for it,
//! reads its log or cancels it does so through [`Job`], and may go away at any time. One that is kept is
//! in a [`store`] before anything of it runs, or before its caller hears its name; that it is over is
//! told when that is written there. Knows no protocol: tools, tasks, resources and schedules are made of
//! this elsewhere.

mod asks;
mod begin;
mod held;
mod id;
mod job;
mod keeping;
mod listener;
mod log;
mod place;
mod record;
mod result;
mod standing;
#[cfg(feature = "jobs")]
mod store;
#[cfg(not(feature = "jobs"))]
#[path = "no_store.rs"]
mod store;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::watch;

use crate::model::{CallerId, JobRules, Principal};

use super::Rejection;

use store::Store;

pub use held::Held;
pub use id::JobId;
pub use job::Job;
pub use log::LogPart;
pub use place::JobPlace;
pub use record::Record as JobRecord;
pub use standing::{JobState, JobStatus};
pub use store::{BadJobs, KeptJobs};

/// The jobs of one engine.
#[derive(Default)]
pub struct Jobs {
    place: Option<JobPlace>,
    /// Opened when the first job is kept or asked for.
    store: OnceLock<Option<Arc<Store>>>,
    /// Those that run, and those that are over and in no store.
    known: Mutex<HashMap<JobId, Arc<Job>>>,
    /// Callers who want to know when others of their jobs are there to be read.
    watched: Mutex<HashMap<CallerId, watch::Sender<u64>>>,
}

impl Jobs {
    /// Those that outlive this process, in a folder.
    pub fn kept_in(place: Option<JobPlace>) -> Self {
        Self { place, ..Self::default() }
    }

    /// A caller's job. One that is somebody else's is as unknown as one that never was.
    pub fn find(&self, id: &str, caller: &Principal) -> Option<Arc<Job>> {
        let id = JobId::of(id);
        let known = self.lock().get(&id).cloned();
        // Looked for there in any case: how long an answer takes says nothing.
        let stored = self.store().filter(|_| id.is_plain()).and_then(|store| store.job(&id));
        known.or(stored).filter(|job| *job.owner() == caller.id())
    }

    /// A caller's jobs, the newest first.
    pub fn of(&self, caller: &Principal) -> Vec<Arc<Job>> {
        self.newest(caller, usize::MAX)
    }

    /// At most so many of a caller's jobs, the newest first.
    pub fn newest(&self, caller: &Principal, most: usize) -> Vec<Arc<Job>> {
        let owner = caller.id();
        let mut jobs: HashMap<JobId, Arc<Job>> = HashMap::new();
        if let Some(store) = self.store() {
            let stored = store.jobs_of(&owner, most).into_iter();
            jobs.extend(stored.map(|job| (job.id().clone(), job)));
        }
        let known = self.lock();
        jobs.extend(
            known.values().filter(|job| *job.owner() == owner).map(|job| (job.id().clone(), Arc::clone(job))),
        );
        drop(known);
        let mut jobs: Vec<Arc<Job>> = jobs.into_values().collect();
        jobs.sort_by_cached_key(|job| std::cmp::Reverse(job.status().created));
        jobs.truncate(most);
        jobs
    }

    /// Forgets a job that nobody will ask for.
    pub fn forget(&self, id: &JobId) {
        let forgotten = self.lock().remove(id);
        if let Some(job) = forgotten {
            self.tell(&job);
        }
        if let Some(Some(store)) = self.store.get() {
            store.forget(id);
        }
    }

    /// Sees another number whenever a caller has another job, or one of theirs is over.
    pub fn comings(&self, caller: &CallerId) -> watch::Receiver<u64> {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        watched.retain(|_, comings| comings.receiver_count() > 0);
        watched.entry(caller.clone()).or_default().subscribe()
    }

    fn tell(&self, job: &Job) {
        let watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(comings) = watched.get(job.owner()) {
            comings.send_modify(|number| *number += 1);
        }
    }

    /// Whether any runs that its caller does not wait for.
    pub fn are_running(&self) -> bool {
        self.lock().values().any(|job| job.is_running())
    }

    /// Waits for those that run, at most so long.
    pub async fn drain(&self, most: Duration) {
        let running: Vec<Arc<Job>> = self.lock().values().filter(|job| job.is_running()).cloned().collect();
        let all = async {
            for job in running {
                job.over().await;
            }
        };
        let _ = tokio::time::timeout(most, all).await;
    }

    /// Ends those that run.
    pub fn stop(&self) {
        self.lock().values().for_each(|job| job.cancel());
    }

    /// Whether one more of this caller may be kept.
    fn admit(&self, job: &Arc<Job>, rules: &JobRules) -> Result<(), Rejection> {
        let mut known = self.lock();
        known.retain(|_, job| job.is_running() || !is_old(job, rules.keep));
        let running = || known.values().filter(|job| job.is_running());
        let (all, own) = (running().count(), running().filter(|other| other.owner() == job.owner()).count());
        if all >= rules.max {
            return Err(Rejection::TooManyJobs { running: all, whose: "" });
        }
        if own >= rules.per_caller {
            return Err(Rejection::TooManyJobs { running: own, whose: " of this caller" });
        }
        known.insert(job.id().clone(), Arc::clone(job));
        Ok(())
    }

    /// From now on it can be asked for. Says no if it is about to be over.
    async fn keep(&self, job: &Arc<Job>, rules: &JobRules) -> Result<bool, Rejection> {
        self.admit(job, rules)?;
        let is_kept = job.keep(self.store(), rules).await;
        match is_kept {
            true => self.tell(job),
            false => drop(self.lock().remove(job.id())),
        }
        Ok(is_kept)
    }

    fn store(&self) -> Option<&Arc<Store>> {
        let open = || {
            let place = self.place.as_ref()?;
            let opened = Store::open(&place.folder);
            opened.inspect_err(|problem| tracing::warn!("jobs end with this server: {problem}")).ok()
        };
        self.store.get_or_init(open).as_ref()
    }

    fn copy(&self) -> Option<&str> {
        self.place.as_ref()?.copy.as_deref()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<JobId, Arc<Job>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_old(job: &Job, keep: Duration) -> bool {
    SystemTime::now().duration_since(job.status().changed).is_ok_and(|age| age > keep)
}

//! Calls that go on when nobody waits for them: begun for a caller, found again by that caller alone.
//!
//! A job runs in a task of its own, which is the only one that holds its run. Whoever waits for it,
//! reads its log or cancels it does so through [`Job`], and may go away at any time. One that is kept is
//! in a [`store`] before anything of it runs, or before its caller hears its name; that it is over is
//! told when that is written there. Knows no protocol: tools, tasks, resources and schedules are made of
//! this elsewhere.

mod held;
mod id;
mod job;
mod listener;
mod log;
mod place;
mod record;
mod result;
#[cfg(feature = "jobs")]
mod store;
#[cfg(not(feature = "jobs"))]
#[path = "no_store.rs"]
mod store;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

use crate::model::{JobRules, Principal};

use super::{Engine, Prepared, Rejection, Watcher};

use listener::Listener;
use store::Store;

pub use held::Held;
pub use id::JobId;
pub use job::{Job, JobState, JobStatus};
pub use log::LogPart;
pub use place::JobPlace;
pub use record::Record as JobRecord;
pub use store::{BadJobs, KeptJobs};

/// The jobs of one engine.
#[derive(Default)]
pub struct Jobs {
    place: Option<JobPlace>,
    /// Opened when the first job is kept or asked for.
    store: OnceLock<Option<Arc<Store>>>,
    /// Those that run, and those that are over and in no store.
    known: Mutex<HashMap<JobId, Arc<Job>>>,
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
        self.lock().remove(id);
        if let Some(Some(store)) = self.store.get() {
            store.forget(id);
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
        if !is_kept {
            self.lock().remove(job.id());
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

impl Engine {
    /// Begins a job of a plan. `watcher` sees it as it goes, beside the job's own log. It begins when it
    /// is kept, so that it is never forgotten. Needs a tokio runtime, on which the job stays.
    pub async fn begin_job(
        self: &Arc<Self>,
        prepared: Prepared,
        watcher: Box<dyn Watcher>,
    ) -> Result<Arc<Job>, Rejection> {
        let job = self.new_job(&prepared)?;
        self.jobs().keep(&job, &prepared.state.catalog().server.jobs).await?;
        self.run_job(&job, prepared, watcher);
        Ok(job)
    }

    /// The same for a caller who waits for it, and may leave it to itself later. It is cancelled when
    /// what this returns is dropped.
    pub fn hold_job(
        self: &Arc<Self>,
        prepared: Prepared,
        watcher: Box<dyn Watcher>,
    ) -> Result<Held, Rejection> {
        let job = self.new_job(&prepared)?;
        let rules = prepared.state.catalog().server.jobs.clone();
        self.run_job(&job, prepared, watcher);
        Ok(Held::new(Arc::clone(self), job, rules))
    }

    fn new_job(&self, prepared: &Prepared) -> Result<Arc<Job>, Rejection> {
        let rules = &prepared.state.catalog().server.jobs;
        Job::new(prepared, rules, self.jobs().copy()).map(Arc::new).ok_or(Rejection::Cancelled)
    }

    fn run_job(self: &Arc<Self>, job: &Arc<Job>, prepared: Prepared, watcher: Box<dyn Watcher>) {
        let (engine, job) = (Arc::clone(self), Arc::clone(job));
        tokio::spawn(async move {
            let rules = prepared.state.catalog().server.jobs.clone();
            let mut listener = Listener::new(Arc::clone(&job), watcher);
            let result = engine.execute(&prepared, &mut listener, job.stop().clone()).await;
            // What was written last is told before the end is.
            drop(listener);
            if job.end(prepared, result, &rules).await {
                engine.jobs().lock().remove(job.id());
            }
        });
    }
}

//! How a job begins, runs and ends.

use std::pin::Pin;
use std::sync::Arc;

use crate::engine::{Engine, Prepared, Presented, Rejection, Watcher};
use crate::model::JobRules;

use super::listener::Listener;
use super::{Held, Job};

/// A job on its way to what it comes to.
pub(super) type Run = Pin<Box<dyn Future<Output = Presented> + Send>>;

impl Engine {
    /// Begins a job of a plan. `watcher` sees it as it goes, beside the job's own log. It begins when it
    /// is kept, so that it is never forgotten. Needs a tokio runtime, on which the job stays.
    pub async fn begin_job(
        self: &Arc<Self>,
        prepared: Prepared,
        watcher: Box<dyn Watcher>,
    ) -> Result<Arc<Job>, Rejection> {
        let job = self.new_job(&prepared)?;
        let rules = prepared.state.catalog().server.jobs.clone();
        self.jobs().keep(&job, &rules).await?;
        let run = self.run_of(&job, prepared, watcher);
        self.go_on(&job, run, rules);
        Ok(job)
    }

    /// The same for a caller who waits for it, and may leave it to itself later. It goes on as long as
    /// what this returns is waited for, and is cancelled when that is dropped.
    pub fn hold_job(
        self: &Arc<Self>,
        prepared: Prepared,
        watcher: Box<dyn Watcher>,
    ) -> Result<Held, Rejection> {
        let job = self.new_job(&prepared)?;
        let rules = prepared.state.catalog().server.jobs.clone();
        let run = self.run_of(&job, prepared, watcher);
        Ok(Held::new(Arc::clone(self), job, run, rules))
    }

    fn new_job(&self, prepared: &Prepared) -> Result<Arc<Job>, Rejection> {
        let rules = &prepared.state.catalog().server.jobs;
        Job::new(prepared, rules, self.jobs().copy()).map(Arc::new).ok_or(Rejection::Cancelled)
    }

    fn run_of(self: &Arc<Self>, job: &Arc<Job>, prepared: Prepared, watcher: Box<dyn Watcher>) -> Run {
        let (engine, job) = (Arc::clone(self), Arc::clone(job));
        let rules = prepared.state.catalog().server.jobs.clone();
        Box::pin(async move {
            let mut listener = Listener::new(Arc::clone(&engine), Arc::clone(&job), watcher);
            let presented = engine.run_asking(&job, prepared, &mut listener).await;
            // What was written last is told before the end is.
            drop(listener);
            engine.keep_what_was_cut(&job, &presented, &rules).await;
            presented
        })
    }

    /// Has it go on by itself.
    pub(super) fn go_on(self: &Arc<Self>, job: &Arc<Job>, run: Run, rules: JobRules) {
        let (engine, job) = (Arc::clone(self), Arc::clone(job));
        tokio::spawn(async move {
            let presented = run.await;
            if job.is_running() {
                engine.conclude(&job, presented, &rules).await;
            }
        });
    }

    /// It is over, for whoever can ask for it.
    async fn conclude(&self, job: &Arc<Job>, presented: Presented, rules: &JobRules) {
        if job.end(presented, rules).await {
            self.jobs().lock().remove(job.id());
        }
        if job.is_kept() {
            self.jobs().tell(job);
        }
    }

    /// What does not fit into a result can be read later, where there is a place for it.
    async fn keep_what_was_cut(&self, job: &Arc<Job>, presented: &Presented, rules: &JobRules) {
        let is_wanted = presented.is_cut() && job.is_held() && !job.stop().is_cancelled();
        // If it cannot be kept it is a call like any other.
        if is_wanted
            && self.jobs().store().is_some()
            && matches!(self.jobs().keep(job, rules).await, Ok(true))
        {
            self.conclude(job, presented.clone(), rules).await;
        }
    }

    /// Has the log of a job that is held go into a file.
    pub(super) fn spool(self: &Arc<Self>, job: &Arc<Job>) {
        let (engine, job) = (Arc::clone(self), Arc::clone(job));
        // The store may have to be opened, and whoever reads an output does not wait for that.
        tokio::task::spawn_blocking(move || {
            job.spool(engine.jobs().store());
        });
    }

    /// Runs a job, and runs it again with the answers of its caller as often as it asks.
    async fn run_asking(
        self: &Arc<Self>,
        job: &Arc<Job>,
        mut prepared: Prepared,
        listener: &mut Listener,
    ) -> Presented {
        // Of what a client calls, its client was asked before.
        prepared = match self.approved(prepared, job.stop()).await {
            Ok(prepared) => prepared,
            Err(rejection) => return Presented::refusal(rejection.to_string()),
        };
        loop {
            let mut presented = match self.execute(&prepared, listener, job.stop().clone()).await {
                Ok(outcome) => outcome.present_aside(&prepared).await,
                Err(rejection) => return Presented::refusal(rejection.to_string()),
            };
            // Whoever waits for it asks by themselves.
            let Some(wanted) = presented.wanted.take_if(|_| !job.is_held()) else { return presented };
            let answered = job.told(wanted).await.and_then(|input| prepared.with_input(&input));
            prepared = match answered {
                Ok(answered) => answered,
                Err(why) => return Presented::refusal(format!("`{}` asks its client: {why}", job.tool())),
            };
        }
    }
}

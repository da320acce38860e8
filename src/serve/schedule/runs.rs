//! Runs that are due: each is a call of whom its schedule names, one after the other or not at all while the
//! one before goes on.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::engine::{Automatic, Engine, Job, JobState};
use crate::model::{Overlap, written_moment};

use super::agenda::{Due, Id};

/// Runs of one schedule that wait for one before them.
const MOST_WAITING: usize = 16;

/// What goes on of each schedule.
#[derive(Default)]
pub struct Runs(HashMap<Id, Arc<Lane>>);

/// The runs of one schedule.
#[derive(Default)]
struct Lane {
    /// Whoever has it runs.
    turn: Arc<tokio::sync::Mutex<()>>,
    running: Mutex<Option<Arc<Job>>>,
    waiting: AtomicUsize,
}

impl Runs {
    /// Begins a run, unless the one before stands in its way.
    pub fn begin(&mut self, engine: &Arc<Engine>, due: Due) {
        let lane = Arc::clone(self.0.entry(due.id.clone()).or_default());
        let tool = &due.id.tool;
        match due.schedule.overlap {
            Overlap::Skip => {
                let Ok(turn) = Arc::clone(&lane.turn).try_lock_owned() else {
                    tracing::warn!("`{tool}` is due and not run: the run before has not ended");
                    return;
                };
                let engine = Arc::clone(engine);
                tokio::spawn(async move {
                    lane.run(&engine, due).await;
                    drop(turn);
                });
                return;
            }
            Overlap::Kill => {
                if let Some(job) = &*lane.running() {
                    tracing::warn!("`{tool}` is due: the run before is cancelled");
                    job.cancel();
                }
            }
            Overlap::Queue => {}
        }
        if lane.waiting.fetch_add(1, Ordering::SeqCst) >= MOST_WAITING {
            lane.waiting.fetch_sub(1, Ordering::SeqCst);
            tracing::warn!("`{tool}` is due and not run: {MOST_WAITING} runs wait already");
            return;
        }
        let engine = Arc::clone(engine);
        tokio::spawn(async move {
            let turn = Arc::clone(&lane.turn).lock_owned().await;
            lane.waiting.fetch_sub(1, Ordering::SeqCst);
            lane.run(&engine, due).await;
            drop(turn);
        });
    }
}

impl Lane {
    async fn run(&self, engine: &Arc<Engine>, due: Due) {
        let Due { id: Id { tool, .. }, schedule, moment, is_late } = due;
        let acts_as = schedule.acts_as.clone();
        let wanted =
            Automatic { tool: tool.clone(), acts_as, arguments: schedule.with.clone(), via: "schedule" };
        let job = match engine.begin_automatic(wanted).await {
            Ok(job) => job,
            Err(problem) => {
                tracing::error!("`{tool}` is due and not run: {problem}");
                return;
            }
        };
        let missed = if is_late { ", which was missed" } else { "" };
        let moment = written_moment(moment, schedule.zone);
        tracing::info!("`{tool}` runs as {} for {moment}{missed}", schedule.acts_as);
        *self.running() = Some(Arc::clone(&job));
        job.over().await;
        *self.running() = None;
        match job.status().state {
            JobState::Succeeded => tracing::info!("`{tool}` has run for {moment}"),
            state => tracing::warn!("`{tool}` has run for {moment}: {state:?}"),
        }
    }

    fn running(&self) -> MutexGuard<'_, Option<Arc<Job>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

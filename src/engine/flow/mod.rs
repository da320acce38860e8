//! Carries flows out: each step when those before it have ended, side by side where they may, and what
//! stands at the end whatever happens.
//!
//! One task drives all of one call. Only steps that run something take slots, so a flow never waits for
//! itself; dropping its future kills whatever runs.

mod conditions;
mod done;
mod line;
mod news;
mod once;
mod present;
mod report;
mod rounds;
mod schedule;
mod step;
mod table;
mod tail;
mod tap;
mod work;

use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::plan::{Facts, FlowPlan, Planner};
use crate::runner::{End, RunId};

use super::account::Papers;
use super::story::Story;
use super::{Ending, Engine, Outcome, Prepared, Rejection, State, Watcher, planner};

use once::Shelf;

pub use news::{StepChange, StepNews};
pub use report::{FlowReport, FlowVerdict, StepRecord, StepVerdict};

/// What the steps of one call share, those of nested flows too.
struct Conductor<'c> {
    engine: &'c Engine,
    state: &'c Arc<State>,
    /// What is known of the host, at the moment of the call.
    facts: Facts,
    watcher: Mutex<&'c mut dyn Watcher>,
    /// For the records of what steps run.
    papers: Option<&'c Arc<Papers>>,
    /// What equal steps have come to.
    shelf: Shelf,
    /// No more of one call than may run at all stand at the gates, so that calls of others are not behind all
    /// of them.
    lane: Semaphore,
    /// How many of the outermost steps there are, and how many of them have ended.
    all: usize,
    ended: AtomicUsize,
}

impl Engine {
    /// Carries out a flow. When this returns, nothing of it is alive any more.
    pub(super) async fn run_flow(
        &self,
        prepared: &Prepared,
        flow: &FlowPlan,
        watcher: &mut dyn Watcher,
        cancel: CancellationToken,
    ) -> Result<Outcome, Rejection> {
        let state = &prepared.state;
        state.admission.let_in()?;
        let id = RunId::next();
        watcher.started(&id);
        let began = Instant::now();
        let conductor = Conductor {
            engine: self,
            state,
            facts: flow.facts.now.map_or_else(|| state.facts.clone(), |now| state.facts.clone().at(now)),
            watcher: Mutex::new(watcher),
            papers: prepared.papers.as_ref(),
            shelf: Shelf::default(),
            lane: Semaphore::new(state.catalog().server.calls.max.min(Semaphore::MAX_PERMITS)),
            all: flow.steps.len(),
            ended: AtomicUsize::new(0),
        };
        let report = conductor.flow(flow, &cancel, "").await;
        Ok(report.into_outcome(id, began.elapsed()))
    }
}

impl Conductor<'_> {
    fn planner(&self) -> Planner<'_> {
        let State { policy, .. } = &**self.state;
        planner(self.state.catalog(), policy, &self.facts)
    }

    fn tell(&self, tell: impl FnOnce(&mut dyn Watcher)) {
        tell(&mut **self.watcher.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl FlowReport {
    /// How it ended as an outcome like any other.
    fn into_outcome(mut self, id: RunId, duration: Duration) -> Outcome {
        let ending = self.ending();
        let own = self.own.take();
        let flow = Some(Box::new(self));
        match own {
            // The command's own action has run: its end is the end.
            Some(own) => Outcome { id, duration, flow, ..*own },
            None => {
                let (output, story) = (Default::default(), Story::default());
                Outcome { id, ending, waited: Duration::ZERO, duration, output, flow, story }
            }
        }
    }

    fn ending(&self) -> Ending {
        match &self.verdict {
            FlowVerdict::Succeeded => Ending::Ran(End::Success),
            FlowVerdict::Failed { ending, .. } => Ending::FlowFailed(ending.clone().map(Box::new)),
            FlowVerdict::TimedOut { after } => Ending::Ran(End::TimedOut { after: *after }),
            FlowVerdict::Cancelled => Ending::Ran(End::Cancelled),
        }
    }
}

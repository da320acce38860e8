//! One step from its turn to its end.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use crate::call::{StepResult, Surroundings};
use crate::engine::Outcome;
use crate::model::{FlowResult, FlowStep, OnError, Retry, StepId, StepWork};
use crate::plan::{FlowPlan, PlannedOnError, PlannedStep, Work};

use super::Conductor;
use super::done::{Done, Keep};
use super::news::{StepChange, StepNews};
use super::report::{StepRecord, StepVerdict};
use super::work::Task;

/// A step in its flow.
pub struct Part<'p> {
    pub flow: &'p FlowPlan,
    pub planned: &'p PlannedStep,
    pub model: &'p FlowStep,
    pub number: String,
    /// As watchers know it.
    pub name: String,
    pub keep: Keep,
    pub is_last: bool,
    /// What the flow ends with is what this ends with.
    pub is_own: bool,
    /// It counts among the steps of the whole.
    pub is_outer: bool,
}

/// What bounds a step.
#[derive(Clone, Copy)]
pub struct Bounds<'b> {
    /// Ends the steps of the flow, also when one of them fails.
    pub abort: &'b CancellationToken,
    /// Ends the flow.
    pub cancel: &'b CancellationToken,
    /// When its time is over.
    pub until: Instant,
}

/// A step that has ended.
pub struct Ended {
    pub record: StepRecord,
    pub result: Arc<StepResult>,
    pub done: Verdict,
    pub outcome: Option<Box<Outcome>>,
}

/// What its end means for the flow.
pub enum Verdict {
    GoesOn,
    /// The flow has failed, with how the step ended.
    Fails(Option<crate::engine::Ending>),
}

impl<'p> Part<'p> {
    pub fn task<'t>(&'t self, work: &'t StepWork, planned: &'t Work) -> Task<'t> {
        Task {
            flow: self.flow,
            work,
            planned,
            retry: self.planned.retry.as_ref(),
            once: self.planned.once,
            keep: self.keep,
            is_own: self.is_own,
            is_outer: self.is_outer,
            name: &self.name,
        }
    }

    pub fn is_of(flow: &FlowPlan, id: &StepId) -> bool {
        matches!(&flow.result, FlowResult::Of(own) if own == id)
    }

    pub fn not_reached(&self) -> StepRecord {
        self.record(Done { verdict: StepVerdict::NotReached, ..Done::skipped(String::new()) }, Duration::ZERO)
            .0
    }

    fn not_begun(&self) -> Ended {
        let result = Arc::new(StepResult::skipped());
        Ended { record: self.not_reached(), result, done: Verdict::GoesOn, outcome: None }
    }

    fn record(&self, done: Done, duration: Duration) -> (StepRecord, StepResult) {
        let Done { verdict, ending, reason, tail, result, attempts, items, item: _, inner } = done;
        let record = StepRecord {
            number: self.number.clone(),
            id: self.planned.id.to_string(),
            label: self.planned.label.clone(),
            verdict,
            duration,
            reason,
            tail,
            exit_code: ending.as_ref().and_then(crate::engine::Ending::exit_code).or(result.exit_code),
            attempts,
            items,
            is_last: self.is_last,
            inner,
        };
        (record, result)
    }
}

impl Conductor<'_> {
    pub(super) fn news(&self, step: &str, change: StepChange) {
        let ended = self.ended.load(Ordering::Relaxed);
        let news = StepNews { step: step.to_owned(), change, ended, all: self.all };
        self.tell(|watcher| watcher.step(&news));
    }

    pub(super) async fn step(&self, part: &Part<'_>, seen: Surroundings, bounds: Bounds<'_>) -> Ended {
        if bounds.abort.is_cancelled() {
            // Another one has failed since its turn came.
            return part.not_begun();
        }
        let began = Instant::now();
        self.news(&part.name, StepChange::Running);
        let stop = bounds.abort.child_token();
        let work = self.rounds(part, &seen, &stop);
        let (worked, is_late) = within(work, part.planned.timeout, &stop).await;
        let (mut done, outcome) = worked;
        if let Some(timeout) =
            part.planned.timeout.filter(|_| is_late && done.verdict != StepVerdict::Succeeded)
        {
            done = done.timed_out(timeout);
        }
        let fails = done.is_failure() && !matches!(part.planned.on_error, PlannedOnError::Continue);
        if fails {
            // Others need not go on while the rest of this step is done.
            bounds.abort.cancel();
            done = self.follow(part, done, seen, bounds).await;
        }
        let duration = began.elapsed();
        if part.is_outer {
            self.ended.fetch_add(1, Ordering::Relaxed);
        }
        self.news(&part.name, StepChange::Ended { verdict: done.verdict, after: duration });
        let verdict = if fails { Verdict::Fails(done.ending.clone()) } else { Verdict::GoesOn };
        let (record, result) = part.record(done, duration);
        Ended { record, result: Arc::new(result), done: verdict, outcome }
    }

    /// What is done after the failure of a step, if anything is.
    async fn follow(&self, part: &Part<'_>, mut done: Done, seen: Surroundings, bounds: Bounds<'_>) -> Done {
        let (PlannedOnError::Run(planned), OnError::Run(work)) =
            (&part.planned.on_error, &part.model.on_error)
        else {
            return done;
        };
        let left = bounds.until.saturating_duration_since(Instant::now());
        let stop = bounds.cancel.child_token();
        if stop.is_cancelled() || left.is_zero() {
            return done;
        }
        let mut steps = seen.steps;
        steps.insert(part.planned.id.clone(), Arc::new(done.result.clone()));
        let seen = Surroundings::new(steps, done.item.clone());
        let name = format!("{} › on error", part.name);
        let task = Task {
            is_own: false,
            once: false,
            retry: None::<&Retry>,
            name: &name,
            ..part.task(work, planned)
        };
        let began = Instant::now();
        self.news(&name, StepChange::Running);
        let ((followed, _), _) = within(self.task(task, &seen, &stop), Some(left), &stop).await;
        let after = began.elapsed();
        self.news(&name, StepChange::Ended { verdict: followed.verdict, after });
        let mut record = part.record(followed, after).0;
        record.id = "on_error".to_owned();
        record.number = format!("{}e", part.number);
        record.label = planned.plan().tool.name.to_string();
        record.is_last = false;
        done.inner.push(record);
        done
    }
}

/// Waits for work that is told to stop when its time is over. Says whether it was.
async fn within<T>(
    work: impl Future<Output = T>,
    limit: Option<Duration>,
    stop: &CancellationToken,
) -> (T, bool) {
    let Some(limit) = limit else { return (work.await, false) };
    tokio::pin!(work);
    tokio::select! {
        biased;
        done = &mut work => (done, false),
        () = tokio::time::sleep(limit) => {
            stop.cancel();
            (work.await, true)
        }
    }
}

//! One piece of work of a step: its plan is there or is made of results, and is carried out, again if it
//! fails and may be.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use tokio_util::sync::CancellationToken;

use crate::call::{Invocation, Surroundings};
use crate::engine::attempts::{is_covered, random};
use crate::engine::{Outcome, Prepared, Rejection, RunId, conditions};
use crate::model::{Retry, StepWork, Tool};
use crate::plan::{FlowPlan, Made, Step, Work};

use super::Conductor;
use super::done::{Done, Keep};
use super::news::StepChange;
use super::report::StepVerdict;
use super::tap::Tap;

/// What has to be done, and how it was planned.
#[derive(Clone, Copy)]
pub struct Task<'t> {
    pub flow: &'t FlowPlan,
    pub work: &'t StepWork,
    pub planned: &'t Work,
    pub retry: Option<&'t Retry>,
    pub once: bool,
    pub keep: Keep,
    /// Its end is that of its flow.
    pub is_own: bool,
    /// Its flow is the whole.
    pub is_outer: bool,
    /// As watchers know the step.
    pub name: &'t str,
}

/// What came of a task, and the whole outcome of it if that is the end of the flow.
pub type Worked = (Done, Option<Box<Outcome>>);

impl Conductor<'_> {
    /// Does it, as often as it takes.
    pub async fn task(&self, task: Task<'_>, seen: &Surroundings, stop: &CancellationToken) -> Worked {
        let filled;
        let made = match task.planned {
            Work::Ready(made) => made,
            Work::Later(_) => match self.planner().fill(task.flow, task.work, seen) {
                Ok(made) => {
                    filled = Box::new(made);
                    &filled
                }
                Err(problems) => {
                    let rejection = Rejection::Plan(problems);
                    self.refused(task, &task.planned.plan().tool, None, &rejection);
                    return (Done::rejected(&rejection), None);
                }
            },
        };
        if !task.once {
            return self.tried(task, made, stop).await;
        }
        // Others may ask for what this step does not.
        let task = Task { keep: Keep::ALL, ..task };
        let is_ours = AtomicBool::new(false);
        let work = async {
            is_ours.store(true, Ordering::Relaxed);
            self.tried(task, made, stop).await.0
        };
        tokio::select! {
            done = self.shelf.once(&made.call, work) => (done, None),
            () = stopped_waiting(&is_ours, stop) => (Done::cancelled(), None),
        }
    }

    async fn tried(&self, task: Task<'_>, made: &Made, stop: &CancellationToken) -> Worked {
        let mut attempt = 1;
        loop {
            let (mut done, outcome) = self.attempt(task, made, stop).await;
            done.attempts = attempt;
            let again = task.retry.filter(|retry| {
                attempt < retry.attempts.get()
                    && done.is_failure()
                    && is_covered(&retry.on, done.ending.as_ref(), &made.plan.tool)
                    && !stop.is_cancelled()
            });
            let Some(retry) = again else { return (done, outcome) };
            let wait = retry.wait(attempt, random());
            attempt += 1;
            let attempts = retry.attempts.get();
            self.news(task.name, StepChange::Again { attempt, attempts, wait });
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = stop.cancelled() => {
                    return (Done { verdict: StepVerdict::Cancelled, ..done }, outcome);
                }
            }
        }
    }

    async fn attempt(&self, task: Task<'_>, made: &Made, stop: &CancellationToken) -> Worked {
        if let Err(rejection) = conditions::judge(&made.call, &self.facts) {
            self.refused(task, made.call.tool(), Some(&made.call), &rejection);
            return (Done::rejected(&rejection), None);
        }
        let Made { plan, call } = made;
        let papers = self.papers.map(|papers| papers.of_part(task.name, Some(call)));
        // Whoever began the whole was asked about all of it.
        let prepared = Prepared {
            plan: Arc::clone(plan),
            state: self.state.clone(),
            is_step: true,
            papers,
            consent: None,
        };
        if let Step::Flow(flow) = &plan.step {
            if !prepared.is_plain() {
                // Its cache, its tries and its fallback lie around it; what it runs takes places of its own.
                return self.leaf(task, &prepared, stop).await;
            }
            let began = Instant::now();
            let entry = match prepared.begin(stop).await {
                Ok(entry) => entry,
                Err(rejection) => return (Done::rejected(&rejection), None),
            };
            let report = self.flow(flow, stop, task.name).await;
            let outcome = report.into_outcome(RunId::next(), began.elapsed());
            if let Some(entry) = entry {
                entry.end(plan, Ok(&outcome)).await;
            }
            return (Done::of_flow(outcome, plan, task.keep), None);
        }
        let _place = tokio::select! {
            biased;
            () = stop.cancelled() => return (Done::cancelled(), None),
            place = self.lane.acquire() => place,
        };
        self.leaf(task, &prepared, stop).await
    }

    /// Records that a step was not let through.
    fn refused(&self, task: Task<'_>, tool: &Tool, call: Option<&Invocation>, rejection: &Rejection) {
        if let Some(papers) = self.papers {
            papers.of_part(task.name, call).refused(tool.name.as_str(), rejection);
        }
    }

    async fn leaf(&self, task: Task<'_>, prepared: &Prepared, stop: &CancellationToken) -> Worked {
        let mut tap =
            Tap { conductor: self, is_own: task.is_own && task.is_outer, unfinished: Default::default() };
        match self.engine.recorded(prepared, &mut tap, stop.clone()).await {
            Ok(outcome) => {
                let plan = outcome.plan(&prepared.plan);
                let done = match outcome.flow.is_some() {
                    true => Done::of_flow(outcome.clone(), plan, task.keep),
                    false => Done::of_outcome(&outcome, plan, task.keep),
                };
                (done, task.is_own.then(|| Box::new(outcome)))
            }
            Err(rejection) => (Done::rejected(&rejection), None),
        }
    }
}

/// Ends if another one does the work, which goes on with it. What is ours ends by the same token, after its
/// grace.
async fn stopped_waiting(is_ours: &AtomicBool, stop: &CancellationToken) {
    stop.cancelled().await;
    if is_ours.load(Ordering::Relaxed) {
        std::future::pending().await
    }
}

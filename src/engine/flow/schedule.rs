//! The course of a flow: which step runs when, and what comes of the whole.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio_util::sync::CancellationToken;

use crate::call::{Item, StepResult, Surroundings};
use crate::engine::{Ending, Outcome};
use crate::model::{Flow, FlowStep, Reference, StepId, StepPart};
use crate::plan::{FlowPlan, PlannedStep};

use super::Conductor;
use super::done::Keep;
use super::line::Line;
use super::report::{FlowReport, FlowVerdict, StepRecord};
use super::step::{Bounds, Ended, Part, Verdict};

/// What is known of a flow while it goes on.
struct Course<'f> {
    flow: &'f FlowPlan,
    model: &'f Flow,
    prefix: &'f str,
    asked: BTreeMap<&'f StepId, Vec<StepPart>>,
    results: BTreeMap<StepId, Arc<StepResult>>,
    records: Vec<StepRecord>,
    own: Option<Box<Outcome>>,
    failed: Option<FlowVerdict>,
    is_own_failure: bool,
}

impl Conductor<'_> {
    /// Carries out a flow and waits for all of it.
    pub(super) fn flow<'a>(
        &'a self,
        flow: &'a FlowPlan,
        cancel: &'a CancellationToken,
        prefix: &'a str,
    ) -> Pin<Box<dyn Future<Output = FlowReport> + Send + 'a>> {
        Box::pin(async move {
            let Some(model) = flow.flow() else { return FlowReport::nothing() };
            let mut course = Course {
                flow,
                model,
                prefix,
                asked: flow.asked(),
                results: BTreeMap::new(),
                records: Vec::with_capacity(flow.steps.len() + flow.finally.len()),
                own: None,
                failed: None,
                is_own_failure: false,
            };
            let verdict = self.steps(&mut course, cancel).await;
            self.finally(&mut course).await;
            course.conclude(verdict)
        })
    }

    /// All steps but the last ones.
    async fn steps(&self, course: &mut Course<'_>, cancel: &CancellationToken) -> FlowVerdict {
        let Course { flow, model, .. } = *course;
        let parts = course.parts(&flow.steps, &model.steps, "");
        let abort = cancel.child_token();
        let bounds = Bounds { abort: &abort, cancel, until: Instant::now() + flow.timeout };
        let time = tokio::time::sleep(flow.timeout);
        tokio::pin!(time);
        let mut is_late = false;
        let mut line = Line::new(&flow.steps);
        let mut records: Vec<Option<StepRecord>> = parts.iter().map(|_| None).collect();
        let mut running = FuturesUnordered::new();
        loop {
            while !abort.is_cancelled()
                && let Some(place) = line.next()
            {
                let Some(part) = parts.get(place) else { continue };
                let seen = course.seen(part.planned);
                running.push(async move { (place, self.step(part, seen, bounds).await) });
            }
            if running.is_empty() {
                break;
            }
            tokio::select! {
                biased;
                Some((place, ended)) = running.next() => {
                    line.ended(place);
                    let record = course.take(ended, parts.get(place));
                    if let Some(slot) = records.get_mut(place) {
                        *slot = Some(record);
                    }
                }
                () = &mut time, if !is_late => {
                    is_late = true;
                    abort.cancel();
                }
            }
        }
        let is_whole = records.iter().all(|record| record.as_ref().is_some_and(StepRecord::has_ended));
        let missing = parts.iter().map(Part::not_reached);
        course
            .records
            .extend(records.into_iter().zip(missing).map(|(record, missing)| record.unwrap_or(missing)));
        match course.failed.take() {
            Some(failed) => failed,
            None if is_whole => FlowVerdict::Succeeded,
            None if is_late => FlowVerdict::TimedOut { after: flow.timeout },
            None => FlowVerdict::Cancelled,
        }
    }

    /// What is done whatever happened: nothing but its own time ends it.
    async fn finally(&self, course: &mut Course<'_>) {
        let Course { flow, model, .. } = *course;
        let parts = course.parts(&flow.finally, &model.finally, "f");
        let until = Instant::now() + flow.cleanup_timeout;
        for part in &parts {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                course.records.push(part.not_reached());
                continue;
            }
            let cancel = CancellationToken::new();
            let abort = cancel.child_token();
            let bounds = Bounds { abort: &abort, cancel: &cancel, until };
            let seen = course.seen(part.planned);
            let step = self.step(part, seen, bounds);
            let ended = until_cancelled(step, left, &cancel).await;
            let record = course.take(ended, Some(part));
            course.records.push(record);
        }
    }
}

/// Ends work by its token when its time is over.
async fn until_cancelled<T>(work: impl Future<Output = T>, left: Duration, cancel: &CancellationToken) -> T {
    tokio::pin!(work);
    tokio::select! {
        biased;
        done = &mut work => return done,
        () = tokio::time::sleep(left) => cancel.cancel(),
    }
    work.await
}

impl<'f> Course<'f> {
    fn parts(&self, planned: &'f [PlannedStep], model: &'f [FlowStep], letter: &str) -> Vec<Part<'f>> {
        let awaited = Line::is_awaited(planned);
        let pairs = planned.iter().zip(model).zip(awaited);
        let gap = if self.prefix.is_empty() { "" } else { " › " };
        let part =
            |(place, ((planned, model), is_awaited)): (usize, ((&'f PlannedStep, &'f FlowStep), bool))| {
                let (number, all) = (place + 1, pairs_len(letter, self.flow));
                let (prefix, id) = (self.prefix, &planned.id);
                let is_own = Part::is_of(self.flow, id);
                Part {
                    flow: self.flow,
                    planned,
                    model,
                    name: format!("{prefix}{gap}{letter}{number}/{all} {id}"),
                    number: format!("{letter}{number}"),
                    keep: Keep::of(self.asked.get(id)),
                    is_last: !is_awaited && letter.is_empty(),
                    is_own,
                    is_outer: prefix.is_empty() && letter.is_empty(),
                }
            };
        pairs.enumerate().map(part).collect()
    }

    /// What a step asks for, as far as it is there.
    fn seen(&self, planned: &PlannedStep) -> Surroundings {
        let mut steps = BTreeMap::new();
        for reference in &planned.sees {
            let Reference::Step { id, .. } = reference else { continue };
            let result = self.results.get(id).cloned();
            steps.insert(id.clone(), result.unwrap_or_else(|| Arc::new(StepResult::skipped())));
        }
        Surroundings::new(steps, Item::None)
    }

    fn take(&mut self, ended: Ended, part: Option<&Part<'_>>) -> StepRecord {
        let Ended { record, result, done, outcome } = ended;
        let Some(part) = part else { return record };
        if self.asked.contains_key(&part.planned.id) {
            self.results.insert(part.planned.id.clone(), result);
        }
        if let Verdict::Fails(ending) = done
            && self.failed.is_none()
        {
            let (step, reason) = (part.planned.id.to_string(), record.reason.clone());
            self.is_own_failure = part.is_own && outcome.is_some();
            self.failed = Some(FlowVerdict::Failed { step, reason, ending });
        }
        if part.is_own {
            self.own = outcome;
        }
        record
    }

    /// All together; what failed at the end has failed too.
    fn conclude(mut self, verdict: FlowVerdict) -> FlowReport {
        for id in self.asked.keys() {
            let skipped = || Arc::new(StepResult::skipped());
            self.results.entry(StepId::clone(id)).or_insert_with(skipped);
        }
        let verdict = match (verdict, self.failed.take()) {
            (FlowVerdict::Succeeded, Some(failed)) => failed,
            (verdict, _) => verdict,
        };
        let is_own = self.own.is_some() && (verdict == FlowVerdict::Succeeded || self.is_own_failure);
        let own = self.own.filter(|_| is_own);
        FlowReport { verdict, records: self.records, results: self.results, own, is_own }
    }
}

fn pairs_len(letter: &str, flow: &FlowPlan) -> usize {
    if letter.is_empty() { flow.steps.len() } else { flow.finally.len() }
}

impl FlowReport {
    fn nothing() -> Self {
        Self {
            verdict: FlowVerdict::Failed {
                step: String::new(),
                reason: String::new(),
                ending: None::<Ending>,
            },
            records: Vec::new(),
            results: BTreeMap::new(),
            own: None,
            is_own: false,
        }
    }
}

impl StepRecord {
    /// By itself.
    fn has_ended(&self) -> bool {
        !matches!(self.verdict, super::StepVerdict::Cancelled | super::StepVerdict::NotReached)
    }
}

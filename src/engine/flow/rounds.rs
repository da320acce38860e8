//! What a step does: its condition, its work or what stands in its place, once or for each item.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::call::{Item, StepResult, StepState, Surroundings};
use crate::model::{ForEach, OnError, StepWork, When};
use crate::plan::{Rounds, Work};

use super::Conductor;
use super::conditions::{Held, asks_for_item, judge};
use super::done::Done;
use super::news::StepChange;
use super::report::StepVerdict;
use super::step::Part;
use super::tail;
use super::work::{Task, Worked};

/// How often a watcher hears of items.
const OFTEN: Duration = Duration::from_millis(100);

/// One item, and the plan of its work if the list was known.
struct Round<'r> {
    item: Item,
    planned: &'r Work,
    otherwise: Option<&'r Work>,
}

impl Conductor<'_> {
    pub(super) async fn rounds(
        &self,
        part: &Part<'_>,
        seen: &Surroundings,
        stop: &CancellationToken,
    ) -> Worked {
        let when = part.planned.when.as_ref().filter(|when| !asks_for_item(when));
        let (rounds, work) = match self.choose(part, when, seen) {
            Ok(Choice::Work) => (&part.planned.work, &part.model.work),
            Ok(Choice::Otherwise(rounds, work)) => (rounds, work),
            Ok(Choice::Skip(reason)) => return (Done::skipped(reason), None),
            Err(problem) => return (Done::failed(problem), None),
        };
        if let Rounds::One(planned) = rounds {
            return self.task(part.task(work, planned), seen, stop).await;
        }
        let Some(each) = &part.model.each else { return (Done::failed("it has no list".to_owned()), None) };
        match self.list(part, rounds, each, seen) {
            Ok(list) => (self.each(part, work, &list, seen, stop).await, None),
            Err(problem) => (Done::failed(problem), None),
        }
    }

    /// What is done, if the condition is for all rounds.
    fn choose<'p>(
        &self,
        part: &Part<'p>,
        when: Option<&When>,
        seen: &Surroundings,
    ) -> Result<Choice<'p>, String> {
        let Some(when) = when else { return Ok(Choice::Work) };
        let Held::No { seen } = judge(when, part.flow.call.invocation(), seen, &part.flow.facts)? else {
            return Ok(Choice::Work);
        };
        Ok(match (&part.planned.otherwise, &part.model.otherwise) {
            (Some(rounds), Some(work)) => Choice::Otherwise(rounds, work),
            _ => Choice::Skip(format!("its condition does not hold: {seen}")),
        })
    }

    fn list<'r>(
        &self,
        part: &Part<'r>,
        rounds: &'r Rounds,
        each: &ForEach,
        seen: &Surroundings,
    ) -> Result<Vec<Round<'r>>, String> {
        let otherwise = part.planned.otherwise.as_ref();
        match rounds {
            Rounds::Each { rounds, .. } => {
                let others = |place: usize| match otherwise {
                    Some(Rounds::Each { rounds, .. }) => rounds.get(place).map(|round| &round.work),
                    _ => None,
                };
                let round = |(place, round): (usize, &'r crate::plan::Round)| Round {
                    item: Item::Known { value: round.item.clone(), is_sensitive: round.is_sensitive },
                    planned: &round.work,
                    otherwise: others(place),
                };
                Ok(rounds.iter().enumerate().map(round).collect())
            }
            Rounds::Later { work, .. } => {
                let items = self.planner().fill_items(part.flow, each, seen);
                let items = items.map_err(|problems| crate::engine::Rejection::Plan(problems).to_string())?;
                let otherwise = match otherwise {
                    Some(Rounds::Later { work, .. }) => Some(work),
                    _ => None,
                };
                Ok(items.into_iter().map(|item| Round { item, planned: work, otherwise }).collect())
            }
            Rounds::One(_) => Ok(Vec::new()),
        }
    }

    /// As many at once as may be; what they came to stays in the order of the items.
    async fn each(
        &self,
        part: &Part<'_>,
        work: &StepWork,
        list: &[Round<'_>],
        seen: &Surroundings,
        stop: &CancellationToken,
    ) -> Done {
        let concurrency = part.model.each.as_ref().map_or(NonZeroUsize::MIN, |each| each.concurrency);
        let goes_on = matches!(part.model.on_error, OnError::Continue);
        let stop = stop.child_token();
        let mut coming = list.iter().enumerate();
        let mut running = FuturesUnordered::new();
        let mut done: Vec<Option<Done>> = list.iter().map(|_| None).collect();
        let (mut told, mut ended) = (Instant::now(), 0);
        loop {
            while running.len() < concurrency.get()
                && !stop.is_cancelled()
                && let Some((place, round)) = coming.next()
            {
                let stop = &stop;
                running.push(async move { (place, self.round(part, work, round, seen, stop).await) });
            }
            let Some((place, one)) = running.next().await else { break };
            if one.is_failure() && !goes_on {
                stop.cancel();
            }
            if let Some(slot) = done.get_mut(place) {
                *slot = Some(one);
            }
            ended += 1;
            if told.elapsed() >= OFTEN {
                told = Instant::now();
                self.news(&part.name, StepChange::Items { done: ended, all: list.len() });
            }
        }
        let culprit = done.iter().position(|one| one.as_ref().is_some_and(Done::is_failure));
        let item = culprit.and_then(|place| list.get(place)).map(|round| round.item.clone());
        Done { item: item.unwrap_or_default(), ..together(done) }
    }

    async fn round(
        &self,
        part: &Part<'_>,
        work: &StepWork,
        round: &Round<'_>,
        seen: &Surroundings,
        stop: &CancellationToken,
    ) -> Done {
        let seen = seen.with_item(round.item.clone());
        let when = part.planned.when.as_ref().filter(|when| asks_for_item(when));
        let held = match when {
            Some(when) => judge(when, part.flow.call.invocation(), &seen, &part.flow.facts),
            None => Ok(Held::Yes),
        };
        let task = match (held, round.otherwise, &part.model.otherwise) {
            (Err(problem), ..) => return Done::failed(problem),
            (Ok(Held::Yes), ..) => part.task(work, round.planned),
            (Ok(Held::No { .. }), Some(planned), Some(work)) => part.task(work, planned),
            (Ok(Held::No { seen }), ..) => {
                return Done::skipped(format!("its condition does not hold: {seen}"));
            }
        };
        self.task(Task { is_own: false, ..task }, &seen, stop).await.0
    }
}

enum Choice<'p> {
    Work,
    Otherwise(&'p Rounds, &'p StepWork),
    Skip(String),
}

/// All rounds as one: the first that failed says how.
fn together(rounds: Vec<Option<Done>>) -> Done {
    let all = rounds.len();
    let ended: Vec<Done> = rounds.into_iter().map_while(|round| round).collect();
    // Behind one that is missing, others may have ended; what they came to has no place.
    let failed = ended.iter().position(Done::is_failure);
    let cancelled = ended.iter().position(|done| done.verdict == StepVerdict::Cancelled);
    let culprit = failed.or(cancelled).and_then(|place| Some((place, ended.get(place)?)));
    let is_cut = ended.len() < all;
    let (verdict, reason, ending) = match culprit {
        Some((place, done)) => {
            (done.verdict, format!("item {} of {all}: {}", place + 1, done.reason), done.ending.clone())
        }
        None if is_cut => (StepVerdict::Cancelled, "cancelled".to_owned(), None),
        None => (StepVerdict::Succeeded, String::new(), None),
    };
    let tail = match culprit {
        Some((_, done)) => done.tail.clone(),
        None => tail::of_all(ended.iter().map(|done| done.tail.as_str())),
    };
    let items: Vec<StepResult> = ended.into_iter().map(|done| done.result).collect();
    let bad = items.iter().filter(|item| item.state == StepState::Failed).find_map(|item| item.exit_code);
    let is_success = verdict == StepVerdict::Succeeded;
    let json: Result<Vec<Value>, String> = items.iter().map(|item| item.json.clone()).collect();
    let result = StepResult {
        state: if is_success { StepState::Succeeded } else { StepState::Failed },
        stdout: lines(items.iter().map(|item| &item.stdout)),
        stderr: lines(items.iter().map(|item| &item.stderr)),
        json: json.map(Value::Array),
        exit_code: if is_success { Some(0) } else { bad },
        items: items.into_iter().map(Arc::new).collect(),
    };
    Done { verdict, ending, reason, tail, result, items: Some(all), ..Done::failed(String::new()) }
}

fn lines<'i>(texts: impl Iterator<Item = &'i Result<String, String>>) -> Result<String, String> {
    let texts: Result<Vec<&str>, &String> = texts.map(|text| text.as_deref()).collect();
    let joined = texts.map_err(Clone::clone)?.join("\n");
    crate::call::output_text(joined.as_bytes(), 0)
}

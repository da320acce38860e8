//! What lies around one run of a command: the cache, then its fallback, its breaker, and its tries.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::plan::ExecutionPlan;
use crate::runner::{BoxFuture, End, News};

use super::breaker::Verdict;
use super::story::Instead;
use super::{Ending, Engine, Outcome, Prepared, Rejection, Watcher};

impl Engine {
    /// Carries out a plan with everything that its command says about failures and repeated calls. When
    /// this returns, nothing of it is alive, but for a run that other callers wait for too.
    pub(super) fn carry_out<'a>(
        &'a self,
        prepared: &'a Prepared,
        watcher: &'a mut dyn Watcher,
        cancel: CancellationToken,
    ) -> BoxFuture<'a, Result<Outcome, Rejection>> {
        Box::pin(async move {
            let tool = &prepared.plan.tool;
            let result = match &tool.cache {
                Some(rules) => self.cached(prepared, rules, watcher, cancel).await,
                None => Box::pin(self.beneath(prepared, watcher, cancel)).await,
            };
            if let Ok(outcome) = &result
                && outcome.is_of_its_own(&prepared.plan)
            {
                for (stale, store) in prepared.state.cleared_by(&tool.name) {
                    self.cache.clear(stale, *store).await;
                }
            }
            result
        })
    }

    /// The same with records of its own.
    pub(super) async fn recorded(
        &self,
        prepared: &Prepared,
        watcher: &mut dyn Watcher,
        cancel: CancellationToken,
    ) -> Result<Outcome, Rejection> {
        let entry = prepared.begin(&cancel).await?;
        let result = self.carry_out(prepared, watcher, cancel).await;
        if let Some(entry) = entry {
            entry.end(&prepared.plan, result.as_ref()).await;
        }
        result
    }

    /// The same without its cache.
    pub(super) async fn beneath(
        &self,
        prepared: &Prepared,
        watcher: &mut dyn Watcher,
        cancel: CancellationToken,
    ) -> Result<Outcome, Rejection> {
        let result = self.guarded(prepared, watcher, &cancel).await;
        let Some(fallback) = &prepared.plan.fallback else { return result };
        let Some(reason) = why_failed(&prepared.plan, &result) else { return result };
        let tool = &prepared.plan.tool.name;
        let plan = match &fallback.plan {
            Ok(plan) => plan,
            Err(problem) => return without_fallback(result, format!("`{}`: {problem}", fallback.tool)),
        };
        watcher.preparing(&News::Line(format!("{tool} failed ({reason}); calling {}", plan.tool.name)));
        let papers = prepared.papers.as_ref().map(|papers| papers.of_part("fallback", None));
        let nested = Prepared { plan: Arc::clone(plan), papers, ..prepared.clone() };
        match self.recorded(&nested, watcher, cancel).await {
            Ok(mut outcome) => {
                let instead = Instead { of: tool.clone(), reason, plan: Arc::clone(plan) };
                outcome.story.instead.insert(0, instead);
                Ok(outcome)
            }
            Err(Rejection::Cancelled) => Err(Rejection::Cancelled),
            Err(problem) => Err(Rejection::Fallback {
                tool: tool.to_string(),
                reason,
                fallback: fallback.tool.to_string(),
                problem: Box::new(problem),
            }),
        }
    }

    /// All its tries, unless its breaker is open.
    async fn guarded(
        &self,
        prepared: &Prepared,
        watcher: &mut dyn Watcher,
        cancel: &CancellationToken,
    ) -> Result<Outcome, Rejection> {
        let Some(switch) = prepared.state.breakers.of(&prepared.plan.tool.name) else {
            return self.try_until(prepared, watcher, cancel).await;
        };
        let passage = switch.enter()?;
        let result = self.try_until(prepared, watcher, cancel).await;
        passage.end(verdict(&prepared.plan, &result));
        result
    }
}

/// Why a call has come to nothing for good; `None` if it has not, or it is not the command's failure.
fn why_failed(plan: &ExecutionPlan, result: &Result<Outcome, Rejection>) -> Option<String> {
    match result {
        Ok(outcome) if outcome.ending.success(&plan.tool.exit_codes).is_some() => None,
        Ok(Outcome { ending: Ending::Ran(End::Cancelled), .. }) => None,
        Ok(outcome) => Some(outcome.reason(&plan.tool)),
        Err(rejection) => rejection.is_failure().then(|| rejection.to_string()),
    }
}

fn without_fallback(result: Result<Outcome, Rejection>, problem: String) -> Result<Outcome, Rejection> {
    result.map(|mut outcome| {
        outcome.story.no_fallback = Some(problem);
        outcome
    })
}

/// An answer that blames the caller shows that the server is there.
fn verdict(plan: &ExecutionPlan, result: &Result<Outcome, Rejection>) -> Verdict {
    let blames_caller = |status: u16| (400..500).contains(&status) && !matches!(status, 408 | 429);
    match result {
        Ok(outcome) if outcome.ending.http_status().is_some_and(blames_caller) => Verdict::Success,
        Ok(outcome) if outcome.ending.success(&plan.tool.exit_codes).is_some() => Verdict::Success,
        _ => why_failed(plan, result).map_or(Verdict::Neither, Verdict::Failure),
    }
}

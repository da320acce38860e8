//! Tries a command again after failures, as its `retry` says: every try takes a slot of its own, the waits
//! take none, and all of it together stays within the timeout of the command.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use crate::model::{Retry, RetryOn, RetryReason, Tool, format_duration};
use crate::plan::ExecutionPlan;
use crate::runner::{End, News};

use super::flow::FlowVerdict;
use super::{Ending, Engine, Outcome, Prepared, Rejection, Watcher};

/// What came of one try.
type Tried = Result<Outcome, Rejection>;

impl Engine {
    /// Runs a plan as often as its command says. When this returns, nothing of it is alive any more.
    pub(super) async fn try_until(
        &self,
        prepared: &Prepared,
        watcher: &mut dyn Watcher,
        cancel: &CancellationToken,
    ) -> Tried {
        let tool = &prepared.plan.tool;
        let Some(retry) = &tool.retry else { return self.once(prepared, watcher, cancel.clone()).await };
        let mut attempts = Attempts::new(retry, tool);
        let mut shorter: Option<Prepared> = None;
        loop {
            let began = Instant::now();
            let tried = self.once(shorter.as_ref().unwrap_or(prepared), watcher, cancel.clone()).await;
            let took = tried.as_ref().map_or_else(|_| began.elapsed(), |outcome| outcome.duration);
            let wait = match attempts.after(&tried, took, random()) {
                Next::Enough => return attempts.conclude(tried),
                Next::In(wait) => wait,
            };
            watcher.preparing(&News::Line(attempts.announcement(wait)));
            tokio::select! {
                biased;
                () = cancel.cancelled() => return attempts.cancelled(tried),
                () = tokio::time::sleep(wait) => attempts.spent += wait,
            }
            let step = prepared.plan.step.within(attempts.left());
            let plan = ExecutionPlan { step, ..ExecutionPlan::clone(&prepared.plan) };
            shorter = Some(Prepared { plan: Arc::new(plan), ..prepared.clone() });
        }
    }
}

/// From 0 up to 1. Nobody has to be unable to guess it.
pub(super) fn random() -> f64 {
    let bits = RandomState::new().build_hasher().finish() >> 11;
    bits as f64 / (1_u64 << 53) as f64
}

/// The tries of one call so far.
struct Attempts<'a> {
    retry: &'a Retry,
    tool: &'a Tool,
    made: u32,
    /// By tries and waits; the queue does not count.
    spent: Duration,
    /// In the queue, before the first.
    waited: Option<Duration>,
    /// Why each try before the last has failed.
    failures: Vec<String>,
    /// Why the last one has.
    last: String,
}

#[derive(Debug, PartialEq)]
enum Next {
    /// This was the last try.
    Enough,
    In(Duration),
}

impl<'a> Attempts<'a> {
    fn new(retry: &'a Retry, tool: &'a Tool) -> Self {
        Self {
            retry,
            tool,
            made: 0,
            spent: Duration::ZERO,
            waited: None,
            failures: Vec::new(),
            last: String::new(),
        }
    }

    /// What is left of the timeout.
    fn left(&self) -> Duration {
        self.tool.timeout.saturating_sub(self.spent)
    }

    /// Takes note of a try, and says whether there is another.
    fn after(&mut self, tried: &Tried, took: Duration, random: f64) -> Next {
        self.made += 1;
        self.spent += took;
        if self.waited.is_none() {
            self.waited = tried.as_ref().ok().map(|outcome| outcome.waited);
        }
        if self.made >= self.retry.attempts.get() || !is_tried_again(&self.retry.on, tried, self.tool) {
            return Next::Enough;
        }
        let own = self.retry.wait(self.made, random);
        let asked = asked_for(tried).unwrap_or_default().min(self.retry.max_delay);
        let wait = own.max(asked);
        if wait >= self.left() {
            return Next::Enough;
        }
        self.failures.extend((self.made > 1).then(|| std::mem::take(&mut self.last)));
        self.last = why(tried);
        Next::In(wait)
    }

    fn announcement(&self, wait: Duration) -> String {
        let (next, all) = (self.made + 1, self.retry.attempts);
        format!("try {next} of {all} in {:.1} s: {}", wait.as_secs_f64(), self.last)
    }

    /// The last try, with what was before it.
    fn conclude(mut self, tried: Tried) -> Tried {
        if self.made > 1 {
            self.failures.push(std::mem::take(&mut self.last));
        }
        match tried {
            Ok(mut outcome) => {
                if let Ending::Ran(End::TimedOut { after }) = &mut outcome.ending {
                    *after = self.tool.timeout;
                    if let Some(flow) = &mut outcome.flow {
                        flow.verdict = FlowVerdict::TimedOut { after: *after };
                    }
                }
                outcome.waited = self.waited.unwrap_or(outcome.waited);
                outcome.duration = self.spent;
                outcome.story.attempts = Some(self.made);
                outcome.story.failures = self.failures;
                Ok(outcome)
            }
            Err(Rejection::Cancelled) => Err(Rejection::Cancelled),
            Err(last) if self.failures.is_empty() => Err(last),
            Err(last) => Err(Rejection::Again {
                attempts: self.made,
                before: told(&self.failures),
                last: Box::new(last),
            }),
        }
    }

    /// Cancelled while it waited: what the last try printed is nobody's result.
    fn cancelled(mut self, tried: Tried) -> Tried {
        self.failures.push(std::mem::take(&mut self.last));
        let mut outcome = tried.map_err(|_| Rejection::Cancelled)?;
        outcome.ending = Ending::Ran(End::Cancelled);
        outcome.output = super::capture::Output::default();
        outcome.flow = None;
        outcome.duration = self.spent;
        outcome.story.attempts = Some(self.made);
        outcome.story.failures = self.failures;
        Ok(outcome)
    }
}

/// Failures as one text; equal ones in a row are counted.
pub(super) fn told(failures: &[String]) -> String {
    let mut groups: Vec<(&str, usize)> = Vec::new();
    for failure in failures {
        match groups.last_mut() {
            Some((last, count)) if last == failure => *count += 1,
            _ => groups.push((failure, 1)),
        }
    }
    let texts = groups.into_iter().map(|(failure, count)| match count {
        1 => failure.to_owned(),
        _ => format!("{failure} ({count} times)"),
    });
    texts.collect::<Vec<_>>().join(", then ")
}

/// Why a try has failed, in a few words without times, so that equal ones are equal.
fn why(tried: &Tried) -> String {
    let outcome = match tried {
        Ok(outcome) => outcome,
        Err(rejection) => return rejection.to_string(),
    };
    match &outcome.ending {
        Ending::TooMuchOutput => "too much output".to_owned(),
        Ending::FlowFailed(_) => {
            let flow = outcome.flow.as_ref().and_then(|flow| flow.reason());
            flow.unwrap_or_else(|| "a step failed".to_owned())
        }
        Ending::Ran(end) => match end {
            End::Success => "exit code 0".to_owned(),
            End::Failed(code) => format!("exit code {code}"),
            End::Signalled(signal) => format!("signal {signal}"),
            End::TimedOut { after } => format!("timed out after {}", format_duration(*after)),
            End::Cancelled => "cancelled".to_owned(),
            End::OutOfMemory => "out of memory".to_owned(),
            End::TooManyProcesses => "too many processes".to_owned(),
            End::Lost => "lost".to_owned(),
            End::Answered { status, .. } => format!("HTTP status {status}"),
            End::Unanswered { problem, .. } => problem.clone(),
        },
    }
}

/// When a server wants to be asked again.
fn asked_for(tried: &Tried) -> Option<Duration> {
    match &tried.as_ref().ok()?.ending {
        Ending::Ran(End::Answered { retry_after, .. }) => *retry_after,
        _ => None,
    }
}

/// Whether there is another try after this one, if there may be more at all.
fn is_tried_again(on: &RetryOn, tried: &Tried, tool: &Tool) -> bool {
    let failure = match tried {
        Ok(outcome) if outcome.ending.success(&tool.exit_codes).is_some() => return false,
        Ok(Outcome { ending: Ending::Ran(End::Cancelled), .. }) => return false,
        Ok(outcome) => Some(&outcome.ending),
        Err(Rejection::Start(error)) if error.may_pass() => None,
        Err(_) => return false,
    };
    is_covered(on, failure, tool)
}

/// Whether this failure is one after which there is another try; `None`: nothing ran.
pub(super) fn is_covered(on: &RetryOn, failure: Option<&Ending>, tool: &Tool) -> bool {
    match on {
        RetryOn::These(reasons) => reasons.iter().any(|reason| is_reason(*reason, failure)),
        RetryOn::Safe => {
            tool.annotations.read_only
                || tool.annotations.idempotent
                || failure.is_none_or(Ending::has_done_nothing)
        }
    }
}

fn is_reason(reason: RetryReason, failure: Option<&Ending>) -> bool {
    let ending = match failure {
        // What is asked for is the end of the step that failed.
        Some(Ending::FlowFailed(step)) => step.as_deref(),
        other => other,
    };
    let Some(ending) = ending else { return reason == RetryReason::Failure };
    match reason {
        RetryReason::Failure => true,
        RetryReason::Timeout => matches!(ending, Ending::Ran(End::TimedOut { .. })),
        RetryReason::Exit(code) => ending.exit_code() == Some(code),
        RetryReason::Http(status) => ending.http_status() == Some(status),
        RetryReason::Unanswered => matches!(ending, Ending::Ran(End::Unanswered { .. })),
    }
}

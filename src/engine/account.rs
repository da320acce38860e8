//! What is recorded of a call: that it begins, before it does; how it ended, whatever happens; and
//! that it was not let through. The same for whatever it runs in turn.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use tokio_util::sync::CancellationToken;

use crate::audit::{
    Began, Caller, Decision, Ended, Event, Journal, Refused, Verdict, next_call, recorded, short_text,
};
use crate::call::{BadCall, Call, Invocation};
use crate::model::{Catalog, Principal, Secrets, ToolName, hex};
use crate::plan::{ExecutionPlan, PlanError, Step};
use crate::policy::{Denied, Reason};
use crate::runner::End;

use super::consent::Consent;
use super::story::CacheMark;
use super::{Ending, Engine, Outcome, Prepared, Rejection, State};

const MASK: &str = "***";

/// By which way a call came, and what its client says of itself.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// `stdio`, `http`, `shell`; `schedule`, `file` or `webhook` for what nobody called.
    pub via: &'static str,
    pub client: Option<String>,
    /// As the W3C has it: `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`.
    pub traceparent: Option<String>,
}

/// What a call has with it on its way, where calls are recorded.
pub(super) struct Papers {
    journal: Arc<Journal>,
    call: Arc<str>,
    parent: Option<Arc<str>>,
    step: Option<Arc<str>>,
    caller: Caller,
    arguments: Option<Arc<Map<String, Value>>>,
}

/// A call that has begun, as its record says. Dropping it is an end, too.
pub(super) struct Entry {
    papers: Arc<Papers>,
    tool: String,
    began: Instant,
    /// Its command asks for that, whatever the file includes.
    is_certain: bool,
    is_over: bool,
}

impl Engine {
    /// What a call takes along; `None` where nothing is recorded.
    pub(super) fn papers(&self, state: &State, call: &Call, origin: &Origin) -> Option<Papers> {
        let journal = self.audit.journal()?;
        let tool = state.catalog().tool(&call.tool);
        let arguments = recorded(tool.map(|tool| &*tool.params), &call.arguments, journal.rules());
        let caller = caller(&state.policy.known(call.principal.clone()), origin);
        let arguments = Some(Arc::new(arguments));
        Some(Papers { journal, call: next_call(), parent: None, step: None, caller, arguments })
    }
}

impl Engine {
    /// The same of a tool of our own.
    pub(super) fn papers_of_own(
        &self,
        tools: &Catalog,
        state: &State,
        call: &Call,
        origin: &Origin,
    ) -> Option<Papers> {
        let papers = self.papers(state, call, origin)?;
        let params = tools.tool(&call.tool).map(|tool| &*tool.params);
        let arguments = recorded(params, &call.arguments, papers.journal.rules());
        Some(Papers { arguments: Some(Arc::new(arguments)), ..papers })
    }
}

impl Engine {
    /// Records that a call was not let through because its caller's token is not good for these scopes.
    pub fn lacks_scopes(&self, call: &Call, origin: &Origin, lacking: &[&str]) {
        let reason = Reason::LacksScopes(lacking.join(" "));
        let (principal, tool) = (call.principal.name.clone(), call.tool.clone());
        self.refused(call, origin, &Rejection::Denied(Denied { principal, tool, reason }));
    }
}

pub(super) fn caller(principal: &Principal, origin: &Origin) -> Caller {
    let client = origin.client.as_deref().map(|client| short_text(client).into());
    let trace = origin.traceparent.as_deref().and_then(trace_of).map(Arc::from);
    Caller { via: origin.via, client, trace, ..Caller::of(principal) }
}

/// The trace in a `traceparent`; `None` if it is none.
fn trace_of(text: &str) -> Option<&str> {
    let mut parts = text.split('-');
    let is_hex = |part: &str, length: usize| {
        part.len() == length && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let (version, trace) = (parts.next()?, parts.next()?);
    let span = parts.next()?;
    let is_one = is_hex(version, 2) && version != "ff" && is_hex(trace, 32) && is_hex(span, 16);
    (is_one && trace.bytes().any(|byte| byte != b'0')).then_some(trace)
}

impl Papers {
    /// Those of something that this call runs.
    pub(super) fn of_part(&self, step: &str, part: Option<&Invocation>) -> Arc<Self> {
        Arc::new(Self {
            journal: Arc::clone(&self.journal),
            call: next_call(),
            parent: Some(Arc::clone(&self.call)),
            step: Some(short_text(step).into()),
            caller: self.caller.clone(),
            arguments: part.map(|part| Arc::new(self.arguments_of(part))),
        })
    }

    fn arguments_of(&self, part: &Invocation) -> Map<String, Value> {
        let entries = part.values().map(|(param, value)| {
            let value = if part.is_sensitive(param) { Value::from(MASK) } else { value.clone() };
            (param.name.to_string(), value)
        });
        recorded(Some(&part.tool().params), &entries.collect(), self.journal.rules())
    }

    /// Records that it was not let through.
    pub(super) fn refused(&self, tool: &str, rejection: &Rejection) {
        self.journal.note(Event::Refused(Box::new(Refused {
            parent: self.parent.clone(),
            step: self.step.clone(),
            caller: self.caller.clone(),
            tool: short_text(tool),
            arguments: self.arguments.as_deref().cloned(),
            decision: decision(rejection),
            reason: short_text(&reason(rejection)),
        })));
    }

    fn began(&self, plan: &ExecutionPlan, secrets: &Secrets, consent: Option<Consent>) -> Event {
        Event::Began(Box::new(Began {
            call: Arc::clone(&self.call),
            parent: self.parent.clone(),
            step: self.step.clone(),
            caller: self.caller.clone(),
            tool: plan.tool.name.to_string(),
            arguments: self.arguments.clone(),
            decision: Decision::Allowed,
            kind: kind(&plan.step),
            plan: digest(plan, secrets),
            confirmed: consent.map(Consent::word),
        }))
    }
}

impl Papers {
    /// Records that a call of a tool of our own begins. It has no plan but itself.
    pub(super) async fn begin_own(
        self: Arc<Self>,
        call: &Call,
        cancel: &CancellationToken,
    ) -> Result<Option<Entry>, Rejection> {
        let tool = call.tool.clone();
        let event = Event::Began(Box::new(Began {
            call: Arc::clone(&self.call),
            parent: None,
            step: None,
            caller: self.caller.clone(),
            tool: tool.clone(),
            arguments: self.arguments.clone(),
            decision: Decision::Allowed,
            kind: "job",
            plan: digest_of(|hash| serde_json::to_writer(hash, &(&call.tool, &call.arguments))),
            confirmed: None,
        }));
        let began = Instant::now();
        let mut entry = Entry { papers: self, tool, began, is_certain: false, is_over: false };
        let journal = Arc::clone(&entry.papers.journal);
        let written = tokio::select! {
            biased;
            written = journal.record(event) => written,
            () = cancel.cancelled() => return Err(Rejection::Cancelled),
        };
        match written {
            Err(problem) if journal.refuses() => {
                entry.is_over = true;
                Err(Rejection::NotRecorded { tool: entry.tool.clone(), problem: problem.to_string() })
            }
            _ => Ok(Some(entry)),
        }
    }
}

impl Prepared {
    /// Returns when there is a record that it begins; a call of which there can be none is not run.
    pub(super) async fn begin(&self, cancel: &CancellationToken) -> Result<Option<Entry>, Rejection> {
        let Some(papers) = &self.papers else { return Ok(None) };
        let tool = self.plan.tool.name.to_string();
        let event = papers.began(&self.plan, &self.state.catalog().secrets, self.consent);
        let (papers, began) = (Arc::clone(papers), Instant::now());
        let is_certain = self.plan.tool.authorization.audit;
        let mut entry = Entry { papers, tool, began, is_certain, is_over: false };
        let journal = Arc::clone(&entry.papers.journal);
        let recording = async {
            match is_certain {
                true => journal.record_surely(event).await,
                false => journal.record(event).await,
            }
        };
        let written = tokio::select! {
            biased;
            written = recording => written,
            () = cancel.cancelled() => return Err(Rejection::Cancelled),
        };
        match written {
            Err(problem) if is_certain || journal.refuses() => {
                entry.is_over = true;
                Err(Rejection::NotRecorded { tool: entry.tool.clone(), problem: problem.to_string() })
            }
            _ => Ok(Some(entry)),
        }
    }
}

impl Entry {
    /// Records how it ended.
    pub(super) async fn end(mut self, plan: &ExecutionPlan, result: Result<&Outcome, &Rejection>) {
        self.is_over = true;
        let ended = match result {
            Ok(outcome) => self.ran(plan, outcome),
            Err(rejection) => {
                let verdict = match rejection {
                    Rejection::Cancelled => Verdict::Cancelled,
                    _ => Verdict::NotStarted,
                };
                Ended { reason: Some(short_text(&rejection.to_string())), ..self.ended(verdict) }
            }
        };
        let event = Event::Ended(Box::new(ended));
        match self.is_certain {
            true => self.papers.journal.tell_surely(event).await,
            false => self.papers.journal.tell(event).await,
        }
    }

    /// The same of a tool of our own.
    pub(super) async fn end_own(mut self, is_error: bool) {
        self.is_over = true;
        let ended = self.ended(if is_error { Verdict::Failure } else { Verdict::Success });
        self.papers.journal.tell(Event::Ended(Box::new(ended))).await;
    }

    fn ran(&self, plan: &ExecutionPlan, outcome: &Outcome) -> Ended {
        let tool = &outcome.plan(plan).tool;
        let is_success = outcome.ending.success(&tool.exit_codes).is_some();
        let (verdict, limit) = verdict(&outcome.ending, is_success);
        let fallback = outcome.story.instead.last().map(|instead| &instead.plan.tool.name);
        Ended {
            run: Some(outcome.id.to_string()),
            exit: outcome.ending.exit_code(),
            signal: outcome.ending.signal(),
            status: outcome.ending.http_status(),
            limit,
            reason: (!is_success).then(|| short_text(&outcome.reason(tool))),
            waited_ms: millis(outcome.waited),
            duration_ms: millis(outcome.duration),
            stdout_bytes: outcome.output.stdout_bytes,
            stderr_bytes: outcome.output.stderr_bytes,
            attempts: outcome.story.attempts,
            cache: outcome.story.cache.and_then(cache),
            fallback: fallback.map(ToolName::to_string),
            ..self.ended(verdict)
        }
    }

    fn ended(&self, verdict: Verdict) -> Ended {
        Ended {
            call: Arc::clone(&self.papers.call),
            parent: self.papers.parent.clone(),
            step: self.papers.step.clone(),
            caller: self.papers.caller.caller.clone(),
            tool: self.tool.clone(),
            verdict,
            run: None,
            exit: None,
            signal: None,
            status: None,
            limit: None,
            reason: None,
            waited_ms: 0,
            duration_ms: millis(self.began.elapsed()),
            stdout_bytes: 0,
            stderr_bytes: 0,
            attempts: None,
            cache: None,
            fallback: None,
        }
    }
}

/// Whoever waited for it has gone, and what ran is killed.
impl Drop for Entry {
    fn drop(&mut self) {
        if !self.is_over {
            let ended = self.ended(Verdict::Abandoned);
            self.papers.journal.note(Event::Ended(Box::new(ended)));
        }
    }
}

fn verdict(ending: &Ending, is_success: bool) -> (Verdict, Option<&'static str>) {
    if is_success {
        return (Verdict::Success, None);
    }
    match ending {
        Ending::TooMuchOutput => (Verdict::OverLimit, Some("output")),
        Ending::Ran(End::OutOfMemory) => (Verdict::OverLimit, Some("memory")),
        Ending::Ran(End::TooManyProcesses) => (Verdict::OverLimit, Some("pids")),
        Ending::Ran(End::TimedOut { .. }) => (Verdict::TimedOut, Some("timeout")),
        Ending::Ran(End::Cancelled) => (Verdict::Cancelled, None),
        Ending::Ran(_) | Ending::FlowFailed(_) => (Verdict::Failure, None),
    }
}

fn cache(mark: CacheMark) -> Option<&'static str> {
    match mark {
        CacheMark::Hit { is_stale, .. } => Some(if is_stale { "stale" } else { "hit" }),
        CacheMark::Miss { is_shared } => is_shared.then_some("shared"),
    }
}

/// As precise as no caller is told.
pub(super) fn reason(rejection: &Rejection) -> String {
    let Some(denied) = rejection.denied() else { return rejection.to_string() };
    match denied.reason.root() {
        Reason::NotJudged { policy, problem } => {
            format!("the policy `{policy}` cannot be judged: {problem}")
        }
        Reason::Policy { policy, .. } => format!("{denied} (`{policy}`)"),
        _ => denied.to_string(),
    }
}

pub(super) fn decision(rejection: &Rejection) -> Decision {
    let of_call = |problem: &BadCall| match problem {
        BadCall::UnknownTool { .. } | BadCall::Unavailable { .. } => Decision::Unavailable,
        BadCall::Arguments { .. } | BadCall::Schema { .. } => Decision::Invalid,
    };
    if rejection.denied().is_some() {
        return Decision::Denied;
    }
    match rejection {
        Rejection::BadCall(problem) => of_call(problem),
        Rejection::NotMet { .. } | Rejection::NotJudged { .. } => Decision::Condition,
        Rejection::NotRecorded { .. } => Decision::Unrecorded,
        Rejection::NotConfirmed { .. } => Decision::Unconfirmed,
        Rejection::TooOften { .. } | Rejection::UsedUp { .. } | Rejection::TooManyJobs { .. } => {
            Decision::TooOften
        }
        Rejection::Plan(problems) => match problems.first().map(PlanError::cause) {
            Some(PlanError::Call(problem)) => of_call(problem),
            Some(PlanError::Argument { .. }) => Decision::Invalid,
            Some(PlanError::Unavailable { .. } | PlanError::NoCommand { .. }) => Decision::Unavailable,
            _ => Decision::Impossible,
        },
        _ => Decision::Impossible,
    }
}

fn kind(step: &Step) -> &'static str {
    match step {
        Step::Process(_) => "process",
        Step::Container(_) => "container",
        Step::Http(_) => "http",
        Step::Flow(_) => "flow",
    }
}

/// Of the plan as a dry-run prints it, without blanks. What is sensitive stands there as `***`, so
/// that nobody can find it by trying.
pub(super) fn digest(plan: &ExecutionPlan, secrets: &Secrets) -> String {
    digest_of(|hash| serde_json::to_writer(hash, &plan.document(secrets)))
}

fn digest_of(write: impl FnOnce(&mut dyn io::Write) -> serde_json::Result<()>) -> String {
    struct Into(Sha256);
    impl io::Write for Into {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.update(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut hash = io::BufWriter::with_capacity(1024, Into(Sha256::new()));
    // A hash takes everything.
    let _ = write(&mut hash);
    let hash = hash.into_inner().map_or_else(|_| Sha256::new(), |hash| hash.0);
    format!("sha256:{}", hex(&hash.finalize()))
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::trace_of;

    #[test]
    fn only_a_traceparent_names_a_trace() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        assert_eq!(trace_of(&format!("00-{trace}-00f067aa0ba902b7-01")), Some(trace));
        for bad in [
            "".to_owned(),
            trace.to_owned(),
            format!("00-{trace}"),
            format!("ff-{trace}-00f067aa0ba902b7-01"),
            format!("00-{}-00f067aa0ba902b7-01", trace.to_uppercase()),
            format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)),
            format!("00-{trace}\n-00f067aa0ba902b7-01"),
        ] {
            assert_eq!(trace_of(&bad), None, "{bad}");
        }
    }
}

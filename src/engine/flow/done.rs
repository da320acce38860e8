//! What came of one piece of work, and as much of its output as somebody asks for.

use serde_json::Value;

use crate::call::{Item, StepResult, StepState, output_text};
use crate::engine::capture::Output;
use crate::engine::{Ending, Outcome, Rejection, Stream};
use crate::model::StepPart;
use crate::plan::ExecutionPlan;
use crate::runner::End;

use super::report::{StepRecord, StepVerdict};
use super::tail::{self, tail};

/// Work that has ended, or could not begin.
#[derive(Debug, Clone)]
pub struct Done {
    pub verdict: StepVerdict,
    /// `None` if nothing ran.
    pub ending: Option<Ending>,
    /// Why it failed or was skipped.
    pub reason: String,
    pub tail: String,
    pub result: StepResult,
    pub attempts: u32,
    pub items: Option<usize>,
    /// The one that failed.
    pub item: Item,
    /// Steps inside of it.
    pub inner: Vec<StepRecord>,
}

/// Which parts of an output somebody asks for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Keep {
    pub stdout: bool,
    pub stderr: bool,
    pub json: bool,
}

impl Keep {
    pub const ALL: Self = Self { stdout: true, stderr: true, json: true };

    pub fn of(parts: Option<&Vec<StepPart>>) -> Self {
        let has = |part| parts.is_some_and(|parts| parts.contains(&part));
        Self { stdout: has(StepPart::Stdout), stderr: has(StepPart::Stderr), json: has(StepPart::Json) }
    }
}

impl Done {
    pub fn skipped(reason: String) -> Self {
        Self {
            verdict: StepVerdict::Skipped,
            ending: None,
            reason,
            tail: String::new(),
            result: StepResult::skipped(),
            attempts: 0,
            items: None,
            item: Item::None,
            inner: Vec::new(),
        }
    }

    /// It could not run.
    pub fn failed(reason: String) -> Self {
        let result = StepResult { state: StepState::Failed, ..StepResult::skipped() };
        Self { verdict: StepVerdict::Failed, result, attempts: 1, ..Self::skipped(reason) }
    }

    pub fn cancelled() -> Self {
        let ending = Some(Ending::Ran(End::Cancelled));
        Self { verdict: StepVerdict::Cancelled, ending, ..Self::failed("cancelled".to_owned()) }
    }

    pub fn rejected(rejection: &Rejection) -> Self {
        match rejection {
            Rejection::Cancelled => Self::cancelled(),
            rejection => Self::failed(rejection.to_string()),
        }
    }

    pub fn is_failure(&self) -> bool {
        self.verdict == StepVerdict::Failed
    }

    pub fn of_outcome(outcome: &Outcome, plan: &ExecutionPlan, keep: Keep) -> Self {
        let tool = &plan.tool;
        let is_success = outcome.ending.success(&tool.exit_codes).is_some();
        let verdict = match &outcome.ending {
            _ if is_success => StepVerdict::Succeeded,
            Ending::Ran(End::Cancelled) => StepVerdict::Cancelled,
            _ => StepVerdict::Failed,
        };
        let reason = if is_success { String::new() } else { outcome.reason(tool) };
        Self {
            verdict,
            ending: Some(outcome.ending.clone()),
            reason,
            tail: tail(&outcome.output),
            result: result(outcome, plan, is_success, keep),
            ..Self::failed(String::new())
        }
    }

    /// Of a flow inside of a flow.
    pub fn of_flow(mut outcome: Outcome, plan: &ExecutionPlan, keep: Keep) -> Self {
        let is_own = outcome.flow.as_ref().is_some_and(|flow| flow.is_own);
        let mut done = match is_own {
            true => Self::of_outcome(&outcome, plan, keep),
            false => Self::of_steps(&outcome, plan, keep),
        };
        done.inner = outcome.flow.take().map(|flow| flow.records).unwrap_or_default();
        done
    }

    fn of_steps(outcome: &Outcome, plan: &ExecutionPlan, keep: Keep) -> Self {
        let presented = outcome.present(plan);
        let verdict = match &outcome.ending {
            Ending::Ran(End::Cancelled) => StepVerdict::Cancelled,
            _ if presented.is_error => StepVerdict::Failed,
            _ => StepVerdict::Succeeded,
        };
        let text = presented.plain_text();
        let is_success = verdict == StepVerdict::Succeeded;
        let json = presented.structured.map_or_else(|| parsed(text.as_bytes(), 0), Ok);
        let result = StepResult {
            state: if is_success { StepState::Succeeded } else { StepState::Failed },
            stdout: kept(keep.stdout, || output_text(text.as_bytes(), 0)),
            stderr: Ok(String::new()),
            json: kept(keep.json, || json),
            exit_code: outcome.ending.exit_code(),
            items: Vec::new(),
        };
        let reason = match presented.broken {
            Some(problem) => problem,
            None if is_success => String::new(),
            None => outcome.reason(&plan.tool),
        };
        let (ending, tail) = (Some(outcome.ending.clone()), tail::of_text(&text));
        Self { verdict, ending, tail, result, ..Self::failed(reason) }
    }

    /// The step's own time was over.
    pub fn timed_out(self, after: std::time::Duration) -> Self {
        let reason = format!("timed out after {} and was killed", crate::model::format_duration(after));
        let ending = Some(Ending::Ran(End::TimedOut { after }));
        let result = StepResult { state: StepState::Failed, exit_code: None, ..self.result };
        Self { verdict: StepVerdict::Failed, ending, reason, result, ..self }
    }
}

/// What later steps see of it.
fn result(outcome: &Outcome, plan: &ExecutionPlan, is_success: bool, keep: Keep) -> StepResult {
    let Output { omitted, .. } = outcome.output;
    let joined = |stream| outcome.output.joined(stream);
    StepResult {
        state: if is_success { StepState::Succeeded } else { StepState::Failed },
        stdout: kept(keep.stdout, || output_text(&joined(Stream::Stdout), omitted)),
        stderr: kept(keep.stderr, || output_text(&joined(Stream::Stderr), omitted)),
        json: kept(keep.json, || match outcome.value(plan)? {
            Some(value) => Ok(value),
            None => parsed(&joined(Stream::Stdout), omitted),
        }),
        exit_code: outcome.ending.exit_code(),
        items: Vec::new(),
    }
}

fn kept<T>(is_kept: bool, value: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    if is_kept { value() } else { Err("nobody has asked for it, so it was not kept".to_owned()) }
}

fn parsed(stdout: &[u8], omitted: u64) -> Result<Value, String> {
    if omitted > 0 {
        return Err(format!("the output was cut, {omitted} bytes of it were not kept (limits.output)"));
    }
    serde_json::from_slice(stdout).map_err(|error| format!("the output is no JSON: {error}"))
}

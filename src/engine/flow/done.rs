//! What came of one piece of work, and as much of its output as somebody asks for.

use crate::call::{Item, StepResult, StepState, output_text};
use crate::engine::capture::Output;
use crate::engine::{Ending, Outcome, Rejection, Stream};
use crate::model::{StepPart, Tool};
use crate::runner::End;
use serde_json::Value;

use super::report::{FlowReport, FlowVerdict, StepRecord, StepVerdict};
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

    pub fn of_outcome(outcome: &Outcome, tool: &Tool, keep: Keep) -> Self {
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
            result: result(outcome, is_success, keep),
            ..Self::failed(String::new())
        }
    }

    /// Of a flow inside of a flow.
    pub fn of_report(report: FlowReport, tool: &Tool, keep: Keep) -> Self {
        let exit_code = match &report.verdict {
            FlowVerdict::Succeeded => Some(0),
            FlowVerdict::Failed { ending, .. } => ending.as_ref().and_then(Ending::exit_code),
            FlowVerdict::TimedOut { .. } | FlowVerdict::Cancelled => None,
        };
        if let Some(own) = &report.own {
            let done = Self::of_outcome(own, tool, keep);
            return Self { inner: report.records, ..done };
        }
        let (verdict, reason, ending) = match &report.verdict {
            FlowVerdict::Succeeded => (StepVerdict::Succeeded, String::new(), Ending::Ran(End::Success)),
            FlowVerdict::Failed { ending, .. } => {
                let ending = Ending::FlowFailed(ending.clone().map(Box::new));
                (StepVerdict::Failed, report.reason().unwrap_or_default(), ending)
            }
            FlowVerdict::TimedOut { after } => {
                let reason = format!("timed out after {}", crate::model::format_duration(*after));
                (StepVerdict::Failed, reason, Ending::Ran(End::TimedOut { after: *after }))
            }
            FlowVerdict::Cancelled => {
                (StepVerdict::Cancelled, "cancelled".to_owned(), Ending::Ran(End::Cancelled))
            }
        };
        let text = report.result_text(tool);
        let is_success = verdict == StepVerdict::Succeeded;
        let result = StepResult {
            state: if is_success { StepState::Succeeded } else { StepState::Failed },
            stdout: kept(keep.stdout, || output_text(text.as_bytes(), 0)),
            stderr: Ok(String::new()),
            json: kept(keep.json, || parsed(text.as_bytes(), 0)),
            exit_code,
            items: Vec::new(),
        };
        let tail = tail::of_text(&text);
        Self { verdict, ending: Some(ending), tail, result, inner: report.records, ..Self::failed(reason) }
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
fn result(outcome: &Outcome, is_success: bool, keep: Keep) -> StepResult {
    let Output { omitted, .. } = outcome.output;
    let joined = |stream| outcome.output.joined(stream);
    StepResult {
        state: if is_success { StepState::Succeeded } else { StepState::Failed },
        stdout: kept(keep.stdout, || output_text(&joined(Stream::Stdout), omitted)),
        stderr: kept(keep.stderr, || output_text(&joined(Stream::Stderr), omitted)),
        json: kept(keep.json, || parsed(&joined(Stream::Stdout), omitted)),
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

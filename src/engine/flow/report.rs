//! What a flow came to: how it ended, and what became of each of its steps.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::call::StepResult;
use crate::engine::{Ending, Outcome};
use crate::model::StepId;

/// A flow that is over.
#[derive(Debug, Clone)]
pub struct FlowReport {
    pub verdict: FlowVerdict,
    /// In the order of the file, those of `finally` behind.
    pub records: Vec<StepRecord>,
    /// What steps came to, as far as somebody asks for it.
    pub results: BTreeMap<StepId, Arc<StepResult>>,
    /// The outcome of the step whose end is the flow's, if that has run.
    pub(super) own: Option<Box<Outcome>>,
    /// Whether the end of the flow is that of its own action.
    pub is_own: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub enum FlowVerdict {
    Succeeded,
    /// A step failed: which, and how it ended if it ran at all.
    Failed {
        step: String,
        reason: String,
        ending: Option<Ending>,
    },
    TimedOut {
        after: Duration,
    },
    Cancelled,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepVerdict {
    Succeeded,
    Failed,
    Skipped,
    Cancelled,
    NotReached,
}

/// What became of one step.
#[derive(Debug, Clone)]
pub struct StepRecord {
    /// `3`, and `f1` for the first of `finally`.
    pub number: String,
    pub id: String,
    /// What it did, in a word.
    pub label: String,
    pub verdict: StepVerdict,
    pub duration: Duration,
    /// Why it failed or was skipped.
    pub reason: String,
    /// The end of its output.
    pub tail: String,
    pub exit_code: Option<i32>,
    pub attempts: u32,
    /// How many items it ran for.
    pub items: Option<usize>,
    /// Nobody waits for it.
    pub is_last: bool,
    /// Steps of the flow that it called, and what followed its failure.
    pub inner: Vec<StepRecord>,
}

impl StepVerdict {
    pub fn word(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::Cancelled => "cancelled",
            Self::NotReached => "not reached",
        }
    }
}

impl FlowReport {
    pub fn is_success(&self) -> bool {
        self.verdict == FlowVerdict::Succeeded
    }

    /// Why it failed, in a line or a few.
    pub fn reason(&self) -> Option<String> {
        match &self.verdict {
            FlowVerdict::Failed { step, reason, .. } => Some(format!("step `{step}` failed: {reason}")),
            FlowVerdict::Succeeded | FlowVerdict::TimedOut { .. } | FlowVerdict::Cancelled => None,
        }
    }

    /// The steps as programs read them.
    pub fn to_json(&self) -> Value {
        Value::Array(self.records.iter().map(StepRecord::to_json).collect())
    }
}

impl StepRecord {
    fn to_json(&self) -> Value {
        let document = json!({
            "number": self.number,
            "id": self.id,
            "runs": self.label,
            "state": self.verdict.word(),
            "durationMs": u64::try_from(self.duration.as_millis()).unwrap_or(u64::MAX),
            "exitCode": self.exit_code,
        });
        let mut map = match document {
            Value::Object(map) => map,
            _ => Map::new(),
        };
        let mut put =
            |key: &str, value: Option<Value>| map.extend(value.map(|value| (key.to_owned(), value)));
        put("reason", (!self.reason.is_empty()).then(|| json!(self.reason)));
        put("attempts", (self.attempts > 1).then(|| json!(self.attempts)));
        put("items", self.items.map(|items| json!(items)));
        let inner = || self.inner.iter().map(Self::to_json).collect::<Vec<_>>();
        put("steps", (!self.inner.is_empty()).then(|| json!(inner())));
        Value::Object(map)
    }
}

//! How a result came about, beside what ran: tries before, another command in its place, the cache.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::model::ToolName;
use crate::plan::ExecutionPlan;

use super::Outcome;
use super::attempts::told;

/// Nothing of it for a command that was run once.
#[derive(Debug, Clone, Default)]
pub struct Story {
    /// How many tries there were, of a command that may have several.
    pub attempts: Option<u32>,
    /// Why each try before the last has failed.
    pub failures: Vec<String>,
    /// Whose result this is instead, the command that was called first.
    pub instead: Vec<Instead>,
    /// Why its fallback could not be called.
    pub no_fallback: Option<String>,
    pub cache: Option<CacheMark>,
}

/// One command that has failed, and the one that was called in its place.
#[derive(Debug, Clone)]
pub struct Instead {
    pub of: ToolName,
    pub reason: String,
    pub plan: Arc<ExecutionPlan>,
}

/// What the cache had to do with a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheMark {
    /// It was there.
    Hit { age: Duration, is_stale: bool },
    /// It was not; `is_shared`: another call that was running made it.
    Miss { is_shared: bool },
}

impl Outcome {
    /// The plan that this came of: that of a fallback, if one was called.
    pub fn plan<'p>(&'p self, plan: &'p ExecutionPlan) -> &'p ExecutionPlan {
        self.story.instead.last().map_or(plan, |instead| &instead.plan)
    }

    /// Whether the command itself made this, now and with success.
    pub(super) fn is_of_its_own(&self, plan: &ExecutionPlan) -> bool {
        let is_kept = matches!(self.story.cache, Some(CacheMark::Hit { .. }));
        !is_kept && self.story.instead.is_empty() && self.ending.success(&plan.tool.exit_codes).is_some()
    }

    /// Whose result this is, if it is another command's.
    pub fn note(&self) -> Option<String> {
        let lines = self.story.instead.iter().map(|Instead { of, reason, plan }| {
            format!("{of} failed ({reason}); this is the result of its fallback {}", plan.tool.name)
        });
        let lines: Vec<String> = lines.collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }
}

impl Story {
    /// What stands behind the reason of a failure.
    pub(super) fn behind(&self) -> String {
        let mut text = match (self.attempts, self.failures.is_empty()) {
            (Some(attempts), false) => format!(" · try {attempts}; before: {}", told(&self.failures)),
            _ => String::new(),
        };
        if let Some(problem) = &self.no_fallback {
            text.push_str(&format!("; its fallback could not be called: {}", problem.replace('\n', "; ")));
        }
        text
    }

    /// The same for programs.
    pub(super) fn meta(&self) -> Map<String, Value> {
        let mut map = Map::new();
        let mut put =
            |key: &str, value: Option<Value>| map.extend(value.map(|value| (key.to_owned(), value)));
        put("attempts", self.attempts.map(Value::from));
        put("failures", (!self.failures.is_empty()).then(|| json!(self.failures)));
        let instead = self.instead.iter().map(|Instead { of, reason, plan }| {
            json!({ "of": of.as_str(), "by": plan.tool.name.as_str(), "reason": reason })
        });
        put("fallback", (!self.instead.is_empty()).then(|| instead.collect()));
        put("cache", self.cache.map(CacheMark::meta));
        map
    }
}

impl CacheMark {
    fn meta(self) -> Value {
        match self {
            Self::Hit { age, is_stale } => {
                let age = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
                json!({ "hit": true, "ageMs": age, "stale": is_stale })
            }
            Self::Miss { is_shared } => json!({ "hit": false, "shared": is_shared }),
        }
    }
}

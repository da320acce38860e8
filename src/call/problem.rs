//! What can be wrong with a call, in words that its caller can act on.

use std::fmt;

use crate::model::{SchemaError, nearest};

/// Why a call does not fit a tool.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadCall {
    #[error("there is no tool `{name}`{}", nearest_text(.nearest))]
    UnknownTool { name: String, nearest: Option<String> },
    #[error("`{tool}` is not available here: {reason}")]
    Unavailable { tool: String, reason: String },
    #[error("the arguments of `{tool}` do not fit:{}", list(.problems))]
    Arguments { tool: String, problems: Vec<ArgumentProblem> },
    #[error("`{tool}` cannot be called: {source}")]
    Schema { tool: String, source: SchemaError },
}

impl BadCall {
    /// A caller's tool that is not among those that they know.
    pub fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Self {
        Self::UnknownTool { name: shortened(name), nearest: nearest(name, known).map(str::to_owned) }
    }
}

/// A caller's own text, short enough to be sent back.
pub(super) fn shortened(text: &str) -> String {
    const MAX: usize = 400;
    match text.char_indices().nth(MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// One thing wrong with one argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArgumentProblem {
    /// Where: a parameter, or a place inside of one (`paths/0`).
    pub place: String,
    pub message: String,
}

impl fmt::Display for ArgumentProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {}", self.place, self.message)
    }
}

fn nearest_text(nearest: &Option<String>) -> String {
    nearest.as_ref().map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}

fn list(problems: &[ArgumentProblem]) -> String {
    problems.iter().map(|problem| format!("\n- {problem}")).collect()
}

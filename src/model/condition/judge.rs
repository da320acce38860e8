//! Whether a condition holds of what it sees.

use std::collections::BTreeSet;
use std::sync::Arc;

use cel::{Context, ExecutionError};
use serde_json::{Map, Value};

use super::{Condition, LANGUAGE, Name, bounds, functions, value};

/// What a condition sees.
#[derive(Debug, Clone, Default)]
pub struct Sight {
    /// By root name, such as `params` and `os`. What is not here does not exist.
    pub values: Map<String, Value>,
    /// Of the files that it asks for, those that are there; as written.
    pub files: Arc<BTreeSet<String>>,
    /// The names of all environment variables.
    pub variables: Arc<BTreeSet<String>>,
}

/// Whether it holds, and by which values.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    pub holds: bool,
    /// What it refers to, as far as that is there.
    pub seen: Vec<(Name, Value)>,
}

/// Why a condition cannot be judged. It then counts as not held.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ConditionError {
    #[error("it would take {steps} steps with these values; at most {most} may be")]
    TooLaborious { steps: u64, most: u64 },
    #[error("{0}")]
    Failed(String),
    #[error("it is {0}, and neither true nor false")]
    NotTruth(&'static str),
}

impl Condition {
    pub fn judge(&self, sight: &Sight) -> Result<Judgement, ConditionError> {
        let seen: Vec<(Name, Value)> =
            self.names().iter().filter_map(|name| Some((name.clone(), found(sight, name)?))).collect();
        let roots: BTreeSet<&str> = self.names().iter().map(|name| name.root.as_str()).collect();
        let values = roots.iter().filter_map(|root| Some((*root, sight.values.get(*root)?.clone())));
        let values: Vec<(&str, Value)> = values.collect();
        bounds::of_steps(self.0.program.expression(), &values)?;
        let mut context = Context::with_env(Arc::clone(&LANGUAGE));
        for (root, seen) in &values {
            context.add_variable_from_value(*root, value::of(seen));
        }
        functions::lend(&mut context, &sight.files, &sight.variables);
        match self.0.program.execute(&context) {
            Ok(cel::Value::Bool(holds)) => Ok(Judgement { holds, seen }),
            Ok(other) => Err(ConditionError::NotTruth(kind(&other))),
            Err(error) => Err(ConditionError::Failed(explained(&error))),
        }
    }
}

fn found(sight: &Sight, name: &Name) -> Option<Value> {
    let root = sight.values.get(&name.root)?;
    name.path.iter().try_fold(root, |value, segment| value.get(segment)).cloned()
}

fn kind(value: &cel::Value) -> &'static str {
    match value {
        cel::Value::List(_) => "a list",
        cel::Value::Map(_) => "a map",
        cel::Value::Int(_) | cel::Value::UInt(_) | cel::Value::Float(_) => "a number",
        cel::Value::String(_) => "a text",
        cel::Value::Null => "null",
        _ => "of another kind",
    }
}

fn explained(error: &ExecutionError) -> String {
    match error {
        ExecutionError::NoSuchKey(key) => {
            format!("there is no `{key}` in this call; `has(…)` asks whether there is")
        }
        ExecutionError::UndeclaredReference(name) => format!("`{name}` has no value in this call"),
        other => {
            let text = other.to_string();
            let mut characters = text.chars();
            let first = characters.next().map(|first| first.to_lowercase().to_string()).unwrap_or_default();
            first + characters.as_str()
        }
    }
}

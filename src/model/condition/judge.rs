//! Whether a condition holds of what it sees.

use std::collections::BTreeSet;
use std::sync::Arc;

use cel::common::ast::{Expr, LiteralValue};
use cel::parser::Expression;
use cel::{Context, ExecutionError};
use serde_json::{Map, Value};

use super::{BadCondition, Condition, LANGUAGE, Name, functions, labour, moment, value};

/// The name of the moment.
const NOW: &str = "now";

/// What a condition sees.
#[derive(Debug, Clone, Default)]
pub struct Sight {
    /// By root name, such as `params` and `os`. What is not here does not exist. `now` is made by
    /// [`moment`](super::moment()).
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
    /// What it asked for, as `file_exists("x")`, and whether that is there.
    pub asked: Vec<(String, bool)>,
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
        let holds = self.holds(sight)?;
        Ok(Judgement { holds, seen: self.seen(sight), asked: self.asked(sight) })
    }

    /// What it refers to, as far as that is there.
    pub fn seen(&self, sight: &Sight) -> Vec<(Name, Value)> {
        self.names().iter().filter_map(|name| Some((name.clone(), found(sight, name)?))).collect()
    }

    pub fn holds(&self, sight: &Sight) -> Result<bool, ConditionError> {
        let roots: BTreeSet<&str> = self.names().iter().map(|name| name.root.as_str()).collect();
        let values = roots.iter().filter_map(|root| Some((*root, sight.values.get(*root)?)));
        let values: Vec<(&str, &Value)> = values.collect();
        labour::check(self.0.program.expression(), &values)?;
        let mut context = Context::with_env(Arc::clone(&LANGUAGE));
        for (root, seen) in &values {
            let moment = if *root == NOW { moment::of(seen) } else { None };
            let seen = moment.map_or_else(|| self.seen_of(root, seen), cel::Value::Timestamp);
            context.add_variable_from_value(*root, seen);
        }
        functions::lend(&mut context, &sight.files, &sight.variables);
        match self.0.program.execute(&context) {
            Ok(cel::Value::Bool(holds)) => Ok(holds),
            Ok(other) => Err(ConditionError::NotTruth(kind(&other))),
            Err(error) => Err(ConditionError::Failed(explained(&error))),
        }
    }
}

impl Condition {
    /// A value as the expression sees it: of a map no more than it refers to.
    fn seen_of(&self, root: &str, value: &Value) -> cel::Value {
        let of_root = self.names().iter().filter(|name| name.root == root);
        let parts: Option<Vec<&str>> = of_root.map(|name| name.path.first().map(String::as_str)).collect();
        match (parts, value) {
            (Some(parts), Value::Object(map)) => {
                value::of_map(map.iter().filter(|(key, _)| parts.contains(&key.as_str())))
            }
            _ => value::of(value),
        }
    }

    fn asked(&self, sight: &Sight) -> Vec<(String, bool)> {
        let expression = self.0.program.expression();
        let both = [(functions::FILE_EXISTS, &sight.files), (functions::HAS_ENV, &sight.variables)];
        let mut asked: Vec<(String, bool)> = Vec::new();
        for (function, there) in both {
            for text in functions::asked(expression, function) {
                let call = format!("{function}({})", Value::from(text));
                if !asked.iter().any(|(known, _)| *known == call) {
                    asked.push((call, there.contains(text)));
                }
            }
        }
        asked
    }
}

/// What is written out as something else than a truth is never one.
pub(super) fn of_constant(expression: &Expression) -> Result<(), BadCondition> {
    match &expression.expr {
        Expr::Literal(LiteralValue::Boolean(_)) => Ok(()),
        Expr::Literal(LiteralValue::String(_)) => Err(BadCondition::NotTruth("a text")),
        Expr::Literal(LiteralValue::Null) => Err(BadCondition::NotTruth("null")),
        Expr::Literal(_) => Err(BadCondition::NotTruth("a number")),
        Expr::List(_) => Err(BadCondition::NotTruth("a list")),
        Expr::Map(_) => Err(BadCondition::NotTruth("a map")),
        _ => Ok(()),
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
        cel::Value::Timestamp(_) => "a moment",
        cel::Value::Duration(_) => "a duration",
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

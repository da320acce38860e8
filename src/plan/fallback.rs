//! What a plan says of the command that is called if this one fails: its arguments, and its own plan.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::call::Invocation;
use crate::model::{Fallback, FallbackWith, JsonTemplate, Params, Piece, Reference, Template, ToolName};

use super::ExecutionPlan;
use super::expand::{inside, value_text};

/// The fallback of one call.
#[derive(Debug, Clone)]
pub struct PlannedFallback {
    pub tool: ToolName,
    /// Or why it could not be called with these arguments, here and by this caller.
    pub plan: Result<Arc<ExecutionPlan>, String>,
}

impl Fallback {
    /// The arguments with which it is called; what is absent in the call is absent in them.
    pub fn arguments(&self, invocation: &Invocation, declared: &Params) -> Map<String, Value> {
        match &self.with {
            FallbackWith::Same => invocation
                .values()
                .filter(|(param, _)| declared.find(param.name.as_str()).is_some())
                .map(|(param, value)| (param.name.to_string(), value.clone()))
                .collect(),
            FallbackWith::These(with) => with
                .iter()
                .filter_map(|(name, value)| Some((name.to_string(), json(invocation, value)?)))
                .collect(),
        }
    }
}

/// A value with its holes filled; `None` if it is absent.
fn json(invocation: &Invocation, template: &JsonTemplate) -> Option<Value> {
    Some(match template {
        JsonTemplate::Value(value) => value.clone(),
        JsonTemplate::Text(template) => return text(invocation, template),
        JsonTemplate::List(items) => items.iter().filter_map(|item| json(invocation, item)).collect(),
        JsonTemplate::Map(entries) => {
            let filled =
                entries.iter().filter_map(|(key, item)| Some((key.clone(), json(invocation, item)?)));
            Value::Object(filled.collect())
        }
    })
}

fn text(invocation: &Invocation, template: &Template) -> Option<Value> {
    if let Some(reference) = template.whole() {
        return found(invocation, reference).cloned();
    }
    let pieces = template.pieces().iter().map(|piece| match piece {
        Piece::Text(text) => Some(text.clone()),
        Piece::Value(reference) => found(invocation, reference).map(value_text),
        Piece::Json(reference) => found(invocation, reference).map(Value::to_string),
    });
    pieces.collect::<Option<String>>().map(Value::String)
}

fn found<'i>(invocation: &'i Invocation, reference: &Reference) -> Option<&'i Value> {
    let Reference::Param { name, path } = reference else { return None };
    let value = invocation.value(name.as_str())?;
    path.iter().try_fold(value, |value, segment| inside(value, segment)).filter(|value| !value.is_null())
}

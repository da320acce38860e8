//! Texts of a client → the values of parameters, and `with` → the arguments of a command.

use serde_json::{Map, Value};

use crate::call::fit;
use crate::model::{JsonTemplate, Kind, ParamName, Params, Piece, Reference, Template};

use super::NotRead;

/// Values that fit, each of the type that its parameter has; what is absent is null.
pub fn values(
    name: &str,
    params: &Params,
    texts: Vec<(String, String)>,
) -> Result<Map<String, Value>, NotRead> {
    let typed = texts.into_iter().map(|(name, text)| {
        let kind = params.find(&name).map_or(&Kind::Text, |param| &param.kind);
        let value = typed(kind, text);
        (name, value)
    });
    let mut values =
        fit(name, params, typed.collect()).map_err(|problem| NotRead::Bad(problem.to_string()))?;
    for param in params.iter() {
        values.entry(param.name.as_str()).or_insert(Value::Null);
    }
    Ok(values)
}

/// A text that is no value of its type stays one; the schema then says what was expected.
fn typed(kind: &Kind, text: String) -> Value {
    let read = match kind {
        Kind::Integer | Kind::Number => serde_json::from_str(&text).ok().filter(Value::is_number),
        Kind::Boolean => text.parse().ok().map(Value::Bool),
        _ => None,
    };
    read.unwrap_or(Value::String(text))
}

/// The arguments of a command, with these values in their holes.
pub fn handed(with: &[(ParamName, JsonTemplate)], values: &Map<String, Value>) -> Map<String, Value> {
    with.iter().map(|(name, template)| (name.to_string(), filled(template, values))).collect()
}

fn filled(template: &JsonTemplate, values: &Map<String, Value>) -> Value {
    match template {
        JsonTemplate::Value(value) => value.clone(),
        JsonTemplate::Text(template) => filled_text(template, values),
        JsonTemplate::List(items) => items.iter().map(|item| filled(item, values)).collect(),
        JsonTemplate::Map(entries) => {
            Value::Object(entries.iter().map(|(key, item)| (key.clone(), filled(item, values))).collect())
        }
    }
}

/// A value that is exactly one hole keeps its type.
fn filled_text(template: &Template, values: &Map<String, Value>) -> Value {
    if let Some(reference) = template.whole() {
        return value_of(reference, values);
    }
    let pieces = template.pieces().iter().map(|piece| match piece {
        Piece::Text(text) => text.clone(),
        Piece::Value(reference) => match value_of(reference, values) {
            Value::String(text) => text,
            Value::Null => String::new(),
            other => other.to_string(),
        },
        Piece::Json(reference) => value_of(reference, values).to_string(),
    });
    Value::String(pieces.collect())
}

/// What stands in a URI is a single value, so there is nothing inside of it.
fn value_of(reference: &Reference, values: &Map<String, Value>) -> Value {
    match reference {
        Reference::Param { name, .. } => values.get(name.as_str()).cloned().unwrap_or_default(),
        _ => Value::Null,
    }
}

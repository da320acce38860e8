//! Nodes → JSON, where a file holds JSON: schemas, defaults, choices.

use serde_json::{Map, Value};

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::read::Reader;
use crate::config::syntax::Kind as NodeKind;
use crate::config::syntax::{Node, scalar};
use crate::model::Kind;

/// A value. Where a text is wanted a plain scalar keeps its source text, so that `1.10` and `yes`
/// stay what was written.
pub fn value(reader: &Reader<'_>, node: &Node<'_>, wanted: &Kind) -> Option<Value> {
    match &node.kind {
        NodeKind::Null => Some(Value::Null),
        NodeKind::Broken => None,
        NodeKind::Scalar(scalar) if !scalar.plain || *wanted == Kind::Text => {
            Some(Value::String(scalar.text.to_string()))
        }
        NodeKind::Scalar(scalar) => match scalar::core_json(&scalar.text) {
            Ok(value) => Some(value),
            Err(scalar::OutOfRange) => {
                let message = "this number is out of range; expected one that JSON can hold";
                let problem = Diagnostic::error(Code::BadValue, node.span, message);
                reader.problems.add(problem.help("quote it if it is a text"));
                None
            }
        },
        NodeKind::List(items) => {
            let of = match wanted {
                Kind::Array(of) => of,
                _ => &Kind::Any,
            };
            Some(Value::Array(items.iter().filter_map(|item| value(reader, item, of)).collect()))
        }
        NodeKind::Map(_) => Some(Value::Object(object(reader, node))),
    }
}

/// A map without any meaning of ours.
pub fn object(reader: &Reader<'_>, node: &Node<'_>) -> Map<String, Value> {
    let entries = node.entries().iter();
    entries
        .filter_map(|entry| Some((entry.key.text.to_string(), value(reader, &entry.value, &Kind::Any)?)))
        .collect()
}

/// A list of values of one kind.
pub fn list(reader: &Reader<'_>, node: &Node<'_>, key: &str, of: &Kind) -> Option<Value> {
    let items = reader.list(node, key)?;
    Some(Value::Array(items.iter().filter_map(|item| value(reader, item, of)).collect()))
}

/// What a value is, for a sentence that begins with "found".
pub fn describe(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

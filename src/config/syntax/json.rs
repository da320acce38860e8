//! A node as a JSON value, each scalar by YAML's core schema: what an editor or a YAML reader
//! without any meaning of ours would see.

use serde_json::{Map, Value};

use super::node::{Kind, Node};
use super::scalar::core_json;

pub fn to_json(node: &Node<'_>) -> Value {
    match &node.kind {
        Kind::Null | Kind::Broken => Value::Null,
        Kind::Scalar(scalar) if scalar.plain => {
            core_json(&scalar.text).unwrap_or_else(|_| Value::from(scalar.text.as_ref()))
        }
        Kind::Scalar(scalar) => Value::from(scalar.text.as_ref()),
        Kind::List(items) => items.iter().map(to_json).collect(),
        Kind::Map(entries) => {
            let pairs = entries.iter().map(|entry| (entry.key.text.to_string(), to_json(&entry.value)));
            Value::Object(pairs.collect::<Map<_, _>>())
        }
    }
}

//! Nodes → JSON that means the same, and where each value was written.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::config::sources::Sources;
use crate::config::syntax::{Kind, Node, Scalar, scalar};

use super::origin;
use super::secret::Masks;

pub fn value(node: &Node<'_>, masks: &Masks) -> Value {
    match &node.kind {
        Kind::Null | Kind::Broken => Value::Null,
        Kind::Scalar(written) => of_scalar(&masks.scalar(node, written)),
        Kind::List(items) => items.iter().map(|item| value(item, masks)).collect(),
        Kind::Map(entries) => {
            let pairs =
                entries.iter().map(|entry| (masks.key(entry).into_owned(), value(&entry.value, masks)));
            Value::Object(pairs.collect::<Map<_, _>>())
        }
    }
}

/// A number is one only if its text comes back: `1.10` may be meant as a text.
fn of_scalar(written: &Scalar<'_>) -> Value {
    let text = || Value::from(&*written.text);
    if !written.plain {
        return text();
    }
    match scalar::core_json(&written.text) {
        Ok(Value::Number(number)) if number.to_string() != written.text => text(),
        Ok(value) => value,
        Err(_) => text(),
    }
}

pub fn origins(root: &Node<'_>, sources: &Sources) -> BTreeMap<String, String> {
    let mut origins = BTreeMap::new();
    collect(root, String::new(), sources, &mut origins);
    origins
}

fn collect(node: &Node<'_>, path: String, sources: &Sources, origins: &mut BTreeMap<String, String>) {
    match &node.kind {
        Kind::Map(entries) => {
            for entry in entries.iter() {
                let dot = if path.is_empty() { "" } else { "." };
                collect(&entry.value, format!("{path}{dot}{}", entry.key.text), sources, origins);
            }
        }
        Kind::List(items) => {
            for (at, item) in items.iter().enumerate() {
                collect(item, format!("{path}[{at}]"), sources, origins);
            }
        }
        Kind::Null | Kind::Scalar(_) | Kind::Broken => drop(origins.insert(path, origin(sources, node.span))),
    }
}

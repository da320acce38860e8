//! The arguments of a call as they are recorded: sensitive ones masked, long ones shortened.

use serde_json::{Map, Value};

use crate::model::{AuditRules, Params};

use super::seal::digest;

const MASK: &str = "***";
/// Of one text.
const LONGEST: usize = 512;
/// Of one value that is no text, as JSON.
const LARGEST: usize = 1024;
/// Arguments of one call.
const MOST: usize = 64;

/// What is recorded of arguments. Those that are none of the parameters are masked: nobody said what
/// they are.
pub fn recorded(
    params: Option<&Params>,
    arguments: &Map<String, Value>,
    rules: &AuditRules,
) -> Map<String, Value> {
    let mut kept = Map::new();
    for (name, value) in arguments.iter().take(MOST) {
        let param = params.and_then(|params| params.find(name));
        let is_open = param.is_some_and(|param| !param.rule.sensitive) && !rules.masks(name);
        let value = if is_open { shortened(value, rules) } else { Value::from(MASK) };
        kept.insert(short_text(name), value);
    }
    if arguments.len() > MOST {
        kept.insert("…".to_owned(), Value::from(format!("{} more", arguments.len() - MOST)));
    }
    kept
}

fn shortened(value: &Value, rules: &AuditRules) -> Value {
    match value {
        Value::String(text) => Value::from(short_text(text)),
        Value::Array(_) | Value::Object(_) => {
            let masked = if rules.mask.is_empty() { value.clone() } else { masked(value, rules) };
            let text = masked.to_string();
            match text.len() <= LARGEST {
                true => masked,
                false => Value::from(short_text(&text)),
            }
        }
        plain => plain.clone(),
    }
}

/// The same with what its maps hold under masked names.
fn masked(value: &Value, rules: &AuditRules) -> Value {
    match value {
        Value::Array(items) => items.iter().map(|item| masked(item, rules)).collect(),
        Value::Object(map) => {
            let entries = map.iter().map(|(name, value)| {
                let value = if rules.masks(name) { Value::from(MASK) } else { masked(value, rules) };
                (name.clone(), value)
            });
            Value::Object(entries.collect())
        }
        plain => plain.clone(),
    }
}

/// A text, or its beginning with what tells it from others.
pub fn short_text(text: &str) -> String {
    if text.len() <= LONGEST {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(LONGEST);
    let all = digest(text.as_bytes());
    let (beginning, tag) = (text.get(..end).unwrap_or_default(), all.get(..16).unwrap_or_default());
    format!("{beginning}… ({} bytes, sha256:{tag})", text.len())
}

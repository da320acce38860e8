//! `name=value` words → JSON arguments, typed by the tool's parameters.

use serde_json::{Map, Value};

use crate::model::{Kind, Tool};

/// A word that is no argument.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadPair {
    #[error("`{0}` is no argument; expected `name=value` or `name:=JSON`")]
    NoPair(String),
    #[error("`{name}:={text}` is not JSON: {reason}")]
    NoJson { name: String, text: String, reason: String },
}

/// Reads all words; a name that is repeated fills a list.
pub fn arguments(tool: &Tool, words: &[String]) -> Result<Map<String, Value>, BadPair> {
    let mut arguments = Map::new();
    for word in words {
        let (name, text) = word.split_once('=').ok_or_else(|| BadPair::NoPair(word.clone()))?;
        match name.strip_suffix(':') {
            Some(name) => {
                arguments.insert(name.to_owned(), json(name, text)?);
            }
            None => add(&mut arguments, tool, name, text),
        }
    }
    Ok(arguments)
}

fn json(name: &str, text: &str) -> Result<Value, BadPair> {
    serde_json::from_str(text).map_err(|error| BadPair::NoJson {
        name: name.to_owned(),
        text: text.to_owned(),
        reason: error.to_string(),
    })
}

fn add(arguments: &mut Map<String, Value>, tool: &Tool, name: &str, text: &str) {
    let kind = tool.params.find(name).map_or(&Kind::Any, |param| &param.kind);
    if let Kind::Array(items) = kind {
        let list = arguments.entry(name).or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(list) = list {
            list.push(typed(items, text));
        }
        return;
    }
    arguments.insert(name.to_owned(), typed(kind, text));
}

/// A text that is no value of its type stays text; the schema then says what was expected.
pub fn typed(kind: &Kind, text: &str) -> Value {
    let read = match kind {
        Kind::Text | Kind::Any => None,
        Kind::Integer | Kind::Number => serde_json::from_str(text).ok().filter(Value::is_number),
        Kind::Boolean => text.parse().ok().map(Value::Bool),
        Kind::Array(_) | Kind::Object => serde_json::from_str(text).ok(),
    };
    read.unwrap_or_else(|| Value::String(text.to_owned()))
}

//! JSON with comments and trailing commas: read with positions, edited as text.

mod insert;
mod remove;
mod scan;

use serde_json::Value;

use super::edit::Refusal;
use super::text::replaced;

pub use insert::insert;
pub use remove::remove;

use scan::{Kind, Node};

/// Whether a client reads more than plain JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comments {
    Allowed,
    Refused,
}

/// What a file means. A file without any text is an empty object to every client.
pub fn parse(text: &str, comments: Comments) -> Result<Value, Refusal> {
    match scan::is_empty(text) {
        true => Ok(Value::Object(serde_json::Map::new())),
        false => scan::scan(text, comments).map(|node| node.value()),
    }
}

/// Replaces the value of one field of an entry.
pub fn replace(text: &str, container: &str, name: &str, field: &str, value: &Value) -> Option<String> {
    let root = scan::scan(text, Comments::Allowed).ok()?;
    let node = &root.member(container)?.value.member(name)?.value.member(field)?.value;
    Some(replaced(text, vec![(node.span.clone(), value.to_string())]))
}

impl Node {
    fn value(&self) -> Value {
        match &self.kind {
            Kind::Scalar(value) => value.clone(),
            Kind::Array(items) => Value::Array(items.iter().map(Node::value).collect()),
            Kind::Object(members) => Value::Object(
                members.iter().map(|member| (member.key.clone(), member.value.value())).collect(),
            ),
        }
    }
}

//! A map of JSON Schema keywords → JSON, each keyword read the way it has to be.

use serde_json::{Map, Value};

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::read::{Reader, Spanned, nearest};
use crate::config::shape::{self, Kind as Takes, TYPES};
use crate::config::syntax::Kind as NodeKind;
use crate::config::syntax::{Entry, Node, scalar};
use crate::model::Kind;

use super::json;
use super::pattern;

/// A schema that is being read.
pub struct Schema<'a> {
    reader: &'a Reader<'a>,
    /// Of the values that the schema describes.
    kind: Kind,
    map: Map<String, Value>,
}

impl<'a> Schema<'a> {
    pub fn of(reader: &'a Reader<'a>, node: &Node<'_>) -> Self {
        Self { reader, kind: kind(node), map: Map::with_capacity(node.entries().len()) }
    }

    /// Like `of`, for a node that might be no map.
    pub fn open(reader: &'a Reader<'a>, node: &Node<'_>, key: &str) -> Option<Self> {
        if !matches!(node.kind, NodeKind::Map(_)) {
            reader.wrong_type(node, &format!("`{key}`"), "a schema such as `{ type: string }`");
            return None;
        }
        Some(Self::of(reader, node))
    }

    pub fn insert(&mut self, key: &str, value: Option<Value>) {
        if let Some(value) = value {
            self.map.insert(key.to_owned(), value);
        }
    }

    /// Reads one keyword. `false` if there is none of that name.
    pub fn read(&mut self, entry: &Entry<'_>) -> bool {
        let key = &*entry.key.text;
        let node = &entry.value;
        let value = match key {
            "type" => types(self.reader, node),
            "items" => nested(self.reader, node, key),
            "default" => json::value(self.reader, node, &self.kind),
            "format" => self.reader.text(node, key).map(|text| Value::String(text.value.to_owned())),
            "required" => json::list(self.reader, node, key, &Kind::Text),
            _ => match shape::SCHEMA.find(key) {
                Some(keyword) => self.keyword(&keyword.kind, key, node),
                None => return false,
            },
        };
        self.insert(key, value);
        true
    }

    fn keyword(&self, kind: &Takes, key: &str, node: &Node<'_>) -> Option<Value> {
        let reader = self.reader;
        match kind {
            Takes::Text => reader.text(node, key).map(|text| Value::String(text.value.to_owned())),
            Takes::Pattern => {
                let text = reader.text(node, key)?;
                check_anchors(reader, text);
                Some(Value::String(text.value.to_owned()))
            }
            Takes::Boolean => reader.boolean(node, key).map(Value::Bool),
            Takes::Whole => {
                let count = reader.integer(node, key, 0..=i128::from(u32::MAX))?;
                u32::try_from(count).ok().map(Value::from)
            }
            Takes::Number => number(reader, node, key),
            Takes::Own => json::value(reader, node, &self.kind),
            Takes::OwnList => json::list(reader, node, key, &self.kind),
            Takes::Schema => nested(reader, node, key),
            Takes::Schemas => {
                let schemas = node.entries().iter();
                let schemas = schemas.filter_map(|entry| {
                    Some((entry.key.text.to_string(), nested(reader, &entry.value, key)?))
                });
                Some(Value::Object(schemas.collect()))
            }
            Takes::SchemaList => {
                let items = reader.list(node, key)?;
                Some(Value::Array(items.iter().filter_map(|item| nested(reader, item, key)).collect()))
            }
            _ => json::value(reader, node, &Kind::Any),
        }
    }

    pub fn finish(self) -> Map<String, Value> {
        self.map
    }
}

/// A schema inside of another: a map, or the booleans that JSON Schema knows.
fn nested(reader: &Reader<'_>, node: &Node<'_>, key: &str) -> Option<Value> {
    if let NodeKind::Scalar(scalar) = &node.kind
        && scalar.plain
    {
        if let Some(any) = scalar::core_boolean(&scalar.text) {
            return Some(Value::Bool(any));
        }
        if TYPES.contains(&&*scalar.text) {
            return Some(Value::Object(Map::from_iter([(
                "type".to_owned(),
                Value::String(scalar.text.to_string()),
            )])));
        }
    }
    let mut schema = Schema::open(reader, node, key)?;
    for entry in node.entries() {
        if !schema.read(entry) {
            let message = format!("`{}` is not a keyword of JSON Schema", entry.key.text);
            let problem = Diagnostic::error(Code::UnknownKey, entry.key.span, message);
            reader.problems.add(match nearest(&entry.key.text, shape::SCHEMA.names()) {
                Some(nearest) => problem.help(format!("did you mean `{nearest}`?")),
                None => problem,
            });
        }
    }
    Some(Value::Object(schema.finish()))
}

/// What kind of value a schema names, before the rest of it is read.
fn kind(node: &Node<'_>) -> Kind {
    let of = node.get("type").and_then(Node::as_text);
    let of = of.or_else(|| node.as_text());
    match of {
        Some("string") => Kind::Text,
        Some("integer") => Kind::Integer,
        Some("number") => Kind::Number,
        Some("boolean") => Kind::Boolean,
        Some("object") => Kind::Object,
        Some("array") => Kind::Array(Box::new(node.get("items").map_or(Kind::Any, kind))),
        _ => Kind::Any,
    }
}

/// One type, or a list of them.
fn types(reader: &Reader<'_>, node: &Node<'_>) -> Option<Value> {
    if let NodeKind::List(_) = node.kind {
        let names = reader.texts(node, "type")?;
        let names = names.into_iter().filter(|name| name.value == "null" || is_type(reader, *name));
        return Some(Value::Array(names.map(|name| Value::String(name.value.to_owned())).collect()));
    }
    let name = reader.text(node, "type")?;
    is_type(reader, name).then(|| Value::String(name.value.to_owned()))
}

/// Whether a text names a type; what does not has been reported.
pub fn is_type(reader: &Reader<'_>, name: Spanned<&str>) -> bool {
    if TYPES.contains(&name.value) {
        return true;
    }
    let meant = match name.value {
        "str" | "text" | "path" | "file" => Some("string"),
        "int" | "long" => Some("integer"),
        "float" | "double" => Some("number"),
        "bool" | "flag" => Some("boolean"),
        "list" => Some("array"),
        "map" | "dict" => Some("object"),
        other => nearest(other, TYPES.iter().copied()),
    };
    let message = format!("`{}` is not a type; expected `{}`", name.value, TYPES.join("`, `"));
    let problem = Diagnostic::error(Code::BadType, name.span, message);
    reader.problems.add(match meant {
        Some(meant) => problem.help(format!("did you mean `{meant}`?")),
        None => problem,
    });
    false
}

fn number(reader: &Reader<'_>, node: &Node<'_>, key: &str) -> Option<Value> {
    let value = json::value(reader, node, &Kind::Number)?;
    if value.is_number() {
        return Some(value);
    }
    reader.wrong_type(node, &format!("`{key}`"), "a number");
    None
}

fn check_anchors(reader: &Reader<'_>, text: Spanned<&str>) {
    if pattern::is_anchored(text.value) {
        return;
    }
    let message = "this pattern is not anchored: it accepts any value that has a fitting part";
    let problem = Diagnostic::warning(Code::Unanchored, text.span, message);
    reader.problems.add(problem.help(anchored(text.value)));
}

/// What the pattern may have meant.
fn anchored(pattern: &str) -> String {
    let core = pattern.trim_start_matches('^').trim_end_matches('$');
    let core = if core.contains('|') { format!("({core})") } else { core.to_owned() };
    let whole = format!("write `^{core}$` to describe the whole value");
    // One character, or one of a few, is hardly the whole value.
    let is_one = core.len() == 1 || (core.starts_with('[') && core.find(']') == Some(core.len() - 1));
    match (pattern.starts_with('^'), pattern.ends_with('$')) {
        (true, true) => whole,
        (true, false) if is_one => format!("write `^{core}.*$`, where anything may follow"),
        (false, true) if is_one => format!("write `^.*{core}$`, where anything may stand before"),
        (true, false) => format!("{whole}, or `^{core}.*$` if anything may follow"),
        (false, true) => format!("{whole}, or `^.*{core}$` if anything may stand before"),
        (false, false) if is_one => format!("write `^{core}+$` to describe the whole value"),
        (false, false) => whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_proposed_for_a_pattern_keeps_what_was_meant() {
        for (pattern, proposed) in [
            ("[a-z]+", "write `^[a-z]+$` to describe the whole value"),
            ("[a-z]", "write `^[a-z]+$` to describe the whole value"),
            ("^[^-]", "write `^[^-].*$`, where anything may follow"),
            ("^a|b$", "write `^(a|b)$` to describe the whole value"),
            ("^ab", "write `^ab$` to describe the whole value, or `^ab.*$` if anything may follow"),
        ] {
            assert_eq!(anchored(pattern), proposed, "{pattern}");
        }
    }
}

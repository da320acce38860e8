//! `params`: JSON Schema with a few keys of our own, which no client sees.

use serde_json::{Map, Value};

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::read::{Field, Spanned, nearest};
use crate::config::shape::{self, Shape};
use crate::config::source::Span;
use crate::config::syntax::Kind as NodeKind;
use crate::config::syntax::{Entry, Node};
use crate::model::{Kind, Param, ParamName, Presence};

use super::json;
use super::param_rule::{OwnKeys, check_ask, rule};
use super::place::Place;
use super::schema::{Schema, is_type};

/// The parameters of a command, and where each stands.
#[derive(Default)]
pub struct LoweredParams {
    pub list: Vec<Param>,
    /// Every declared name, whether its parameter could be made or not.
    places: Vec<(String, Span)>,
}

impl LoweredParams {
    pub fn read(place: &Place<'_>, field: Option<Field<'_>>) -> Self {
        let Some(field) = field else { return Self::default() };
        if !matches!(field.node.kind, NodeKind::Map(_)) {
            let example = "a map such as `{ name: { type: string } }`";
            place.reader.wrong_type(field.node, "`params`", example);
        }
        let entries = field.node.entries();
        // Not collected: that would make room for four of them at once.
        let mut list = Vec::with_capacity(entries.len());
        list.extend(entries.iter().filter_map(|entry| param(place, entry)));
        Self {
            list,
            places: entries.iter().map(|entry| (entry.key.text.to_string(), entry.key.span)).collect(),
        }
    }

    pub fn find(&self, name: &str) -> Option<&Param> {
        self.list.iter().find(|param| param.name.as_str() == name)
    }

    pub fn is_declared(&self, name: &str) -> bool {
        self.places.iter().any(|(declared, _)| declared == name)
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.places.iter().map(|(name, _)| name.as_str())
    }

    pub fn places(&self) -> impl Iterator<Item = (&str, Span)> {
        self.places.iter().map(|(name, span)| (name.as_str(), *span))
    }
}

fn param(place: &Place<'_>, entry: &Entry<'_>) -> Option<Param> {
    let name = entry.key.text.parse::<ParamName>();
    if let Err(error) = &name {
        let problem = Diagnostic::error(Code::BadName, entry.key.span, error.to_string());
        place.reader.problems.add(problem.label("the name of a parameter"));
    }
    let (schema, own) = match &entry.value.kind {
        NodeKind::Scalar(_) => (shorthand(place, &entry.value)?, OwnKeys::default()),
        NodeKind::Map(_) => read_map(place, &entry.value),
        _ => {
            let what = format!("the parameter `{}`", entry.key.text);
            place.reader.wrong_type(&entry.value, &what, "a type or a map such as `{ type: string }`");
            return None;
        }
    };
    let name = name.ok()?;
    let kind = Kind::of(&schema);
    if entry.value.get("items").is_none() {
        check_items(place, &schema, &name, entry.key.span);
    }
    let rule = rule(place, &own, &kind, &schema);
    let presence = presence(place, &own, &name, &kind);
    check_ask(place, &own, &presence, &kind);
    let mut schema = schema;
    if let Presence::Default(default) = &presence {
        schema.insert("default".to_owned(), default.clone());
    }
    Some(Param { name, schema, kind, presence, rule })
}

/// `title: string`.
fn shorthand(place: &Place<'_>, node: &Node<'_>) -> Option<Map<String, Value>> {
    let written = Spanned { value: node.as_text()?, span: node.span };
    if !is_type(place.reader, written) {
        return None;
    }
    Some(Map::from_iter([("type".to_owned(), Value::String(written.value.to_owned()))]))
}

fn read_map<'n>(place: &Place<'_>, node: &'n Node<'n>) -> (Map<String, Value>, OwnKeys<'n>) {
    let reader = place.reader;
    let mut own = OwnKeys::default();
    let mut schema = Schema::of(reader, node);
    for entry in node.entries() {
        let value = &entry.value;
        match &*entry.key.text {
            "optional" => own.optional = reader.boolean(value, "optional").unwrap_or_default(),
            "sensitive" => own.sensitive = reader.boolean(value, "sensitive").unwrap_or_default(),
            "ask" if reader.boolean(value, "ask") == Some(true) => own.ask = Some(entry.key.span),
            "ask" => {}
            "allow_dash" => {
                let allowed = reader.boolean(value, "allow_dash");
                own.allow_dash = allowed.map(|value| Spanned { value, span: entry.key.span });
            }
            "within" => own.within = reader.text(value, "within"),
            "format" if value.as_text() == Some("path") => own.is_path = Some(entry.key.span),
            "default" => own.default = Some(value),
            "items" => {
                let inner = item_path(place, value, &mut own);
                schema.insert("items", inner);
            }
            "required" => reader.problems.add(
                Diagnostic::error(Code::UnknownKey, entry.key.span, "`required` is not a key of a parameter")
                    .help("a parameter is required unless it has a `default` or `optional: true`"),
            ),
            key if shape::PARAM.is_later(key) => reader.not_supported(entry.key.span, &format!("`{key}`")),
            key if !schema.read(entry) => reader.problems.add(unknown(&shape::PARAM, key, entry.key.span)),
            _ => {}
        }
    }
    (schema.finish(), own)
}

/// The schema of an array's items, which may be paths.
fn item_path<'n>(place: &Place<'_>, node: &'n Node<'n>, own: &mut OwnKeys<'n>) -> Option<Value> {
    let reader = place.reader;
    if let NodeKind::Scalar(_) = node.kind {
        return shorthand(place, node).map(Value::Object);
    }
    let mut schema = Schema::open(reader, node, "items")?;
    for entry in node.entries() {
        match &*entry.key.text {
            "format" if entry.value.as_text() == Some("path") => own.is_path = Some(entry.key.span),
            "within" => own.within = reader.text(&entry.value, "within"),
            key if !schema.read(entry) => reader.problems.add(unknown(&shape::ITEM, key, entry.key.span)),
            _ => {}
        }
    }
    Some(Value::Object(schema.finish()))
}

fn unknown(shape: &Shape, key: &str, span: Span) -> Diagnostic {
    let problem = Diagnostic::error(Code::UnknownKey, span, format!("`{key}` is not a key of a parameter"));
    match nearest(key, shape.names()) {
        Some(nearest) => problem.help(format!("did you mean `{nearest}`?")),
        None => problem
            .help("expected a keyword of JSON Schema, or `optional`, `within`, `allow_dash`, `sensitive`"),
    }
}

fn check_items(place: &Place<'_>, schema: &Map<String, Value>, name: &ParamName, span: Span) {
    let is_array = schema.get("type").and_then(Value::as_str) == Some("array");
    if is_array && !schema.contains_key("prefixItems") {
        let message = format!("the array `{name}` does not say what it holds; clients refuse such a tool");
        let problem = Diagnostic::error(Code::NoItems, span, message);
        place
            .reader
            .problems
            .add(problem.help(format!("`{name}: {{ type: array, items: {{ type: string }} }}`")));
    }
}

fn presence(place: &Place<'_>, own: &OwnKeys<'_>, name: &ParamName, kind: &Kind) -> Presence {
    let Some(node) = own.default else {
        return if own.optional { Presence::Optional } else { Presence::Required };
    };
    let Some(value) = json::value(place.reader, node, kind) else { return Presence::Optional };
    if !fits(kind, &value) {
        let message = format!(
            "the default of `{name}` has to be {}; found {}",
            describe_kind(kind),
            json::describe(&value)
        );
        let problem = Diagnostic::error(Code::BadDefault, node.span, message);
        place.reader.problems.add(match value {
            Value::Null => problem.help("write `optional: true` for a parameter that may be absent"),
            _ => problem,
        });
        return Presence::Optional;
    }
    Presence::Default(value)
}

pub(super) fn fits(kind: &Kind, value: &Value) -> bool {
    match kind {
        Kind::Text => value.is_string(),
        Kind::Integer => value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|n| n.fract() == 0.0),
        Kind::Number => value.is_number(),
        Kind::Boolean => value.is_boolean(),
        Kind::Object => value.is_object(),
        Kind::Array(of) => value.as_array().is_some_and(|items| items.iter().all(|item| fits(of, item))),
        Kind::Any => true,
    }
}

pub(super) fn describe_kind(kind: &Kind) -> &'static str {
    match kind {
        Kind::Text => "text",
        Kind::Integer => "a whole number",
        Kind::Number => "a number",
        Kind::Boolean => "`true` or `false`",
        Kind::Object => "a map",
        Kind::Array(of) => match **of {
            Kind::Text => "a list of texts",
            Kind::Integer => "a list of whole numbers",
            Kind::Number => "a list of numbers",
            _ => "a list",
        },
        Kind::Any => "anything",
    }
}

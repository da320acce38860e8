//! What a key takes → the schema of its value.
//!
//! Alternatives are told apart with `if`, never with `anyOf`: both editors and `jsonschema` then
//! say what is wrong with the value instead of that no alternative fits.

use serde_json::{Map, Value, json};

use crate::config::shape::{CONDITION, ITEM, Key, Kind, LITERAL, Names, PARAM, SCHEMA, Shape, TYPES};

use super::instance::value_of;
use super::scalar::{names, scalar};
use super::{Definitions, Extent, with};

impl Definitions<'_> {
    /// The schema of a key's value, with what a person is told.
    pub(super) fn key(&mut self, key: &'static Key) -> Value {
        if matches!(self.extent, Extent::Rules(_)) {
            return Value::Object(self.kind(&key.kind, key.expands));
        }
        let mut schema = told(key);
        schema.extend(self.kind(&key.kind, key.expands));
        if let Some(default) = key.default {
            schema.insert("default".to_owned(), value_of(default));
        }
        if !key.examples.is_empty() {
            let examples: Vec<Value> = key.examples.iter().map(|example| value_of(example)).collect();
            schema.insert("examples".to_owned(), json!(examples));
        }
        Value::Object(schema)
    }

    fn kind(&mut self, kind: &'static Kind, expands: bool) -> Map<String, Value> {
        let schema = match kind {
            // Without any code that is success every call would be an error.
            Kind::ListOf(of @ Kind::ExitCode) => {
                json!({ "type": "array", "items": self.kind(of, expands), "minItems": 1 })
            }
            Kind::ListOf(of) => json!({ "type": "array", "items": self.kind(of, expands) }),
            Kind::MapOf(chosen @ Names::ExitCode, of) => json!({
                "type": "object",
                "propertyNames": names(*chosen),
                "additionalProperties": self.kind(of, expands),
                "minProperties": 1,
            }),
            Kind::MapOf(chosen, of) => json!({
                "type": "object",
                "propertyNames": names(*chosen),
                "additionalProperties": self.kind(of, expands),
            }),
            Kind::Either(kinds) => self.either(kinds, expands),
            Kind::OrWord(word, of) => {
                json!({ "if": { "const": word }, "then": {}, "else": self.kind(of, expands) })
            }
            Kind::Group(shape) => return self.refer_to(shape),
            Kind::Argument => return self.refer("argument", Self::argument),
            Kind::Parameter => return self.refer_to(&PARAM),
            Kind::Item => return self.refer_to(&ITEM),
            Kind::Schema => return self.refer_to(&SCHEMA),
            Kind::Schemas => json!({ "type": "object", "additionalProperties": self.refer_to(&SCHEMA) }),
            Kind::SchemaList => json!({ "type": "array", "items": self.refer_to(&SCHEMA) }),
            one => scalar(one, expands),
        };
        into_map(schema)
    }

    /// What is neither a list nor a map is the single value; without one the first comes last.
    fn either(&mut self, kinds: &'static [Kind], expands: bool) -> Value {
        let single = kinds.iter().position(|kind| json_type(kind).is_none()).unwrap_or_default();
        let mut schema = kinds.get(single).map(|kind| self.kind(kind, expands)).unwrap_or_default();
        for (_, kind) in kinds.iter().enumerate().filter(|(at, _)| *at != single) {
            let (json_type, then) = (json_type(kind), self.kind(kind, expands));
            schema = into_map(json!({ "if": { "type": json_type }, "then": then, "else": schema }));
        }
        Value::Object(schema)
    }

    /// An element of `args`.
    fn argument(&mut self) -> Value {
        let properties = self.properties(LITERAL.built().chain(CONDITION.built()));
        let itself = json!({ "$ref": "#/$defs/argument" });
        json!({
            "description": "A word, which may hold `{{name}}` of a parameter; `{ if: PARAMETER, args: […] }`, whose words are there if a boolean parameter is true; `{ literal: TEXT }`, a word that is passed as it stands; or a list of words that vanishes as a whole if a parameter in it is absent.",
            "type": ["string", "number", "boolean", "array", "object"],
            "items": itself,
            "minItems": 1,
            "properties": properties,
            "additionalProperties": false,
            "if": { "required": ["literal"] },
            "then": { "maxProperties": 1 },
            "else": { "required": CONDITION.built().map(|key| key.name).collect::<Vec<_>>() },
        })
    }
}

/// Of a value that is not single.
fn json_type(kind: &Kind) -> Option<&'static str> {
    match kind {
        Kind::ListOf(_) => Some("array"),
        Kind::MapOf(..) | Kind::Group(_) => Some("object"),
        _ => None,
    }
}

/// What a person reads. Editors that know `markdownDescription` take it for the better text.
fn told(key: &Key) -> Map<String, Value> {
    let default = key.default.map(|yaml| format!("`{yaml}`")).or_else(|| key.otherwise.map(str::to_owned));
    let text = match default {
        Some(default) => format!("{}\n\nDefault: {default}", key.description),
        None => key.description.to_owned(),
    };
    Map::from_iter([
        ("title".to_owned(), json!(key.name)),
        ("description".to_owned(), json!(key.description.replace('`', ""))),
        ("markdownDescription".to_owned(), json!(text)),
    ])
}

/// A parameter or a schema: a map, or just the name of a type.
pub(super) fn or_type(shape: &Shape, object: Value) -> Value {
    let allows_boolean = shape.name == SCHEMA.name;
    let kinds =
        if allows_boolean { json!(["object", "string", "boolean"]) } else { json!(["object", "string"]) };
    with(
        object,
        json!({
            "type": kinds,
            "pattern": format!("^({})$", TYPES.join("|")),
            "examples": ["string", "integer", "boolean"],
            "patternErrorMessage": format!("Expected a type ({}), or a map such as {{ type: string }}.", TYPES.join(", ")),
        }),
    )
}

fn into_map(schema: Value) -> Map<String, Value> {
    match schema {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

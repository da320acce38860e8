//! What a key takes → the schema of its value.
//!
//! Alternatives are told apart with `if`, never with `anyOf`: both editors and `jsonschema` then
//! say what is wrong with the value instead of that no alternative fits.

use serde_json::{Map, Value, json};

use crate::config::shape::{CONDITION, ITEM, Key, Kind, LITERAL, Names, PARAM, SCHEMA, Shape, TYPES};

use crate::model::RESERVED;

use super::instance::value_of;
use super::{Definitions, with};

const IDENTIFIER: &str = "^[A-Za-z_][A-Za-z0-9_]*$";
const DURATION: &str = "^(0|(([0-9]+(\\.[0-9]*)?|\\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$";
const NO_DURATION: &str = "Expected a number with a unit, such as 30s, 1m30s or 500ms.";
const SIZE: &str = "^([0-9]+(\\.[0-9]*)?|\\.[0-9]+)[ \\t]*([bB]|[kKmMgGtT]([iI]?[bB]?))?$";
const CORES: &str = "^\\+?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([eE][-+]?[0-9]+)?$";
/// Decimal, or in another base, where the reader knows whether it is too large.
const EXIT_CODE: &str = "^(\\+?0*([0-9]{1,2}|1[0-9]{2}|2[0-4][0-9]|25[0-5])|0[xo].*)$";
const NO_EXIT_CODE: &str = "Expected an exit code from 0 to 255.";

impl Definitions {
    /// The schema of a key's value, with all that a person is told.
    pub(super) fn key(&mut self, key: &'static Key) -> Value {
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
            Kind::ListOf(of) => json!({ "type": "array", "items": self.kind(of, expands) }),
            Kind::MapOf(names, of) => json!({
                "type": "object",
                "propertyNames": self::names(*names),
                "additionalProperties": self.kind(of, expands),
            }),
            Kind::OrListOf(one, of) => json!({
                "if": { "type": "array" },
                "then": { "items": self.kind(of, expands) },
                "else": self.kind(one, expands),
            }),
            Kind::Group(shape) => return self.refer_to(shape),
            Kind::Argument => return self.refer("argument", Self::argument),
            Kind::Parameter => return self.refer_to(&PARAM),
            Kind::Item => return self.refer_to(&ITEM),
            Kind::Schema => return self.refer_to(&SCHEMA),
            Kind::Schemas => json!({ "type": "object", "additionalProperties": self.refer_to(&SCHEMA) }),
            Kind::SchemaList => json!({ "type": "array", "items": self.refer_to(&SCHEMA) }),
            scalar => self::scalar(scalar, expands),
        };
        into_map(schema)
    }

    /// An element of `args`.
    fn argument(&mut self) -> Value {
        let properties: Map<String, Value> = LITERAL
            .built()
            .chain(CONDITION.built())
            .map(|key| (key.name.to_owned(), self.key(key)))
            .collect();
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

fn scalar(kind: &Kind, expands: bool) -> Value {
    match kind {
        Kind::Boolean if expands => json!({ "type": ["boolean", "string"], "pattern": "\\$" }),
        Kind::Boolean => json!({ "type": "boolean" }),
        Kind::Count => whole(1, u32::MAX, expands),
        Kind::Whole => whole(0, u32::MAX, expands),
        Kind::ExitCode => json!({
            "type": ["integer", "string"],
            "minimum": 0,
            "maximum": 255,
            "pattern": EXIT_CODE,
            "patternErrorMessage": NO_EXIT_CODE,
        }),
        Kind::StatusCodes => json!({
            "type": ["integer", "string"],
            "minimum": 100,
            "maximum": 599,
            "pattern": "^ *[1-5][0-9]{2} *(- *[1-5][0-9]{2} *)?$",
            "patternErrorMessage": "Expected a status code from 100 to 599, or a range such as 200-299.",
        }),
        Kind::Number => json!({ "type": "number" }),
        Kind::Duration => json!({
            "if": { "type": "string" },
            "then": { "pattern": or_expanded(DURATION, expands), "patternErrorMessage": NO_DURATION },
            // The only number that needs no unit.
            "else": { "const": 0, "errorMessage": NO_DURATION },
        }),
        Kind::Size => json!({
            "type": ["string", "number"],
            "pattern": or_expanded(SIZE, expands),
            "patternErrorMessage": "Expected a number of bytes, or one with a unit, such as 64KiB, 512MiB or 1GB.",
            "minimum": 1,
        }),
        Kind::Cores => json!({
            "type": ["number", "string"],
            "pattern": CORES,
            "patternErrorMessage": "Expected a number of cores, such as 0.5 or 2.",
            "minimum": 0.001,
            "maximum": 100_000,
        }),
        Kind::Choice(words) => json!({ "enum": words }),
        Kind::Const(yaml) => json!({ "const": value_of(yaml) }),
        Kind::Filled => text_like("\\S", "Expected a text that is not empty."),
        Kind::WarningCode => {
            text_like("^[^eE]", "Expected the code of a warning, such as W0040. Errors cannot be allowed.")
        }
        Kind::ToolName => {
            text_like("^[A-Za-z0-9_-]{1,64}$", "Expected letters, digits, _ and -, at most 64.")
        }
        Kind::VariablePattern => text_like(
            "^[A-Za-z_][A-Za-z0-9_]*\\*?$",
            "Expected the name of a variable, or the beginning of one and *.",
        ),
        Kind::Mime => text_like("^[^/]+/.+$", "Expected a MIME type, such as image/png."),
        Kind::Type => json!({
            "if": { "type": "array" },
            "then": { "items": { "enum": TYPES.iter().chain(&["null"]).collect::<Vec<_>>() } },
            "else": { "enum": TYPES },
        }),
        Kind::FreeSchema => json!({ "type": "object" }),
        Kind::OwnList => json!({ "type": "array" }),
        Kind::Own | Kind::Any => json!({}),
        // A text keeps what was written, so `1.10` and `true` are texts as well.
        _ => json!({ "type": ["string", "number", "boolean"] }),
    }
}

fn whole(least: u32, most: u32, expands: bool) -> Value {
    let number = json!({ "type": "integer", "minimum": least, "maximum": most });
    let expanded = json!({
        "type": ["integer", "string"],
        "pattern": "\\$",
        "patternErrorMessage": "Expected a whole number, or ${VARIABLE}.",
    });
    if expands { with(number, expanded) } else { number }
}

/// Where `${…}` is expanded a text that holds one may become anything.
fn or_expanded(pattern: &str, expands: bool) -> String {
    if expands { format!("{pattern}|\\$") } else { pattern.to_owned() }
}

fn text_like(pattern: &str, message: &str) -> Value {
    json!({ "type": ["string", "number", "boolean"], "pattern": pattern, "patternErrorMessage": message })
}

fn names(names: Names) -> Value {
    let (pattern, message) = match names {
        Names::Parameter | Names::Identifier | Names::Variable => {
            (IDENTIFIER, "Expected letters, digits and _, not a digit first.")
        }
        Names::ExitCode => (EXIT_CODE, NO_EXIT_CODE),
        Names::Free => return json!({}),
    };
    let like = json!({ "pattern": pattern, "patternErrorMessage": message });
    if names == Names::Parameter { with(like, json!({ "not": { "enum": RESERVED } })) } else { like }
}

fn into_map(schema: Value) -> Map<String, Value> {
    match schema {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

//! A schema of OpenAPI → the schema of a parameter: references put in place, what 3.0 writes
//! otherwise than JSON Schema turned into it, and what a parameter cannot carry left out.

use regex::Regex;
use serde_json::{Map, Value, json};

use super::document::Document;

/// Deeper schemas end as their type alone, as do those that hold themselves.
const DEEPEST: usize = 5;

/// A larger schema of one parameter costs a model more than it tells.
const LARGEST: usize = 3000;

/// Keywords that are carried over as they are.
const KEPT: [&str; 17] = [
    "title",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "const",
    "enum",
    "required",
    "description",
];

/// The schema behind a value, without its own description and default.
pub fn parameter_schema(document: &Document<'_>, value: &Value) -> Map<String, Value> {
    let mut schema = converted(document, value);
    if Value::Object(schema.clone()).to_string().len() > LARGEST {
        schema.retain(|key, _| key == "type");
        if schema.get("type") == Some(&json!("array")) {
            schema.insert("items".to_owned(), json!({}));
        }
    }
    for key in ["title", "description", "required"] {
        schema.remove(key);
    }
    schema
}

/// The names that an object needs, which the schema of a parameter has no place for.
pub fn needed(document: &Document<'_>, value: &Value) -> Vec<String> {
    let schema = converted(document, value);
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    required.filter_map(|name| name.as_str().map(str::to_owned)).collect()
}

pub fn converted(document: &Document<'_>, value: &Value) -> Map<String, Value> {
    convert(document, value, &[])
}

/// `above` are the references that led here, or nothing for a schema that is written in place.
fn convert(document: &Document<'_>, value: &Value, above: &[&str]) -> Map<String, Value> {
    let reference = value.get("$ref").and_then(Value::as_str).unwrap_or_default();
    let depth = above.len();
    let is_circle = !reference.is_empty() && above.contains(&reference);
    let value = document.resolved(value);
    if let Some(target) = value.get("$ref").and_then(Value::as_str) {
        document.remark(format!("the schema `{target}` cannot be followed; anything is taken in its place"));
        return Map::new();
    }
    let mut schema = Map::new();
    let Some(written) = merged(document, value, depth) else { return schema };
    if depth > DEEPEST || is_circle {
        schema.extend(type_of(&written).map(|kind| ("type".to_owned(), kind)));
        if schema.get("type") == Some(&json!("array")) {
            schema.insert("items".to_owned(), json!({}));
        }
        return schema;
    }
    schema.extend(type_of(&written).map(|kind| ("type".to_owned(), kind)));
    for key in KEPT {
        let value = written.get(key).filter(|value| !value.is_null());
        schema.extend(value.map(|value| (key.to_owned(), value.clone())));
    }
    keep_choices(&mut schema);
    old_bounds(&mut schema);
    schema.extend(pattern(document, &written).map(|pattern| ("pattern".to_owned(), pattern)));
    let format =
        written.get("format").filter(|format| format.as_str().is_some_and(|format| format != "path"));
    if schema.get("type") == Some(&json!("string")) {
        schema.extend(format.map(|format| ("format".to_owned(), format.clone())));
    }
    let below: Vec<&str> = above.iter().copied().chain([reference]).collect();
    let inner = |value: &Value| Value::Object(convert(document, value, &below));
    if schema.get("type") == Some(&json!("array")) {
        schema.insert("items".to_owned(), written.get("items").map_or_else(|| json!({}), inner));
    }
    if let Some(properties) = written.get("properties").and_then(Value::as_object) {
        let writable = properties.iter().filter(|(_, value)| !is_read_only(document, value));
        let properties: Map<String, Value> =
            writable.map(|(name, value)| (name.clone(), inner(value))).collect();
        schema.insert("properties".to_owned(), Value::Object(properties));
    }
    match written.get("additionalProperties") {
        Some(Value::Bool(any)) => drop(schema.insert("additionalProperties".to_owned(), json!(any))),
        Some(other) => drop(schema.insert("additionalProperties".to_owned(), inner(other))),
        None => {}
    }
    for key in ["oneOf", "anyOf"] {
        if let Some(choices) = written.get(key).and_then(Value::as_array) {
            schema.insert(key.to_owned(), choices.iter().map(inner).collect());
        }
    }
    schema
}

/// All parts of an `allOf` as one.
fn merged(document: &Document<'_>, value: &Value, depth: usize) -> Option<Map<String, Value>> {
    let mut whole = value.as_object()?.clone();
    let parts = whole.remove("allOf");
    for part in parts.iter().filter_map(Value::as_array).flatten() {
        if depth > DEEPEST {
            break;
        }
        let Some(part) = merged(document, document.resolved(part), depth + 1) else { continue };
        for (key, value) in part {
            match (whole.get_mut(&key), value) {
                (Some(Value::Object(have)), Value::Object(more)) => have.extend(more),
                (Some(Value::Array(have)), Value::Array(more)) if key == "required" => have.extend(more),
                (Some(_), _) => {}
                (None, value) => drop(whole.insert(key, value)),
            }
        }
    }
    Some(whole)
}

/// One type: null means the same as absent here, and several are none that we could name.
fn type_of(schema: &Map<String, Value>) -> Option<Value> {
    let named = match schema.get("type") {
        Some(Value::String(kind)) => Some(kind.as_str()),
        Some(Value::Array(kinds)) => {
            let mut kinds = kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null");
            let first = kinds.next();
            if kinds.next().is_some() { return None } else { first }
        }
        _ if schema.contains_key("properties") => Some("object"),
        _ if schema.contains_key("items") => Some("array"),
        _ => None,
    };
    let known = ["string", "integer", "number", "boolean", "array", "object"];
    named.filter(|kind| known.contains(kind)).map(Value::from)
}

/// A null among the choices means the same as absent.
fn keep_choices(schema: &mut Map<String, Value>) {
    if let Some(Value::Array(choices)) = schema.get_mut("enum") {
        choices.retain(|choice| !choice.is_null());
        if choices.is_empty() {
            schema.remove("enum");
        }
    }
}

/// In 3.0 `exclusiveMinimum: true` says something of `minimum`.
fn old_bounds(schema: &mut Map<String, Value>) {
    for (bound, exclusive) in [("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")] {
        match schema.get(exclusive) {
            Some(Value::Bool(true)) => match schema.remove(bound) {
                Some(value) => drop(schema.insert(exclusive.to_owned(), value)),
                None => drop(schema.remove(exclusive)),
            },
            Some(Value::Bool(false)) => drop(schema.remove(exclusive)),
            _ => {}
        }
    }
}

/// A pattern that can be matched in linear time.
fn pattern(document: &Document<'_>, schema: &Map<String, Value>) -> Option<Value> {
    let pattern = schema.get("pattern")?.as_str()?;
    if Regex::new(pattern).is_err() {
        document.remark(format!("the pattern `{pattern}` is left out: it cannot be matched in linear time"));
        return None;
    }
    Some(Value::from(pattern))
}

/// Whether only the server sets it.
pub fn is_read_only(document: &Document<'_>, value: &Value) -> bool {
    let flag = |value: &Value| value.get("readOnly").and_then(Value::as_bool).unwrap_or(false);
    flag(value) || flag(document.resolved(value))
}

/// A default that its own schema takes, as far as its type tells.
pub fn default_of(document: &Document<'_>, value: &Value, schema: &Map<String, Value>) -> Option<Value> {
    let value = document.resolved(value);
    let default = value.get("default").filter(|default| !default.is_null())?;
    let fits = match schema.get("type").and_then(Value::as_str) {
        Some("string") => default.is_string(),
        Some("integer") => default.is_i64() || default.is_u64(),
        Some("number") => default.is_number(),
        Some("boolean") => default.is_boolean(),
        Some("array") => default.is_array(),
        Some("object") => default.is_object(),
        _ => true,
    };
    let is_choice =
        schema.get("enum").and_then(Value::as_array).is_none_or(|choices| choices.contains(default));
    (fits && is_choice).then(|| default.clone())
}

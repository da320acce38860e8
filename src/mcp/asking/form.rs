//! Forms for the person at a client, and what they say to one.

use serde_json::{Map, Value, json};

use crate::model::{Kind, Params, Presence};

use super::Answers;

/// What of a parameter's schema a form may have, by its type.
const OF_TEXT: [&str; 6] = ["title", "description", "minLength", "maxLength", "format", "default"];
const OF_NUMBER: [&str; 5] = ["title", "description", "minimum", "maximum", "default"];
const OF_BOOLEAN: [&str; 3] = ["title", "description", "default"];
/// Formats of texts that clients know.
const FORMATS: [&str; 4] = ["email", "uri", "date", "date-time"];

/// The fields of a form for what a call lacks and a person can be asked for.
pub(super) fn fields(params: &Params, given: &Map<String, Value>) -> Map<String, Value> {
    let is_lacking = |name: &str| given.get(name).is_none_or(Value::is_null);
    params
        .iter()
        .filter(|param| param.rule.ask && param.presence == Presence::Required)
        .filter(|param| is_lacking(param.name.as_str()))
        .map(|param| (param.name.to_string(), Value::Object(field(&param.schema, &param.kind))))
        .collect()
}

fn field(schema: &Map<String, Value>, kind: &Kind) -> Map<String, Value> {
    let (name, kept): (&str, &[&str]) = match kind {
        Kind::Integer => ("integer", &OF_NUMBER),
        Kind::Number => ("number", &OF_NUMBER),
        Kind::Boolean => ("boolean", &OF_BOOLEAN),
        _ => ("string", &OF_TEXT),
    };
    let mut field = Map::from_iter([("type".to_owned(), json!(name))]);
    for key in kept {
        let value = schema.get(*key).filter(|value| {
            *key != "format" || value.as_str().is_some_and(|format| FORMATS.contains(&format))
        });
        field.extend(value.map(|value| ((*key).to_owned(), value.clone())));
    }
    let choices = schema.get("enum").and_then(Value::as_array);
    if let Some(choices) = choices.filter(|choices| name == "string" && choices.iter().all(Value::is_string))
    {
        // A choice has no length and no format.
        field.retain(|key, _| matches!(key.as_str(), "type" | "title" | "description" | "default"));
        field.insert("enum".to_owned(), json!(choices));
    }
    field
}

/// A question that shows a text and these fields, all of which have to be filled in.
pub(super) fn question(message: &str, fields: &Map<String, Value>) -> Value {
    let mut schema = Map::from_iter([
        ("type".to_owned(), json!("object")),
        ("properties".to_owned(), Value::Object(fields.clone())),
    ]);
    if !fields.is_empty() {
        schema.insert("required".to_owned(), fields.keys().cloned().collect());
    }
    json!({
        "method": "elicitation/create",
        "params": { "message": message, "requestedSchema": schema },
    })
}

/// What a person says to a form.
#[derive(Debug, PartialEq)]
pub(super) enum Said {
    Accepted(Map<String, Value>),
    /// In words that follow "the call is refused:".
    Declined(&'static str),
}

/// Everything but a plain yes is none.
pub(super) fn said(answers: &Answers, name: &str) -> Said {
    let answer = answers.get(name);
    let content = answer.and_then(|answer| answer.get("content")).and_then(Value::as_object);
    match answer.and_then(|answer| answer.get("action")).and_then(Value::as_str) {
        Some("accept") => Said::Accepted(content.cloned().unwrap_or_default()),
        Some("decline") => Said::Declined("the person declined"),
        Some("cancel") => Said::Declined("the person did not decide"),
        _ => Said::Declined("the client answered with neither `accept` nor `decline`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_has_what_clients_know_of_a_schema() {
        let of = |schema: Value| {
            let Value::Object(schema) = schema else { panic!() };
            Value::Object(field(&schema, &Kind::of(&schema)))
        };
        for (schema, expected) in [
            (
                json!({ "type": "string", "description": "d", "pattern": "^a$", "format": "path", "maxLength": 9 }),
                json!({ "type": "string", "description": "d", "maxLength": 9 }),
            ),
            (
                json!({ "type": "string", "enum": ["a", "b"], "minLength": 1 }),
                json!({ "type": "string", "enum": ["a", "b"] }),
            ),
            (json!({ "type": "string", "format": "email" }), json!({ "type": "string", "format": "email" })),
            (
                json!({ "type": "integer", "minimum": 1, "multipleOf": 2 }),
                json!({ "type": "integer", "minimum": 1 }),
            ),
            (json!({ "type": "boolean", "title": "T" }), json!({ "type": "boolean", "title": "T" })),
        ] {
            assert_eq!(of(schema.clone()), expected, "{schema}");
        }
    }

    #[test]
    fn only_a_plain_yes_is_one() {
        let of = |answer: Value| said(&Answers::from_iter([("a".to_owned(), answer)]), "a");
        assert_eq!(of(json!({ "action": "accept" })), Said::Accepted(Map::new()));
        let content = Map::from_iter([("x".to_owned(), json!(1))]);
        assert_eq!(of(json!({ "action": "accept", "content": { "x": 1 } })), Said::Accepted(content));
        for answer in [
            json!({ "action": "decline" }),
            json!({ "action": "cancel" }),
            json!({ "action": "ACCEPT" }),
            json!({ "action": true }),
            json!({}),
        ] {
            assert!(matches!(of(answer.clone()), Said::Declined(_)), "{answer}");
        }
        assert!(matches!(said(&Answers::new(), "a"), Said::Declined(_)));
    }
}

//! `input_schema`: one JSON Schema of all that a caller may say. Clients are shown it as it stands.

use serde_json::{Map, Value};

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::read::Field;
use crate::config::source::Span;
use crate::config::syntax::{Kind as NodeKind, Node};
use crate::model::{Kind, Param, ParamName, ParamRule, Params, Presence};

use super::json;
use super::param::LoweredParams;
use super::param_rule::max_bytes;
use super::place::Place;

pub fn read(place: &Place<'_>, field: Field<'_>, params: Option<Field<'_>>) -> LoweredParams {
    let problems = &place.reader.problems;
    if let Some(params) = params {
        let message = "a command has either `params` or `input_schema`; found both";
        let problem = Diagnostic::error(Code::BadInputSchema, field.key_span, message);
        problems.add(problem.other(params.key_span, "`params` is here"));
    }
    if !matches!(field.node.kind, NodeKind::Map(_)) {
        place.reader.wrong_type(field.node, "`input_schema`", "a schema such as `{ type: object }`");
        return LoweredParams::default();
    }
    let schema = json::object(place.reader, field.node);
    if schema.get("type").and_then(Value::as_str) != Some("object") {
        let span = field.node.get("type").map_or(field.key_span, |node| node.span);
        let message = "`input_schema` describes a map: it has to say `type: object`";
        problems.add(Diagnostic::error(Code::BadInputSchema, span, message));
    } else if let Err(problem) = Params::given(Vec::new(), schema.clone()).validator() {
        let problem = Diagnostic::error(Code::BadInputSchema, field.key_span, problem.to_string());
        problems
            .add(problem.help("it has to be JSON Schema 2020-12 that refers to nothing outside of itself"));
    }
    let entries = field.node.get("properties").map(Node::entries).unwrap_or_default();
    let places = entries.iter().map(|entry| (entry.key.text.to_string(), entry.key.span)).collect();
    let list = entries.iter().filter_map(|entry| param(place, &schema, &entry.key.text, entry.key.span));
    LoweredParams::given(list.collect(), places, schema)
}

fn param(place: &Place<'_>, whole: &Map<String, Value>, name: &str, span: Span) -> Option<Param> {
    let schema = match whole.get("properties")?.get(name)? {
        Value::Object(schema) => schema.clone(),
        Value::Bool(true) => Map::new(),
        _ => return None,
    };
    let parsed = name.parse::<ParamName>().map_err(|error| {
        let problem = Diagnostic::error(Code::BadName, span, error.to_string());
        place.reader.problems.add(problem.label("the name of a parameter"));
    });
    let required = whole.get("required").and_then(Value::as_array);
    let is_required = required.is_some_and(|required| required.iter().any(|word| word == name));
    let presence = match schema.get("default") {
        _ if is_required => Presence::Required,
        Some(default) => Presence::Default(default.clone()),
        None => Presence::Optional,
    };
    let rule = ParamRule { max_bytes: max_bytes(&schema), ..ParamRule::default() };
    Some(Param { name: parsed.ok()?, kind: Kind::of(&schema), schema, presence, rule })
}

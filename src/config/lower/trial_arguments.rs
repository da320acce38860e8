//! `with` of a test: values of the parameters' own kinds, and whether the command takes them.

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind;
use serde_json::{Map, Value};

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::native::Test;
use crate::config::read::{Field, Reader, nearest};
use crate::config::source::Span;
use crate::config::syntax::Kind as NodeKind;
use crate::model::{Kind, Params, Tool};

use super::json;

/// The arguments of a call, each read as its parameter wants it. `null` is absent.
pub fn arguments(reader: &Reader<'_>, tool: &Tool, with: Option<Field<'_>>) -> Map<String, Value> {
    let Some(field) = with else { return Map::new() };
    if !matches!(field.node.kind, NodeKind::Map(_)) {
        reader.wrong_type(field.node, "`with`", "a map of parameters and values");
    }
    let entries = field.node.entries().iter().filter_map(|entry| {
        let kind = tool.params.find(&entry.key.text).map_or(&Kind::Any, |param| &param.kind);
        let value = json::value(reader, &entry.value, kind).filter(|value| !value.is_null())?;
        Some((entry.key.text.to_string(), value))
    });
    entries.collect()
}

/// Reports arguments that the command would refuse.
pub fn check_arguments(reader: &Reader<'_>, tool: &Tool, test: &Test<'_>, with: &Map<String, Value>) {
    let Ok(validator) = tool.params.validator() else { return };
    let value = Value::Object(with.clone());
    let is_map = test.with.is_none_or(|field| matches!(field.node.kind, NodeKind::Map(_)));
    if !is_map || validator.is_valid(&value) {
        return;
    }
    // A misspelt parameter is missing too; it is told once.
    let is_misspelt = with.keys().any(|name| tool.params.find(name).is_none());
    let is_told = |error: &ValidationError<'_>| {
        is_misspelt && matches!(error.kind(), ValidationErrorKind::Required { .. })
    };
    for error in validator.iter_errors(&value).filter(|error| !is_told(error)) {
        for (span, message, help) in problems(&tool.params, test, &error) {
            let problem = Diagnostic::error(Code::TestArguments, span, message);
            let problem = match help {
                Some(help) => problem.help(help),
                None => problem,
            };
            reader.problems.add(problem.help("a test of the refusal says `expect: { invalid: true }`"));
        }
    }
}

type Problem = (Span, String, Option<String>);

fn problems(params: &Params, test: &Test<'_>, error: &ValidationError<'_>) -> Vec<Problem> {
    let place = error.instance_path().to_string();
    let name = place.trim_start_matches('/').split('/').next().unwrap_or_default().to_owned();
    let whole = test.with.map_or(test.span, |field| field.key_span);
    match error.kind() {
        ValidationErrorKind::Required { property } if place.is_empty() => {
            let name = property.as_str().unwrap_or_default();
            vec![(whole, format!("this test says nothing of `{name}`, which is required"), None)]
        }
        ValidationErrorKind::AdditionalProperties { unexpected } if place.is_empty() => {
            unexpected.iter().map(|name| unknown(params, test, name)).collect()
        }
        _ => {
            let is_sensitive = params.find(&name).is_some_and(|param| param.rule.sensitive);
            let reason = if is_sensitive { error.masked().to_string() } else { error.to_string() };
            vec![(value_span(test, &name).unwrap_or(whole), format!("`{name}` does not fit: {reason}"), None)]
        }
    }
}

fn unknown(params: &Params, test: &Test<'_>, name: &str) -> Problem {
    let entries = test.with.map(|field| field.node.entries()).unwrap_or_default();
    let span = entries.iter().find(|entry| entry.key.text == name).map_or(test.span, |entry| entry.key.span);
    let known: Vec<&str> = params.iter().map(|param| param.name.as_str()).collect();
    let help = match nearest(name, known.iter().copied()) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None if known.is_empty() => "this command has no parameters".to_owned(),
        None => format!("expected `{}`", known.join("`, `")),
    };
    (span, format!("`{name}` is no parameter of this command"), Some(help))
}

fn value_span(test: &Test<'_>, name: &str) -> Option<Span> {
    let entries = test.with?.node.entries();
    entries.iter().find(|entry| entry.key.text == name).map(|entry| entry.value.span)
}

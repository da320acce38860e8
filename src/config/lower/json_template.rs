//! Nodes → JSON with holes: arguments of other commands, and lists of items.
//!
//! What turns out to have no hole is a plain value.

use serde_json::{Map, Value};

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::read::Spanned;
use crate::config::source::Span;
use crate::config::syntax::{Kind as NodeKind, Node, Scalar};
use crate::model::{JsonTemplate, Kind, Reference, Template};

use super::json;
use super::scope::{Scope, Spot};
use super::vars::Var;

/// `None` if it cannot be made; that has been reported.
pub fn read(scope: &Scope<'_>, node: &Node<'_>, wanted: &Kind) -> Option<JsonTemplate> {
    match &node.kind {
        NodeKind::Scalar(scalar) if scalar.text.contains("{{") => hole(scope, node.span, scalar, wanted),
        NodeKind::List(items) => {
            let of = if let Kind::Array(of) = wanted { of } else { &Kind::Any };
            let items: Vec<Option<JsonTemplate>> = items.iter().map(|item| read(scope, item, of)).collect();
            Some(list(items.into_iter().collect::<Option<Vec<_>>>()?))
        }
        NodeKind::Map(entries) => {
            let entries = entries.iter().map(|entry| {
                refuse_key(scope, &entry.key.text, entry.key.span);
                Some((entry.key.text.to_string(), read(scope, &entry.value, &Kind::Any)?))
            });
            let entries: Vec<Option<(String, JsonTemplate)>> = entries.collect();
            Some(map(entries.into_iter().collect::<Option<Vec<_>>>()?))
        }
        NodeKind::Scalar(_) | NodeKind::Null | NodeKind::Broken => {
            json::value(scope.place.reader, node, wanted).map(JsonTemplate::Value)
        }
    }
}

fn hole(scope: &Scope<'_>, span: Span, scalar: &Scalar<'_>, wanted: &Kind) -> Option<JsonTemplate> {
    if let Some(value) = whole_var(scope, &scalar.text, wanted) {
        return Some(JsonTemplate::Value(value));
    }
    let template = scope.template(Spanned { value: &*scalar.text, span }, Spot::Argument, false)?;
    Some(match template.as_literal() {
        Some(text) => JsonTemplate::Value(Value::String(text.to_owned())),
        None => JsonTemplate::Text(template),
    })
}

/// The value of a variable of the file that stands there alone.
fn whole_var(scope: &Scope<'_>, text: &str, wanted: &Kind) -> Option<Value> {
    let template = Template::parse(text).ok()?;
    let Some(Reference::Var(name)) = template.whole() else { return None };
    match scope.place.vars.get(name)? {
        Var::Text { text, .. } if *wanted == Kind::Text => Some(Value::String(text.clone())),
        Var::Text { json, .. } | Var::List { json, .. } => Some(json.clone()),
        Var::Unset(_) => None,
    }
}

fn list(items: Vec<JsonTemplate>) -> JsonTemplate {
    if !items.iter().all(is_value) {
        return JsonTemplate::List(items);
    }
    JsonTemplate::Value(Value::Array(items.into_iter().filter_map(into_value).collect()))
}

fn map(entries: Vec<(String, JsonTemplate)>) -> JsonTemplate {
    if !entries.iter().all(|(_, value)| is_value(value)) {
        return JsonTemplate::Map(entries);
    }
    let values = entries.into_iter().filter_map(|(key, value)| Some((key, into_value(value)?)));
    JsonTemplate::Value(Value::Object(values.collect::<Map<_, _>>()))
}

fn is_value(template: &JsonTemplate) -> bool {
    matches!(template, JsonTemplate::Value(_))
}

fn into_value(template: JsonTemplate) -> Option<Value> {
    if let JsonTemplate::Value(value) = template { Some(value) } else { None }
}

fn refuse_key(scope: &Scope<'_>, key: &str, span: Span) {
    if key.contains("{{") {
        // What it names is used, if in the wrong place.
        let _ = scope.template(Spanned { value: key, span }, Spot::Argument, false);
        let message = "a key of an argument cannot hold a template: callers fill values";
        let problem = Diagnostic::error(Code::StepArguments, span, message);
        scope.problems.add(problem.help("hand over the whole map as one value: `NAME: \"{{name}}\"`"));
    }
}

//! What is called instead of a command that has failed.

use serde_json::Value;

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::lower::json;
use crate::config::lower::scope::{Scope, Spot};
use crate::config::native::FallbackKeys;
use crate::config::read::Spanned;
use crate::config::syntax::{Entry, Kind as NodeKind, Node};
use crate::model::{Fallback, FallbackWith, JsonTemplate, Kind, ParamName};

/// `None` if it could never be called; that has been reported, or will be when its name is looked for.
pub fn fallback(scope: &Scope<'_>, keys: &FallbackKeys<'_>) -> Option<Fallback> {
    let with = match keys.with {
        None => FallbackWith::Same,
        Some(entries) => {
            FallbackWith::These(entries.iter().filter_map(|entry| argument(scope, entry)).collect())
        }
    };
    Some(Fallback { tool: keys.command.value.parse().ok()?, with })
}

fn argument(scope: &Scope<'_>, entry: &Entry<'_>) -> Option<(ParamName, JsonTemplate)> {
    let value = template(scope, &entry.value);
    match entry.key.text.parse() {
        Ok(name) => Some((name, value?)),
        Err(error) => {
            let problem = Diagnostic::error(Code::BadName, entry.key.span, format!("{error}"));
            scope.problems.add(problem.label("the name of a parameter"));
            None
        }
    }
}

fn template(scope: &Scope<'_>, node: &Node<'_>) -> Option<JsonTemplate> {
    match &node.kind {
        NodeKind::Scalar(scalar) if scalar.text.contains("{{") => {
            let written = Spanned { value: &*scalar.text, span: node.span };
            scope.template(written, Spot::Word, false).map(JsonTemplate::Text)
        }
        NodeKind::List(items) => {
            items.iter().map(|item| template(scope, item)).collect::<Option<_>>().map(JsonTemplate::List)
        }
        NodeKind::Map(entries) => entries
            .iter()
            .map(|entry| Some((entry.key.text.to_string(), template(scope, &entry.value)?)))
            .collect::<Option<_>>()
            .map(JsonTemplate::Map),
        NodeKind::Null => Some(JsonTemplate::Value(Value::Null)),
        NodeKind::Scalar(_) | NodeKind::Broken => {
            json::value(scope.place.reader, node, &Kind::Any).map(JsonTemplate::Value)
        }
    }
}

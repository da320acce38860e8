//! `for_each`: the items that a step runs for.

use std::num::NonZeroUsize;

use serde_json::Value;

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::native::EachKeys;
use crate::config::source::Span;
use crate::model::{ForEach, JsonTemplate, Kind, MOST_ITEMS, Reference, StepPart, Template};

use super::super::scope::Scope;
use super::super::{json, json_template};
use super::sight::Item;

/// The items, and what is known of each. `None` if they are none; that has been reported.
pub fn each(scope: &Scope<'_>, keys: &EachKeys<'_>) -> Option<(ForEach, Item)> {
    let node = keys.items?;
    let items = json_template::read(scope, node, &Kind::Any)?;
    let item = item(scope, &items, node.span)?;
    Some((ForEach { items, concurrency: keys.concurrency.unwrap_or(NonZeroUsize::MIN) }, item))
}

fn item(scope: &Scope<'_>, items: &JsonTemplate, span: Span) -> Option<Item> {
    let count = match items {
        JsonTemplate::Value(Value::Array(items)) => items.len(),
        JsonTemplate::List(items) => items.len(),
        JsonTemplate::Value(other) => return refuse(scope, span, json::describe(other), None),
        JsonTemplate::Map(_) => return refuse(scope, span, "a map", None),
        JsonTemplate::Text(template) => return of_template(scope, template, span),
    };
    if count > MOST_ITEMS {
        let message = format!("a step runs for at most {MOST_ITEMS} items; here are {count}");
        scope.problems.add(Diagnostic::error(Code::BadItems, span, message));
        return None;
    }
    Some(match items {
        JsonTemplate::Value(Value::Array(items)) => Item { kind: kind_of_all(items), is_fixed: true },
        _ => Item { kind: Kind::Any, is_fixed: false },
    })
}

/// What a template can become.
fn of_template(scope: &Scope<'_>, template: &Template, span: Span) -> Option<Item> {
    let open = |kind: Kind| Some(Item { kind, is_fixed: false });
    match template.whole() {
        Some(Reference::Param { name, path }) if path.is_empty() => {
            match scope.params.find(name.as_str()).map(|param| &param.kind) {
                Some(Kind::Array(of)) => open((**of).clone()),
                None | Some(Kind::Any) => open(Kind::Any),
                Some(kind) => refuse(scope, span, super::super::param::describe_kind(kind), None),
            }
        }
        Some(
            Reference::Step { part: StepPart::Json, .. } | Reference::Param { .. } | Reference::Item { .. },
        ) => open(Kind::Any),
        Some(Reference::Step { id, part: StepPart::ExitCode, .. }) => {
            refuse(scope, span, "a number", Some(format!("write `\"{{{{steps.{id}.json}}}}\"`")))
        }
        Some(Reference::Step { id, .. }) => refuse(
            scope,
            span,
            "text",
            Some(format!(
                "write `\"{{{{steps.{id}.json}}}}\"`, and `output: {{ format: lines }}` at what prints one item a line"
            )),
        ),
        _ => refuse(scope, span, "text", None),
    }
}

fn refuse(scope: &Scope<'_>, span: Span, found: &str, help: Option<String>) -> Option<Item> {
    let message = format!("`for_each` needs a list; this is {found}");
    let problem = Diagnostic::error(Code::BadItems, span, message);
    scope.problems.add(match help {
        Some(help) => problem.help(help),
        None => problem.help("expected a list such as `[a, b]`, or one template that becomes a list"),
    });
    None
}

/// The kind that all of some values have.
fn kind_of_all(values: &[Value]) -> Kind {
    let mut kinds = values.iter().map(kind_of);
    let Some(first) = kinds.next() else { return Kind::Any };
    if kinds.all(|kind| kind == first) { first } else { Kind::Any }
}

fn kind_of(value: &Value) -> Kind {
    match value {
        Value::Null => Kind::Any,
        Value::Bool(_) => Kind::Boolean,
        Value::Number(number) if number.is_f64() => Kind::Number,
        Value::Number(_) => Kind::Integer,
        Value::String(_) => Kind::Text,
        Value::Array(items) => Kind::Array(Box::new(kind_of_all(items))),
        Value::Object(_) => Kind::Object,
    }
}

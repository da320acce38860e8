//! `when`: the condition of a command, and whether it can see what it refers to.

use serde_json::{Map, Value};

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::read::{Spanned, nearest};
use crate::config::source::Span;
use crate::model::{BadCondition, Condition, Name, StepPart, When};

use super::scope::Scope;
use super::vars::Var;

/// What every condition sees, besides the parameters themselves.
const ROOTS: [&str; 6] = ["params", "vars", "os", "env", "caller", "now"];

/// A condition that is none has been reported, and its file is not used.
pub fn when(scope: &Scope<'_>, written: Option<Spanned<&str>>) -> Option<When> {
    let written = written?;
    let condition = match Condition::read(written.value) {
        Ok(condition) => condition,
        Err(error) => {
            scope.doubt();
            scope.problems.add(bad(scope, written, &error));
            return None;
        }
    };
    let mut vars = Map::new();
    for name in condition.names() {
        check(scope, name, written.span, &mut vars);
    }
    let folder = scope.place.folder(written.span);
    let files = condition.files().map(|file| (file.to_owned(), scope.place.host.resolve(file, folder)));
    let files = files.collect();
    Some(When { condition, vars, files })
}

fn check(scope: &Scope<'_>, name: &Name, span: Span, vars: &mut Map<String, Value>) {
    let first = name.path.first().map(String::as_str);
    match (name.root.as_str(), first) {
        ("params", Some(param)) => parameter(scope, param, name, span),
        ("params", None) => scope.params.names().for_each(|param| scope.mark_used(param)),
        ("vars", Some(var)) => variable(scope, var, name, span, vars),
        ("os" | "env", _) | ("now", None) | ("caller", None | Some("name" | "roles")) => {}
        ("steps", _) => step(scope, name, span),
        ("item", _) => scope.item(scope.place.reader.span_within(span, "item")),
        ("vars" | "caller" | "now", _) => unknown(scope, name, span, None),
        (root, _) => parameter(scope, root, name, span),
    }
}

fn parameter(scope: &Scope<'_>, param: &str, name: &Name, span: Span) {
    scope.mark_used(param);
    if scope.params.is_declared(param) {
        return;
    }
    let known: Vec<&str> = scope.params.names().chain(ROOTS).collect();
    unknown(scope, name, span, nearest(param, known.iter().copied()));
}

/// What conditions see of a step that templates do not: how it ended, and the results of each item.
const MORE_PARTS: [&str; 2] = ["state", "items"];

/// `steps.ID.PART`.
fn step(scope: &Scope<'_>, name: &Name, span: Span) {
    let text = name.to_string();
    let place = scope.place.reader.span_within(span, &text);
    match (name.path.as_slice(), scope.sight) {
        ([], Some(sight)) => sight.read_all(),
        ([id], Some(_)) => scope.step(id, place),
        ([id, part, ..], Some(_)) => {
            scope.step(id, place);
            if StepPart::parse(part).is_none() && !MORE_PARTS.contains(&part.as_str()) {
                let problem = format!("the condition sees no `{part}` of a step");
                let problem = Diagnostic::error(Code::UnknownInCondition, place, problem);
                let parts: Vec<&str> =
                    StepPart::ALL.map(StepPart::name).into_iter().chain(MORE_PARTS).collect();
                scope.problems.add(match nearest(part, parts.iter().copied()) {
                    Some(nearest) => problem.help(format!("did you mean `{nearest}`?")),
                    None => problem.help(format!("it sees `{}`", parts.join("`, `"))),
                });
            }
        }
        (_, None) => scope.problems.add(
            Diagnostic::error(Code::UnknownInCondition, place, "the condition of a command sees no steps")
                .help("it is judged before anything runs; the `when` of a step sees those above it"),
        ),
    }
}

fn variable(scope: &Scope<'_>, var: &str, name: &Name, span: Span, vars: &mut Map<String, Value>) {
    let json = match scope.place.vars.get(var) {
        Some(Var::Text { json, .. } | Var::List { json, .. }) => json.clone(),
        // That it has no value has been reported.
        Some(Var::Unset(_)) => return,
        None => {
            let meant = nearest(var, scope.place.vars.names()).map(|meant| format!("vars.{meant}"));
            return unknown(scope, name, span, meant.as_deref());
        }
    };
    vars.insert(var.to_owned(), json);
}

fn unknown(scope: &Scope<'_>, name: &Name, span: Span, meant: Option<&str>) {
    scope.doubt();
    let text = name.to_string();
    let span = scope.place.reader.span_within(span, &text);
    let message = format!("the condition sees no `{text}`");
    let problem = Diagnostic::error(Code::UnknownInCondition, span, message);
    scope.problems.add(match meant {
        Some(meant) => problem.help(format!("did you mean `{meant}`?")),
        None => problem.help(
            "it sees the parameters by name, `params`, `vars`, `os`, `env`, `now`, `caller.name` and `caller.roles`",
        ),
    });
}

fn bad(scope: &Scope<'_>, written: Spanned<&str>, error: &BadCondition) -> Diagnostic {
    let span = match error {
        BadCondition::Syntax { at, .. } => {
            let rest = written.value.get(*at..).unwrap_or_default();
            let word = rest.split_whitespace().next().unwrap_or_default();
            scope.place.reader.span_within(written.span, word)
        }
        BadCondition::UnknownFunction { name } | BadCondition::UnknownZone { zone: name } => {
            scope.place.reader.span_within(written.span, name)
        }
        _ => written.span,
    };
    let problem = Diagnostic::error(Code::BadCondition, span, format!("this is no condition: {error}"));
    match error {
        _ if written.value.contains("{{") => {
            problem.help("a condition takes names without braces: `target == \"all\"`")
        }
        BadCondition::Syntax { .. } => problem.help(
            "conditions are expressions of CEL, such as `target in [\"unit\", \"all\"] && os == \"linux\"`",
        ),
        _ => problem,
    }
}

//! `with`: the arguments of a command that a step runs, and whether it can take them.

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::read::{Field, nearest};
use crate::config::source::Span;
use crate::config::syntax::{Entry, Kind as NodeKind};
use crate::model::{
    JsonTemplate, Kind, Param, ParamName, Piece, Presence, Reference, StepPart, Template, Tool,
};

use super::super::json;
use super::super::json_template;
use super::super::param::{describe_kind, fits};
use super::super::scope::Scope;

/// `with` as it is written, and for whom.
pub struct Written<'a> {
    pub scope: &'a Scope<'a>,
    /// Of the step.
    pub span: Span,
    pub with: Option<Field<'a>>,
    pub callee: &'a Tool,
}

impl Written<'_> {
    /// `None` if it cannot be handed over; that has been reported.
    pub fn read(&self) -> Option<Vec<(ParamName, JsonTemplate)>> {
        let Self { scope, callee, .. } = self;
        if let Some(field) = self.with.filter(|field| !matches!(field.node.kind, NodeKind::Map(_))) {
            scope.place.reader.wrong_type(field.node, "`with`", "a map of parameters and values");
            return None;
        }
        let entries = self.with.map(|field| field.node.entries()).unwrap_or_default();
        let read: Vec<_> = entries.iter().map(|entry| self.argument(entry)).collect();
        self.report_missing(entries);
        let is_whole = read.iter().all(Option::is_some) || callee.params.ignores_unknown();
        let arguments: Vec<_> = read.into_iter().flatten().collect();
        is_whole.then_some(arguments)
    }

    fn argument(&self, entry: &Entry<'_>) -> Option<(ParamName, JsonTemplate)> {
        let Self { scope, callee, .. } = self;
        let param = callee.params.find(&entry.key.text);
        let wanted = param.map_or(&Kind::Any, |param| &param.kind);
        // What it names is used, whatever it is for.
        let value = json_template::read(scope, &entry.value, wanted);
        let Some(param) = param else {
            if !callee.params.ignores_unknown() {
                self.report_unknown(entry);
            }
            return None;
        };
        let value = value?;
        self.check(param, &value, entry.value.span);
        Some((param.name.clone(), value))
    }

    fn report_unknown(&self, entry: &Entry<'_>) {
        let known: Vec<&str> = self.callee.params.iter().map(|param| param.name.as_str()).collect();
        let message = format!("`{}` is no parameter of `{}`", entry.key.text, self.callee.name);
        let problem = Diagnostic::error(Code::StepArguments, entry.key.span, message);
        self.scope.problems.add(match nearest(&entry.key.text, known.iter().copied()) {
            Some(nearest) => problem.help(format!("did you mean `{nearest}`?")),
            None if known.is_empty() => problem.help("that command has no parameters"),
            None => problem.help(format!("expected `{}`", known.join("`, `"))),
        });
    }

    fn report_missing(&self, entries: &[Entry<'_>]) {
        let is_given = |name: &str| entries.iter().any(|entry| entry.key.text == name);
        // A misspelt one is missing too; it is told once.
        if entries.iter().any(|entry| self.callee.params.find(&entry.key.text).is_none()) {
            return;
        }
        let missing = self.callee.params.iter().filter(|param| param.presence == Presence::Required);
        let names: Vec<&str> =
            missing.map(|param| param.name.as_str()).filter(|name| !is_given(name)).collect();
        let Some(first) = names.first() else { return };
        let (list, are) = (names.join("`, `"), if names.len() == 1 { "is" } else { "are" });
        let span = self.with.map_or(self.span, |field| field.key_span);
        let message =
            format!("this says nothing of `{list}`, which {are} required by `{}`", self.callee.name);
        let problem = Diagnostic::error(Code::StepArguments, span, message);
        self.scope.problems.add(problem.help(format!("write `with: {{ {first}: … }}`")));
    }

    fn check(&self, param: &Param, value: &JsonTemplate, span: Span) {
        let (name, command) = (&param.name, &self.callee.name);
        let wrong = |message: String| Diagnostic::error(Code::StepArguments, span, message);
        match value {
            // `null` is absent.
            JsonTemplate::Value(serde_json::Value::Null) if param.presence == Presence::Required => {
                self.scope.problems.add(wrong(format!("`{name}` is required by `{command}`; found null")));
            }
            JsonTemplate::Value(serde_json::Value::Null) => {}
            JsonTemplate::Value(value) if !fits(&param.kind, value) => {
                let (wanted, found) = (describe_kind(&param.kind), json::describe(value));
                let message = format!("`{name}` of `{command}` has to be {wanted}; found {found}");
                self.scope.problems.add(wrong(message));
            }
            JsonTemplate::Text(template) => {
                let kind = self.kind(template);
                if !may_become(&kind, &param.kind) {
                    let (wanted, found) = (describe_kind(&param.kind), describe_kind(&kind));
                    let message = format!("`{name}` of `{command}` has to be {wanted}; this is {found}");
                    let problem = wrong(message);
                    self.scope.problems.add(match template.whole() {
                        Some(Reference::Step { id, part: StepPart::Stdout | StepPart::Stderr, .. }) => {
                            problem.help(format!(
                                "write `\"{{{{steps.{id}.json}}}}\"`: what it prints, read as JSON"
                            ))
                        }
                        _ => problem,
                    });
                }
            }
            _ => {}
        }
        if !param.rule.sensitive {
            self.report_disclosed(param, value, span);
        }
    }

    /// What a template becomes, as far as that is known.
    fn kind(&self, template: &Template) -> Kind {
        match template.whole() {
            None => Kind::Text,
            Some(Reference::Param { name, path }) if path.is_empty() => {
                self.scope.params.find(name.as_str()).map_or(Kind::Any, |param| param.kind.clone())
            }
            Some(Reference::Step { part: StepPart::Stdout | StepPart::Stderr, .. }) => Kind::Text,
            Some(Reference::Step { part: StepPart::ExitCode, .. }) => Kind::Integer,
            Some(Reference::Item { path }) if path.is_empty() => {
                let item = self.scope.sight.and_then(|sight| sight.item.as_ref());
                item.map_or(Kind::Any, |item| item.kind.clone())
            }
            Some(_) => Kind::Any,
        }
    }

    /// A sensitive value for a parameter that plans and logs show.
    fn report_disclosed(&self, param: &Param, value: &JsonTemplate, span: Span) {
        let Some(own) = sensitive(self.scope, value) else { return };
        let message = format!(
            "`{own}` is sensitive, and plans and logs show `{}` of `{}`",
            param.name, self.callee.name
        );
        let problem = Diagnostic::error(Code::Disclosed, span, message);
        self.scope
            .problems
            .add(problem.help(format!("say `sensitive: true` at `{}` of that command", param.name)));
    }
}

/// The first sensitive parameter in a value.
fn sensitive<'a>(scope: &'a Scope<'_>, value: &JsonTemplate) -> Option<&'a str> {
    match value {
        JsonTemplate::Value(_) => None,
        JsonTemplate::List(items) => items.iter().find_map(|item| sensitive(scope, item)),
        JsonTemplate::Map(entries) => entries.iter().find_map(|(_, value)| sensitive(scope, value)),
        JsonTemplate::Text(template) => template.pieces().iter().find_map(|piece| {
            let (Piece::Value(Reference::Param { name, .. }) | Piece::Json(Reference::Param { name, .. })) =
                piece
            else {
                return None;
            };
            let param = scope.params.find(name.as_str()).filter(|param| param.rule.sensitive)?;
            Some(param.name.as_str())
        }),
    }
}

/// Whether a value of one kind can be one of another.
fn may_become(from: &Kind, to: &Kind) -> bool {
    match (from, to) {
        (Kind::Any, _) | (_, Kind::Any) => true,
        (Kind::Integer | Kind::Number, Kind::Integer | Kind::Number) => true,
        (Kind::Array(from), Kind::Array(to)) => may_become(from, to),
        (from, to) => from == to,
    }
}

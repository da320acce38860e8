//! `output.template`: is it one, and can it see what it names?

use serde_json::Value;

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::lower::scope::Scope;
use crate::config::lower::vars::Var;
use crate::config::read::{Spanned, nearest};
use crate::config::source::Span;
use crate::model::{Action, BadText, Lookup, TextTemplate};

/// What every template of a result sees, besides the parameters themselves.
const ROOTS: [&str; 7] = ["params", "vars", "result", "stdout", "stderr", "exit_code", "steps"];
/// What templates will see.
const LATER: [&str; 7] = ["env", "caller", "now", "os", "call", "run", "item"];

/// A template that is none has been reported, and its file is not used.
pub fn template(
    scope: &Scope<'_>,
    written: Option<Spanned<&str>>,
    is_structured: bool,
    action: Option<&Action>,
) -> Option<TextTemplate> {
    let written = written?;
    let mut template = match TextTemplate::read(written.value) {
        Ok(template) => template,
        Err(error) => {
            scope.doubt();
            scope.problems.add(bad(scope, written, &error));
            return None;
        }
    };
    let names: Vec<Lookup> = template.names().into_iter().cloned().collect();
    let sight = Sight { scope, written, is_structured, action };
    for name in &names {
        if let Some((var, value)) = sight.check(name) {
            template.vars.insert(var, value);
        }
    }
    Some(template)
}

/// What the template of one command can see.
struct Sight<'a> {
    scope: &'a Scope<'a>,
    written: Spanned<&'a str>,
    is_structured: bool,
    action: Option<&'a Action>,
}

impl Sight<'_> {
    /// The variable of the file that is named, if it is one.
    fn check(&self, name: &Lookup) -> Option<(String, Value)> {
        let (first, rest) = name.path.split_first()?;
        match (first.as_str(), rest.first()) {
            ("params", None) => self.scope.params.names().for_each(|param| self.scope.mark_used(param)),
            ("params", Some(param)) => self.parameter(param, name),
            ("vars", Some(var)) => return self.variable(var, name),
            ("vars", None) => self.unknown(name, None),
            ("result", _) if self.is_structured => {}
            ("result", _) => {
                let problem = self.problem(name, "there is no `result` without a structured `format`");
                self.scope
                    .problems
                    .add(problem.help("the text itself is `stdout`; `format: json` makes a `result` of it"));
            }
            ("stdout" | "stderr" | "exit_code", None) => {}
            ("stdout" | "stderr" | "exit_code", Some(part)) => {
                let kind = if first == "exit_code" { "a number" } else { "text" };
                let problem = self.problem(name, &format!("`{first}` is {kind}; there is no `{part}` in it"));
                self.scope.problems.add(problem);
            }
            ("steps", id) => self.step(id, name),
            ("secrets", _) => {
                let message = "a secret cannot stand in a result, which models and clients read";
                self.scope.problems.add(Diagnostic::error(Code::SecretPlace, self.span(name), message));
            }
            (root, _) if LATER.contains(&root) => {
                self.scope.doubt();
                self.scope
                    .place
                    .reader
                    .not_supported(self.span(name), &format!("`{root}` in `output.template`"));
            }
            (param, _) => self.parameter(param, name),
        }
        None
    }

    fn parameter(&self, param: &str, name: &Lookup) {
        self.scope.mark_used(param);
        if self.scope.params.is_declared(param) {
            return;
        }
        let known: Vec<&str> = self.scope.params.names().chain(ROOTS).collect();
        self.unknown(name, nearest(param, known.iter().copied()));
    }

    fn variable(&self, var: &str, name: &Lookup) -> Option<(String, Value)> {
        match self.scope.place.vars.get(var) {
            Some(Var::Text { json, .. } | Var::List { json, .. }) => Some((var.to_owned(), json.clone())),
            // That it has no value has been reported.
            Some(Var::Unset(_)) => None,
            None => {
                let meant = nearest(var, self.scope.place.vars.names()).map(|meant| format!("vars.{meant}"));
                self.unknown(name, meant.as_deref());
                None
            }
        }
    }

    fn step(&self, id: Option<&String>, name: &Lookup) {
        let steps = match self.action {
            Some(Action::Flow(flow)) => flow,
            // What it does could not be read: that has been reported.
            None => return,
            Some(_) => {
                let problem = self.problem(name, "there are no `steps` here: this command has none");
                self.scope.problems.add(
                    problem.help("what it printed is `stdout` and, with a structured `format`, `result`"),
                );
                return;
            }
        };
        let known: Vec<&str> =
            steps.steps.iter().chain(&steps.finally).map(|step| step.id.as_str()).collect();
        if let Some(id) = id.filter(|id| !known.contains(&id.as_str())) {
            let meant = nearest(id, known.iter().copied()).map(|meant| format!("steps.{meant}"));
            self.unknown(name, meant.as_deref());
        }
    }

    fn unknown(&self, name: &Lookup, meant: Option<&str>) {
        self.scope.doubt();
        let problem = self.problem(name, &format!("the template sees no `{}`", name.written));
        self.scope.problems.add(match meant {
            Some(meant) => problem.help(format!("did you mean `{meant}`?")),
            None => problem.help(
                "it sees the parameters by name, `params`, `vars`, `result`, `stdout`, `stderr`, `exit_code` and, of a flow, `steps`",
            ),
        });
    }

    fn problem(&self, name: &Lookup, message: &str) -> Diagnostic {
        Diagnostic::error(Code::UnknownInText, self.span(name), message)
    }

    fn span(&self, name: &Lookup) -> Span {
        self.scope.place.reader.span_within(self.written.span, &name.written)
    }
}

/// Why a text is no template.
pub fn bad(scope: &Scope<'_>, written: Spanned<&str>, error: &BadText) -> Diagnostic {
    let reader = scope.place.reader;
    let span = match error {
        BadText::UnknownFunction { name, .. } | BadText::Operands { name, .. } => {
            reader.span_within(written.span, name)
        }
        BadText::TooFarUp(path) | BadText::NoBlock(path) | BadText::Path(path) => {
            reader.span_within(written.span, path)
        }
        BadText::Syntax { line, .. } if written.value.trim_end().contains('\n') => {
            let line = written.value.lines().nth(line.saturating_sub(1)).unwrap_or_default().trim();
            if line.is_empty() { written.span } else { reader.span_within(written.span, line) }
        }
        _ => written.span,
    };
    let problem = Diagnostic::error(Code::BadText, span, format!("this template makes no text: {error}"));
    match error {
        BadText::Syntax { .. } if written.value.matches("{{").count() > written.value.matches("}}").count() => {
            problem.help("a `{{` is never closed; braces as they are: `\\{{`")
        }
        BadText::Form(form) if form.starts_with("{{>") => problem.help("write the text itself: there are no partials"),
        BadText::UnknownFunction { .. } => problem.help(
            "blocks are `#if`, `#unless`, `#each`, `#with`; functions `json`, `len`, `lookup`, `eq`, `ne`, `gt`, `gte`, `lt`, `lte`, `and`, `or`, `not`",
        ),
        _ => problem,
    }
}

//! A text with holes of a prompt or a resource: is it one, and is there what it names?

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::lower::output::bad_text;
use crate::config::lower::scope::Scope;
use crate::config::lower::vars::Var;
use crate::config::read::{Spanned, nearest};
use crate::model::{Lookup, TextTemplate};

/// What is none has been reported, and its file is not used.
pub fn text(scope: &Scope<'_>, written: Spanned<&str>) -> Option<TextTemplate> {
    let mut template = match TextTemplate::read(written.value) {
        Ok(template) => template,
        Err(error) => {
            scope.doubt();
            scope.problems.add(bad_text(scope, written, &error));
            return None;
        }
    };
    let names: Vec<Lookup> = template.names().into_iter().cloned().collect();
    for name in &names {
        match (name.path.first().map(String::as_str), name.path.get(1)) {
            (Some("params"), None) => scope.params.names().for_each(|param| scope.mark_used(param)),
            (Some("params"), Some(param)) => check(scope, written, name, param),
            (Some("vars"), Some(var)) => {
                if let Some(Var::Text { json, .. } | Var::List { json, .. }) = scope.place.vars.get(var) {
                    template.vars.insert(var.clone(), json.clone());
                } else if scope.place.vars.get(var).is_none() {
                    let known = scope.place.vars.names().map(|name| format!("vars.{name}"));
                    unknown(scope, written, name, &known.collect::<Vec<_>>());
                }
            }
            (Some("secrets"), _) => {
                let message = "a secret cannot stand in what models and clients read";
                let span = scope.place.reader.span_within(written.span, &name.written);
                scope.problems.add(Diagnostic::error(Code::SecretPlace, span, message));
            }
            (Some(param), _) => check(scope, written, name, param),
            (None, _) => {}
        }
    }
    Some(template)
}

fn check(scope: &Scope<'_>, written: Spanned<&str>, name: &Lookup, param: &str) {
    scope.mark_used(param);
    if !scope.params.is_declared(param) {
        let known: Vec<String> = scope.params.names().map(str::to_owned).collect();
        unknown(scope, written, name, &known);
    }
}

fn unknown(scope: &Scope<'_>, written: Spanned<&str>, name: &Lookup, known: &[String]) {
    scope.doubt();
    let span = scope.place.reader.span_within(written.span, &name.written);
    let message = format!("the text sees no `{}`", name.written);
    let problem = Diagnostic::error(Code::UnknownInText, span, message);
    let root = name.written.split('.').next().unwrap_or_default();
    scope.problems.add(match nearest(&name.written, known.iter().map(String::as_str)) {
        Some(nearest) => problem.help(format!("did you mean `{nearest}`?")),
        None if known.is_empty() && root != "vars" => {
            problem.help("nothing is filled in here; braces as they are: `\\{{`")
        }
        None if root == "vars" => problem.help("declare it under `vars` at the root of the file"),
        None => problem
            .help(format!("it sees `{}`, and variables of the file as `vars.NAME`", known.join("`, `"))),
    });
}

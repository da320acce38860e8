//! What a command executes: a program with arguments, or a script for a shell.

use std::collections::BTreeSet;

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::native::Command;
use crate::config::read::Spanned;
use crate::config::source::Span;
use crate::model::{Program, Script, Template};

use super::arguments::Arguments;
use super::interpreter::{Interpreter, SHELLS};
use super::place::Place;
use super::scope::Scope;

/// `None` if the command says nothing that can be executed; that has been reported.
pub fn script<'a>(place: &'a Place<'a>, scope: &'a Scope<'a>, command: &'a Command<'a>) -> Option<Script> {
    match (command.script, command.run) {
        (Some(script), None) => program(place, scope, command, script),
        (None, Some(run)) => shell(place, scope, command, run),
        (Some(script), Some(run)) => {
            report_both(scope, script, run);
            // Both are still checked.
            let _ = program(place, scope, command, script);
            None
        }
        (None, None) => {
            if !command.has_action {
                let span = command.name.map_or(command.span, |name| name.span);
                let problem = Diagnostic::error(
                    Code::NothingToRun,
                    span,
                    "this command has none of `script`, `run`, `container`, `webhook` and `steps`",
                );
                scope.problems.add(
                    problem.help("`script` names an executable, with `args`; `run` is a script for a shell; `container` runs an image; `webhook` calls a URL; `steps` run other commands"),
                );
                // What `args` refers to is used, whatever runs.
                let _ = Arguments { reader: place.reader, scope }.read(&[], command.args);
            }
            None
        }
    }
}

fn program<'a>(
    place: &'a Place<'a>,
    scope: &'a Scope<'a>,
    command: &'a Command<'a>,
    script: Spanned<&str>,
) -> Option<Script> {
    report_shell(scope, command);
    let args = Arguments { reader: place.reader, scope }.read(&[script.value], command.args);
    let program = executable(place, scope, script, "script")?;
    Some(Script::Program { program, args })
}

pub fn report_both(scope: &Scope<'_>, script: Spanned<&str>, run: Spanned<&str>) {
    let message = "a command has either `script` or `run`; found both";
    let problem = Diagnostic::error(Code::NothingToRun, run.span, message);
    scope.problems.add(problem.other(script.span, "`script` is here"));
}

/// A shell without a script for it.
pub fn report_shell(scope: &Scope<'_>, command: &Command<'_>) {
    if let Some(shell) = command.shell {
        let message = "`shell` goes with `run`; `script` names its executable itself";
        scope.problems.add(Diagnostic::error(Code::Pointless, shell.span, message));
    }
}

fn shell(place: &Place<'_>, scope: &Scope<'_>, command: &Command<'_>, run: Spanned<&str>) -> Option<Script> {
    let ShellScript { shell, flag } = shell_script(place, scope, command, run)?;
    let shell = place.program(shell);
    Some(Script::Shell { shell, flag: flag.to_owned(), text: run.value.to_owned() })
}

/// What executes `run`, as it is written, and its option that takes code.
pub struct ShellScript<'a> {
    pub shell: Spanned<&'a str>,
    pub flag: &'static str,
}

/// Checks `run` and what executes it, wherever that is.
pub fn shell_script<'a>(
    place: &Place<'_>,
    scope: &Scope<'_>,
    command: &Command<'a>,
    run: Spanned<&str>,
) -> Option<ShellScript<'a>> {
    if let Some(args) = command.args {
        let message = "`args` goes with `script`; a shell script gets its parameters as variables";
        scope.problems.add(Diagnostic::error(Code::Pointless, args.key_span, message));
    }
    refuse_templates(place, scope, run);
    mark_used(scope, run.value);
    let written = command.shell.unwrap_or(Spanned { value: "sh", span: run.span });
    let Some(interpreter) = Interpreter::of(written.value) else {
        let message = format!("`{}` is not a shell that we know; expected {SHELLS}", written.value);
        let problem = Diagnostic::error(Code::UnknownShell, written.span, message);
        scope
            .problems
            .add(problem.help("other interpreters work as `script`, with the code in `args` or `stdin`"));
        return None;
    };
    is_fixed(scope, written, "shell").then_some(ShellScript { shell: written, flag: interpreter.flag })
}

fn executable(place: &Place<'_>, scope: &Scope<'_>, written: Spanned<&str>, key: &str) -> Option<Program> {
    is_fixed(scope, written, key).then(|| place.program(written))
}

/// Templates in what is executed would let callers choose the program.
pub fn is_fixed(scope: &Scope<'_>, written: Spanned<&str>, key: &str) -> bool {
    if written.value.is_empty() {
        scope.problems.add(Diagnostic::error(Code::NothingToRun, written.span, format!("`{key}` is empty")));
        return false;
    }
    if written.value.contains("{{") {
        let message = format!("`{key}` cannot hold a template: callers do not choose the program");
        let problem = Diagnostic::error(Code::TemplateInScript, written.span, message);
        scope.problems.add(problem.help("name the executable; templates belong into `args`"));
        return false;
    }
    true
}

fn refuse_templates(place: &Place<'_>, scope: &Scope<'_>, run: Spanned<&str>) {
    for hole in holes(run.value) {
        let span = place.reader.span_within(run.span, hole);
        let name = hole.trim_start_matches("{{").trim_end_matches("}}").trim();
        let problem = Diagnostic::error(Code::TemplateInRun, span, "a shell script cannot hold a template");
        let name = name.strip_prefix("params.").unwrap_or(name);
        let var = name.strip_prefix("vars.");
        scope.problems.add(match name.strip_prefix("secrets.") {
            None if let Some(var) = var => problem.help(format!(
                "hand the variable over in `env`: `{{ NAME: \"{{{{vars.{var}}}}}\" }}`, and read `$NAME`"
            )),
            Some(secret) => problem.help(format!(
                "hand the secret over in `env`: `{{ NAME: \"{{{{secrets.{secret}}}}}\" }}`, and read `$NAME`"
            )),
            None if name.starts_with("steps.") || name.split('.').next() == Some("item") => problem
                .help(format!("hand it over in `env`: `{{ VALUE: \"{{{{{name}}}}}\" }}`, and read `$VALUE`")),
            None => problem.help(format!("parameters arrive as variables: write `\"$PARAM_{name}\"`")),
        });
        scope.mark_used(name);
    }
}

/// The templates in a text, each once. What only looks like one, as `{{.Names}}`, is none.
fn holes(text: &str) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    let mut from = 0;
    while let Some(open) = text.get(from..).and_then(|rest| rest.find("{{")).map(|at| from + at) {
        from = open + 2;
        let Some(close) = text.get(from..).and_then(|rest| rest.find("}}")) else { break };
        let hole = text.get(open..from + close + 2).unwrap_or_default();
        let is_template = Template::parse(hole).is_ok_and(|template| template.references().next().is_some());
        if is_template {
            found.insert(hole);
        }
    }
    found
}

/// A shell script uses a parameter by naming its variable, or all of them at once.
fn mark_used(scope: &Scope<'_>, run: &str) {
    let uses_all = run.contains("PARAMS_JSON");
    for name in scope.params.names() {
        if uses_all || run.contains(&format!("PARAM_{name}")) {
            scope.mark_used(name);
        }
    }
}

/// Where a command is pointed at as a whole.
pub fn head(command: &Command<'_>) -> Span {
    command.name.map_or(command.span, |name| name.span)
}

//! What runs in a container: a program in place of the image's entrypoint, a script for a shell of
//! the image, or the image's own entrypoint with words. Whether the image has it, nobody can check
//! before it runs.

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::lower::arguments::Arguments;
use crate::config::lower::scope::Scope;
use crate::config::lower::script::{self, ShellScript};
use crate::config::native::{Command, Container};
use crate::config::read::Spanned;
use crate::model::Inside;

pub fn inside<'a>(scope: &'a Scope<'a>, command: &'a Command<'a>, written: &Container<'_>) -> Option<Inside> {
    report_second_entrypoint(scope, command, written);
    match (command.script, command.run) {
        (Some(script), Some(run)) => {
            script::report_both(scope, script, run);
            None
        }
        (Some(script), None) => {
            script::report_shell(scope, command);
            let args = Arguments { reader: scope.place.reader, scope }.read(&[script.value], command.args);
            script::is_fixed(scope, script, "script")
                .then(|| Inside::Program { entrypoint: vec![script.value.to_owned()], args })
        }
        (None, Some(run)) => {
            let ShellScript { shell, flag } = script::shell_script(scope.place, scope, command, run)?;
            Some(Inside::Shell {
                shell: shell.value.to_owned(),
                flag: flag.to_owned(),
                text: run.value.to_owned(),
            })
        }
        (None, None) => {
            script::report_shell(scope, command);
            image(scope, command, written)
        }
    }
}

/// The image's own entrypoint, or another one that the file names.
fn image<'a>(scope: &'a Scope<'a>, command: &'a Command<'a>, written: &Container<'_>) -> Option<Inside> {
    let words = written.entrypoint.as_ref().map(|entrypoint| entrypoint.words.as_slice());
    let before: Vec<&str> = words.unwrap_or_default().iter().map(|word| word.value).collect();
    let args = Arguments { reader: scope.place.reader, scope }.read(&before, command.args);
    let Some(words) = words else { return Some(Inside::Image { args }) };
    let entrypoint = words.iter().map(|word| super::fixed(scope, *word, "entrypoint"));
    let entrypoint: Vec<Option<String>> = entrypoint.collect();
    let entrypoint: Option<Vec<String>> = entrypoint.into_iter().collect();
    let entrypoint = entrypoint?;
    if entrypoint.is_empty() {
        let span = written.entrypoint.as_ref().map_or(written.span, |entrypoint| entrypoint.key_span);
        scope.problems.add(Diagnostic::error(Code::NothingToRun, span, "`entrypoint` is empty"));
        return None;
    }
    Some(Inside::Program { entrypoint, args })
}

fn report_second_entrypoint(scope: &Scope<'_>, command: &Command<'_>, written: &Container<'_>) {
    let (Some(entrypoint), Some(other)) = (&written.entrypoint, command.script.or(command.run)) else {
        return;
    };
    let key = if command.script.is_some() { "script" } else { "run" };
    let Spanned { span, .. } = other;
    let message = format!("`entrypoint` has no effect: `{key}` says what runs");
    let problem = Diagnostic::error(Code::Pointless, entrypoint.key_span, message);
    scope.problems.add(problem.other(span, format!("`{key}` is here")));
}

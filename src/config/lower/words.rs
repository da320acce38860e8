//! Judges the words of an argument list one after the other: what each follows decides what a
//! value in it can do.

use serde_json::Value;

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::source::Span;
use crate::model::{Kind, Param, Piece, Presence, Reference, StepPart, Template};

use super::code_words::{CodeWords, Harm};
use super::interpreter::Interpreter;
use super::param_rule::{is_free_text, may_begin_with_dash};
use super::pattern;
use super::scope::Scope;

/// Where in a list of words we are.
#[derive(Clone)]
pub struct Words<'a> {
    scope: &'a Scope<'a>,
    /// The last word, if it was a literal.
    previous: Option<String>,
    /// A `--` has ended the options.
    guarded: bool,
    /// Inside of a group, which vanishes as a whole.
    in_group: bool,
    /// The program whose options these words are, if it runs text as code.
    interpreter: Option<&'static Interpreter>,
    /// Where the program takes words for code.
    code: CodeWords,
}

impl<'a> Words<'a> {
    /// Words behind these, of which the first is what runs.
    pub fn after(scope: &'a Scope<'a>, before: &[&str]) -> Self {
        let (first, rest) = before.split_first().unwrap_or((&"", &[]));
        let interpreter = Interpreter::of(first);
        let code = CodeWords::of(first);
        let mut words = Self { scope, previous: None, guarded: false, in_group: false, interpreter, code };
        rest.iter().for_each(|word| words.literal(word));
        words
    }

    /// The words of a group. What happens there need not happen at all, so nothing of it is kept.
    pub fn group(&mut self) -> Self {
        Self { in_group: true, ..self.branch() }
    }

    /// The words of a condition.
    pub fn branch(&mut self) -> Self {
        let branch = Self { previous: None, ..self.clone() };
        self.previous = None;
        branch
    }

    pub fn word(&mut self, template: &Template, span: Span) {
        match template.as_literal() {
            Some(text) => self.literal(text),
            None => {
                self.check(template, span);
                self.check_code_word(template, span);
                self.previous = None;
                self.interpreter = None;
            }
        }
    }

    fn literal(&mut self, text: &str) {
        self.guarded |= text == "--";
        self.code.literal(text);
        let is_value = self.previous.as_deref().is_some_and(Interpreter::takes_value);
        if let Some(interpreter) = Interpreter::of(text) {
            // `env sh -c`, `sudo bash -c`.
            self.interpreter = Some(interpreter);
        } else if !text.starts_with(['-', '+']) && !is_value {
            // The first word that is no option is a script; what follows is for the script.
            self.interpreter = None;
        }
        self.previous = Some(text.to_owned());
    }

    fn check(&self, template: &Template, span: Span) {
        for reference in template.references() {
            if let Some(param) = self.param(reference) {
                self.check_dangling(param, span);
            }
        }
        self.check_lists(template, span);
        self.check_code(template, span);
        self.check_dash(template, span);
    }

    fn param(&self, reference: &Reference) -> Option<&'a Param> {
        param_of(self.scope, reference)
    }

    /// `-x` `{{y}}` without a value of `y` would leave `-x` alone.
    fn check_dangling(&self, param: &Param, span: Span) {
        let Some(option) = self.previous.as_deref().filter(|word| is_option(word)) else { return };
        if self.in_group || param.presence != Presence::Optional {
            return;
        }
        let message = format!("`{option}` stays without its value when `{}` is absent", param.name);
        let problem = Diagnostic::error(Code::DanglingOption, span, message);
        self.scope.problems.add(problem.help(format!(
            "make them a group, which vanishes whole: `[{option}, \"{{{{{}}}}}\"]`",
            param.name
        )));
    }

    /// A list is several words only where it is a whole word.
    fn check_lists(&self, template: &Template, span: Span) {
        if template.whole().is_some() {
            return;
        }
        for piece in template.pieces() {
            if let Piece::Value(reference) = piece
                && let Some(param) = self.param(reference)
                && matches!(param.kind, Kind::Array(_))
                && matches!(reference, Reference::Param { path, .. } if path.is_empty())
            {
                let message = format!("the list `{}` cannot be a part of a word", param.name);
                let problem = Diagnostic::error(Code::ListInWord, span, message);
                self.scope.problems.add(problem.help(format!(
                    "write `\"{{{{{0}}}}}\"` as a word of its own for one word each, or `{{{{json {0}}}}}` for JSON",
                    param.name
                )));
            }
        }
    }

    fn check_code(&self, template: &Template, span: Span) {
        let Some(interpreter) = self.interpreter else { return };
        let after_flag = self.previous.as_deref().is_some_and(|word| interpreter.takes_code(word));
        let in_word = match template.pieces().first() {
            Some(Piece::Text(text)) => interpreter.begins_code(text),
            _ => false,
        };
        if !after_flag && !in_word {
            return;
        }
        if let Some(param) = free_text(self.scope, template) {
            let message =
                format!("`{}` would be run as code: whatever a caller writes there is executed", param.name);
            self.scope.problems.add(as_code(param, span, &message));
        } else if let Some(name) = made_elsewhere(self.scope, template) {
            self.scope.problems.add(result_as_code(&name, span));
        }
    }

    fn check_code_word(&mut self, template: &Template, span: Span) {
        let beginning = match template.pieces().first() {
            Some(Piece::Text(text)) => text.as_str(),
            _ => "",
        };
        let Some(harm) = self.code.template(beginning) else { return };
        let params = template.references().filter_map(|reference| param_of(self.scope, reference));
        if let Some(param) = params.into_iter().find(|param| is_free_text(param) && !is_plain(param, harm)) {
            self.scope.problems.add(code_word(param, span, harm));
        } else if let Some(name) = made_elsewhere(self.scope, template) {
            let problem = result_as_code(&name, span);
            self.scope.problems.add(Diagnostic { severity: harm.severity(), ..problem });
        }
    }

    fn check_dash(&self, template: &Template, span: Span) {
        let follows_option = self.previous.as_deref().is_some_and(is_option);
        if self.guarded || follows_option {
            return;
        }
        let Some(Piece::Value(reference)) = template.pieces().first() else { return };
        if let Some(param) = self.param(reference)
            && may_begin_with_dash(param)
        {
            let message = format!("values of `{}` that begin with `-` are refused here", param.name);
            self.scope.problems.add(Diagnostic::warning(Code::UnguardedValue, span, message).help(
                "put `--` before it if the program knows that, narrow the parameter with `pattern` or `enum`, or say `allow_dash: true`",
            ));
        }
    }
}

/// A text on the standard input of a program that executes what it reads.
pub fn check_read_code(scope: &Scope<'_>, script: &str, template: &Template, span: Span) {
    if let Some(param) = free_text(scope, template) {
        let message = format!("`{}` would be run as code: `{script}` executes what it reads", param.name);
        scope.problems.add(as_code(param, span, &message));
    } else if let Some(name) = made_elsewhere(scope, template) {
        scope.problems.add(result_as_code(&name, span));
    }
}

/// The first value of a template that a step makes, or that is an item which the file does not name.
fn made_elsewhere(scope: &Scope<'_>, template: &Template) -> Option<String> {
    let item = scope.sight.and_then(|sight| sight.item.as_ref());
    let is_number = |kind: &Kind| matches!(kind, Kind::Integer | Kind::Number | Kind::Boolean);
    let is_open = |reference: &&Reference| match reference {
        Reference::Step { part, .. } => *part != StepPart::ExitCode,
        Reference::Item { .. } => item.is_none_or(|item| !item.is_fixed && !is_number(&item.kind)),
        _ => false,
    };
    template.references().find(is_open).map(ToString::to_string)
}

fn result_as_code(name: &str, span: Span) -> Diagnostic {
    let message = format!("`{name}` would be run as code: whatever it turns out to be is executed");
    Diagnostic::error(Code::FreeTextAsCode, span, message).help(format!(
        "use `run`, and hand it over as a variable: `env: {{ VALUE: \"{{{{{name}}}}}\" }}`, `run: 'printf %s \"$VALUE\"'`"
    ))
}

fn param_of<'a>(scope: &Scope<'a>, reference: &Reference) -> Option<&'a Param> {
    match reference {
        Reference::Param { name, .. } => scope.params.find(name.as_str()),
        _ => None,
    }
}

/// The first parameter of a template whose text a caller chooses.
fn free_text<'a>(scope: &Scope<'a>, template: &Template) -> Option<&'a Param> {
    template.references().filter_map(|reference| param_of(scope, reference)).find(|param| is_free_text(param))
}

fn as_code(param: &Param, span: Span, message: &str) -> Diagnostic {
    Diagnostic::error(Code::FreeTextAsCode, span, message).help(format!(
        "use `run`, where parameters are variables: `run: 'printf %s \"$PARAM_{}\"'`",
        param.name
    ))
}

/// Whether the file restricts a text enough to be a part of such code.
fn is_plain(param: &Param, harm: Harm) -> bool {
    let pattern = param.schema.get("pattern").and_then(Value::as_str);
    pattern.is_some_and(|pattern| match harm {
        Harm::Query => pattern::is_anchored(pattern),
        Harm::RemoteShell | Harm::Program => pattern::is_plain_word(pattern),
    })
}

fn code_word(param: &Param, span: Span, harm: Harm) -> Diagnostic {
    let name = &param.name;
    let (what, help) = match harm {
        Harm::RemoteShell => (
            "would be run as code: the shell of the other host reads these words",
            format!("allow plain words only: `{name}: {{ type: string, pattern: '^[A-Za-z0-9._-]+$' }}`"),
        ),
        Harm::Program => (
            "would be run as code: whatever a caller writes there is executed",
            "hand it over as data, in `env` or `stdin` or, to awk, behind `-v`; or allow plain words only, with `pattern`"
                .to_owned(),
        ),
        Harm::Query => (
            "is run by the database as it is: a caller can change and remove what its user may",
            "if that is meant, connect as a user who may only read, and say so: `allow: [{ code: W0041, reason: … }]`"
                .to_owned(),
        ),
    };
    let problem = Diagnostic::error(Code::FreeTextAsCode, span, format!("`{name}` {what}"));
    Diagnostic { severity: harm.severity(), ..problem }.help(help)
}

/// Whether a word is an option that waits for its value in the next word.
fn is_option(word: &str) -> bool {
    word.len() > 1 && word.starts_with('-') && word != "--" && !word.contains('=')
}

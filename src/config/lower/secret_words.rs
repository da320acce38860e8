//! The words and variables of a program that prints a secret. Callers have no part in them: they are
//! known when the file is loaded, but for secrets in its environment.

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::native::SecretEntry;
use crate::config::read::{Spanned, nearest};
use crate::config::source::Span;
use crate::config::syntax::{Kind, Node};
use crate::model::{BadTemplate, Program, Reference, Template};

use super::Place;

pub struct SecretWords<'a> {
    pub place: &'a Place<'a>,
    /// Every declared secret.
    pub all: &'a [SecretEntry<'a>],
}

impl SecretWords<'_> {
    pub fn program(&self, written: Spanned<&str>) -> Option<Program> {
        let text = self.known(written, "script")?;
        if text.is_empty() {
            self.error(Code::NothingToRun, written.span, "`script` is empty");
            return None;
        }
        Some(self.place.program(Spanned { value: &text, span: written.span }))
    }

    /// An element of `args`: a word, or `{ literal: … }`.
    pub fn word(&self, node: &Node<'_>) -> Option<String> {
        if let (Kind::Map(entries), Some(literal)) = (&node.kind, node.get("literal"))
            && entries.len() == 1
        {
            return self.place.reader.text(literal, "literal").map(|text| text.value.to_owned());
        }
        self.known(self.place.reader.text(node, "args")?, "args")
    }

    /// A value in `env`, which may hold secrets that no other program has to print.
    pub fn value(&self, written: Spanned<&str>) -> Option<Template> {
        let template = self.template(written, "env")?;
        let mut is_fine = true;
        for reference in template.references() {
            is_fine &= match reference {
                Reference::Secret(name) => self.may_need(name.as_str(), written.span),
                other => self.refuse(other, written.span, "env"),
            };
        }
        is_fine.then_some(template)
    }

    /// A text without anything that is not known yet.
    fn known(&self, written: Spanned<&str>, key: &str) -> Option<String> {
        let template = self.template(written, key)?;
        let mut references = template.references();
        if let Some(reference) = references.next() {
            self.refuse(reference, written.span, key);
            return None;
        }
        template.as_literal().map(str::to_owned)
    }

    fn template(&self, written: Spanned<&str>, key: &str) -> Option<Template> {
        match Template::parse(written.value) {
            Ok(template) => self.place.filling(true).fill(template, written.span),
            Err(error) => {
                let message = match &error {
                    BadTemplate::Syntax(_) => "this is not a template; expected `{{vars.NAME}}`".to_owned(),
                    other => other.to_string(),
                };
                let problem = Diagnostic::error(Code::BadTemplate, written.span, message);
                let help = "to pass the braces as they are, write `{ literal: \"…\" }`";
                self.place.reader.problems.add(if key == "args" { problem.help(help) } else { problem });
                None
            }
        }
    }

    fn may_need(&self, name: &str, span: Span) -> bool {
        let Some(needed) = self.all.iter().find(|entry| entry.name.value == name) else {
            let problem =
                Diagnostic::error(Code::UnknownSecret, span, format!("there is no secret `{name}`"));
            let names = self.all.iter().map(|entry| entry.name.value);
            self.place.reader.problems.add(match nearest(name, names) {
                Some(nearest) => problem.help(format!("did you mean `{nearest}`?")),
                None => problem.help(format!("declare it beside this one: `{name}: {{ env: NAME }}`")),
            });
            return false;
        };
        if needed.script.is_some() {
            let message = format!(
                "the secret `{name}` is printed by a program, and no other program of a secret may wait for that"
            );
            let problem = Diagnostic::error(Code::SecretOfScript, span, message);
            let problem = problem.other(needed.name.span, "it is declared here");
            self.place.reader.problems.add(problem.help("give it another source: `env`, `file` or `store`"));
            return false;
        }
        true
    }

    /// What only a call knows has no place here; it is never fine.
    fn refuse(&self, reference: &Reference, span: Span, key: &str) -> bool {
        match reference {
            Reference::Secret(name) => {
                let message = format!(
                    "the secret `{name}` cannot stand in `{key}`, which every user of the host can read"
                );
                let problem = Diagnostic::error(Code::SecretPlace, span, message);
                let help = format!("hand it over in `env`: `env: {{ NAME: \"{{{{secrets.{name}}}}}\" }}`");
                self.place.reader.problems.add(problem.help(help));
            }
            Reference::NotSupported(root) => {
                self.place.reader.not_supported(span, &format!("`{{{{{root}.…}}}}`"));
            }
            Reference::Param { .. } | Reference::Step { .. } | Reference::Item { .. } | Reference::Var(_) => {
                let message =
                    format!("`{key}` of a secret cannot hold a parameter: callers have no part in it");
                let problem = Diagnostic::error(Code::TemplateInScript, span, message);
                let help = "write the text itself, or a variable of the file: `{{vars.NAME}}`";
                self.place.reader.problems.add(problem.help(help));
            }
        }
        false
    }

    fn error(&self, code: Code, span: Span, message: &str) {
        self.place.reader.problems.add(Diagnostic::error(code, span, message));
    }
}

//! What the templates of one command may refer to, and whether they do so well.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use crate::config::code::Code;
use crate::config::diagnostic::{Diagnostic, Problems};
use crate::config::read::{Reader, Spanned, nearest};
use crate::config::source::Span;
use crate::model::{BadTemplate, Kind, Param, Piece, Reference, Template};

use super::flow::Sight;
use super::param::LoweredParams;
use super::place::Place;

/// Where a template stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spot {
    Word,
    /// A URL or its query, which ends up in logs.
    Url,
    /// The source of a mount, which the engine shows.
    Mount,
    /// An argument of another command, which its plan shows.
    Argument,
    /// A variable or the input of a process, a header or the body of a call: nobody else reads along.
    Private,
}

pub struct Scope<'a> {
    pub place: &'a Place<'a>,
    reader: &'a Reader<'a>,
    pub problems: &'a Problems,
    pub params: &'a LoweredParams,
    /// Every declared secret, whether it can be used or not.
    pub secrets: &'a BTreeSet<String>,
    /// In a step: what comes before it.
    pub sight: Option<&'a Sight<'a>>,
    used: RefCell<BTreeSet<String>>,
    /// Something that could not be understood may have used any parameter.
    in_doubt: Cell<bool>,
}

impl<'a> Scope<'a> {
    pub fn new(place: &'a Place<'a>, params: &'a LoweredParams, secrets: &'a BTreeSet<String>) -> Self {
        Self {
            place,
            reader: place.reader,
            problems: place.reader.problems,
            params,
            secrets,
            sight: None,
            used: RefCell::default(),
            in_doubt: Cell::default(),
        }
    }

    /// The same for one step of the command. What it uses has to be taken over with [`Self::absorb`].
    pub fn seeing<'b>(&'b self, sight: &'b Sight<'b>) -> Scope<'b> {
        Scope { sight: Some(sight), ..Scope::new(self.place, self.params, self.secrets) }
    }

    /// Takes over what a step has used.
    pub fn absorb(&self, step: Scope<'_>) {
        self.used.borrow_mut().extend(step.used.take());
        self.in_doubt.set(self.in_doubt.get() || step.in_doubt.get());
    }

    /// Parses a template, checks everything that it refers to, and fills in what is known already.
    /// `${…}` is expanded where `expands` says so.
    pub fn template(&self, written: Spanned<&str>, spot: Spot, expands: bool) -> Option<Template> {
        match Template::parse(written.value) {
            Ok(template) => {
                for piece in template.pieces() {
                    match piece {
                        Piece::Text(_) => {}
                        Piece::Value(reference) | Piece::Json(reference) => {
                            self.check(reference, written.span, spot);
                        }
                    }
                }
                self.place.filling(expands).fill(template, written.span)
            }
            Err(error) => {
                self.in_doubt.set(true);
                self.problems.add(bad_template(&error, written, spot));
                None
            }
        }
    }

    fn check(&self, reference: &Reference, span: Span, spot: Spot) {
        match reference {
            Reference::Param { name, path } => {
                self.mark_used(name.as_str());
                // Where the name stands in the text is looked for only if there is something to say.
                match self.params.find(name.as_str()) {
                    Some(_) if path.is_empty() => {}
                    Some(param) => self.check_path(param, path, self.place_of(name.as_str(), span)),
                    None if self.params.is_declared(name.as_str()) => {}
                    None => {
                        self.in_doubt.set(true);
                        let span = self.place_of(name.as_str(), span);
                        self.problems.add(self.unknown(name.as_str(), span));
                    }
                }
            }
            Reference::Secret(name) => {
                let span = self.place_of(&format!("secrets.{name}"), span);
                self.check_secret(name.as_str(), span, spot);
            }
            // Judged when it is filled in.
            Reference::Var(_) => {}
            Reference::Step { id, .. } => {
                let span = self.reader.span_within(span, &format!("steps.{id}"));
                self.step(id.as_str(), span);
            }
            Reference::Item { .. } => self.item(self.reader.span_within(span, "item")),
            Reference::NotSupported(root) => {
                self.in_doubt.set(true);
                let span = self.place_of(root, span);
                let message = format!("`{{{{{root}.…}}}}` is not supported yet");
                self.problems
                    .add(Diagnostic::error(Code::NotSupported, span, message).help("leave it out for now"));
            }
        }
    }

    /// A step whose result is read.
    pub fn step(&self, id: &str, span: Span) {
        let found = match self.sight {
            Some(sight) => sight.step(id, span),
            None => {
                let problem = Diagnostic::error(Code::UnknownStep, span, "there are no steps here to read");
                Err(Box::new(
                    problem.help(
                        "`steps.…` stands in the steps of a command, and in a command with `depends_on`",
                    ),
                ))
            }
        };
        if let Err(problem) = found {
            self.problems.add(*problem);
        }
    }

    /// The item of a round.
    pub fn item(&self, span: Span) {
        if self.sight.is_none_or(|sight| sight.item.is_none()) {
            let problem = Diagnostic::error(Code::NoItem, span, "there is no `item` here");
            self.problems
                .add(problem.help("it stands in a step with `for_each`, and is the item of its round"));
        }
    }

    /// Where a name stands inside of a template.
    fn place_of(&self, name: &str, template: Span) -> Span {
        let before = ["{{", "{{ ", "params.", "json "].into_iter();
        let found =
            before.map(|before| (before, self.reader.span_within(template, &format!("{before}{name}"))));
        let found = found.into_iter().find(|(_, span)| *span != template);
        found.map_or(template, |(before, span)| Span { start: span.start + before.len() as u32, ..span })
    }

    fn check_path(&self, param: &Param, path: &[String], span: Span) {
        let Some(first) = path.first() else { return };
        let kind = match param.kind {
            Kind::Text => "text",
            Kind::Integer | Kind::Number => "a number",
            Kind::Boolean => "a boolean",
            Kind::Array(_) | Kind::Object | Kind::Any => return,
        };
        let message = format!("`{}` is {kind}; there is no `{first}` in it", param.name);
        self.problems.add(Diagnostic::error(Code::UnknownParameter, span, message));
    }

    fn unknown(&self, name: &str, span: Span) -> Diagnostic {
        let message = format!("there is no parameter `{name}`");
        let problem = Diagnostic::error(Code::UnknownParameter, span, message);
        let declared: Vec<&str> = self.params.names().collect();
        match nearest(name, declared.iter().copied()) {
            Some(nearest) => problem.help(format!("did you mean `{nearest}`?")),
            None if declared.is_empty() => problem
                .help(format!("declare it: `params: {{ {name}: {{ type: string, description: … }} }}`")),
            None => problem.help(format!("declare it under `params`, or use `{}`", declared.join("`, `"))),
        }
    }

    fn check_secret(&self, name: &str, span: Span, spot: Spot) {
        if !self.secrets.contains(name) {
            let message = format!("there is no secret `{name}`");
            let problem = Diagnostic::error(Code::UnknownSecret, span, message);
            self.problems.add(match nearest(name, self.secrets.iter().map(String::as_str)) {
                Some(nearest) => problem.help(format!("did you mean `{nearest}`?")),
                None => {
                    problem.help(format!("declare it at the root: `secrets: {{ {name}: {{ env: NAME }} }}`"))
                }
            });
        }
        let (place, help) = match spot {
            Spot::Word => (
                "an argument, which every user of the host can read",
                format!("hand it over in `env` or `stdin`: `env: {{ NAME: \"{{{{secrets.{name}}}}}\" }}`"),
            ),
            Spot::Url => (
                "a URL, which servers and proxies write into their logs",
                format!(
                    "hand it over in `auth`, `headers` or `body`: `auth: {{ type: bearer, token: \"{{{{secrets.{name}}}}}\" }}`"
                ),
            ),
            Spot::Mount => (
                "a mount, which everybody at the engine can read",
                format!(
                    "hand it over as a file: `container: {{ files: {{ /run/secrets/{name}: \"{{{{secrets.{name}}}}}\" }} }}`"
                ),
            ),
            Spot::Argument => (
                "an argument of another command, which its plan shows",
                format!("let that command take it itself: `env: {{ NAME: \"{{{{secrets.{name}}}}}\" }}`"),
            ),
            Spot::Private => return,
        };
        let message = format!("the secret `{name}` cannot stand in {place}");
        self.problems.add(Diagnostic::error(Code::SecretPlace, span, message).help(help));
    }

    /// What could not be understood may have used any parameter.
    pub fn doubt(&self) {
        self.in_doubt.set(true);
    }

    pub fn mark_used(&self, name: &str) {
        self.used.borrow_mut().insert(name.to_owned());
    }

    /// Warns of every parameter that nothing used, unless something could not be understood.
    pub fn report_unused(&self, help: impl Fn(&str) -> String) {
        if self.in_doubt.get() || self.problems.has(Code::BareTemplate) {
            return;
        }
        let used = self.used.borrow();
        for (name, span) in self.params.places() {
            if self.params.find(name).is_some() && !used.contains(name) {
                let message = format!("the parameter `{name}` is never used");
                self.problems.add(Diagnostic::warning(Code::UnusedParameter, span, message).help(help(name)));
            }
        }
    }
}

fn bad_template(error: &BadTemplate, written: Spanned<&str>, spot: Spot) -> Diagnostic {
    let text = written.value;
    let message = match error {
        BadTemplate::Syntax(_) if text.matches("{{").count() > text.matches("}}").count() => {
            "this template is never closed; expected `}}` after its name".to_owned()
        }
        BadTemplate::Syntax(_) => "this is not a template; expected `{{name}}` or `{{json name}}`".to_owned(),
        other => other.to_string(),
    };
    let problem = Diagnostic::error(Code::BadTemplate, written.span, message);
    match (error, spot) {
        (BadTemplate::Form(form), Spot::Word) if form.contains("#if") => {
            problem.help("write `{ if: PARAMETER, args: […] }` as the element of `args`")
        }
        (BadTemplate::Form(form), _) if form.contains("{{{") || form.contains("{{&") => {
            problem.help("write `{{name}}`; values are never escaped")
        }
        (_, Spot::Word) if text.len() < 40 && !text.contains(['"', '\\', '\n']) => {
            problem.help(format!("to pass the braces as they are, write `{{ literal: \"{text}\" }}`"))
        }
        (_, Spot::Word) => problem.help("to pass braces as they are, write `{ literal: \"…\" }`"),
        (_, Spot::Private | Spot::Url | Spot::Mount | Spot::Argument) => {
            problem.help("to pass braces as they are, write `\\{{`")
        }
    }
}

//! Fills into a template what is known when the file is loaded: variables of the file and of the
//! environment. Values become text; nothing in them is read as a template.

use std::cell::RefCell;

use serde_json::Value;

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::expansion::{Expander, NotExpanded};
use crate::config::read::{Spanned, nearest};
use crate::config::source::Span;
use crate::model::{Piece, Reference, Template};

use super::vars::{Var, Vars};

pub struct Filling<'a> {
    pub expander: &'a Expander<'a>,
    pub vars: &'a Vars,
    /// Told of a variable that this host does not have.
    pub missing: &'a RefCell<Option<String>>,
    /// Whether `${…}` is expanded here.
    pub expands: bool,
}

impl<'a> Filling<'a> {
    /// The template without what is known already. `None` if something is not; that has been
    /// reported.
    pub fn fill(&self, template: Template, span: Span) -> Option<Template> {
        let has_var = template.references().any(|reference| matches!(reference, Reference::Var(_)));
        let has_variable = self.expands && template.source().contains('$');
        if !has_var && !has_variable {
            return Some(template);
        }
        // All of them are looked at, so that every problem is told.
        let pieces: Vec<Option<Piece>> =
            template.pieces().iter().map(|piece| self.piece(piece, span)).collect();
        let pieces: Option<Vec<Piece>> = pieces.into_iter().collect();
        Some(template.with_pieces(pieces?))
    }

    /// The words of a variable that is a list, if a text is exactly that variable.
    pub fn words_of(&self, text: &str) -> Option<&'a [String]> {
        if !text.contains("vars.") {
            return None;
        }
        let template = Template::parse(text).ok()?;
        let Some(Reference::Var(name)) = template.whole() else { return None };
        match self.vars.get(name)? {
            Var::List { words, .. } => Some(words),
            Var::Text { .. } | Var::Unset(_) => None,
        }
    }

    fn piece(&self, piece: &Piece, span: Span) -> Option<Piece> {
        match piece {
            Piece::Text(text) if self.expands => {
                match self.expander.expand(Spanned { value: text.as_str(), span }) {
                    Ok(text) => Some(Piece::Text(text.into_owned())),
                    Err(problem) => self.unset(&problem),
                }
            }
            Piece::Value(Reference::Var(name)) => match self.var(name, span)? {
                Var::Text { text, .. } => Some(Piece::Text(text.clone())),
                Var::List { .. } => self.refuse_list(name, span),
                Var::Unset(problem) => self.unset(problem),
            },
            Piece::Json(Reference::Var(name)) => match self.var(name, span)? {
                Var::Text { json, .. } | Var::List { json, .. } => Some(json_text(json)),
                Var::Unset(problem) => self.unset(problem),
            },
            other => Some(other.clone()),
        }
    }

    fn unset(&self, problem: &NotExpanded) -> Option<Piece> {
        let mut missing = self.missing.borrow_mut();
        if missing.is_none() {
            missing.clone_from(&problem.missing);
        }
        None
    }

    fn var(&self, name: &str, span: Span) -> Option<&Var> {
        let found = self.vars.get(name);
        if found.is_none() {
            self.expander.reader.problems.add(self.unknown(name, span));
        }
        found
    }

    fn unknown(&self, name: &str, template: Span) -> Diagnostic {
        let span = self.expander.reader.span_within(template, &format!("vars.{name}"));
        if name.is_empty() {
            let problem = Diagnostic::error(Code::BadVar, span, "`{{vars}}` has to name one of them");
            return problem.help("write `{{vars.NAME}}`");
        }
        let message = format!("there is no variable `{name}` in `vars`");
        let problem = Diagnostic::error(Code::BadVar, span, message);
        match nearest(name, self.vars.names()) {
            Some(nearest) => problem.help(format!("did you mean `{nearest}`?")),
            None => problem.help(format!("declare it at the root: `vars: {{ {name}: … }}`")),
        }
    }

    fn refuse_list(&self, name: &str, template: Span) -> Option<Piece> {
        let span = self.expander.reader.span_within(template, &format!("vars.{name}"));
        let message = format!("the list `{name}` cannot be a part of a text");
        self.expander.reader.problems.add(Diagnostic::error(Code::ListInWord, span, message).help(format!(
            "write `\"{{{{vars.{name}}}}}\"` as an element of `args` for one word each, or `{{{{json vars.{name}}}}}` for JSON"
        )));
        None
    }
}

fn json_text(value: &Value) -> Piece {
    Piece::Text(value.to_string())
}

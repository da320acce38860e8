//! Templates and values → words, by the language's rules for absent values, arrays and dashes.

use serde_json::Value;

use crate::call::Invocation;
use crate::model::{Argument, Param, Piece, Reference, Template};

use super::{Facts, Fill, PlanError, Word};

/// Expands the templates of one call.
pub struct Expansion<'a> {
    invocation: &'a Invocation,
    facts: &'a Facts,
    problems: &'a mut Vec<PlanError>,
    /// A literal `--` has been passed: what follows cannot be taken for an option.
    options_ended: bool,
}

/// What a reference stands for in this call.
pub(super) struct Found<'a> {
    pub param: &'a Param,
    pub value: Value,
}

impl<'a> Expansion<'a> {
    pub fn new(invocation: &'a Invocation, facts: &'a Facts, problems: &'a mut Vec<PlanError>) -> Self {
        Self { invocation, facts, problems, options_ended: false }
    }

    /// The words of an argument list.
    pub fn arguments(&mut self, args: &[Argument]) -> Vec<Word> {
        let mut words = Vec::with_capacity(args.len());
        for argument in args {
            self.argument(argument, &mut words);
        }
        words
    }

    /// A text outside of argv: an environment value, an input, a folder. `None` if it is absent.
    pub fn text(&mut self, template: &Template) -> Option<Word> {
        if let Some(text) = template.as_literal() {
            return Some(Word::Known(text.to_owned()));
        }
        let mut fills = Vec::new();
        for piece in template.pieces() {
            fills.push(self.fill(piece)?);
        }
        Some(Word::of(fills))
    }

    pub fn refuse(&mut self, param: &str, problem: impl Into<String>) {
        self.problems.push(PlanError::Argument { param: param.to_owned(), problem: problem.into() });
    }

    fn argument(&mut self, argument: &Argument, words: &mut Vec<Word>) {
        match argument {
            Argument::Word(template) => self.word(template, words),
            Argument::If { param, args } => {
                if self.invocation.value(param.as_str()) == Some(&Value::Bool(true)) {
                    words.extend(self.arguments(args));
                }
            }
            Argument::Group(args) => {
                if !self.has_absent(args) {
                    words.extend(self.arguments(args));
                }
            }
        }
    }

    fn word(&mut self, template: &Template, words: &mut Vec<Word>) {
        if let Some(text) = template.as_literal() {
            self.options_ended |= text == "--";
            words.push(Word::Known(text.to_owned()));
            return;
        }
        if let Some(Reference::Param { .. }) = template.whole()
            && let Some(found) = template.whole().and_then(|reference| self.find(reference))
            && let Value::Array(items) = &found.value
        {
            for item in items {
                let text = value_text(item);
                if let Some(text) = self.guard_dash(found.param, item, text) {
                    words.push(Word::of(vec![fill_of(found.param, text)]));
                }
            }
            return;
        }
        if let Some(word) = self.composed(template) {
            words.push(word);
        }
    }

    /// A word of text and values. `None` if a parameter in it is absent or a rule refuses it.
    fn composed(&mut self, template: &Template) -> Option<Word> {
        let mut fills = Vec::with_capacity(template.pieces().len());
        let mut begun = false;
        for piece in template.pieces() {
            let mut fill = self.fill(piece)?;
            // Only what stands at the very beginning of a word can make an option of it.
            if !begun && let Fill::Text(text) | Fill::Sensitive(text) = &mut fill {
                if let Piece::Value(reference) = piece
                    && let Some(found) = self.find(reference)
                {
                    *text = self.guard_dash(found.param, &found.value, std::mem::take(text))?;
                }
                begun = !text.is_empty();
            }
            fills.push(fill);
        }
        Some(Word::of(fills))
    }

    fn fill(&mut self, piece: &Piece) -> Option<Fill> {
        match piece {
            Piece::Text(text) => Some(Fill::Text(text.clone())),
            Piece::Value(Reference::Secret(name)) | Piece::Json(Reference::Secret(name)) => {
                Some(Fill::Secret(name.clone()))
            }
            Piece::Value(reference) => {
                let found = self.find(reference)?;
                Some(fill_of(found.param, value_text(&found.value)))
            }
            Piece::Json(reference) => {
                let found = self.find(reference)?;
                Some(fill_of(found.param, found.value.to_string()))
            }
        }
    }

    /// Lets a text that begins with `-` through only where it cannot become an option.
    fn guard_dash(&mut self, param: &Param, value: &Value, text: String) -> Option<String> {
        let may_stand =
            !text.starts_with('-') || !value.is_string() || self.options_ended || param.rule.allow_dash;
        if may_stand {
            return Some(text);
        }
        if param.rule.path.is_some() {
            return Some(format!("./{text}"));
        }
        let problem = "begins with `-` and would be taken for an option; such values are not allowed here";
        self.refuse(param.name.as_str(), problem);
        None
    }

    /// The value behind a reference. An empty array counts as absent, an empty text does not.
    pub(super) fn find(&self, reference: &Reference) -> Option<Found<'a>> {
        self.find_any(reference).filter(|found| !found.value.as_array().is_some_and(Vec::is_empty))
    }

    /// The value behind a reference, an empty array too.
    pub(super) fn find_any(&self, reference: &Reference) -> Option<Found<'a>> {
        let Reference::Param { name, path } = reference else { return None };
        let param = self.invocation.tool().params.find(name.as_str())?;
        let value = self.invocation.value(name.as_str())?;
        let value = path.iter().try_fold(value, |value, segment| inside(value, segment))?;
        (!value.is_null()).then(|| Found { param, value: self.facts.resolved(param, value) })
    }

    fn has_absent(&self, args: &[Argument]) -> bool {
        args.iter().any(|argument| match argument {
            Argument::Word(template) => template.references().any(|reference| {
                matches!(reference, Reference::Param { .. }) && self.find(reference).is_none()
            }),
            Argument::If { .. } => false,
            Argument::Group(inner) => self.has_absent(inner),
        })
    }
}

pub(super) fn inside<'v>(value: &'v Value, segment: &str) -> Option<&'v Value> {
    match value {
        Value::Object(map) => map.get(segment),
        Value::Array(items) => items.get(segment.parse::<usize>().ok()?),
        _ => None,
    }
}

pub(super) fn fill_of(param: &Param, text: String) -> Fill {
    if param.rule.sensitive { Fill::Sensitive(text) } else { Fill::Text(text) }
}

/// A value as text: texts as they are, everything else as JSON.
pub fn value_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

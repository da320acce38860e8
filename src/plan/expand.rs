//! Templates and values → words, by the language's rules for absent values, arrays and dashes.

use serde_json::Value;

use crate::call::{Invocation, Seen, later_text};
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
    pub param: Origin<'a>,
    /// `null` if it is not known yet.
    pub value: Value,
}

/// Where a value comes from: a parameter, or what a step before came to.
#[derive(Clone, Copy)]
pub(super) enum Origin<'a> {
    Param { param: &'a Param, is_sensitive: bool, later: Option<&'a str> },
    Result { reference: &'a Reference, is_sensitive: bool, is_later: bool },
}

impl Origin<'_> {
    /// What a problem with the value is about.
    pub fn name(&self) -> String {
        match self {
            Self::Param { param, .. } => param.name.to_string(),
            Self::Result { reference, .. } => reference.to_string(),
        }
    }

    /// How the value prints while it is not known.
    pub fn later(&self) -> Option<String> {
        match self {
            Self::Param { later, .. } => later.map(str::to_owned),
            Self::Result { reference, is_later, .. } => is_later.then(|| later_text(reference)),
        }
    }

    pub fn is_sensitive(&self) -> bool {
        match self {
            Self::Param { is_sensitive, .. } | Self::Result { is_sensitive, .. } => *is_sensitive,
        }
    }

    fn may_begin_with_dash(&self) -> bool {
        matches!(self, Self::Param { param, .. } if param.rule.allow_dash)
    }

    fn is_path(&self) -> bool {
        matches!(self, Self::Param { param, .. } if param.rule.path.is_some())
    }
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
                } else if let Some(later) = self.invocation.later(param.as_str()) {
                    let inside: Vec<String> = self.arguments(args).iter().map(shown).collect();
                    words.push(Word::of(vec![Fill::Later(format!("[{} if {later}]", inside.join(" ")))]));
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
        if let Some(found) = template.whole().and_then(|reference| self.find(reference))
            && let Value::Array(items) = &found.value
        {
            for item in items {
                let text = value_text(item);
                if let Some(text) = self.guard(found.param, item, text) {
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
                    *text = self.guard(found.param, &found.value, std::mem::take(text))?;
                }
                begun = !text.is_empty();
            } else if let Piece::Value(reference) = piece
                && let Some(found) = self.find(reference)
            {
                self.guard_characters(found.param, &value_text(&found.value))?;
            }
            fills.push(fill);
        }
        Some(Word::of(fills))
    }

    pub(super) fn fill(&mut self, piece: &Piece) -> Option<Fill> {
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
    fn guard(&mut self, param: Origin<'_>, value: &Value, text: String) -> Option<String> {
        self.guard_characters(param, &text)?;
        let may_stand =
            !text.starts_with('-') || !value.is_string() || self.options_ended || param.may_begin_with_dash();
        if may_stand {
            return Some(text);
        }
        if param.is_path() {
            return Some(format!("./{text}"));
        }
        let problem = "begins with `-` and would be taken for an option; such values are not allowed here";
        self.refuse(&param.name(), problem);
        None
    }

    /// What comes from a step has not been looked at as arguments are.
    fn guard_characters(&mut self, param: Origin<'_>, text: &str) -> Option<()> {
        let Origin::Result { .. } = param else { return Some(()) };
        let found = text.chars().find(|&c| c.is_control() && c != '\n' && c != '\t');
        let Some(found) = found else { return Some(()) };
        let problem = format!("contains the control character U+{:04X}", u32::from(found));
        self.refuse(&param.name(), problem);
        None
    }

    /// The value behind a reference. An empty array counts as absent, an empty text does not.
    pub(super) fn find<'r>(&self, reference: &'r Reference) -> Option<Found<'r>>
    where
        'a: 'r,
    {
        self.find_any(reference).filter(|found| !found.value.as_array().is_some_and(Vec::is_empty))
    }

    /// The value behind a reference, an empty array too.
    pub(super) fn find_any<'r>(&self, reference: &'r Reference) -> Option<Found<'r>>
    where
        'a: 'r,
    {
        match reference {
            Reference::Param { name, path } => {
                let param = self.invocation.tool().params.find(name.as_str())?;
                let is_sensitive = self.invocation.is_sensitive(param);
                let later = self.invocation.later(name.as_str());
                let origin = Origin::Param { param, is_sensitive, later };
                if later.is_some() {
                    return Some(Found { param: origin, value: Value::Null });
                }
                let value = self.invocation.value(name.as_str())?;
                let value = path.iter().try_fold(value, |value, segment| inside(value, segment))?;
                (!value.is_null()).then(|| Found { param: origin, value: self.facts.resolved(param, value) })
            }
            Reference::Step { .. } | Reference::Item { .. } => self.find_result(reference),
            Reference::Secret(_) | Reference::Var(_) | Reference::NotSupported(_) => None,
        }
    }

    /// What cannot be used is absent here; whoever plans the step asks for such problems.
    fn find_result<'r>(&self, reference: &'r Reference) -> Option<Found<'r>> {
        match self.invocation.surroundings()?.look(reference) {
            Seen::Later => {
                let param = Origin::Result { reference, is_sensitive: false, is_later: true };
                Some(Found { param, value: Value::Null })
            }
            Seen::Known { value: Value::Null, .. } | Seen::Bad(_) => None,
            Seen::Known { value, is_sensitive } => {
                let param = Origin::Result { reference, is_sensitive, is_later: false };
                Some(Found { param, value })
            }
        }
    }

    fn has_absent(&self, args: &[Argument]) -> bool {
        args.iter().any(|argument| match argument {
            Argument::Word(template) => template.references().any(|reference| {
                !matches!(reference, Reference::Secret(_)) && self.find(reference).is_none()
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

/// A word as far as it is known, for the text of a plan.
fn shown(word: &Word) -> String {
    match word {
        Word::Known(text) => text.clone(),
        Word::Filled(fills) => fills.iter().map(ToString::to_string).collect(),
    }
}

/// A text that was made of a value; while that is not known, what stands for it.
pub(super) fn fill_of(param: Origin<'_>, text: String) -> Fill {
    match param.later() {
        Some(later) => Fill::Later(later),
        None if param.is_sensitive() => Fill::Sensitive(text),
        None => Fill::Text(text),
    }
}

/// A value as text: texts as they are, everything else as JSON.
pub fn value_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

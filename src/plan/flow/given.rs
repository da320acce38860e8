//! What `with` and `for_each` hand on: a value where everything in it is known, else a text that shows
//! what it waits for.

use serde_json::{Map, Value};

use crate::call::Given;
use crate::model::{JsonTemplate, Piece, Template};
use crate::plan::Fill;
use crate::plan::expand::{Expansion, fill_of, value_text};

/// What a template becomes.
pub struct Become {
    pub given: Given,
    pub is_sensitive: bool,
}

/// `None` if it is absent.
pub fn of(expansion: &Expansion<'_>, template: &JsonTemplate) -> Option<Become> {
    match template {
        JsonTemplate::Value(value) => Some(Become::known(value.clone(), false)),
        JsonTemplate::Text(template) => of_text(expansion, template),
        JsonTemplate::List(items) => {
            let parts: Vec<Become> = items.iter().filter_map(|item| of(expansion, item)).collect();
            Some(joined(parts.into_iter().map(|part| (None, part)).collect()))
        }
        JsonTemplate::Map(entries) => {
            let part = |(key, item): &(String, JsonTemplate)| Some((Some(key.clone()), of(expansion, item)?));
            Some(joined(entries.iter().filter_map(part).collect()))
        }
    }
}

impl Become {
    fn known(value: Value, is_sensitive: bool) -> Self {
        Self { given: Given::Known(value), is_sensitive }
    }

    /// As it stands in a text about what is known later.
    fn shown(&self) -> String {
        match &self.given {
            Given::Later(text) => text.clone(),
            Given::Known(_) if self.is_sensitive => "***".to_owned(),
            Given::Known(value) => value.to_string(),
        }
    }
}

/// A value that is exactly one template keeps its type, anything else is a text.
fn of_text(expansion: &Expansion<'_>, template: &Template) -> Option<Become> {
    if let Some(text) = template.as_literal() {
        return Some(Become::known(Value::from(text), false));
    }
    if let Some(reference) = template.whole() {
        let found = expansion.find_any(reference)?;
        return Some(match found.param.later() {
            Some(later) => Become { given: Given::Later(later), is_sensitive: found.param.is_sensitive() },
            None => Become::known(found.value, found.param.is_sensitive()),
        });
    }
    let fills: Option<Vec<Fill>> = template.pieces().iter().map(|piece| fill(expansion, piece)).collect();
    let fills = fills?;
    let is_sensitive = fills.iter().any(|fill| matches!(fill, Fill::Sensitive(_)));
    let given = match fills.iter().any(|fill| matches!(fill, Fill::Later(_))) {
        true => Given::Later(fills.iter().map(ToString::to_string).collect()),
        false => Given::Known(Value::String(fills.into_iter().map(Fill::into_text).collect())),
    };
    Some(Become { given, is_sensitive })
}

fn fill(expansion: &Expansion<'_>, piece: &Piece) -> Option<Fill> {
    let (reference, as_json) = match piece {
        Piece::Text(text) => return Some(Fill::Text(text.clone())),
        Piece::Value(reference) => (reference, false),
        Piece::Json(reference) => (reference, true),
    };
    let found = expansion.find_any(reference)?;
    let text = if as_json { found.value.to_string() } else { value_text(&found.value) };
    Some(fill_of(found.param, text))
}

/// A list, or a map if its parts have keys.
fn joined(parts: Vec<(Option<String>, Become)>) -> Become {
    let is_map = parts.iter().any(|(key, _)| key.is_some());
    let is_sensitive = parts.iter().any(|(_, part)| part.is_sensitive);
    if parts.iter().any(|(_, part)| matches!(part.given, Given::Later(_))) {
        let one = |(key, part): &(Option<String>, Become)| match key {
            Some(key) => format!("{}:{}", Value::from(key.as_str()), part.shown()),
            None => part.shown(),
        };
        let inside: Vec<String> = parts.iter().map(one).collect();
        let (open, close) = if is_map { ('{', '}') } else { ('[', ']') };
        let given = Given::Later(format!("{open}{}{close}", inside.join(",")));
        return Become { given, is_sensitive };
    }
    let values = parts.into_iter().filter_map(|(key, part)| match part.given {
        Given::Known(value) => Some((key, value)),
        Given::Later(_) => None,
    });
    let value = match is_map {
        true => Value::Object(values.filter_map(|(key, value)| Some((key?, value))).collect::<Map<_, _>>()),
        false => Value::Array(values.map(|(_, value)| value).collect()),
    };
    Become::known(value, is_sensitive)
}

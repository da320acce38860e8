//! The parts of a form with files: texts that are known or named, and paths of what is read later.

use std::path::PathBuf;

use serde_json::Value;

use crate::model::{HttpPart, PartContent, Reference, Template};
use crate::plan::expand::{Expansion, Origin, fill_of, value_text};
use crate::plan::{Fill, Word};

/// What a file is of which nothing is said.
const ANY: &str = "application/octet-stream";

#[derive(Debug, Clone, PartialEq)]
pub struct PlannedPart {
    pub name: String,
    pub content: PlannedPartContent,
    pub content_type: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum PlannedPartContent {
    Text(Word),
    File {
        /// Absolute.
        path: Word,
        /// The folder that it has to be in when it is opened, if a caller chose it.
        within: Option<PathBuf>,
        filename: Word,
    },
}

impl PlannedPart {
    /// Every word that may have holes.
    pub fn words(&self) -> impl Iterator<Item = &Word> {
        let (first, second) = match &self.content {
            PlannedPartContent::Text(text) => (text, None),
            PlannedPartContent::File { path, within: _, filename } => (path, Some(filename)),
        };
        std::iter::once(first).chain(second)
    }
}

/// One whose parameter is absent is left out; a list stands several times.
pub fn parts(expansion: &mut Expansion<'_>, parts: &[HttpPart]) -> Vec<PlannedPart> {
    let mut planned = Vec::with_capacity(parts.len());
    for HttpPart { name, content, content_type } in parts {
        let contents: Vec<PlannedPartContent> = match content {
            PartContent::Text(text) => {
                words(expansion, text).into_iter().map(|(word, _)| PlannedPartContent::Text(word)).collect()
            }
            PartContent::File { path, filename } => files(expansion, path, filename.as_ref()),
        };
        let usual = match content {
            PartContent::Text(_) => None,
            PartContent::File { .. } => Some(ANY),
        };
        let content_type = content_type.as_deref().or(usual);
        planned.extend(contents.into_iter().map(|content| PlannedPart {
            name: name.clone(),
            content,
            content_type: content_type.map(str::to_owned),
        }));
    }
    planned
}

fn files(
    expansion: &mut Expansion<'_>,
    path: &Template,
    filename: Option<&Template>,
) -> Vec<PlannedPartContent> {
    let within = path.whole().and_then(|reference| folder_of(expansion, reference));
    let named = filename.map(|filename| expansion.text(filename));
    let file = |(path, last): (Word, String)| {
        let filename = match (&named, &path) {
            (Some(Some(filename)), _) => filename.clone(),
            (_, Word::Known(_)) => Word::Known(last),
            (_, Word::Filled(fills)) if fills.iter().any(|fill| matches!(fill, Fill::Later(_))) => {
                path.clone()
            }
            (_, Word::Filled(_)) => Word::of(vec![Fill::Sensitive(last)]),
        };
        PlannedPartContent::File { path, within: within.clone(), filename }
    };
    words(expansion, path).into_iter().map(file).collect()
}

/// The folder that a parameter stays within.
fn folder_of(expansion: &Expansion<'_>, reference: &Reference) -> Option<PathBuf> {
    match expansion.find_any(reference)?.param {
        Origin::Param { param, .. } => param.rule.path.as_ref()?.within.clone(),
        Origin::Result { .. } => None,
    }
}

/// The values of one template, each with its last name as a path: several if it is exactly one array,
/// none if a parameter is absent.
fn words(expansion: &mut Expansion<'_>, template: &Template) -> Vec<(Word, String)> {
    let last = |text: &str| text.rsplit('/').next().unwrap_or_default().to_owned();
    if let Some(found) = template.whole().and_then(|reference| expansion.find(reference)) {
        let of = |value: &Value| {
            let text = value_text(value);
            let last = last(&text);
            (Word::of(vec![fill_of(found.param, text)]), last)
        };
        return match &found.value {
            Value::Array(items) => items.iter().map(of).collect(),
            value => vec![of(value)],
        };
    }
    let text = template.as_literal().map(last).unwrap_or_default();
    expansion.text(template).map(|word| (word, text)).into_iter().collect()
}

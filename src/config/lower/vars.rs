//! `vars`: names for texts and lists of texts, known when the file is loaded.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::expansion::{Expander, NotExpanded};
use crate::config::read::Spanned;
use crate::config::source::Span;
use crate::config::syntax::{Entry, Kind, Node, Scalar, scalar};
use crate::model::ParamName;

/// The variables of a file, by name.
#[derive(Debug, Default)]
pub struct Vars(BTreeMap<String, Var>);

#[derive(Debug)]
pub enum Var {
    Text {
        text: String,
        json: Value,
    },
    List {
        words: Vec<String>,
        json: Value,
    },
    /// It could not be made; that has been reported.
    Unset(NotExpanded),
}

impl Vars {
    pub fn read(expander: &Expander<'_>, entries: &[Entry<'_>]) -> Self {
        let read = |entry: &Entry<'_>| {
            check_name(expander, entry);
            (entry.key.text.to_string(), var(expander, entry))
        };
        Self(entries.iter().map(read).collect())
    }

    pub fn get(&self, name: &str) -> Option<&Var> {
        self.0.get(name)
    }

    pub fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.0.keys().map(String::as_str)
    }
}

fn check_name(expander: &Expander<'_>, entry: &Entry<'_>) {
    if let Err(error) = entry.key.text.parse::<ParamName>() {
        let problem = Diagnostic::error(Code::BadName, entry.key.span, error.to_string());
        expander.reader.problems.add(problem.label("the name of a variable"));
    }
}

fn var(expander: &Expander<'_>, entry: &Entry<'_>) -> Var {
    let made = match &entry.value.kind {
        Kind::Scalar(scalar) => {
            text(expander, scalar, entry.value.span).map(|(text, json)| Var::Text { text, json })
        }
        Kind::List(items) => {
            items.iter().map(|item| item_text(expander, item)).collect::<Result<Vec<_>, _>>().map(list)
        }
        _ => {
            refuse(expander, &entry.value, "a variable has to be a text or a list of texts");
            return Var::Unset(NotExpanded { missing: None });
        }
    };
    made.unwrap_or_else(Var::Unset)
}

fn list(items: Vec<(String, Value)>) -> Var {
    let (words, values) = items.into_iter().unzip();
    Var::List { words, json: Value::Array(values) }
}

fn item_text(expander: &Expander<'_>, item: &Node<'_>) -> Result<(String, Value), NotExpanded> {
    if let Kind::Scalar(scalar) = &item.kind {
        return text(expander, scalar, item.span);
    }
    refuse(expander, item, "an item of a variable has to be a text");
    Err(NotExpanded { missing: None })
}

/// The text, and what it is as JSON: what is expanded stays a text.
fn text(expander: &Expander<'_>, written: &Scalar<'_>, span: Span) -> Result<(String, Value), NotExpanded> {
    if written.text.contains("{{") {
        let message = "a variable cannot hold a template: it is known when the file is loaded";
        let problem = Diagnostic::error(Code::TemplateInScript, span, message);
        expander
            .reader
            .problems
            .add(problem.help("write the text itself, or `${NAME}` for an environment variable"));
        return Err(NotExpanded { missing: None });
    }
    let text = expander.expand(Spanned { value: &*written.text, span })?.into_owned();
    let is_value = written.plain && text == written.text;
    let json = if is_value { scalar::core_json(&text).ok() } else { None };
    let json = json.unwrap_or_else(|| Value::String(text.clone()));
    Ok((text, json))
}

fn refuse(expander: &Expander<'_>, node: &Node<'_>, message: &str) {
    if !matches!(node.kind, Kind::Broken) {
        let message = format!("{message}; found {}", node.describe());
        expander.reader.problems.add(Diagnostic::error(Code::BadVar, node.span, message));
    }
}

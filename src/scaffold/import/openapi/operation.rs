//! One operation → one command.

use serde_json::{Value, json};

use super::body::body;
use super::document::Document;
use super::names::Names;
use super::parameters::parameters;
use super::{security, server};
use crate::scaffold::import::Imported;
use crate::scaffold::proposal::{Action, HttpCall, Proposal, tool_name};

/// A method of a path.
pub struct Operation<'d> {
    pub method: &'static str,
    pub path: &'d str,
    /// The path item, which may say something for all of its operations.
    pub item: &'d Value,
    pub value: &'d Value,
}

/// A model reads every description with every call.
const LONGEST_DESCRIPTION: usize = 600;

impl<'d> Operation<'d> {
    pub fn title(&self) -> String {
        format!("{} {}", self.method.to_ascii_uppercase(), self.path)
    }

    pub fn id(&self) -> Option<&'d str> {
        self.value.get("operationId").and_then(Value::as_str)
    }

    pub fn tags(&self) -> impl Iterator<Item = &'d str> {
        self.value.get("tags").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    }

    fn name(&self) -> String {
        let of_path = || tool_name(&self.title()).to_ascii_lowercase();
        self.id().map(tool_name).filter(|name| !name.is_empty()).unwrap_or_else(of_path)
    }

    fn text(&self, key: &str) -> &'d str {
        let own = self.value.get(key).and_then(Value::as_str);
        own.or_else(|| self.item.get(key).and_then(Value::as_str)).unwrap_or_default().trim()
    }

    /// The summary, and what the description adds to it.
    fn description(&self) -> String {
        let (summary, description) = (self.text("summary"), self.text("description"));
        let whole = match (summary, description) {
            ("", "") => self.title(),
            ("", text) | (text, "") => text.to_owned(),
            (summary, description) if description.starts_with(summary.trim_end_matches('.')) => {
                description.to_owned()
            }
            (summary, description) => format!("{}. {description}", summary.trim_end_matches('.')),
        };
        shortened(&whole, LONGEST_DESCRIPTION)
    }
}

/// `Err`: it cannot be carried over, and why.
pub fn command(
    document: &Document<'_>,
    operation: &Operation<'_>,
    imported: &mut Imported,
) -> Result<Proposal, String> {
    let mut names = Names::default();
    let mut call = HttpCall { method: operation.method.to_ascii_uppercase(), ..HttpCall::default() };
    // Holes are marked until their parameters are known: `{` means something to templates.
    call.url = operation.path.replace('{', "\u{1}").replace('}', "\u{2}");
    let made = parameters(document, operation, &mut names, &mut call)?;
    let (mut params, mut notes) = (made.params, made.notes);
    params.extend(body(document, operation, &mut names, &mut call, &mut notes)?);
    let base = server::base(document, operation, imported);
    call.url = format!("{}{}", base.url, call.url);
    call.allow_private = base.is_private;
    if wants_json(operation, document) {
        call.headers.entry("Accept").or_insert_with(|| json!("application/json"));
    }
    security::add(document, operation, &mut call, imported);
    let title = operation.title();
    imported.notes.extend(notes.into_iter().map(|note| format!("`{title}`: {note}")));
    let mut remarks = vec![title];
    if operation.value.get("deprecated").and_then(Value::as_bool).unwrap_or(false) {
        remarks.push("The document calls it deprecated.".to_owned());
    }
    Ok(Proposal {
        name: operation.name(),
        description: operation.description(),
        remarks,
        action: Action::Http(Box::new(call)),
        params,
        read_only: matches!(operation.method, "get" | "head" | "options"),
        idempotent: matches!(operation.method, "put" | "delete"),
        ..Proposal::default()
    })
}

/// Whether an answer of it is JSON.
fn wants_json(operation: &Operation<'_>, document: &Document<'_>) -> bool {
    let answers = operation.value.get("responses").and_then(Value::as_object);
    let content =
        answers.into_iter().flatten().filter_map(|(_, answer)| document.resolved(answer).get("content"));
    content.filter_map(Value::as_object).any(|content| content.contains_key("application/json"))
}

/// A text on one line and no longer than that; cut between words.
pub fn shortened(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.len() <= most {
        return line;
    }
    let mut end = most;
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    let cut = line.get(..end).unwrap_or_default();
    format!("{}…", cut.rsplit_once(' ').map_or(cut, |(words, _)| words))
}

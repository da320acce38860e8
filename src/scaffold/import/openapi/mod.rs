//! OpenAPI 3.0 and 3.1: a command for each operation that is chosen.
//!
//! Knows the document alone: nothing it names is fetched.

mod body;
mod choice;
mod document;
mod names;
mod operation;
mod parameters;
mod schema;
mod security;
mod server;

use serde_json::Value;

use super::{BadImport, Imported};
use document::Document;
use operation::Operation;

pub use choice::Choice;

/// A model that has to choose among more chooses badly.
const MOST_OPERATIONS: usize = 100;

/// What the keys of a path item are that stand for operations.
const METHODS: [&str; 7] = ["get", "put", "post", "delete", "options", "head", "patch"];

pub fn read(value: &Value, choice: &Choice) -> Result<Imported, BadImport> {
    if let Some(old) = value.get("swagger") {
        return Err(BadImport::OldOpenApi(old.as_str().unwrap_or("2.0").to_owned()));
    }
    let version = value.get("openapi").and_then(Value::as_str).ok_or(BadImport::Missing("`openapi`"))?;
    if !version.starts_with("3.") {
        return Err(BadImport::OldOpenApi(version.to_owned()));
    }
    let document = Document::new(value);
    let all = operations(&document)?;
    let count = all.len();
    let some: Vec<String> = all.iter().take(3).map(|operation| format!("`{}`", operation.title())).collect();
    let chosen: Vec<Operation<'_>> = all.into_iter().filter(|operation| choice.takes(operation)).collect();
    if chosen.is_empty() && count > 0 {
        return Err(BadImport::NothingChosen(some.join(", ")));
    }
    if chosen.len() > MOST_OPERATIONS {
        return Err(BadImport::TooMany(chosen.len(), MOST_OPERATIONS));
    }
    let mut imported = Imported::default();
    for operation in &chosen {
        match operation::command(&document, operation, &mut imported) {
            Ok(proposal) => imported.proposals.push(proposal),
            Err(reason) => imported.notes.push(format!("left out `{}`: {reason}", operation.title())),
        }
    }
    imported.notes.extend(document.remarks.take());
    if value.get("webhooks").is_some_and(|webhooks| webhooks.as_object().is_some_and(|map| !map.is_empty())) {
        imported.notes.push("left out `webhooks`: they are calls of the server, not to it".to_owned());
    }
    imported.or_nothing("no operation in `paths`")
}

fn operations<'d>(document: &Document<'d>) -> Result<Vec<Operation<'d>>, BadImport> {
    let paths = document.root.get("paths").and_then(Value::as_object).ok_or(BadImport::Missing("`paths`"))?;
    let mut found = Vec::new();
    for (path, item) in paths {
        let item = document.resolved(item);
        for method in METHODS {
            if let Some(value) = item.get(method).filter(|value| value.is_object()) {
                found.push(Operation { method, path, item, value });
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests;

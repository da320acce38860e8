//! TOML, edited as text: our entry is a table with a header of its own at the end of the file.

use std::ops::Range;

use serde_json::{Map, Value};
use toml_edit::{Document, Item, TableLike};

use super::edit::Refusal;
use super::text::{newline, position, replaced, slice};

/// What a file means. Dates are told as text.
pub fn parse(text: &str) -> Result<Value, Refusal> {
    let document = Document::parse(text).map_err(|error| {
        let (line, column) = position(text, error.span().map_or(0, |span| span.start));
        Refusal::Broken { line, column, problem: error.message().to_owned() }
    })?;
    Ok(table(document.as_table()))
}

fn table(table: &dyn TableLike) -> Value {
    Value::Object(table.iter().map(|(key, item)| (key.to_owned(), of_item(item))).collect::<Map<_, _>>())
}

fn of_item(item: &Item) -> Value {
    match item {
        Item::None => Value::Null,
        Item::Value(value) => of_value(value),
        Item::Table(inner) => table(inner),
        Item::ArrayOfTables(tables) => Value::Array(tables.iter().map(|inner| table(inner)).collect()),
    }
}

fn of_value(value: &toml_edit::Value) -> Value {
    match value {
        toml_edit::Value::String(text) => Value::from(text.value().as_str()),
        toml_edit::Value::Integer(number) => Value::from(*number.value()),
        toml_edit::Value::Float(number) => Value::from(number.value().to_string()),
        toml_edit::Value::Boolean(truth) => Value::from(*truth.value()),
        toml_edit::Value::Datetime(date) => Value::from(date.value().to_string()),
        toml_edit::Value::Array(items) => Value::Array(items.iter().map(of_value).collect()),
        toml_edit::Value::InlineTable(inner) => table(inner),
    }
}

/// Puts the table at the end, below an empty line. A file without a last newline stays without one,
/// so that `remove` leaves what was there.
pub fn insert(text: &str, container: &str, name: &str, entry: &Value) -> Option<String> {
    let newline = newline(text);
    let mut lines = vec![header(container, name)];
    for (field, value) in entry.as_object()? {
        lines.push(format!("{field} = {}", in_toml(value)?));
    }
    let block = lines.join(newline);
    Some(match (text.is_empty(), text.ends_with('\n')) {
        (true, _) => format!("{block}{newline}"),
        (false, true) => format!("{text}{newline}{block}{newline}"),
        (false, false) => format!("{text}{newline}{newline}{block}"),
    })
}

fn header(container: &str, name: &str) -> String {
    let bare = name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)) && !name.is_empty();
    if bare { format!("[{container}.{name}]") } else { format!("[{container}.{}]", Value::from(name)) }
}

/// Texts, truths, whole numbers and lists of them are written in TOML as in JSON.
fn in_toml(value: &Value) -> Option<String> {
    match value {
        Value::Array(items) => {
            let items: Option<Vec<String>> = items.iter().map(in_toml).collect();
            Some(format!("[{}]", items?.join(", ")))
        }
        Value::Null | Value::Object(_) => None,
        // The one character that JSON leaves as it is and TOML does not take.
        Value::String(_) => Some(value.to_string().replace('\u{7f}', "\\u007f")),
        _ => Some(value.to_string()),
    }
}

/// Takes out the table and the tables below it, with the empty line above.
pub fn remove(text: &str, container: &str, name: &str) -> Option<String> {
    let document = Document::parse(text).ok()?;
    let mut spans = Vec::new();
    tables(document.get(container)?.get(name)?, &mut spans);
    let start = spans.iter().map(|span| span.start).min()?;
    let end = end_of_line(text, spans.iter().map(|span| span.end).max()?);
    let before = slice(text, 0..start);
    let blank = ["\r\n", "\n"].into_iter().find(|line| before.ends_with(&line.repeat(2)));
    let mut kept = before.len() - blank.map_or(0, str::len);
    if end == text.len() && !text.ends_with('\n') {
        kept -= blank.map_or(0, str::len);
    }
    Some(replaced(text, vec![(kept..end, String::new())]))
}

/// The bytes of a table and of everything in it.
fn tables(item: &Item, spans: &mut Vec<Range<usize>>) {
    spans.extend(item.span());
    for (_, inner) in item.as_table().into_iter().flat_map(|table| table.iter()) {
        tables(inner, spans);
    }
}

fn end_of_line(text: &str, at: usize) -> usize {
    slice(text, at..text.len()).find('\n').map_or(text.len(), |newline| at + newline + 1)
}

/// Replaces the value of one field of an entry.
pub fn replace(text: &str, container: &str, name: &str, field: &str, value: &Value) -> Option<String> {
    let document = Document::parse(text).ok()?;
    let entry = document.get(container)?.get(name)?;
    match entry.get(field) {
        Some(old) => Some(replaced(text, vec![(old.span()?, in_toml(value)?)])),
        None => {
            let header = end_of_line(text, entry.span()?.start);
            let line = format!("{field} = {}{}", in_toml(value)?, newline(text));
            Some(replaced(text, vec![(header..header, line)]))
        }
    }
}

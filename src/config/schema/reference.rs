//! `docs/reference/configuration.md`, made of the shapes.

use std::fmt::Write;

use crate::config::shape::{CONDITION, Key, Kind, LITERAL, Names, PARAM, ROOT, Shape, Stage};

const HEAD: &str = "# Configuration: all keys

<!-- Made from src/config/shape by `UPDATE_SCHEMAS=1 cargo test schemas`. -->

Every key that a file may hold today. How values are written, and what templates, groups and variables do, is told in
[the language of the file](../concepts/configuration.md); editors show all this [while you write](../guides/editors.md),
by [the schema](../../schemas/config.schema.json) that `mcpfier schema` prints.
";

/// The reference of all keys, as Markdown.
pub fn reference() -> String {
    let mut shapes = Vec::new();
    collect(&ROOT, &mut shapes);
    let mut text = HEAD.to_owned();
    for shape in &shapes {
        let _ = write!(text, "\n## {}\n\n{}\n\n", capital(shape.what), shape.description);
        text.push_str("| key | takes | default | for example | means |\n| --- | --- | --- | --- | --- |\n");
        for key in shape.built() {
            text.push_str(&row(key));
        }
    }
    text.push_str("\n## Not supported yet\n\nThese keys are known and errors that say so, so that no file means something else one day.\n\n");
    for shape in &shapes {
        let keys: Vec<&str> =
            shape.keys().filter(|key| key.stage == Stage::Later).map(|key| key.name).collect();
        if !keys.is_empty() {
            let _ = writeln!(text, "- in {}: `{}`", shape.what, keys.join("`, `"));
        }
    }
    text
}

/// A shape and those below it, each once and before what it leads to.
fn collect(shape: &'static Shape, found: &mut Vec<&'static Shape>) {
    if found.iter().any(|known| known.name == shape.name) {
        return;
    }
    found.push(shape);
    shape.built().for_each(|key| collect_from(&key.kind, found));
}

fn collect_from(kind: &'static Kind, found: &mut Vec<&'static Shape>) {
    match kind {
        Kind::Group(shape) => collect(shape, found),
        Kind::ListOf(of) | Kind::MapOf(_, of) => collect_from(of, found),
        Kind::Either(kinds) => kinds.iter().for_each(|kind| collect_from(kind, found)),
        Kind::Argument => [&CONDITION, &LITERAL].into_iter().for_each(|shape| collect(shape, found)),
        Kind::Parameter => collect(&PARAM, found),
        _ => {}
    }
}

fn row(key: &Key) -> String {
    let default = match (key.required, key.default, key.otherwise) {
        (true, ..) => "required".to_owned(),
        (false, Some(yaml), _) => code(yaml),
        (false, None, Some(words)) => words.to_owned(),
        (false, None, None) => String::new(),
    };
    let examples: Vec<String> = key.examples.iter().map(|example| code(example)).collect();
    let cells = [code(key.name), takes(&key.kind), default, examples.join(", "), key.description.to_owned()];
    format!("| {} |\n", cells.map(|cell| cell.replace('|', "\\|")).join(" | "))
}

/// What a key takes, in words.
fn takes(kind: &Kind) -> String {
    let words = match kind {
        Kind::Text | Kind::Filled => "text",
        Kind::ToolName | Kind::VariablePattern => "name",
        Kind::Template => "template",
        Kind::Path => "path",
        Kind::Pattern => "regular expression",
        Kind::Mime => "MIME type",
        Kind::Boolean => "boolean",
        Kind::Count => "count",
        Kind::Whole => "whole number from 0",
        Kind::Number => "number",
        Kind::Duration => "duration",
        Kind::Size => "size",
        Kind::Cores => "cores",
        Kind::OrWord(word, of) => return format!("{}, or `{word}`", takes(of)),
        Kind::ExitCode => "exit code",
        Kind::StatusCodes => "status code or range",
        Kind::RetryReason => "ending",
        Kind::WarningCode => "code of a warning",
        Kind::Choice(words) => return words.iter().map(|word| code(word)).collect::<Vec<_>>().join(", "),
        Kind::Const(yaml) => return code(yaml),
        Kind::ListOf(of) => return format!("list {}", of_many(of)),
        Kind::MapOf(Names::ExitCode, of) => return format!("map of exit codes {}", to_many(of)),
        Kind::MapOf(_, of) => return format!("map of names {}", to_many(of)),
        Kind::Either(kinds) => return kinds.iter().map(takes).collect::<Vec<_>>().join(", or "),
        Kind::Group(shape) => return link(shape),
        Kind::Argument => "[argument](../concepts/configuration.md#arguments)",
        Kind::Parameter => return format!("type, or {}", link(&PARAM)),
        Kind::Type => "type, or list of types",
        Kind::Item | Kind::Schema => "type, or JSON Schema",
        Kind::Schemas => "map of names to JSON Schemas",
        Kind::SchemaList => "list of JSON Schemas",
        Kind::FreeSchema => "JSON Schema",
        Kind::Own => "value",
        Kind::OwnList => "list of values",
        Kind::Any => "anything",
    };
    words.to_owned()
}

/// "of texts", or "each TYPE" where that cannot be made many of.
fn of_many(kind: &Kind) -> String {
    many(kind).map_or_else(|| format!("with {} each", takes(kind)), |many| format!("of {many}"))
}

fn to_many(kind: &Kind) -> String {
    many(kind).map_or_else(|| format!("with {} each", takes(kind)), |many| format!("to {many}"))
}

fn many(kind: &Kind) -> Option<String> {
    match kind {
        Kind::Argument => Some("[arguments](../concepts/configuration.md#arguments)".to_owned()),
        Kind::Group(_) | Kind::Parameter | Kind::Either(_) | Kind::OrWord(..) => None,
        kind => Some(format!("{}s", takes(kind))),
    }
}

fn link(shape: &Shape) -> String {
    let slug: String =
        shape.what.to_lowercase().chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '_')).collect();
    format!("[{}](#{})", shape.what, slug.replace(' ', "-"))
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

//! What a value is, as far as its name in a help text tells.

use serde_json::{Map, Value, json};

/// A schema for a value that the help calls so: `NUM`, `<FILE>`, `{a,b}`.
pub fn schema(name: &str, text: &str) -> Map<String, Value> {
    let value = match choices(name, text) {
        Some(choices) => json!({ "type": "string", "enum": choices }),
        None => by_name(name),
    };
    value.as_object().cloned().unwrap_or_default()
}

fn by_name(name: &str) -> Value {
    const COUNTS: [&str; 17] = [
        "num", "n", "count", "int", "integer", "uint", "lines", "depth", "seconds", "secs", "port", "width",
        "cols", "limit", "number", "max", "levels",
    ];
    const PATHS: [&str; 12] = [
        "file",
        "files",
        "path",
        "paths",
        "dir",
        "directory",
        "directories",
        "folder",
        "filename",
        "filenames",
        "glob-file",
        "pathspec",
    ];
    let name = name.trim_matches(|c: char| !c.is_alphanumeric()).to_ascii_lowercase();
    if COUNTS.contains(&name.as_str()) {
        json!({ "type": "integer", "minimum": 0 })
    } else if ["float", "float64", "double"].contains(&name.as_str()) {
        json!({ "type": "number" })
    } else if PATHS.contains(&name.as_str()) {
        json!({ "type": "string", "format": "path", "within": "." })
    } else {
        json!({ "type": "string", "maxLength": 1000 })
    }
}

/// `{a,b}`, `<a|b>`, or `[possible values: a, b]` in the text.
fn choices(name: &str, text: &str) -> Option<Vec<String>> {
    let listed = text.split_once("[possible values:").and_then(|(_, rest)| rest.split_once(']'));
    let list = match listed {
        Some((list, _)) => list,
        None => name.trim_matches(['<', '>', '[', ']']).trim_start_matches('{').trim_end_matches('}'),
    };
    let choices: Vec<String> = list.split([',', '|']).map(|choice| choice.trim().to_owned()).collect();
    let plain = |choice: &String| {
        !choice.is_empty()
            && choice.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c))
            && !choice.starts_with('-')
    };
    (choices.len() > 1 && choices.iter().all(plain)).then_some(choices)
}

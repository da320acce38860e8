//! The help of one tool, made of what its file says. Text in, text out.

use std::fmt::Write;

use serde_json::{Map, Value};

use crate::graph;
use crate::model::{Action, Availability, Kind, Param, Presence, Tool};
use crate::plan::quoted;

/// Where descriptions stand; a longer argument has a line of its own.
const COLUMN: usize = 26;
/// Where a usage that is too long goes on.
const USAGE_COLUMN: usize = "Usage: ".len();
/// Where a condition that is too long goes on.
const CONDITION_COLUMN: usize = "Runs only if: ".len();
/// The widest line that we fold a text to.
const WIDTH: usize = 96;
/// Values of an `enum` that are longer in all do not stand in a usage line.
const SHORT: usize = 24;

/// The help of a tool that is called by these words: `mcpfier call`, or only `mcpfier`.
pub fn render(tool: &Tool, called_by: &str) -> String {
    let mut text = tool.title.as_ref().map(|title| format!("{title}\n\n")).unwrap_or_default();
    for line in tool.description.trim().lines() {
        text.push_str(&format!("{}\n", folded(line, 0)));
    }
    if let Action::Container(container) = &tool.action {
        let _ = match &container.build {
            Some(build) => {
                writeln!(text, "\nRuns in a container of what {} builds.", build.dockerfile.display())
            }
            None => writeln!(text, "\nRuns in a container of {}.", container.image),
        };
    }
    if let Some(when) = &tool.when {
        let _ = writeln!(text, "\nRuns only if: {}", folded(&when.condition.line(), CONDITION_COLUMN));
    }
    if let Action::Flow(flow) = &tool.action {
        text.push_str("\nSteps:\n");
        for (id, does) in graph::steps(flow) {
            let _ = writeln!(text, "  {id:width$}{does}", width = COLUMN - 2);
        }
        let _ = writeln!(text, "`mcpfier graph {}` says what waits for what.", tool.name);
    }
    if let Some(reason) = unavailable(tool) {
        // Writing to a text cannot fail.
        let _ = writeln!(text, "\nNot available here: {reason}");
    }
    let usage = format!("{called_by} {}{}", tool.name, usage(tool));
    let _ = writeln!(text, "\nUsage: {}", folded(&usage, USAGE_COLUMN));
    if !tool.params.is_empty() {
        text.push_str("\nArguments:\n");
        in_order(tool).for_each(|param| text.push_str(&paragraph(param)));
    }
    let _ = writeln!(text, "\nExample:\n  {called_by} {}{}", tool.name, example(tool));
    let _ = writeln!(
        text,
        "\nStopped after {}. `mcpfier --dry-run {}{}` shows what would run.",
        seconds(tool),
        tool.name,
        example(tool)
    );
    text
}

fn unavailable(tool: &Tool) -> Option<&str> {
    match (&tool.availability, &tool.action) {
        (Availability::Unavailable { reason }, _) | (_, Action::NotSupported(reason)) => Some(reason),
        (Availability::Disabled, _) => Some("it is disabled (`enabled: false`)"),
        (Availability::Internal, _) => Some("only other commands use it (`expose: false`)"),
        (Availability::Offered, _) => None,
    }
}

fn seconds(tool: &Tool) -> String {
    format!("{:?}", tool.timeout)
}

/// What is required stands bare, the rest in brackets.
fn usage(tool: &Tool) -> String {
    let words = in_order(tool).map(|param| match is_required(param) {
        true => format!(" {}{}", written(param), more(param)),
        false => format!(" [{}{}]", written(param), more(param)),
    });
    words.collect()
}

/// What is required comes first.
fn in_order(tool: &Tool) -> impl Iterator<Item = &Param> {
    let required = tool.params.iter().filter(|param| is_required(param));
    required.chain(tool.params.iter().filter(|param| !is_required(param)))
}

fn is_required(param: &Param) -> bool {
    param.presence == Presence::Required
}

fn more(param: &Param) -> &'static str {
    if matches!(param.kind, Kind::Array(_)) { "..." } else { "" }
}

/// `name=TYPE`.
fn written(param: &Param) -> String {
    let sign = if param.kind == Kind::Object { ":=" } else { "=" };
    let schema = items(param).unwrap_or(&param.schema);
    let value = choices(schema).unwrap_or_else(|| value_name(param, &param.kind).to_owned());
    format!("{}{sign}{value}", param.name)
}

/// A few short values, as a usage line shows them.
fn choices(schema: &Map<String, Value>) -> Option<String> {
    let values: Vec<String> = schema.get("enum")?.as_array()?.iter().map(shown).collect();
    let text = values.join("|");
    (text.len() <= SHORT && !text.contains(char::is_whitespace)).then_some(text)
}

/// The schema of a list's items.
fn items(param: &Param) -> Option<&Map<String, Value>> {
    param.schema.get("items").and_then(Value::as_object).filter(|_| matches!(param.kind, Kind::Array(_)))
}

fn value_name(param: &Param, kind: &Kind) -> &'static str {
    match kind {
        Kind::Text if param.rule.path.is_some() => "PATH",
        Kind::Text => "TEXT",
        Kind::Integer => "INTEGER",
        Kind::Number => "NUMBER",
        Kind::Boolean => "true|false",
        Kind::Array(items) => value_name(param, items),
        Kind::Object => "JSON",
        Kind::Any => "VALUE",
    }
}

fn paragraph(param: &Param) -> String {
    let head = written(param);
    let described = param.schema.get("description").and_then(Value::as_str).unwrap_or_default();
    let lines = described.trim().lines().chain(std::iter::once(""));
    let said: Vec<String> = lines.filter(|line| !line.is_empty()).map(|line| folded(line, COLUMN)).collect();
    let facts = folded(&facts(param).join(" · "), COLUMN);
    let body: Vec<String> = said.into_iter().chain(std::iter::once(facts)).collect();
    let body = body.join(&format!("\n{:COLUMN$}", ""));
    match head.chars().count() + 4 > COLUMN {
        true => format!("  {head}\n{:COLUMN$}{body}\n", ""),
        false => format!("  {head:width$}{body}\n", width = COLUMN - 2),
    }
}

/// What a value has to be, in a few words each.
fn facts(param: &Param) -> Vec<String> {
    let mut facts = vec![presence(param)];
    let is_list = matches!(param.kind, Kind::Array(_));
    if is_list {
        facts.push("may be repeated".to_owned());
        facts.extend(span(&param.schema, "minItems", "maxItems", "items"));
    }
    facts.extend(of_value(items(param).unwrap_or(&param.schema)));
    if let Some(folder) = param.rule.path.as_ref().and_then(|path| path.within.as_ref()) {
        facts.push(format!("within {}", folder.display()));
    }
    if param.rule.sensitive {
        facts.push("never shown".to_owned());
    }
    facts
}

fn presence(param: &Param) -> String {
    match &param.presence {
        Presence::Required => "required".to_owned(),
        Presence::Default(value) if !param.rule.sensitive => format!("default: {}", shown(value)),
        Presence::Optional | Presence::Default(_) => "optional".to_owned(),
    }
}

fn of_value(schema: &Map<String, Value>) -> Vec<String> {
    let mut facts = Vec::new();
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        let values: Vec<String> = values.iter().map(shown).collect();
        facts.push(format!("one of: {}", values.join(", ")));
    }
    facts.extend(schema.get("const").map(|value| format!("always {}", shown(value))));
    facts.extend(span(schema, "minimum", "maximum", ""));
    facts.extend(bound(schema, "exclusiveMinimum", "above"));
    facts.extend(bound(schema, "exclusiveMaximum", "below"));
    facts.extend(bound(schema, "multipleOf", "a multiple of"));
    match schema.get("minLength").filter(|_| !schema.contains_key("maxLength")) {
        Some(least) if *least == 1 => facts.push("not empty".to_owned()),
        _ => facts.extend(span(schema, "minLength", "maxLength", "characters")),
    }
    facts.extend(bound(schema, "pattern", "matches"));
    facts.extend(bound(schema, "format", "format"));
    if let Some(values) = schema.get("examples").and_then(Value::as_array) {
        let values: Vec<String> = values.iter().map(shown).collect();
        facts.push(format!("for example {}", values.join(", ")));
    }
    facts
}

fn bound(schema: &Map<String, Value>, key: &str, word: &str) -> Option<String> {
    Some(format!("{word} {}", shown(schema.get(key)?)))
}

fn span(schema: &Map<String, Value>, least: &str, most: &str, of: &str) -> Option<String> {
    let text = match (schema.get(least), schema.get(most)) {
        (Some(least), Some(most)) => format!("{least} to {most} {of}"),
        (Some(least), None) => format!("at least {least} {of}"),
        (None, Some(most)) => format!("at most {most} {of}"),
        (None, None) => return None,
    };
    Some(text.trim_end().to_owned())
}

/// A line that can be pasted once its capital words are replaced.
fn example(tool: &Tool) -> String {
    let required = tool.params.iter().filter(|param| is_required(param));
    let words = required.map(|param| match known_value(param) {
        Some(value) if value.is_object() || value.is_array() => format!("{}:={value}", param.name),
        Some(value) => format!("{}={}", param.name, shown(&value)),
        None => written(param),
    });
    words.map(|word| format!(" {}", quoted(&word))).collect()
}

/// A value that the file itself shows.
fn known_value(param: &Param) -> Option<Value> {
    let listed = |schema: &Map<String, Value>| {
        let first = |key| schema.get(key).and_then(Value::as_array).and_then(|list| list.first());
        let bound = || schema.get("const").or_else(|| schema.get("minimum"));
        first("examples").or_else(|| first("enum")).or_else(bound).cloned()
    };
    let flag = || (param.kind == Kind::Boolean).then_some(Value::Bool(true));
    listed(&param.schema).or_else(|| items(param).and_then(listed)).or_else(flag)
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Breaks a text between words, later lines `indent` from the left.
fn folded(text: &str, indent: usize) -> String {
    let mut lines = String::new();
    let mut length = indent;
    for word in text.split_whitespace() {
        let width = word.chars().count();
        if length > indent && length + 1 + width > WIDTH {
            lines.push_str(&format!("\n{:indent$}", ""));
            length = indent;
        } else if length > indent {
            lines.push(' ');
            length += 1;
        }
        lines.extend(word.chars().filter(|character| !character.is_control()));
        length += width;
    }
    lines
}

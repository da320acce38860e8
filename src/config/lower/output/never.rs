//! Schemas that no output of their format can fit.

use serde_json::{Map, Value};

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::read::{Field, Reader, nearest};
use crate::model::OutputFormat;

/// A list of rows never fits a schema of something else, nor rows a schema that wants another name.
pub fn check(reader: &Reader<'_>, schema: &Map<String, Value>, format: &OutputFormat, field: Field<'_>) {
    let what = match format {
        OutputFormat::Lines => "lines",
        OutputFormat::Csv(_) => "rows",
        OutputFormat::Regex(_) => "matches",
        _ => return,
    };
    if let Some(Value::String(name)) = schema.get("type")
        && name != "array"
    {
        let span = field.node.get("type").map_or(field.key_span, |node| node.span);
        let message = format!("`format: {}` makes a list of {what}, and no {name}", format.name());
        let problem = Diagnostic::error(Code::NeverFits, span, message);
        reader
            .problems
            .add(problem.help(format!("describe the list: `{{ type: array, items: {} }}`", items(format))));
        return;
    }
    let OutputFormat::Regex(pattern) = format else { return };
    let wanted = schema.get("items").and_then(|items| items.get("required")).and_then(Value::as_array);
    for name in wanted.into_iter().flatten().filter_map(Value::as_str) {
        if pattern.names().any(|known| known == name) {
            continue;
        }
        let message = format!("the schema requires `{name}`, and no group of `pattern` has that name");
        let problem = Diagnostic::error(Code::NeverFits, reader.span_within(field.node.span, name), message);
        let known: Vec<&str> = pattern.names().collect();
        reader.problems.add(match nearest(name, known.iter().copied()) {
            Some(nearest) => problem.help(format!("did you mean `{nearest}`?")),
            None => problem.help(format!("its groups are `{}`", known.join("`, `"))),
        });
    }
}

fn items(format: &OutputFormat) -> &'static str {
    match format {
        OutputFormat::Lines => "{ type: string }",
        OutputFormat::Csv(form) if !form.header => "{ type: array }",
        _ => "{ type: object }",
    }
}

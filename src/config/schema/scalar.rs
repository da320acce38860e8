//! Kinds of single values, and of names that a file chooses, → their schema.
//!
//! The schema may take what a reader refuses, and never the other way round: `--validate` reports
//! what it refuses.

use serde_json::{Value, json};

use crate::config::shape::{Kind, Names, TYPES};
use crate::model::RESERVED;

use super::instance::value_of;
use super::with;

const IDENTIFIER: &str = "^[A-Za-z_][A-Za-z0-9_]*$";
const DURATION: &str = "^(0|(([0-9]+(\\.[0-9]*)?|\\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$";
const NO_DURATION: &str = "Expected a number with a unit, such as 30s, 1m30s or 500ms.";
const SIZE: &str = "^([0-9]+(\\.[0-9]*)?|\\.[0-9]+)[ \\t]*([bB]|[kKmMgGtT]([iI]?[bB]?))?$";
const CORES: &str = "^\\+?([0-9]+(\\.[0-9]*)?|\\.[0-9]+)([eE][-+]?[0-9]+)?$";
/// Decimal, or in another base, where the reader knows whether it is too large.
const EXIT_CODE: &str = "^(\\+?0*([0-9]{1,2}|1[0-9]{2}|2[0-4][0-9]|25[0-5])|0[xo].*)$";
const STATUS_CODES: &str = "^ *[1-5][0-9]{2} *(- *[1-5][0-9]{2} *)?$";
const RETRY_REASON: &str = "^(failure|timeout|unanswered|exit: *[0-9]+ *|http: *[0-9]+ *)$";
const NO_RETRY_REASON: &str = "Expected failure, timeout, unanswered, exit:CODE or http:STATUS.";
const NO_EXIT_CODE: &str = "Expected an exit code from 0 to 255.";

pub(super) fn scalar(kind: &Kind, expands: bool) -> Value {
    match kind {
        // A text keeps what was written, so `1.10` and `true` are texts as well.
        Kind::Text | Kind::Template | Kind::Path | Kind::Pattern => {
            json!({ "type": ["string", "number", "boolean"] })
        }
        Kind::Boolean if expands => json!({ "type": ["boolean", "string"], "pattern": "\\$" }),
        Kind::Boolean => json!({ "type": "boolean" }),
        Kind::Count => whole(1, expands),
        Kind::Whole => whole(0, expands),
        Kind::Number => json!({ "type": "number" }),
        Kind::Duration | Kind::Size | Kind::Cores => quantity(kind, expands),
        Kind::ExitCode => with(
            json!({ "type": ["integer", "string"], "minimum": 0, "maximum": 255 }),
            like(EXIT_CODE, NO_EXIT_CODE),
        ),
        Kind::StatusCodes => with(
            json!({ "type": ["integer", "string"], "minimum": 100, "maximum": 599 }),
            like(STATUS_CODES, "Expected a status code from 100 to 599, or a range such as 200-299."),
        ),
        Kind::Choice(words) => json!({ "enum": choice(words) }),
        Kind::Const(yaml) => json!({ "const": value_of(yaml) }),
        Kind::RetryReason => with(json!({ "type": "string" }), like(RETRY_REASON, NO_RETRY_REASON)),
        Kind::Filled | Kind::WarningCode | Kind::ToolName | Kind::VariablePattern | Kind::Mime => text(kind),
        Kind::Type => json!({
            "if": { "type": "array" },
            "then": { "items": { "enum": TYPES.iter().chain(&["null"]).collect::<Vec<_>>() } },
            "else": { "enum": TYPES },
        }),
        Kind::FreeSchema => json!({ "type": "object" }),
        Kind::OwnList => json!({ "type": "array" }),
        Kind::Own | Kind::Any => json!({}),
        // Not single values; `Definitions::kind` makes them.
        Kind::ListOf(_) | Kind::MapOf(..) | Kind::Either(_) | Kind::Group(_) | Kind::Argument => json!({}),
        Kind::OrWord(..) => json!({}),
        Kind::Parameter | Kind::Item | Kind::Schema | Kind::Schemas | Kind::SchemaList => json!({}),
    }
}

/// A word that YAML takes for a boolean is written as one.
fn choice(words: &[&str]) -> Vec<Value> {
    let written = words.iter().flat_map(|word| match value_of(word) {
        Value::Bool(flag) => vec![json!(flag), json!(word)],
        _ => vec![json!(word)],
    });
    written.collect()
}

/// Numbers with a unit.
fn quantity(kind: &Kind, expands: bool) -> Value {
    match kind {
        Kind::Duration => json!({
            "if": { "type": "string" },
            "then": like(&or_expanded(DURATION, expands), NO_DURATION),
            // The only number that needs no unit.
            "else": { "const": 0, "errorMessage": NO_DURATION },
        }),
        Kind::Size => with(
            json!({ "type": ["string", "number"], "minimum": 1 }),
            like(
                &or_expanded(SIZE, expands),
                "Expected a number of bytes, or one with a unit, such as 64KiB, 512MiB or 1GB.",
            ),
        ),
        _ => with(
            json!({ "type": ["number", "string"], "minimum": 0.001, "maximum": 100_000 }),
            like(&or_expanded(CORES, expands), "Expected a number of cores, such as 0.5 or 2."),
        ),
    }
}

/// Texts of which not every one will do.
fn text(kind: &Kind) -> Value {
    let (pattern, message) = match kind {
        Kind::WarningCode => {
            ("^[^eE]", "Expected the code of a warning, such as W0040. Errors cannot be allowed.")
        }
        Kind::ToolName => ("^[A-Za-z0-9_-]{1,64}$", "Expected letters, digits, _ and -, at most 64."),
        Kind::VariablePattern => (
            "^[A-Za-z_][A-Za-z0-9_]*\\*?$",
            "Expected the name of a variable, or the beginning of one and *.",
        ),
        Kind::Mime => ("^[^/]+/.+$", "Expected a MIME type, such as image/png."),
        _ => ("\\S", "Expected a text that is not empty."),
    };
    with(json!({ "type": ["string", "number", "boolean"] }), like(pattern, message))
}

fn whole(least: u32, expands: bool) -> Value {
    let number = json!({ "type": "integer", "minimum": least, "maximum": u32::MAX });
    if !expands {
        return number;
    }
    let expanded = like("\\$", "Expected a whole number, or ${VARIABLE}.");
    with(with(number, json!({ "type": ["integer", "string"] })), expanded)
}

/// Where `${…}` is expanded a text that holds one may become anything.
fn or_expanded(pattern: &str, expands: bool) -> String {
    if expands { format!("{pattern}|\\$") } else { pattern.to_owned() }
}

/// What editors say is in words where they know how.
fn like(pattern: &str, message: &str) -> Value {
    json!({ "pattern": pattern, "patternErrorMessage": message })
}

pub(super) fn names(names: Names) -> Value {
    let (pattern, message) = match names {
        Names::Parameter | Names::Identifier | Names::Variable => {
            (IDENTIFIER, "Expected letters, digits and _, not a digit first.")
        }
        Names::ExitCode => (EXIT_CODE, NO_EXIT_CODE),
        Names::Any => return json!({}),
    };
    let like = like(pattern, message);
    if names == Names::Parameter { with(like, json!({ "not": { "enum": RESERVED } })) } else { like }
}

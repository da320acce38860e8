//! What a command printed → a value, and a result → a text.
//!
//! Pure: bytes and rules come in, a value or a sentence that says what is wrong comes out. Everything is
//! bounded: the bytes by `limits.output`, and rows, values and work here. Knows nothing of runs, plans
//! and protocols.

pub mod content;
mod convert;
mod csv;
mod json;
mod lines;
mod rows;
mod sanitize;
mod text;
mod yaml;

use serde_json::Value;

use crate::model::{OutputFormat, OutputRules};

pub use sanitize::Sanitizer;
pub use text::render;

/// Rows of one result.
const MOST_ROWS: usize = 200_000;
/// Values in the rows of one result.
const MOST_CELLS: usize = 1_000_000;

/// The value that a command printed, before anything is selected in it. `None` for text and bytes.
pub fn read(format: &OutputFormat, stdout: &[u8]) -> Result<Option<Value>, String> {
    match format {
        // Blocks of content are no value of the command's own; they are read where they are shown.
        OutputFormat::Text | OutputFormat::Binary | OutputFormat::Mcp => Ok(None),
        OutputFormat::Json => json::value(stdout).map(Some),
        OutputFormat::Yaml => yaml::value(stdout).map(Some),
        OutputFormat::Lines => lines::value(stdout).map(Some),
        OutputFormat::Csv(form) => csv::value(*form, stdout).map(Some),
        OutputFormat::Regex(pattern) => rows::value(pattern, stdout).map(Some),
    }
}

/// The value after `select`, with the types that the schema names.
pub fn shaped(rules: &OutputRules, value: Value) -> Result<Value, String> {
    let mut value = match &rules.select {
        Some(select) => select.part(value)?,
        None => value,
    };
    if let (Some(schema), OutputFormat::Csv(_) | OutputFormat::Regex(_) | OutputFormat::Lines) =
        (&rules.schema, &rules.format)
    {
        convert::typed(&mut value, schema)?;
    }
    Ok(value)
}

/// Whether bytes are what the format promises, where nobody wants the value.
pub fn check(format: &OutputFormat, stdout: &[u8]) -> Result<(), String> {
    match format {
        OutputFormat::Json => json::check(stdout),
        _ => read(format, stdout).map(drop),
    }
}

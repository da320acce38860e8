//! `mcpfier schema [DOCUMENT]`: the JSON Schema of the file, and of what we print for programs.

use crate::config::config_schema;

use super::exit::Exit;
use super::print::Printer;

pub fn run(document: &str) -> Exit {
    let printer = Printer::new(true);
    match document {
        "audit" => printer.data(include_str!("../../schemas/audit.schema.json")),
        "plan" => printer.data(include_str!("../../schemas/plan.schema.json")),
        "result" => printer.data(include_str!("../../schemas/result.schema.json")),
        "validation" => printer.data(include_str!("../../schemas/validation.schema.json")),
        _ => printer.json_data(&config_schema()),
    }
    Exit::OK
}

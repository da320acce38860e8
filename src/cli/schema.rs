//! `mcpfier schema DOCUMENT`: the JSON Schemas of what we print for programs.

use super::exit::Exit;
use super::print::Printer;

pub fn run(document: &str) -> Exit {
    let schema = match document {
        "plan" => include_str!("../../schemas/plan.schema.json"),
        "result" => include_str!("../../schemas/result.schema.json"),
        _ => include_str!("../../schemas/validation.schema.json"),
    };
    Printer::new(false).data(schema);
    Exit::OK
}

//! `mcpfier explain CODE`: what a code means; without a code, which there are.

use std::fmt::Write;

use crate::config::{Code, code_named, explain};

use super::exit::Exit;
use super::print::Printer;

pub fn run(written: Option<&str>, printer: &Printer) -> Exit {
    let Some(written) = written else {
        printer.data(&list());
        return Exit::OK;
    };
    match code_named(written).and_then(explain) {
        Some(page) => {
            printer.data(&page.render());
            Exit::OK
        }
        None => {
            printer.error(&format!(
                "there is no code `{written}`; expected one such as `E0012`, `mcpfier explain` lists them"
            ));
            Exit::USAGE
        }
    }
}

fn list() -> String {
    let mut lines = String::new();
    for code in Code::ALL {
        // Writing to a text cannot fail.
        let _ = writeln!(lines, "{:04}  {}", code.number(), code.title());
    }
    lines
}

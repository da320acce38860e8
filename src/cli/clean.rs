//! `clean`: removes the containers of servers that are gone.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::runner::container::{Cleaned, clean};

use super::exit::Exit;
use super::print::Printer;
use super::serve::runtime;
use super::session;

pub fn run(printer: &Printer) -> Exit {
    let environment = Arc::new(session::host().environment);
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(error) => {
            printer.error(&error.to_string());
            return Exit::FAILURE;
        }
    };
    match runtime.block_on(clean(environment)) {
        Ok(cleaned) => {
            say(&cleaned, printer);
            Exit::OK
        }
        Err(failure) => {
            printer.error(&failure.to_string());
            Exit::FAILURE
        }
    }
}

fn say(cleaned: &[Cleaned], printer: &Printer) {
    if printer.json {
        let documents = cleaned.iter().map(|one| json!({ "container": one.name, "tool": one.tool }));
        return printer.json_data(&Value::Array(documents.collect()));
    }
    for Cleaned { name, tool } in cleaned {
        printer.data(&format!("removed {name} of `{tool}`\n"));
    }
    if cleaned.is_empty() {
        printer.talk("there is nothing to clean\n");
    }
}

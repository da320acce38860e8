//! `mcpfier config show`: the file as it is in effect.

use serde_json::json;

use crate::config::{self, Wanted};

use super::arguments::{Arguments, ConfigVerb};
use super::exit::Exit;
use super::print::Printer;
use super::session;

pub fn run(arguments: &Arguments, verb: &ConfigVerb, printer: &Printer) -> Exit {
    let ConfigVerb::Show { resolved, origin } = *verb;
    let host = session::host();
    let found = match session::found(arguments.config.as_deref(), &host, printer) {
        Ok(found) => found,
        Err(exit) => return exit,
    };
    let choice = session::choice(arguments, &host);
    let wanted = Wanted { resolved, origin, unmasked: false };
    let (loaded, effective) = config::effective(&found.path, &host, &choice, wanted);
    let Some(effective) = effective else {
        printer.talk(&loaded.report.render(printer.style()));
        return Exit::CONFIG;
    };
    match (printer.json, origin) {
        (true, true) => printer.json_data(&json!({ "config": effective.json, "origins": effective.origins })),
        (true, false) => printer.json_data(&effective.json),
        (false, _) => printer.data(&effective.yaml),
    }
    Exit::OK
}

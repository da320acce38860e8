//! `mcpfier lock`: writes down what the tools are, or says how they differ from that.

mod images;
mod judge;

use std::path::Path;

use serde_json::{Value, json};

use crate::config::{self, Host};
use crate::lock::{self, Change, Kind, Lock};
use crate::model::{Catalog, counted};

use super::arguments::Arguments;
use super::evidence::Evidence;
use super::exit::Exit;
use super::print::Printer;
use super::{replace, session};

pub use judge::{Refusal, judge, lock_of};

pub fn run(arguments: &Arguments, check: bool, printer: &Printer) -> Exit {
    let host = session::host();
    let found = match session::found(arguments.config.as_deref(), &host, printer) {
        Ok(found) => found,
        Err(exit) => return exit,
    };
    let loaded = config::load(&found.path, &host, &session::choice(arguments, &host));
    let Some(catalog) = &loaded.catalog else {
        printer.talk(&loaded.report.render(printer.style()));
        return Exit::CONFIG;
    };
    let evidence = Evidence::of(&loaded);
    match check {
        true => self::check(&evidence, catalog, host, printer),
        false => write(&evidence, catalog, host, printer),
    }
}

fn check(evidence: &Evidence, catalog: &Catalog, host: Host, printer: &Printer) -> Exit {
    match judge(evidence) {
        Ok(agreed) => {
            let changes = agreed.images().map(|agreed| images::check(&agreed, catalog, host, printer));
            let changes = changes.unwrap_or_default();
            if printer.json {
                printer.json_data(&Value::Array(changes.iter().map(document).collect()));
            } else if changes.is_empty() {
                printer.data(&format!("{} is what its lock says\n", evidence.path.display()));
            }
            if !changes.is_empty() {
                if !printer.json {
                    images::say(&changes, printer);
                }
                return Exit::FAILURE;
            }
        }
        Err(refusal) => {
            match &refusal {
                Refusal::Differs { differences, .. } if printer.json => {
                    let changes = differences.changes().iter().map(document);
                    printer.json_data(&Value::Array(changes.collect()));
                }
                _ => say(&refusal, printer),
            }
            return Exit::FAILURE;
        }
    }
    Exit::OK
}

fn write(evidence: &Evidence, catalog: &Catalog, host: Host, printer: &Printer) -> Exit {
    let path = lock_of(&evidence.path);
    let mut now = match judge::made_of(evidence) {
        Ok(now) => now,
        Err(problem) => return refuse(&problem.into(), printer),
    };
    // One that is broken is replaced as well: what it said before is not to be had.
    let before = judge::read(&evidence.path).ok().flatten();
    if let Some(before) = before.as_ref().filter(|before| before.file != now.file) {
        return refuse(&Refusal::Other { path, file: before.file.clone() }, printer);
    }
    now.images = images::look(catalog, host, before.as_ref().map(|before| &before.images), printer);
    let text = now.to_text();
    let written = match std::fs::read_to_string(&path) {
        Ok(found) if found == text => Ok(()),
        Ok(_) => replace::replace(&path, &text),
        Err(_) => replace::create(&path, &text),
    };
    match written {
        Ok(()) => {
            told(&path, before.as_ref(), &now, printer);
            Exit::OK
        }
        Err(error) => {
            printer.error(&format!("cannot write {}: {error}", path.display()));
            Exit::FAILURE
        }
    }
}

fn told(path: &Path, before: Option<&Lock>, now: &Lock, printer: &Printer) {
    let tools = counted(now.len(), "tool");
    let changes = before.map(|before| {
        let mut changes: Vec<Change> =
            lock::differences(before, now).map(|found| found.changes().to_vec()).unwrap_or_default();
        changes.extend(images::changes(&before.images, &now.images));
        (!changes.is_empty()).then(|| lock::Differences::new(changes))
    });
    if printer.json {
        let changes = changes.flatten();
        let changes = changes.iter().flat_map(|changes| changes.changes()).map(document);
        return printer.json_data(&Value::Array(changes.collect()));
    }
    match changes {
        None => printer.data(&format!("{}: {tools} written down\n", path.display())),
        Some(None) => printer.data(&format!("{}: {tools}, nothing new\n", path.display())),
        Some(Some(changes)) => {
            printer.data(&format!("{}: {tools} written down; new is\n{changes}", path.display()));
        }
    }
}

fn document(Change { tool, kind, lines }: &Change) -> Value {
    let parts = match kind {
        Kind::Changed(parts) => json!(parts),
        Kind::Added | Kind::Removed => json!([]),
    };
    json!({ "tool": tool, "change": kind.word(), "parts": parts, "lines": lines })
}

/// Says why a file is not served with `--locked`.
pub fn refuse(refusal: &Refusal, printer: &Printer) -> Exit {
    say(refusal, printer);
    Exit::REFUSED
}

fn say(refusal: &Refusal, printer: &Printer) {
    printer.error(&format!("{}\nhelp: {}", refusal.to_string().trim_end(), refusal.help()));
}

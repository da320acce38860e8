//! `clean`: removes the containers of servers that are gone, and images of builds before the last one,
//! from every engine that is known.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::config::{self, Host};
use crate::model::Executor;
use crate::runner::container::{Cleaned, ContainerFailure, clean};

use super::arguments::Arguments;
use super::containers::needs_found;
use super::exit::Exit;
use super::print::Printer;
use super::serve::runtime;
use super::session;

/// What was removed from one engine.
struct Swept {
    executor: Option<String>,
    cleaned: Vec<Cleaned>,
}

/// The engines to clean.
struct Engines {
    named: Vec<Executor>,
    /// Whether the one that is found by itself has to be there.
    needs_found: bool,
}

pub fn run(arguments: &Arguments, printer: &Printer) -> Exit {
    let host = session::host();
    let engines = match engines(arguments, &host, printer) {
        Ok(engines) => engines,
        Err(exit) => return exit,
    };
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(error) => {
            printer.error(&error.to_string());
            return Exit::FAILURE;
        }
    };
    let environment = Arc::new(host.environment);
    let (mut swept, mut exit) = (Vec::new(), Exit::OK);
    let found = std::iter::once(None).chain(engines.named.iter().map(Some));
    for executor in found {
        match runtime.block_on(clean(Arc::clone(&environment), executor)) {
            Ok(cleaned) => {
                swept.push(Swept { executor: executor.map(|executor| executor.name.clone()), cleaned })
            }
            Err(ContainerFailure::NoEngine { .. }) if executor.is_none() && !engines.needs_found => {}
            Err(failure) => {
                printer.error(&failure.to_string());
                exit = Exit::FAILURE;
            }
        }
    }
    if exit == Exit::OK || swept.iter().any(|swept| !swept.cleaned.is_empty()) {
        say(&swept, printer);
    }
    exit
}

/// Those of the file, if there is one.
fn engines(arguments: &Arguments, host: &Host, printer: &Printer) -> Result<Engines, Exit> {
    let alone = Engines { named: Vec::new(), needs_found: true };
    let found = match config::find(arguments.config.as_deref(), host) {
        Ok(found) => found,
        Err(problem) if arguments.config.is_some() => {
            printer.error(&problem.to_string());
            return Err(Exit::NO_CONFIG);
        }
        Err(_) => return Ok(alone),
    };
    let loaded = config::load(&found.path, host, &session::choice(arguments, host));
    let Some(catalog) = loaded.catalog else {
        let file = found.path.display();
        printer
            .talk(&format!("warning: `{file}` has errors, so the engines that it names are not cleaned\n"));
        return Ok(alone);
    };
    let needs_found = catalog.executors.is_empty() || needs_found(&catalog);
    Ok(Engines { named: catalog.executors, needs_found })
}

fn say(swept: &[Swept], printer: &Printer) {
    let removed = || swept.iter().flat_map(|swept| swept.cleaned.iter().map(|one| (&swept.executor, one)));
    if printer.json {
        let documents = removed().map(|(executor, one)| {
            let what = if one.is_image { "image" } else { "container" };
            json!({ what: one.name, "tool": one.tool, "executor": executor })
        });
        return printer.json_data(&Value::Array(documents.collect()));
    }
    for (executor, Cleaned { name, tool, is_image: _ }) in removed() {
        let place = executor.as_ref().map(|name| format!(" from `{name}`")).unwrap_or_default();
        printer.data(&format!("removed {name} of `{tool}`{place}\n"));
    }
    if removed().next().is_none() {
        printer.talk("there is nothing to clean\n");
    }
}

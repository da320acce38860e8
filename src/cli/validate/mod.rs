//! `--validate`: everything that is wrong with files, and what this host can enforce.

mod agreed;
mod files;
mod together;

use std::path::Path;

use serde_json::{Value, json};

use crate::config::{self, Found, Host, How, Loaded};
use crate::model::{Action, Limits, counted};
use crate::plan::{Lack, Mean, Means};
use crate::runner::process;

use super::arguments::Arguments;
use super::containers::{self, Look};
use super::evidence::Evidence;
use super::exit::Exit;
use super::lock;
use super::print::Printer;
use super::requirements::{self, Silence};
use super::session;
use together::{Checked, Listed};

pub fn run(arguments: &Arguments, printer: &Printer) -> Exit {
    let mut host = session::host();
    if let Some(file) = &arguments.env_file {
        match config::read_env_file(file) {
            Ok(variables) => host.foreign = Some(variables),
            Err(problem) => {
                printer.error(&format!("cannot use `{}`: {problem}", file.display()));
                return Exit::NO_CONFIG;
            }
        }
    }
    let (files, how) = match files(arguments, &host) {
        Ok(files) => files,
        Err(problem) => {
            printer.error(&problem);
            return Exit::NO_CONFIG;
        }
    };
    let choice = session::choice(arguments, &host);
    let means = process::probe_means();
    let mut worst = Exit::OK;
    let mut documents = Vec::new();
    let mut reports = Vec::new();
    for Checked { path: file, mut loaded, .. } in
        together::check(files, |file| config::check(file, &host, &choice))
    {
        let found = Found { path: file.clone(), how };
        let is_word = !arguments.words.is_empty();
        let silence = Silence::of(arguments.offline, is_word, &found, &loaded, &host);
        requirements::complete(&mut loaded, &silence, &host);
        if arguments.offline {
            loaded.report = loaded.report.offline();
        }
        let engines = match &loaded.catalog {
            Some(catalog) if !arguments.offline => containers::look(catalog, &host),
            _ => Vec::new(),
        };
        loaded.report.add(engines.iter().flat_map(Look::diagnostics));
        if loaded.report.has_errors() || (arguments.strict && loaded.report.warnings().next().is_some()) {
            worst = Exit::CONFIG;
        }
        if arguments.locked
            && loaded.catalog.is_some()
            && let Err(refusal) = lock::judge(&Evidence::of(&loaded))
        {
            let refused = lock::refuse(&refusal, printer);
            worst = if worst == Exit::OK { refused } else { worst };
        }
        match (arguments.sarif, printer.json) {
            (true, _) => reports.push(std::mem::take(&mut loaded.report)),
            (false, true) => documents.push(document(&file, &loaded, means, &engines)),
            (false, false) => {
                say(&file, &loaded, means, printer);
                let mut notes = agreed::notes(&found, &loaded, &host);
                let engines = engines.iter().filter_map(Look::engine);
                notes.extend(engines.map(|engine| format!("containers: {engine}")));
                notes.iter().for_each(|note| printer.data(&format!("{note}\n")));
            }
        }
        // The process ends soon, and gives everything back at once.
        std::mem::forget(loaded);
    }
    if arguments.sarif {
        printer.json_data(&config::sarif(reports.iter()));
    } else if printer.json {
        printer.json_data(&Value::Array(documents));
    }
    worst
}

/// The files, and how they were found.
fn files(arguments: &Arguments, host: &Host) -> Result<(Vec<Listed>, How), String> {
    if !arguments.words.is_empty() {
        return Ok((files::files(&arguments.words, host)?, How::Named));
    }
    let found = config::find(arguments.config.as_deref(), host).map_err(|problem| problem.to_string())?;
    Ok((vec![Listed { path: found.path, is_named: true }], found.how))
}

fn say(file: &Path, loaded: &Loaded, means: Means, printer: &Printer) {
    let report = &loaded.report;
    printer.talk(&report.render_problems(printer.style()));
    let commands = match &loaded.catalog {
        Some(catalog) => format!("{}, ", counted(catalog.tools().len(), "command")),
        None => String::new(),
    };
    printer.data(&format!("{}: {commands}{}\n", file.display(), report.summary()));
    let limits = used_limits(loaded, means);
    if !limits.is_empty() {
        let texts: Vec<String> = limits.iter().map(|(name, mean)| format!("{name} {mean}")).collect();
        printer.data(&format!("limits on this host: {}\n", texts.join(" · ")));
    }
    if let Some(lacks) = sandbox_lacks(loaded, means) {
        let texts: Vec<String> = lacks.iter().map(Lack::to_string).collect();
        let text =
            if texts.is_empty() { "kept".to_owned() } else { format!("not kept: {}", texts.join(" · ")) };
        printer.data(&format!("sandbox on this host: {text}\n"));
    }
}

/// `schemas/validation.schema.json` describes it.
fn document(file: &Path, loaded: &Loaded, means: Means, engines: &[Look]) -> Value {
    let limits = used_limits(loaded, means).into_iter();
    let limits: serde_json::Map<String, Value> =
        limits.map(|(name, mean)| (name.to_owned(), json!(mean.to_string()))).collect();
    let report = loaded.report.to_json();
    let mut document = json!({
        "file": file.display().to_string(),
        "errors": report.errors,
        "warnings": report.warnings,
        "notes": report.notes,
        "omitted": report.omitted,
        "problems": report.diagnostics,
        "limits": limits,
    });
    if let (Some(lacks), Some(map)) = (sandbox_lacks(loaded, means), document.as_object_mut()) {
        let lacks: Vec<&str> = lacks.into_iter().map(Lack::word).collect();
        map.insert("sandbox".to_owned(), json!({ "notEnforced": lacks }));
    }
    if let (false, Some(map)) = (engines.is_empty(), document.as_object_mut()) {
        map.insert("containers".to_owned(), engines.iter().map(Look::to_json).collect());
    }
    document
}

/// What this host cannot keep of the sandboxes of a file; `None` if no command has one.
fn sandbox_lacks(loaded: &Loaded, means: Means) -> Option<Vec<Lack>> {
    let mut all: Option<Vec<Lack>> = None;
    for sandbox in loaded.catalog.iter().flat_map(|catalog| catalog.tools()).filter_map(|tool| tool.sandbox())
    {
        let all = all.get_or_insert_default();
        for lack in means.sandbox.lacks(sandbox) {
            if !all.contains(&lack) {
                all.push(lack);
            }
        }
    }
    all
}

/// The limits that some command of the file sets, and what enforces each here.
fn used_limits(loaded: &Loaded, means: Means) -> Vec<(&'static str, Mean)> {
    let tools = loaded.catalog.iter().flat_map(|catalog| catalog.tools());
    // Those of a container are kept by its engine.
    let tools = tools.filter(|tool| !matches!(tool.action, Action::Container(_)));
    let limits: Vec<&Limits> = tools.map(|tool| &tool.limits).collect();
    let uses = |set: fn(&Limits) -> bool| limits.iter().any(|limits| set(limits));
    [
        ("memory", uses(|limits| limits.memory.is_some()), means.memory),
        ("cpu", uses(|limits| limits.cpu.is_some()), means.cpu),
        ("pids", uses(|limits| limits.pids.is_some()), means.pids),
        ("files", uses(|limits| limits.files.is_some()), means.files),
        ("disk", uses(|limits| limits.disk.is_some()), means.disk),
    ]
    .into_iter()
    .filter(|(_, used, _)| *used)
    .map(|(name, _, mean)| (name, mean))
    .collect()
}

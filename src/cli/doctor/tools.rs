//! The file and its commands: is it there, does it say what it should, can this host and a desktop
//! application run what it declares, are its limits kept.

use std::path::Path;
use std::sync::Arc;

use crate::cli::arguments::Arguments;
use crate::cli::evidence::Evidence;
use crate::cli::lock::{self, Refusal};
use crate::cli::requirements;
use crate::cli::session;
use crate::cli::trust::{self, State};
use crate::config::{self, Choice, Host, Loaded};
use crate::model::{Action, Availability, Catalog, Limits, Tool};
use crate::plan::{Mean, Means};
use crate::runner::process;

use super::host::{guarded, minimal_path};
use super::secrets;
use super::{Finding, containers};

pub fn look(arguments: &Arguments, host: &Host) -> Vec<Finding> {
    let found = match config::find(arguments.config.as_deref(), host) {
        Ok(found) => found,
        Err(problem) => {
            let cure = "name the file: `mcpfier --config FILE doctor`";
            return vec![Finding::problem("config", problem.to_string(), cure)];
        }
    };
    let choice = session::choice(arguments, host);
    let mut loaded = config::check(&found.path, host, &choice);
    requirements::settle_found(&found, &mut loaded, host);
    let file = loaded.path.display().to_string();
    let mut findings = vec![validity(&loaded, &file)];
    if found.must_be_named(loaded.dialect) {
        findings.push(trusted(&loaded, &file, host));
    }
    findings.extend(locked(&loaded));
    findings.extend(guarded("config", &loaded.path));
    if let Some(catalog) = &loaded.catalog {
        findings.extend(hidden(catalog));
        findings.extend(secrets::look(catalog, host));
        findings.extend(seen_from_desktop(catalog, &found.path, host, &choice));
        findings.extend(containers::look(catalog, host));
        let means = process::probe_means();
        findings.extend(limits(catalog, means));
        findings.extend(sandbox(catalog, means));
    }
    findings
}

fn validity(loaded: &Loaded, file: &str) -> Finding {
    let validate = format!("`mcpfier --config {file} --validate` shows each with its cure");
    let summary = loaded.report.summary();
    let wrong = loaded.report.errors_for_serving().next().is_some();
    match &loaded.catalog {
        None => Finding::problem("config", format!("{file}: {summary}; no client can be served"), validate),
        Some(_) if wrong => Finding::problem("config", format!("{file}: {summary}"), validate),
        Some(_) if !loaded.report.is_empty() => {
            Finding::note("config", format!("{file}: {summary}"), validate)
        }
        Some(catalog) => Finding::fine("config", format!("{file}: {} offered", catalog.offered().count())),
    }
}

/// A file that only lies about is served if it is trusted.
fn trusted(loaded: &Loaded, file: &str, host: &Host) -> Finding {
    let found = format!("{file} was found only because it lies in this folder");
    match trust::state(&Evidence::of(loaded), host) {
        Ok(State::Trusted) => Finding::fine("trust", format!("{found}, and is trusted as it is")),
        Ok(State::Changed(_)) => Finding::problem(
            "trust",
            format!("{found}, and changed since it was trusted"),
            "`mcpfier trust` shows what it runs now, and accepts it",
        ),
        Ok(State::Unknown) => Finding::note(
            "trust",
            format!("{found}, and is not served like that"),
            format!(
                "start the server with `--config {file}`, as `mcpfier setup` tells clients, or `mcpfier trust`"
            ),
        ),
        Err(problem) => Finding::problem("trust", problem.to_string(), "correct or remove the store"),
    }
}

/// A lock that nobody keeps to helps nobody.
fn locked(loaded: &Loaded) -> Option<Finding> {
    loaded.catalog.as_ref()?;
    match lock::judge(&Evidence::of(loaded)) {
        Ok(_) => Some(Finding::fine("lock", "every tool is what the lock says")),
        Err(Refusal::Missing(_)) => None,
        Err(refusal @ Refusal::Differs { .. }) => {
            let head =
                refusal.to_string().lines().next().unwrap_or_default().trim_end_matches(':').to_owned();
            Some(Finding::note("lock", head, "`mcpfier lock --check` shows how; `mcpfier lock` accepts it"))
        }
        Err(refusal) => Some(Finding::problem("lock", refusal.to_string(), refusal.help())),
    }
}

fn unavailable(catalog: &Catalog) -> impl Iterator<Item = (&str, &str)> {
    catalog.tools().iter().filter_map(|tool| match &tool.availability {
        Availability::Unavailable { reason } => Some((tool.name.as_str(), reason.as_str())),
        _ => None,
    })
}

fn hidden(catalog: &Catalog) -> Vec<Finding> {
    let told = unavailable(catalog).map(|(name, reason)| {
        let cure = "install what is missing, correct the command, or remove it";
        Finding::problem("commands", format!("`{name}` is hidden from clients: {reason}"), cure)
    });
    told.collect()
}

/// Loads the file once more with the PATH that a desktop application has.
fn seen_from_desktop(catalog: &Catalog, file: &Path, host: &Host, choice: &Choice) -> Vec<Finding> {
    let path = minimal_path();
    let mut desktop = host.clone();
    desktop.environment.insert("PATH".to_owned(), path.to_owned());
    let Some(there) = config::load(file, &desktop, choice).catalog else { return Vec::new() };
    let here: Vec<&str> = unavailable(catalog).map(|(name, _)| name).collect();
    let lost = unavailable(&there).filter(|(name, _)| !here.contains(name));
    let told: Vec<Finding> = lost
        .map(|(name, reason)| {
            let message =
                format!("`{name}` works in this shell, but not with the PATH of a desktop application ({path}): {reason}");
            let cure = "write the absolute path in `script`, or a `PATH` into `env` of the client's entry";
            Finding::problem("path", message, cure)
        })
        .collect();
    match told.is_empty() && catalog.offered().next().is_some() {
        true => vec![Finding::fine("path", format!("every command is found with `PATH={path}` too"))],
        false => told,
    }
}

fn limits(catalog: &Catalog, means: Means) -> Vec<Finding> {
    // Those of a container are kept by its engine.
    let is_here = |tool: &&Arc<Tool>| !matches!(tool.action, Action::Container(_));
    let uses =
        |set: fn(&Limits) -> bool| catalog.tools().iter().filter(is_here).any(|tool| set(&tool.limits));
    let used = [
        ("memory", uses(|limits| limits.memory.is_some()), means.memory),
        ("cpu", uses(|limits| limits.cpu.is_some()), means.cpu),
        ("pids", uses(|limits| limits.pids.is_some()), means.pids),
        ("files", uses(|limits| limits.files.is_some()), means.files),
        ("disk", uses(|limits| limits.disk.is_some()), means.disk),
    ];
    let used: Vec<_> = used.into_iter().filter(|(_, used, _)| *used).collect();
    let (lost, kept): (Vec<_>, Vec<_>) =
        used.into_iter().partition(|(_, _, mean)| *mean == Mean::NotEnforced);
    let kept: Vec<String> = kept.into_iter().map(|(name, _, mean)| format!("{name} by {mean}")).collect();
    let fine = (!kept.is_empty()).then(|| Finding::fine("limits", format!("kept: {}", kept.join(", "))));
    let problems = lost.into_iter().map(|(name, ..)| {
        let cure = "remove it from the file, or run the server where cgroup v2 is delegated to it";
        Finding::problem("limits", format!("`{name}` is set but cannot be enforced on this host"), cure)
    });
    fine.into_iter().chain(problems).collect()
}

fn sandbox(catalog: &Catalog, means: Means) -> Vec<Finding> {
    let mut sandboxed =
        catalog.tools().iter().filter_map(|tool| Some((&tool.name, tool.sandbox()?))).peekable();
    if sandboxed.peek().is_none() {
        return Vec::new();
    }
    let lacking = sandboxed.find_map(|(name, sandbox)| Some((name, *means.sandbox.lacks(sandbox).first()?)));
    vec![match lacking {
        None => Finding::fine("sandbox", "this kernel keeps everything that a sandbox promises"),
        Some((name, lack)) => {
            let message = format!("the sandbox of `{name}` cannot be kept on this host: {lack}");
            Finding::problem("sandbox", message, "use a newer kernel, or a container")
        }
    }]
}

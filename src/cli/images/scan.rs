//! `mcpfier images scan`: known vulnerabilities, by a scanner of this host.

use crate::cli::exit::Exit;
use crate::cli::print::Printer;
use crate::cli::session;
use crate::model::{Scan, Severity, WhenAbsent};
use crate::runner::container::{ContainerFailure, Scanned};

use super::{Wanted, engine};

pub fn run(chosen: &[&Wanted], block_on: &str, printer: &Printer) -> Exit {
    let mut exit = Exit::OK;
    if chosen.is_empty() {
        printer.talk("no command of the file runs in a container\n");
    }
    for one in chosen {
        match scanned(one, block_on) {
            Ok(Some(scanned)) => {
                printer.data(&scanned.report);
                if let Some(stale) = &scanned.stale {
                    printer.error(&format!("{}: {stale}", one.image));
                }
                if scanned.is_blocked {
                    printer.error(&format!("{}: there is something that is {block_on} or worse", one.image));
                    exit = Exit::FAILURE;
                } else {
                    printer.data(&format!("{}: nothing that is {block_on} or worse\n", one.image));
                }
            }
            Ok(None) => {
                let problem = "there is neither `trivy` nor `grype` on this host to look through it; install one of them";
                printer.error(&format!("{}: {problem}", one.image));
                return Exit::NOT_STARTED;
            }
            Err(failure) => {
                let problem = match failure {
                    ContainerFailure::NotScanned { problem, .. } => problem,
                    other => other.to_string(),
                };
                printer.error(&format!("{}: {problem}", one.image));
                return Exit::NOT_STARTED;
            }
        }
    }
    exit
}

/// `None`: this host has no scanner.
fn scanned(one: &Wanted, block_on: &str) -> Result<Option<Scanned>, ContainerFailure> {
    let block_on = Severity::ALL.into_iter().find(|one| one.name() == block_on).unwrap_or(Severity::Critical);
    let scan = Scan { block_on, with: None, when_absent: WhenAbsent::Refuse };
    let executor = one.executor.as_ref();
    engine(session::host(), async |images| {
        let there = images.look(executor, &one.image).await?;
        if there.is_none() {
            let problem =
                "the engine does not have it; `mcpfier images pull` or `build` sees to that".to_owned();
            return Err(ContainerFailure::NotScanned { image: one.image.clone(), problem });
        }
        images.scan(executor, &one.image, &scan).await
    })
}

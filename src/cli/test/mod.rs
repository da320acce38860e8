//! `mcpfier test`: runs the tests that a file has for its commands.

mod conduct;
mod document;
mod perform;
mod report;
mod select;
mod stage;

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use tokio_util::sync::CancellationToken;

use crate::runner::process::ForkServer;
use crate::trial::{Counts, Finished, junit};

use super::arguments::{Arguments, TestWords};
use super::exit::Exit;
use super::print::Printer;
use super::requirements::Whose;
use super::serve::{PATIENCE, runtime};
use super::session::Session;

use conduct::{Orders, conduct};
use report::{Report, Results};
use select::Selection;
use stage::Stage;

pub fn run(
    arguments: &Arguments,
    words: &TestWords,
    printer: &Printer,
    fork_server: Option<ForkServer>,
) -> Exit {
    let (mut session, sets) = match Session::checked(arguments, printer) {
        Ok(parts) => parts,
        Err(exit) => return exit,
    };
    if !words.list {
        session.settle_to_run(Whose::All, printer);
    }
    let selection = match select::select(&session.catalog, sets, &words.names) {
        Ok(selection) => selection,
        Err(problem) => {
            printer.error(&problem);
            return Exit::USAGE;
        }
    };
    if words.list {
        list(&selection, printer);
        return Exit::OK;
    }
    let file = session.found.path.display().to_string();
    match carry_out(session, selection, words, printer, fork_server) {
        Ok(results) => conclude(&file, &results, words, printer),
        Err(error) => {
            printer.error(&format!("no command can be run: {error}"));
            Exit::NOT_STARTED
        }
    }
}

fn list(selection: &Selection, printer: &Printer) {
    if printer.json {
        printer.json_data(&document::list(selection));
        return;
    }
    for case in &selection.cases {
        printer.data(&format!("{}: {}\n", case.tool.name, case.trial.name));
    }
}

fn carry_out(
    session: Session,
    selection: Selection,
    words: &TestWords,
    printer: &Printer,
    fork_server: Option<ForkServer>,
) -> std::io::Result<Results> {
    let began = Instant::now();
    let Selection { cases, untested } = selection;
    let orders = Orders { jobs: words.jobs().unwrap_or_else(cores), fail_fast: words.fail_fast };
    let mut report = Report::new(&cases, printer, session.found.path.display().to_string());
    let is_interrupted = runtime()?.block_on(async {
        let (stage, runner) = Stage::set(session, fork_server, orders.jobs)?;
        let is_interrupted = conduct(Arc::new(stage), cases, orders, &mut report).await;
        runner.shut_down(PATIENCE).await;
        Ok::<bool, std::io::Error>(is_interrupted)
    })?;
    Ok(Results { finished: report.finish(), untested, is_interrupted, took: began.elapsed() })
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(2, std::num::NonZeroUsize::get)
}

fn conclude(file: &str, results: &Results, words: &TestWords, printer: &Printer) -> Exit {
    match printer.json {
        true => printer.json_data(&document::document(file, results)),
        false => printer.data(&results.summary()),
    }
    if let Some(path) = &words.junit
        && let Err(exit) = write_junit(path, &junit(file, &results.finished, results.took), printer)
    {
        return exit;
    }
    exit(results, words.strict, printer)
}

fn write_junit(path: &Path, text: &str, printer: &Printer) -> Result<(), Exit> {
    std::fs::write(path, text).map_err(|error| {
        printer.error(&format!("cannot write `{}`: {error}", path.display()));
        Exit::FAILURE
    })
}

fn exit(results: &Results, is_strict: bool, printer: &Printer) -> Exit {
    let counts = Counts::of(&results.finished);
    let nothing_ran = counts.passed + counts.failed == 0;
    if results.is_interrupted {
        printer.talk("mcpfier: interrupted; what ran was killed\n");
        return Exit::INTERRUPTED;
    }
    if counts.failed > 0 {
        return Exit::FAILURE;
    }
    if is_strict && (counts.skipped > 0 || nothing_ran) {
        printer
            .error("with --strict a test that is skipped counts as failed, and so does a file without tests");
        return Exit::FAILURE;
    }
    Exit::OK
}

/// What the parts of this verb hand round.
type Verdicts = Vec<Option<Finished>>;

/// Ends every run that goes on.
type Stop = CancellationToken;

//! `mcpfier NAME …` and `mcpfier call NAME …`: one call, its output as it comes, its exit code.

use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::engine::{Engine, News, Outcome, Prepared, Rejection, Sanitizer, Watcher};
use crate::model::OutputFormat;
use crate::plan::ExecutionPlan;
use crate::runner::Stream;
use crate::runner::process::ForkServer;

use super::exit::Exit;
use super::print::Printer;
use super::serve::{hangup, runtime, stop_signal};
use super::session::Session;
use super::waiting::Waiting;

pub fn run(session: Session, words: &[String], printer: &Printer, fork_server: Option<ForkServer>) -> Exit {
    let Some((name, arguments)) = words.split_first() else { return Exit::USAGE };
    let call = match session.call(name, arguments) {
        Ok(call) => call,
        Err(problem) => {
            printer.error(&problem.to_string());
            return Exit::USAGE;
        }
    };
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(error) => return cannot_start(printer, &error),
    };
    runtime.block_on(async {
        let (engine, runner) = match session.engine(fork_server) {
            Ok(parts) => parts,
            Err(error) => return cannot_start(printer, &error),
        };
        let finished = carry_out(&engine, call, printer.json).await;
        runner.shut_down(super::serve::PATIENCE).await;
        match finished {
            Ok(Some((plan, outcome))) => conclude(&plan, &outcome, printer),
            Ok(None) => {
                printer.talk("mcpfier: interrupted; what ran was killed\n");
                Exit::INTERRUPTED
            }
            Err(rejection) => {
                printer.error(&rejection.to_string());
                Exit::of_rejection(&rejection)
            }
        }
    })
}

fn cannot_start(printer: &Printer, error: &io::Error) -> Exit {
    printer.error(&format!("no command can be run: {error}"));
    Exit::NOT_STARTED
}

/// `None` if an interrupt left no time for an outcome.
pub async fn carry_out(
    engine: &Engine,
    call: crate::call::Call,
    quiet: bool,
) -> Result<Option<(Prepared, Outcome)>, Rejection> {
    let plan = engine.prepare(call)?;
    let cancel = CancellationToken::new();
    let holds = quiet || plan.may_not_be_the_result();
    let mut shell = Shell { quiet, holds, broken: cancel.clone(), waiting: Waiting::new() };
    let interrupt = cancel.clone();
    let signals = async move {
        tokio::select! {
            () = stop_signal() => {}
            () = hangup() => {}
        }
        interrupt.cancel();
        // However long the command's own grace is: whoever interrupts does not wait for more.
        tokio::time::sleep(super::serve::LAST_WORDS).await;
    };
    tokio::select! {
        outcome = engine.execute(&plan, &mut shell, cancel) => Ok(Some((plan.clone(), outcome?))),
        () = signals => Ok(None),
    }
}

/// Hands output on as it is: at a shell it is the command's own.
struct Shell {
    quiet: bool,
    /// What is printed may be of a try that fails, and is written when it is known to be the result.
    holds: bool,
    /// Cancelled when nobody reads our output any more.
    broken: CancellationToken,
    waiting: Waiting,
}

impl Watcher for Shell {
    fn preparing(&mut self, news: &News) {
        if !self.quiet {
            self.waiting.tell(news);
        }
    }

    fn output(&mut self, stream: Stream, bytes: &[u8]) {
        if self.holds {
            return;
        }
        self.waiting.clear();
        let written = match stream {
            Stream::Stdout => write_to(io::stdout().lock(), bytes),
            Stream::Stderr => write_to(io::stderr().lock(), bytes),
        };
        if written.is_err() {
            self.broken.cancel();
        }
    }
}

fn write_to(mut target: impl Write, bytes: &[u8]) -> io::Result<()> {
    target.write_all(bytes).and_then(|()| target.flush())
}

fn conclude(plan: &ExecutionPlan, outcome: &Outcome, printer: &Printer) -> Exit {
    if printer.json {
        printer.json_data(&document(plan, outcome));
        return Exit::of_ending(&outcome.ending, &outcome.plan(plan).tool.exit_codes);
    }
    if plan.may_not_be_the_result() {
        write_kept(outcome);
    }
    let codes = &outcome.plan(plan).tool.exit_codes;
    let is_failure = outcome.ending.success(codes).is_none();
    if is_failure && (outcome.ending.exit_code().is_none() || !outcome.story.failures.is_empty()) {
        printer.talk(&format!("mcpfier: {}\n", outcome.reason(&plan.tool)));
    }
    if let Some(note) = outcome.note() {
        printer.talk(&format!("mcpfier: {}\n", note.replace('\n', "\nmcpfier: ")));
    }
    Exit::of_ending(&outcome.ending, codes)
}

/// Hands on what was kept of the output of the one run that counts.
fn write_kept(outcome: &Outcome) {
    for chunk in outcome.output.chunks() {
        // Whoever closed the pipe has read enough.
        let _ = match chunk.stream {
            Stream::Stdout => write_to(io::stdout().lock(), &chunk.bytes),
            Stream::Stderr => write_to(io::stderr().lock(), &chunk.bytes),
        };
    }
    if outcome.output.omitted > 0 {
        let omitted = outcome.output.omitted;
        let _ = write_to(
            io::stderr().lock(),
            format!("mcpfier: {omitted} bytes in its middle were not kept (limits.output)\n").as_bytes(),
        );
    }
}

/// `schemas/result.schema.json` describes it.
fn document(plan: &ExecutionPlan, outcome: &Outcome) -> Value {
    let presented = outcome.present(plan);
    let mut document = json!({
        "tool": plan.tool.name.as_str(),
        "ok": !presented.is_error,
        "reason": presented.is_error.then(|| outcome.reason(&plan.tool)),
        "run": presented.meta.get("mcpfier/run"),
        "text": presented.plain_text(),
        "stderr": Sanitizer::clean(&outcome.output.joined(Stream::Stderr)),
        "structured": presented.structured,
    });
    if let Some(note) = &presented.note {
        document["note"] = note.as_str().into();
    }
    let stdout = outcome.output.joined(Stream::Stdout);
    let (key, value) = match outcome.plan(plan).tool.output.format {
        OutputFormat::Binary => ("stdoutBase64", STANDARD.encode(&stdout)),
        _ => ("stdout", Sanitizer::clean(&stdout)),
    };
    document[key] = value.into();
    document
}

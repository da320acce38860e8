//! `mcpfier NAME …` and `mcpfier call NAME …`: one call, its output as it comes, its exit code.

use std::io::{self, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::audit::{Audit, Stdout};
use crate::call::Call;
use crate::engine::{
    Engine, FlowReport, News, Origin, Outcome, Prepared, Rejection, Sanitizer, StepNews, Watcher, WrittenFile,
};
use crate::model::OutputFormat;
use crate::plan::ExecutionPlan;
use crate::runner::Stream;
use crate::runner::process::ForkServer;

use super::asking;
use super::consent;
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
    let hint = asking::hint(&session.catalog, &call);
    let call = match asking::complete(&session.catalog, call, printer) {
        Ok(call) => call,
        Err(exit) => return exit,
    };
    let exit = make(session, call, printer, fork_server);
    if let Some(hint) = hint.filter(|_| exit == Exit::USAGE) {
        printer.talk(&hint);
    }
    exit
}

/// Makes a call that somebody else has put together.
pub fn make(session: Session, call: Call, printer: &Printer, fork_server: Option<ForkServer>) -> Exit {
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(error) => return cannot_start(printer, &error),
    };
    runtime.block_on(async {
        let (engine, runner) = match session.engine(fork_server) {
            Ok(parts) => parts,
            Err(error) => return cannot_start(printer, &error),
        };
        let audit = Audit::by(session.catalog.audit.as_ref(), Stdout::Stderr);
        let engine = Engine::clone(&engine).recording(audit);
        let finished = carry_out(&engine, call, session.agrees, printer.json).await;
        runner.shut_down(super::serve::PATIENCE).await;
        engine.audit().close().await;
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
    call: Call,
    agrees: bool,
    quiet: bool,
) -> Result<Option<(Prepared, Outcome)>, Rejection> {
    let plan = engine.prepare_from(call, &Origin { via: "shell", ..Origin::default() })?;
    let plan = consent::asked(engine, plan, agrees).await?;
    let cancel = CancellationToken::new();
    let holds = quiet || plan.may_not_be_the_result();
    let holds_stdout = plan.tool.output.makes_text();
    let mut shell = Shell { quiet, holds, holds_stdout, broken: cancel.clone(), waiting: Waiting::new() };
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
    /// What is made of it is shown at the end instead.
    holds_stdout: bool,
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

    fn step(&mut self, news: &StepNews) {
        if !self.quiet {
            self.waiting.step(news);
        }
    }

    fn output(&mut self, stream: Stream, bytes: &Bytes) {
        if self.holds {
            return;
        }
        self.waiting.clear();
        let written = match stream {
            Stream::Stdout if self.holds_stdout => return,
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
    let ran = outcome.plan(plan);
    let mut exit = Exit::of_ending(&outcome.ending, &ran.tool.exit_codes);
    if printer.json {
        printer.json_data(&document(plan, outcome));
        return exit;
    }
    exit = match outcome.flow.as_ref().filter(|flow| !flow.is_own) {
        Some(flow) => conclude_flow(plan, outcome, flow, printer, exit),
        None => conclude_run(plan, outcome, printer, exit),
    };
    if let Some(note) = outcome.note() {
        printer.talk(&format!("mcpfier: {}\n", note.replace('\n', "\nmcpfier: ")));
    }
    exit
}

/// Prints of a run what was not printed while it went on.
fn conclude_run(plan: &ExecutionPlan, outcome: &Outcome, printer: &Printer, exit: Exit) -> Exit {
    let tool = &outcome.plan(plan).tool;
    let is_success = outcome.ending.success(&tool.exit_codes).is_some();
    let makes_text = tool.output.makes_text();
    tell_of_files(&outcome.output.files, printer);
    let mut exit = exit;
    if plan.may_not_be_the_result() {
        write_kept(outcome, is_success && makes_text);
    } else if !is_success && makes_text {
        printer.data(&String::from_utf8_lossy(&outcome.output.joined(Stream::Stdout)));
    }
    if is_success && makes_text && !show_made(plan, outcome, printer) && exit == Exit::OK {
        exit = Exit::FAILURE;
    }
    if !is_success && (outcome.ending.exit_code().is_none() || !outcome.story.failures.is_empty()) {
        printer.talk(&format!("mcpfier: {}\n", outcome.reason(tool)));
    }
    exit
}

/// Hands on what was kept of the output of the one run that counts.
fn write_kept(outcome: &Outcome, only_stderr: bool) {
    for chunk in outcome.output.chunks() {
        // Whoever closed the pipe has read enough.
        let _ = match chunk.stream {
            Stream::Stdout if only_stderr => Ok(()),
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

/// Prints what a flow results in: of a success on stdout.
fn conclude_flow(
    plan: &ExecutionPlan,
    outcome: &Outcome,
    flow: &FlowReport,
    printer: &Printer,
    exit: Exit,
) -> Exit {
    let presented = outcome.present(plan);
    let mut text = presented.plain_text();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    match presented.is_error {
        false => printer.data(&text),
        true => printer.talk(&text),
    }
    if flow.is_success() && presented.is_error { Exit::FAILURE } else { exit }
}

/// Prints what was made of the output, and the output itself where nothing could be made of it. Says
/// whether it could.
fn show_made(plan: &ExecutionPlan, outcome: &Outcome, printer: &Printer) -> bool {
    let presented = outcome.present(plan);
    match &presented.broken {
        None => {
            let text = presented.plain_text();
            printer.data(&text);
            if !text.is_empty() && !text.ends_with('\n') {
                printer.data("\n");
            }
        }
        Some(problem) => {
            printer.data(&String::from_utf8_lossy(&outcome.output.joined(Stream::Stdout)));
            printer.talk(&format!("mcpfier: {problem}\n"));
        }
    }
    presented.broken.is_none()
}

/// A line each on stderr: stdout is the command's own.
fn tell_of_files(files: &[WrittenFile], printer: &Printer) {
    for file in files {
        let (path, mime, size) = (file.path.display(), file.mime, file.size);
        printer.talk(&format!("mcpfier: wrote {path} ({mime}, {size} bytes)\n"));
    }
}

/// `schemas/result.schema.json` describes it.
fn document(plan: &ExecutionPlan, outcome: &Outcome) -> Value {
    let (ran, presented) = (outcome.plan(plan), outcome.present(plan));
    let reason = || presented.broken.clone().unwrap_or_else(|| outcome.reason(&plan.tool));
    let mut document = json!({
        "tool": plan.tool.name.as_str(),
        "ok": !presented.is_error,
        "reason": presented.is_error.then(reason),
        "run": presented.run,
        "text": presented.plain_text(),
        "stderr": Sanitizer::clean(&outcome.output.joined(Stream::Stderr)),
        "structured": presented.structured,
    });
    if let Some(note) = &presented.note {
        document["note"] = note.as_str().into();
    }
    let stdout = outcome.output.joined(Stream::Stdout);
    let (key, value) = match ran.tool.output.format {
        OutputFormat::Binary => ("stdoutBase64", STANDARD.encode(&stdout)),
        _ => ("stdout", Sanitizer::clean(&stdout)),
    };
    document[key] = value.into();
    if !ran.tool.output.files.is_empty() {
        let of = |file: &WrittenFile| json!({ "uri": file.uri(), "name": file.name, "mimeType": file.mime, "size": file.size });
        document["files"] = presented.files.iter().map(of).collect();
    }
    document
}

//! `mcpfier audit`: looks into the records of calls, and whether they are as they were written. And
//! what servers record of themselves.

pub mod arguments;
mod show;
mod verify;

use std::path::{Path, PathBuf};

use crate::audit::{Audit, BadKey, Event, Lifecycle, SigningKey};
use crate::model::AuditRules;

use super::arguments::{Arguments, AuditAction};
use super::exit::Exit;
use super::print::Printer;
use super::session::Session;

pub fn run(arguments: &Arguments, action: Option<&AuditAction>, printer: &Printer) -> Exit {
    match action {
        Some(AuditAction::Verify(words)) => verify::run(arguments, words, printer),
        Some(AuditAction::Query { question, last }) => {
            show::print(arguments, question, *last, show::Form::of(printer), printer)
        }
        Some(AuditAction::Tail { question, last, follow }) => {
            show::tail(arguments, question, *last, *follow, printer)
        }
        Some(AuditAction::Export { question, format }) => {
            show::print(arguments, question, None, (*format).into(), printer)
        }
        Some(AuditAction::Key { ed25519, file }) => make_key(*ed25519, file, printer),
        Some(AuditAction::Other(_)) | None => {
            printer.error("expected `audit verify`, `query`, `tail`, `export` or `key`");
            Exit::USAGE
        }
    }
}

fn make_key(is_pair: bool, file: &Path, printer: &Printer) -> Exit {
    let key = match new_key(is_pair) {
        Ok(key) => key,
        Err(problem) => {
            printer.error(problem);
            return Exit::FAILURE;
        }
    };
    if let Err(problem) = key.write(file) {
        printer.error(&problem.to_string());
        return if matches!(problem, BadKey::There { .. }) { Exit::REFUSED } else { Exit::FAILURE };
    }
    let advice = match key.public_text() {
        Some(public) => {
            printer.data(&public);
            "give the public key, which is printed, to those who verify"
        }
        None => "keep a copy where the server cannot write",
    };
    let file = file.display();
    printer.talk(&format!(
        "`{file}` is written; {advice}. In the file:\n\n  audit: {{ checkpoint: {{ key: {file} }} }}\n"
    ));
    Exit::OK
}

fn new_key(is_pair: bool) -> Result<SigningKey, &'static str> {
    if is_pair {
        let unbuilt = "this build makes no keys of Ed25519: it lacks the feature `signatures`";
        return SigningKey::generate_pair().ok_or(unbuilt);
    }
    let mut random = [0; 32];
    getrandom::fill(&mut random).map_err(|_| "the system gives no random numbers")?;
    Ok(SigningKey::of(random))
}

/// The rules of the configuration, where no file is named.
fn rules(arguments: &Arguments, printer: &Printer) -> Result<AuditRules, Exit> {
    let session = Session::open(arguments, printer)?;
    session.catalog.audit.clone().ok_or_else(|| {
        printer.error(&format!(
            "`{}` has no `audit`; name a log, or say there where it is",
            session.path.display()
        ));
        Exit::USAGE
    })
}

/// The log that is meant.
fn log(arguments: &Arguments, named: Option<&PathBuf>, printer: &Printer) -> Result<PathBuf, Exit> {
    if let Some(file) = named {
        return Ok(file.clone());
    }
    rules(arguments, printer)?.file.ok_or_else(|| {
        printer.error("`audit` of the configuration has no `file`; what went elsewhere is looked for there");
        Exit::USAGE
    })
}

/// What a server records first.
pub fn started(session: &Session, listening: Option<String>) -> Lifecycle {
    Lifecycle {
        config: Some(session.path.display().to_string()),
        tools: Some(session.catalog.offered().count()),
        listening,
        ..Lifecycle::default()
    }
}

/// Records that a server begins. One that cannot, and would refuse every call, does not begin.
pub async fn begin(audit: &Audit, started: Lifecycle) -> Result<(), String> {
    let Some(journal) = audit.journal() else { return Ok(()) };
    let recorded = match journal.rules().includes(crate::model::AuditKind::Server) {
        true => journal.record(Event::Started(Box::new(started))).await,
        false => journal.probe().await,
    };
    match recorded {
        Err(problem) if journal.refuses() => Err(format!("calls cannot be recorded: {problem}")),
        _ => Ok(()),
    }
}

/// Records that a server ends, and signs what it has written.
pub async fn end(audit: &Audit) {
    audit.note(|| Event::Stopped(Box::default()));
    audit.close().await;
}

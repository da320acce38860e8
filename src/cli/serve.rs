//! Without any other word: the file's tools over stdio.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

use crate::audit::{Audit, Stdout};
use crate::config::How;
use crate::engine::Serving;
use crate::model::{Availability, Dialect};
use crate::runner::process::ForkServer;
use crate::serve::{Herald, stdio};

use super::audit::{begin, end, started};
use super::exit::Exit;
use super::jobs;
use super::log;
use super::print::Printer;
use super::reload::Reloading;
use super::requirements::Asking;
use super::session::{self, Session};
use super::trust::{self, State};

/// Clients kill a server some seconds after they asked it to end; by then nothing may be alive.
pub const PATIENCE: Duration = Duration::from_millis(400);

/// What a command at a shell has for its last words after an interrupt.
pub const LAST_WORDS: Duration = Duration::from_secs(1);

pub fn run(mut session: Session, locked: bool, printer: &Printer, fork_server: Option<ForkServer>) -> Exit {
    if let Some(exit) = refusal(&session, printer) {
        return exit;
    }
    // Nobody judges it again, and it may be large.
    session.evidence.forget();
    log::init("");
    match serve(session, locked, fork_server) {
        Ok(()) => Exit::OK,
        Err(error) => {
            printer.error(&format!("cannot serve: {error}"));
            Exit::FAILURE
        }
    }
}

fn serve(mut session: Session, locked: bool, fork_server: Option<ForkServer>) -> io::Result<()> {
    let runtime = runtime()?;
    let served = runtime.block_on(async {
        let runner = session.runner(fork_server)?;
        let asking = Asking::by(Arc::new(runner.clone()));
        session.settle_by(&asking).await;
        let audit = Audit::by(session.catalog.audit.as_ref(), Stdout::Stderr);
        begin(&audit, started(&session, None)).await.map_err(io::Error::other)?;
        let engine = session.engine_on(Arc::new(runner.clone()), session.vault());
        let engine = Arc::new(engine.recording(audit).keeping(jobs::of(&session, None)));
        engine.stay();
        greet(&session);
        let streams = stdio::take_over()?;
        let reloading = Reloading::of(session, locked, asking);
        tokio::select! {
            _ = stdio::serve(Arc::clone(&engine), streams, stop_signal()) => {}
            never = reloading.keep_up(Arc::clone(&engine), Herald::default()) => match never {},
            never = engine.keep_ready(Serving::OneClient) => match never {},
        }
        engine.close();
        jobs::end(&engine, runner.shut_down(PATIENCE)).await;
        end(engine.audit()).await;
        Ok(())
    });
    // A thread that waits for input nobody will send must not hold the exit.
    runtime.shutdown_background();
    served
}

/// Somebody started this by hand: say what happens and how a client is connected. To a client's log
/// it is only said what the client will not see.
fn greet(session: &Session) {
    if io::stdin().is_terminal() {
        Printer::new(false).talk(&session.greeting());
        return;
    }
    for tool in session.catalog.tools() {
        if let Availability::Unavailable { reason } = &tool.availability {
            tracing::warn!("`{}` is hidden: {reason}", tool.name);
        }
    }
}

/// A file found only because it lies in the current folder is somebody else's until it is named:
/// opening a foreign repository must not offer its commands.
pub fn refusal(session: &Session, printer: &Printer) -> Option<Exit> {
    if session.found.how != How::CurrentDirectory {
        return None;
    }
    let path = session.found.path.display();
    let state = trust::state(&session.evidence, &session::host());
    match (state, session.dialect) {
        (Ok(State::Trusted), _) => return None,
        (_, Dialect::Original) => {
            printer.talk(&format!(
                "warning: serving `{path}` because it lies in the current folder; name it with --config to be sure\n"
            ));
            return None;
        }
        (Ok(state), Dialect::Native) => printer.error(&not_trusted(&path.to_string(), &state)),
        (Err(problem), Dialect::Native) => trust::say(&problem, printer),
    }
    Some(Exit::NO_CONFIG)
}

pub fn not_trusted(path: &str, state: &State) -> String {
    match state {
        State::Changed(files) => {
            let files: Vec<String> = files.iter().map(|file| format!("`{}`", file.display())).collect();
            format!(
                "`{path}` is not what you trusted: {} changed since\n\
                 help: see what it runs now, and accept it: mcpfier trust {path}",
                files.join(", ")
            )
        }
        State::Trusted | State::Unknown => format!(
            "`{path}` was found in the current folder, and such a file is not served unasked\n\
             help: name it: mcpfier --config {path}\n\
             help: or see what it runs, and trust it as it is: mcpfier trust {path}"
        ),
    }
}

/// Ends when somebody asks the program to stop. A server that is told to hang up reads its file
/// again instead; a terminal that is gone ends it by the end of its input. Signals are heard from the
/// call on, and not only when it is waited for.
pub fn stop_signal() -> impl Future<Output = ()> {
    let signals = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    async {
        let (Ok(mut interrupt), Ok(mut terminate)) = signals else { return std::future::pending().await };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
}

/// Ends when the terminal is gone.
pub async fn hangup() {
    match signal(SignalKind::hangup()) {
        Ok(mut hangup) => drop(hangup.recv().await),
        Err(_) => std::future::pending().await,
    }
}

/// One thread: what is slow runs in processes of its own.
pub fn runtime() -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

//! `--server`: the file's tools over HTTP.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::audit::{Audit, Stdout};
use crate::engine::Serving;
use crate::model::{Auth, HttpServer, counted};
use crate::runner::process::ForkServer;
use crate::serve::http::{self, Bound, Crew, Exposed, Unreachable};
use crate::serve::schedule::{HostClock, keep};
use crate::serve::trigger;

use super::audit::{begin, end, started};
use super::exit::Exit;
use super::jobs;
use super::log;
use super::print::Printer;
use super::reload::Reloading;
use super::requirements::Asking;
use super::schedule;
use super::serve::{PATIENCE, refusal, runtime, stop_signal};
use super::session::{self, Session};
use super::started_by::Starter;

/// What the command line says; it wins over the file.
pub struct Wanted {
    pub host: Option<String>,
    pub port: Option<u16>,
    /// What a service manager listens on for us; it wins over everything.
    pub sockets: Vec<OwnedFd>,
}

pub fn run(
    mut session: Session,
    mut wanted: Wanted,
    locked: bool,
    printer: &Printer,
    fork_server: Option<ForkServer>,
) -> Exit {
    if let Some(exit) = refusal(&session, printer) {
        return exit;
    }
    let sockets = std::mem::take(&mut wanted.sockets);
    let settings = match settings(&session, wanted) {
        Ok(settings) => settings,
        Err(problem) => {
            printer.error(&problem);
            return Exit::USAGE;
        }
    };
    session.evidence.forget();
    log::init(",mcpfier::serve::http=info,mcpfier::serve::schedule=info,mcpfier::serve::trigger=info");
    match serve(session, &settings, sockets, locked, fork_server) {
        Ok(()) => Exit::OK,
        Err(Failure::NotBegun(exit, problem)) => {
            printer.error(&problem);
            exit
        }
        Err(Failure::Io(error)) => {
            printer.error(&format!("cannot serve: {error}"));
            Exit::FAILURE
        }
    }
}

/// The file's settings, with what the command line and `PORT` say.
fn settings(session: &Session, wanted: Wanted) -> Result<HttpServer, String> {
    let mut settings = session.catalog.server.http.clone();
    let named = session::host().environment.get("PORT").filter(|port| !port.is_empty()).cloned();
    let named = match named {
        Some(port) if wanted.port.is_none() => Some(
            port.parse()
                .map_err(|_| format!("the variable `PORT` is `{port}`; expected a number up to 65535"))?,
        ),
        _ => None,
    };
    if wanted.host.is_some() || wanted.port.is_some() {
        settings.socket = None;
    }
    settings.port = wanted.port.or(named).unwrap_or(settings.port);
    settings.host = wanted.host.unwrap_or(settings.host);
    Ok(settings)
}

/// What is left for everything after the drain.
const LAST_CALLS: Duration = Duration::from_secs(5);

enum Failure {
    NotBegun(Exit, String),
    Io(std::io::Error),
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

async fn listen(settings: &HttpServer, sockets: Vec<OwnedFd>) -> Result<Bound, Failure> {
    let failed = |problem: Unreachable| Failure::NotBegun(Exit::FAILURE, problem.to_string());
    let refused = |problem: Exposed| match problem {
        Exposed::Open { .. } => Failure::NotBegun(Exit::REFUSED, problem.to_string()),
        Exposed::Unreachable(_) => Failure::NotBegun(Exit::FAILURE, problem.to_string()),
    };
    let bound = if sockets.is_empty() {
        http::judge(settings).await.map_err(refused)?;
        http::bind(settings).await.map_err(failed)?
    } else {
        http::take_over(settings, sockets).map_err(failed)?
    };
    // A name can lead elsewhere by now.
    http::judge_bound(settings, &bound).map_err(refused)?;
    Ok(bound)
}

fn serve(
    mut session: Session,
    settings: &HttpServer,
    sockets: Vec<OwnedFd>,
    locked: bool,
    fork_server: Option<ForkServer>,
) -> Result<(), Failure> {
    let crew = Crew::default();
    let runtime = runtime()?;
    let served = runtime.block_on(async {
        let shelf = http::shelf(&session.catalog.server)
            .map_err(|problem| Failure::NotBegun(Exit::FAILURE, problem.to_string()))?;
        let bound = listen(settings, sockets).await?;
        let Starter { herald, watchdog } = Starter::found();
        let runner = session.runner(fork_server)?;
        let asking = Asking::by(Arc::new(runner.clone()));
        session.settle_by(&asking).await;
        session.read_keys().map_err(|problem| Failure::NotBegun(Exit::FAILURE, problem.to_string()))?;
        let audit = Audit::by(session.catalog.audit.as_ref(), Stdout::Ours);
        let started = started(&session, Some(bound.address.to_string()));
        begin(&audit, started).await.map_err(|problem| Failure::NotBegun(Exit::FAILURE, problem))?;
        let engine = session.engine_on(Arc::new(runner.clone()), session.vault());
        let copy = session.catalog.server.http.copies.copy.clone();
        let engine = Arc::new(engine.recording(audit).keeping(jobs::of(&session, copy)));
        // Who reads that it serves may stop it at once.
        let stopped = stop_signal();
        announce(&session, &bound);
        let (memory, leaving) = (schedule::memory(&session::host(), &session.path), CancellationToken::new());
        let reloading = Reloading::of_server(session, locked, asking, bound.is_exposed());
        herald.ready();
        let stop = async {
            stopped.await;
            leaving.cancel();
            let state = engine.state();
            let server = &state.catalog().server;
            herald.stopping(server.http.notice + server.drain + LAST_CALLS);
        };
        tokio::select! {
            () = http::serve(Arc::clone(&engine), bound, shelf, &crew, stop) => {}
            never = reloading.keep_up(Arc::clone(&engine), herald.clone()) => match never {},
            never = herald.live(watchdog) => match never {},
            never = engine.keep_ready(Serving::Many) => match never {},
            never = keep(Arc::clone(&engine), memory, HostClock, leaving.clone()) => match never {},
            never = trigger::keep(Arc::clone(&engine), leaving.clone()) => match never {},
            never = engine.keep_quotas() => match never {},
        }
        engine.state().quotas().save();
        jobs::end(&engine, runner.shut_down(PATIENCE)).await;
        end(engine.audit()).await;
        tracing::info!(target: "mcpfier::serve::http", "stopped");
        Ok(())
    });
    runtime.shutdown_background();
    served
}

/// Everything that lets somebody in, each with its number.
fn known_by(auth: &Auth) -> String {
    let ways = [
        (auth.api_keys.len(), "key"),
        (auth.users.len(), "user"),
        (auth.mtls.len(), "certificate"),
        (auth.issuers.len(), "issuer"),
    ];
    let there = ways.into_iter().filter(|(count, _)| *count > 0);
    let said: Vec<String> = there.map(|(count, noun)| counted(count, noun)).collect();
    if said.is_empty() {
        return "nobody is let in".to_owned();
    }
    auth.issuers.iter().fold(said.join(", "), |said, issuer| format!("{said}, tokens of {}", issuer.name))
}

/// One line, and nothing that is secret.
fn announce(session: &Session, bound: &Bound) {
    let tools = counted(session.catalog.offered().count(), "tool");
    let callers = match &session.catalog.server.http.auth {
        Some(auth) => known_by(auth),
        None => "no keys are asked for".to_owned(),
    };
    tracing::info!(
        target: "mcpfier::serve::http",
        "serving {tools} of `{}` at {} ({callers})",
        session.path.display(),
        bound.address
    );
}

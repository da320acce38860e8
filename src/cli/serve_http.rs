//! `--server`: the file's tools over HTTP.

use std::sync::Arc;

use crate::engine::Serving;
use crate::model::HttpServer;
use crate::runner::process::ForkServer;
use crate::serve::http::{self, Bound, Exposed};

use super::exit::Exit;
use super::print::Printer;
use super::reload::Reloading;
use super::requirements::Asking;
use super::serve::{PATIENCE, init_log, refusal, runtime, stop_signal};
use super::session::{self, Session};

/// What the command line says; it wins over the file.
pub struct Wanted {
    pub host: Option<String>,
    pub port: Option<u16>,
}

pub fn run(
    mut session: Session,
    wanted: Wanted,
    locked: bool,
    printer: &Printer,
    fork_server: Option<ForkServer>,
) -> Exit {
    if let Some(exit) = refusal(&session, printer) {
        return exit;
    }
    let settings = match settings(&session, wanted) {
        Ok(settings) => settings,
        Err(problem) => {
            printer.error(&problem);
            return Exit::USAGE;
        }
    };
    session.evidence.forget();
    init_log(",mcpfier::serve::http=info");
    match serve(session, &settings, locked, fork_server) {
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

enum Failure {
    NotBegun(Exit, String),
    Io(std::io::Error),
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

async fn listen(settings: &HttpServer) -> Result<Bound, Failure> {
    http::judge(settings).await.map_err(|problem| match problem {
        Exposed::Open { .. } => Failure::NotBegun(Exit::REFUSED, problem.to_string()),
        Exposed::Unreachable(_) => Failure::NotBegun(Exit::FAILURE, problem.to_string()),
    })?;
    http::bind(settings).await.map_err(|problem| Failure::NotBegun(Exit::FAILURE, problem.to_string()))
}

fn serve(
    mut session: Session,
    settings: &HttpServer,
    locked: bool,
    fork_server: Option<ForkServer>,
) -> Result<(), Failure> {
    let runtime = runtime()?;
    let served = runtime.block_on(async {
        let bound = listen(settings).await?;
        let runner = session.runner(fork_server)?;
        let asking = Asking::by(Arc::new(runner.clone()));
        session.settle_by(&asking).await;
        let engine = Arc::new(session.engine_on(Arc::new(runner.clone()), session.vault()));
        announce(&session, settings, &bound);
        let reloading = Reloading::of_server(session, locked, asking, bound.is_exposed());
        tokio::select! {
            () = http::serve(Arc::clone(&engine), bound, stop_signal()) => {}
            never = reloading.keep_up(Arc::clone(&engine)) => match never {},
            never = engine.keep_ready(Serving::Many) => match never {},
        }
        runner.shut_down(PATIENCE).await;
        tracing::info!(target: "mcpfier::serve::http", "stopped");
        Ok(())
    });
    runtime.shutdown_background();
    served
}

/// One line, and nothing that is secret.
fn announce(session: &Session, settings: &HttpServer, bound: &Bound) {
    let tools = session.catalog.offered().count();
    let callers = match &settings.auth {
        Some(keys) => format!("{} keys", keys.len()),
        None => "no keys are asked for".to_owned(),
    };
    tracing::info!(
        target: "mcpfier::serve::http",
        "serving {tools} tools of `{}` at {} ({callers})",
        session.path.display(),
        bound.address
    );
}

//! Where jobs are kept: a folder of this user, and in it one for each file that is served.

use std::path::PathBuf;
use std::time::Duration;

use crate::cli::arguments::Arguments;
use crate::cli::exit::Exit;
use crate::cli::session::{self, Session};
use crate::config::{self, Host};
use crate::engine::{Engine, JobPlace, Jobs};

use super::Trouble;

/// What is left to jobs that were ended to say so.
const LAST: Duration = Duration::from_secs(1);

/// The jobs of a server of this file. Nothing is looked at before there is one.
pub fn of(session: &Session, copy: Option<String>) -> Jobs {
    let base = session.catalog.server.jobs.folder.clone().or_else(|| usual(&session::host()));
    Jobs::kept_in(base.map(|base| JobPlace::of(&base, &session.path, copy)))
}

/// Ends the jobs that run, as `killing` does; when this returns, their ends are written.
pub async fn end<T>(engine: &Engine, killing: impl Future<Output = T>) {
    engine.jobs().stop();
    let _ = killing.await;
    engine.jobs().drain(LAST).await;
}

/// The folders of all files.
pub fn folders(arguments: &Arguments) -> Result<Vec<PathBuf>, Trouble> {
    let host = session::host();
    let base = of_file(arguments, &host)?.or_else(|| usual(&host));
    let base =
        base.ok_or_else(|| Trouble::failure("neither `XDG_STATE_HOME` nor `HOME` is set to a folder"))?;
    let entries = base.read_dir().into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    Ok(folders)
}

/// As a file says, if there is one.
fn of_file(arguments: &Arguments, host: &Host) -> Result<Option<PathBuf>, Trouble> {
    let found = match config::find(arguments.config.as_deref(), host) {
        Ok(found) => found,
        Err(problem) if arguments.config.is_some() => {
            return Err(Trouble(Exit::NO_CONFIG, problem.to_string()));
        }
        Err(_) => return Ok(None),
    };
    let loaded = config::load(&found.path, host, &session::choice(arguments, host));
    Ok(loaded.catalog.and_then(|catalog| catalog.server.jobs.folder))
}

/// A relative folder means nothing in `XDG_STATE_HOME`, says the standard.
fn usual(host: &Host) -> Option<PathBuf> {
    let named = host.environment.get("XDG_STATE_HOME").map(PathBuf::from);
    let state = named.filter(|folder| folder.is_absolute());
    let state = state.or_else(|| Some(host.home.as_ref()?.join(".local/state")))?;
    Some(state.join("mcpfier").join("jobs"))
}

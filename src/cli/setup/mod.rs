//! `setup`: puts our entry into the files of clients, or takes it out. `--setup`: what to paste.

mod file;
mod report;

use std::path::{Path, PathBuf};

use crate::clients::{self, CLIENTS, Client, Edit, Launch, Wish};
use crate::config::Host;

use super::arguments::{Arguments, SetupWords};
use super::exit::Exit;
use super::place;
use super::print::Printer;
use super::session::{self, Session};

use report::{Outcome, State};

/// The name of our entry where the configuration gives none.
const NAME: &str = "mcpfier";

/// `--setup`.
pub fn show(session: &Session) -> Exit {
    Printer::new(false).data(&session.connecting());
    Exit::OK
}

pub fn run(arguments: &Arguments, words: &SetupWords, printer: &Printer) -> Exit {
    match Task::prepare(arguments, words, printer) {
        Ok(task) => task.run(printer),
        Err(exit) => exit,
    }
}

/// What is to be done, and where.
struct Task {
    targets: Vec<Target>,
    name: String,
    /// `None` takes the entry out.
    launch: Option<Launch>,
    /// Nothing is written.
    print: bool,
    /// What to paste, for whoever has to.
    by_hand: String,
}

struct Target {
    client: &'static Client,
    file: PathBuf,
}

impl Task {
    fn prepare(arguments: &Arguments, words: &SetupWords, printer: &Printer) -> Result<Self, Exit> {
        let host = session::host();
        let session = match words.remove {
            true => None,
            false => Some(Session::open(arguments, printer)?),
        };
        let refuse = |problem: String| {
            printer.error(&problem);
            Exit::USAGE
        };
        let declared = match &session {
            Some(session) => session.catalog.server.name.clone(),
            None => declared_name(arguments, &host).unwrap_or_else(|| NAME.to_owned()),
        };
        let name = words.name.clone().map_or_else(|| Ok(usable(&declared)), checked).map_err(refuse)?;
        let launch = session.as_ref().map(launch).transpose().map_err(refuse)?;
        Ok(Self {
            targets: targets(words, &host).map_err(refuse)?,
            name,
            launch,
            print: words.print || arguments.dry_run,
            by_hand: session.map_or_else(String::new, |session| session.connecting()),
        })
    }

    fn run(&self, printer: &Printer) -> Exit {
        if self.targets.is_empty() {
            report::nothing_found(&self.by_hand, printer);
            return Exit::FAILURE;
        }
        let outcomes: Vec<Outcome> = self.targets.iter().map(|target| self.outcome(target)).collect();
        report::say(&outcomes, &self.name, self.launch.is_some(), printer);
        if let Some(doubt) =
            self.launch.as_ref().and_then(|launch| place::doubt(Path::new(&launch.executable)))
        {
            printer.talk(&format!("note: {doubt}\n"));
        }
        let failed = outcomes.iter().any(|outcome| matches!(outcome.state, State::Problem(_)));
        if failed { Exit::FAILURE } else { Exit::OK }
    }

    fn outcome(&self, target: &Target) -> Outcome {
        let state = self.state(target).unwrap_or_else(State::Problem);
        Outcome { client: target.client, file: target.file.clone(), state }
    }

    fn state(&self, Target { client, file }: &Target) -> Result<State, String> {
        let before = file::read(file)?;
        let text = before.as_deref().unwrap_or_default();
        let exists = |path: &str| Path::new(path).exists();
        let wish = match &self.launch {
            Some(launch) => Wish::Present { launch, exists: &exists },
            None => Wish::Absent,
        };
        let edit = clients::edit(client, text, &self.name, &wish)
            .map_err(|refusal| report::refused(file, &refusal))?;
        match edit {
            Edit::Nothing => Ok(State::Nothing),
            Edit::Changed { .. } if before.is_none() && !client.may_create => Err(format!(
                "there is no `{}` yet; start {} once, so that it makes one",
                file.display(),
                client.title
            )),
            Edit::Changed { change, text: after } if self.print => {
                Ok(State::Shown { change, diff: clients::diff(text, &after) })
            }
            Edit::Changed { change, text: after } => {
                let backup = file::write(file, before.as_deref(), &after)?;
                Ok(State::Done { change, backup })
            }
        }
    }
}

/// The files that are meant: those of the named clients, else those of the clients that are found.
fn targets(words: &SetupWords, host: &Host) -> Result<Vec<Target>, String> {
    let named = |client: &&Client| words.clients.is_empty() || words.clients.iter().any(|id| id == client.id);
    let chosen = CLIENTS.iter().filter(named);
    if words.project {
        let in_project = |client: &'static Client| match client.project_file(&host.cwd) {
            Some(file) => Ok(Some(Target { client, file })),
            None if words.clients.is_empty() => Ok(None),
            None => Err(format!("{} has no file for a project; leave out `--project`", client.title)),
        };
        let targets: Result<Vec<Option<Target>>, String> = chosen.map(in_project).collect();
        let used = |target: &Target| {
            let below = target.file.parent().filter(|folder| **folder != *host.cwd);
            target.file.exists() || below.is_some_and(Path::is_dir)
        };
        let targets = targets?.into_iter().flatten();
        return Ok(targets.filter(|target| !words.clients.is_empty() || used(target)).collect());
    }
    let Some(found) = place::client_files(host) else {
        return Err("`HOME` is not set, so there is no telling where clients keep their files".to_owned());
    };
    let meant = found.into_iter().filter(|found| named(&found.client));
    let meant = meant.filter(|found| found.is_used || !words.clients.is_empty());
    Ok(meant.map(|found| Target { client: found.client, file: found.file }).collect())
}

fn launch(session: &Session) -> Result<Launch, String> {
    let text = |path: &Path| {
        let text = path.to_str().map(str::to_owned);
        text.ok_or_else(|| {
            format!("the path `{}` is not text, and no client could be told it", path.display())
        })
    };
    let choice = session.choice.words();
    Ok(Launch {
        executable: text(&place::executable())?,
        config: text(&place::lasting(&session.path))?,
        choice,
    })
}

/// The name that the file gives the server; without a word about what is wrong with the file.
fn declared_name(arguments: &Arguments, host: &Host) -> Option<String> {
    let found = crate::config::find(arguments.config.as_deref(), host).ok()?;
    Some(
        crate::config::load(&found.path, host, &session::choice(arguments, host))
            .catalog?
            .server
            .name
            .clone(),
    )
}

fn is_usable(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    (1..=64).contains(&name.len()) && name.chars().all(allowed)
}

fn checked(name: String) -> Result<String, String> {
    match is_usable(&name) {
        true => Ok(name),
        false => {
            Err(format!("`{name}` is no name for a server: expected 1 to 64 of a-z, A-Z, 0-9, `-` and `_`"))
        }
    }
}

/// The name with what some client does not take replaced.
pub fn usable(name: &str) -> String {
    let words = name.split(|c: char| !(c.is_ascii_alphanumeric() || "-_".contains(c)));
    let name: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let name: String = name.join("-").chars().take(64).collect();
    if name.is_empty() { NAME.to_owned() } else { name }
}

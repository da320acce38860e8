//! `mcpfier trust`: files that are served although they were only found in the current folder.

mod judge;
mod store;

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::config::{self, Host, Loaded};
use crate::lock;
use crate::model::{Action, Catalog, Tool};

use super::arguments::{Arguments, TrustWords};
use super::evidence::Evidence;
use super::exit::Exit;
use super::print::Printer;
use super::session;

use judge::{compare, name_of, named};
use store::Store;
pub use store::state_folder;

pub use judge::{State, Undecided, state};

pub fn run(arguments: &Arguments, words: &TrustWords, printer: &Printer) -> Exit {
    let host = session::host();
    let done = match (words.list, words.remove) {
        (true, _) => list(&host, printer),
        (false, true) => remove(arguments, words, &host, printer),
        (false, false) => accept(arguments, words, &host, printer),
    };
    done.unwrap_or_else(|problem| {
        say(&problem, printer);
        Exit::FAILURE
    })
}

/// The file that says what is trusted.
pub fn store(host: &Host) -> Option<PathBuf> {
    Some(Store::of(host).ok()?.path().to_path_buf())
}

/// Says why there is no judgement.
pub fn say(problem: &Undecided, printer: &Printer) {
    let help = match problem {
        Undecided::Store(problem) => problem.help(),
        Undecided::Unreadable { .. } => None,
    };
    let help = help.map_or_else(String::new, |help| format!("\nhelp: {help}"));
    printer.error(&format!("{problem}{help}"));
}

/// The file that is meant: the word, `--config`, or the one that would be found.
fn meant(arguments: &Arguments, words: &TrustWords, host: &Host) -> Result<PathBuf, config::NotFound> {
    let named = words.file.as_deref().or(arguments.config.as_deref());
    Ok(host.cwd.join(config::find(named, host)?.path))
}

fn accept(
    arguments: &Arguments,
    words: &TrustWords,
    host: &Host,
    printer: &Printer,
) -> Result<Exit, Undecided> {
    let path = match meant(arguments, words, host) {
        Ok(path) => path,
        Err(problem) => {
            printer.error(&problem.to_string());
            return Ok(Exit::NO_CONFIG);
        }
    };
    let loaded = config::load(&path, host, &session::choice(arguments, host));
    let Some(catalog) = &loaded.catalog else {
        printer.talk(&loaded.report.render(printer.style()));
        return Ok(Exit::CONFIG);
    };
    let evidence = Evidence::of(&loaded);
    let before = state(&evidence, host)?;
    if !printer.json {
        printer.data(&shown(&loaded, catalog));
    }
    if before != State::Trusted {
        if let Some(exit) = asked(words.yes, printer) {
            return Ok(exit);
        }
        keep(&evidence, host)?;
    }
    if printer.json {
        printer.json_data(&document(&loaded, &before));
    } else {
        let said = if before == State::Trusted { "was trusted already" } else { "is trusted as it is now" };
        printer.data(&format!("{} {said}\n", loaded.path.display()));
    }
    Ok(Exit::OK)
}

fn keep(evidence: &Evidence, host: &Host) -> Result<(), Undecided> {
    let unreadable = |error| Undecided::Unreadable { path: evidence.path.clone(), error };
    let name = name_of(&evidence.path).map_err(unreadable)?;
    let digests = evidence.digests().and_then(|digests| named(&digests)).map_err(unreadable)?;
    Ok(Store::of(host)?.change(|trusted| drop(trusted.insert(name, digests)))?)
}

/// `None` if a person, or whoever speaks for one, agrees.
fn asked(yes: bool, printer: &Printer) -> Option<Exit> {
    if yes {
        return None;
    }
    if !io::stdin().is_terminal() {
        printer.error("nobody is here to be asked, so nothing was trusted\nhelp: say `--yes` if you agree");
        return Some(Exit::USAGE);
    }
    printer.talk("Serve these tools whenever mcpfier is started in that folder? [y/N] ");
    let _ = io::stderr().flush();
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    if read.is_ok() && matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes") {
        return None;
    }
    printer.talk("nothing was trusted\n");
    Some(Exit::FAILURE)
}

/// Everything that a person accepts.
fn shown(loaded: &Loaded, catalog: &Catalog) -> String {
    let mut text = format!("{}\n", loaded.path.display());
    let widths = catalog.tools().iter().map(|tool| tool.name.as_str().len());
    let width = widths.max().unwrap_or_default();
    for tool in catalog.tools() {
        let mut name = tool.name.as_str();
        for line in lock::outline(tool) {
            text.push_str(&format!("  {name:width$}  {line}\n"));
            name = "";
        }
    }
    for (name, source) in &catalog.secrets {
        text.push_str(&format!("  the secret {name} is {}\n", lock::source(source)));
    }
    if let [_, others @ ..] = loaded.files.as_slice()
        && !others.is_empty()
    {
        let others: Vec<String> = others.iter().map(|file| file.display().to_string()).collect();
        text.push_str(&format!("It is made of this file and {}.\n", others.join(", ")));
    }
    let folder = loaded.path.parent().unwrap_or(Path::new("/"));
    let own: Vec<String> = catalog.tools().iter().filter_map(|tool| program_below(tool, folder)).collect();
    if !own.is_empty() {
        let own: std::collections::BTreeSet<String> = own.into_iter().collect();
        let own: Vec<String> = own.into_iter().collect();
        text.push_str(&format!(
            "Not covered: {} in that folder, and whatever commands read there. They may change unnoticed.\n",
            own.join(", ")
        ));
    }
    text
}

/// The executable of a tool, if it lies below the folder of the file.
fn program_below(tool: &Tool, folder: &Path) -> Option<String> {
    let Action::Process(workload) = &tool.action else { return None };
    let program = workload.script.program();
    let path = program.path.as_ref()?;
    path.starts_with(folder).then(|| format!("`{}`", program.written))
}

fn document(loaded: &Loaded, before: &State) -> Value {
    let files: Vec<String> = loaded.files.iter().map(|file| file.display().to_string()).collect();
    json!({ "file": loaded.path.display().to_string(), "state": "trusted", "before": word(before), "files": files })
}

fn word(state: &State) -> &'static str {
    match state {
        State::Trusted => "trusted",
        State::Changed(_) => "changed",
        State::Unknown => "unknown",
    }
}

fn remove(
    arguments: &Arguments,
    words: &TrustWords,
    host: &Host,
    printer: &Printer,
) -> Result<Exit, Undecided> {
    // It need not be there any more.
    let path = match words.file.as_ref().or(arguments.config.as_ref()) {
        Some(path) => host.cwd.join(path),
        None => match meant(arguments, words, host) {
            Ok(path) => path,
            Err(problem) => {
                printer.error(&problem.to_string());
                return Ok(Exit::NO_CONFIG);
            }
        },
    };
    let name = name_of(&path).unwrap_or(path);
    let gone = Store::of(host)?.change(|trusted| trusted.remove(&name).is_some())?;
    let shown = name.display();
    if printer.json {
        printer.json_data(&json!({ "file": shown.to_string(), "removed": gone }));
    } else if gone {
        printer.data(&format!("{shown} is not trusted any more\n"));
    } else {
        printer.data(&format!("{shown} was not trusted\n"));
    }
    Ok(Exit::OK)
}

fn list(host: &Host, printer: &Printer) -> Result<Exit, Undecided> {
    let store = Store::of(host)?;
    let trusted = store.read()?;
    let mut documents = Vec::new();
    for (path, agreed) in &trusted {
        let state = state_of(path, agreed, host);
        if printer.json {
            let (file, files) =
                (path.display().to_string(), agreed.keys().map(|file| file.display().to_string()));
            documents.push(json!({ "file": file, "state": state, "files": files.collect::<Vec<_>>() }));
        } else {
            printer.data(&format!("{state:8} {}\n", path.display()));
        }
    }
    if printer.json {
        printer.json_data(&Value::Array(documents));
    } else if trusted.is_empty() {
        printer.talk(&format!("nothing is trusted; the store would be {}\n", store.path().display()));
    }
    Ok(Exit::OK)
}

fn state_of(path: &Path, agreed: &std::collections::BTreeMap<PathBuf, String>, host: &Host) -> &'static str {
    if !path.exists() {
        return "gone";
    }
    let digests = Evidence::of(&config::load(path, host, &config::Choice::default()))
        .digests()
        .and_then(|digests| named(&digests));
    digests.map_or("gone", |now| word(&compare(agreed, &now)))
}

//! What `setup` says.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::cli::print::Printer;
use crate::clients::{CLIENTS, Change, Client, Refusal};

/// What came of one file.
pub struct Outcome {
    pub client: &'static Client,
    pub file: PathBuf,
    pub state: State,
}

pub enum State {
    /// The file was already as wished.
    Nothing,
    Done {
        change: Change,
        /// Where the file as it was is kept, if it was kept now.
        backup: Option<PathBuf>,
    },
    Shown {
        change: Change,
        diff: String,
    },
    Problem(String),
}

pub fn say(outcomes: &[Outcome], name: &str, adds: bool, printer: &Printer) {
    if printer.json {
        let documents = outcomes.iter().map(|outcome| document(outcome, name)).collect();
        return printer.json_data(&Value::Array(documents));
    }
    for outcome in outcomes {
        let title = outcome.client.title;
        match &outcome.state {
            State::Problem(problem) => printer.error(&format!("{title}: {problem}")),
            state => printer.data(&format!("{title}: {}", told(state, outcome, name, adds))),
        }
    }
}

fn told(state: &State, outcome: &Outcome, name: &str, adds: bool) -> String {
    let file = outcome.file.display();
    match state {
        State::Nothing if adds => format!("`{name}` is already in {file}\n"),
        State::Nothing => format!("there is no `{name}` in {file}\n"),
        State::Shown { change, diff } => {
            let (would, link) = match change {
                Change::Added => ("add", "to"),
                Change::Updated => ("update", "in"),
                Change::Removed => ("remove", "from"),
            };
            format!("would {would} `{name}` {link} {file}\n{diff}\n")
        }
        State::Done { change, backup } => {
            let did = match change {
                Change::Added => "added to",
                Change::Updated => "updated in",
                Change::Removed => "removed from",
            };
            let kept = backup.as_ref().map(|backup| format!("  the file as it was: {}\n", backup.display()));
            let kept = kept.unwrap_or_default();
            format!("`{name}` {did} {file}\n{kept}  next: {}\n", outcome.client.then)
        }
        State::Problem(problem) => format!("{problem}\n"),
    }
}

fn document(outcome: &Outcome, name: &str) -> Value {
    let word = |change: &Change| match change {
        Change::Added => "added",
        Change::Updated => "updated",
        Change::Removed => "removed",
    };
    let (change, backup, diff, problem) = match &outcome.state {
        State::Nothing => ("nothing", None, None, None),
        State::Done { change, backup } => (word(change), backup.as_ref(), None, None),
        State::Shown { change, diff } => (word(change), None, Some(diff), None),
        State::Problem(problem) => ("refused", None, None, Some(problem)),
    };
    json!({
        "client": outcome.client.id,
        "file": outcome.file.display().to_string(),
        "name": name,
        "change": change,
        "backup": backup.map(|backup| backup.display().to_string()),
        "diff": diff,
        "problem": problem,
    })
}

/// A refusal with the file it is about.
pub fn refused(file: &Path, refusal: &Refusal) -> String {
    match refusal {
        Refusal::Broken { .. } => {
            format!("the file is broken and was not touched: {}:{refusal}", file.display())
        }
        _ => format!("{} was not touched: {refusal}", file.display()),
    }
}

pub fn nothing_found(by_hand: &str, printer: &Printer) {
    let ids: Vec<&str> = CLIENTS.iter().map(|client| client.id).collect();
    let known = ids.join(", ");
    printer.error(&format!("found no client; known are {known}"));
    printer.talk("name one and its file is made");
    match by_hand.is_empty() {
        true => printer.talk("\n"),
        false => printer.talk(&format!(", or do it by hand:\n\n{by_hand}")),
    }
}

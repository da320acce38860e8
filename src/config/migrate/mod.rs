//! A file of the original mcpfier → a file with `version: 1` that does the same.
//!
//! The text is edited where it has to change and stays as it is elsewhere, comments and order
//! included. First what the original ignores is taken out, which leaves a file of the original that
//! means the same; then the keys become those of native files. Each change has a comment at its
//! place and a note in the report.

mod command;
mod composite;
mod container;
mod edits;
mod inline;
mod page;
mod root;
mod strip;
mod value;
mod webhook;

pub(super) use edits::Edits;
pub(super) use page::Page;

use std::path::Path;

use crate::model::Dialect;

use super::diagnostic::Problems;
use super::host::Host;
use super::load::{Loaded, check_bytes};
use super::report::Report;
use super::source::SourceId;
use super::syntax::{self, Document, Format};

/// What came of a migration.
#[derive(Debug)]
pub struct Migration {
    pub text: String,
    /// Everything that was changed, with the command it concerns.
    pub notes: Vec<Note>,
    /// What the new file still has to say about itself.
    pub report: Report,
}

/// A change that somebody should know of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The name of a command; `None` for the file as a whole.
    pub command: Option<String>,
    pub message: String,
}

/// Why there is nothing to migrate.
#[derive(Debug)]
pub enum NotMigrated {
    /// It has a version.
    Native,
    /// It has errors as a file of the original.
    Errors(Report),
}

/// Notes of one migration, each once.
#[derive(Debug, Default)]
struct Notes(Vec<Note>);

impl Notes {
    fn add(&mut self, command: Option<&str>, message: impl Into<String>) {
        let note = Note { command: command.map(str::to_owned), message: message.into() };
        if !self.0.contains(&note) {
            self.0.push(note);
        }
    }

    /// Those of the file first, then those of each command together.
    fn by_command(self) -> Vec<Note> {
        let mut order: Vec<Option<String>> = vec![None];
        for note in &self.0 {
            if !order.contains(&note.command) {
                order.push(note.command.clone());
            }
        }
        let place = |note: &Note| order.iter().position(|command| *command == note.command);
        let mut notes = self.0;
        notes.sort_by_key(place);
        notes
    }
}

/// Enough for whatever is nested in what is taken out.
const MAX_ROUNDS: usize = 8;

/// Makes a native file of one of the original. `host` is where the new file is looked at.
pub fn migrate(path: &Path, text: &str, host: &Host) -> Result<Migration, NotMigrated> {
    let looked_at = check(path, text);
    if looked_at.dialect == Dialect::Native {
        return Err(NotMigrated::Native);
    }
    if looked_at.report.errors_for_serving().next().is_some() {
        return Err(NotMigrated::Errors(check_bytes(path, text.as_bytes().to_vec(), host).report));
    }
    let mut notes = Notes::default();
    let mut text = text.to_owned();
    for _ in 0..MAX_ROUNDS {
        let report = check(path, &text).report;
        let changed = edited(&text, |document| strip::strip(document, &text, &report, &mut notes));
        match changed {
            Some(new) => text = new,
            None => break,
        }
    }
    let report = check(path, &text).report;
    let native = edited(&text, |document| root::convert(document, &text, &report, &mut notes));
    let text = native.unwrap_or(text);
    let report = check_bytes(path, text.as_bytes().to_vec(), host).report;
    Ok(Migration { text, notes: notes.by_command(), report })
}

/// On no host: what only a host lacks is none of our business here.
fn check(path: &Path, text: &str) -> Loaded {
    check_bytes(path, text.as_bytes().to_vec(), &Host::as_written())
}

/// The text with changes made, if there are any.
fn edited(text: &str, changes: impl FnOnce(&Document<'_>) -> edits::Edits) -> Option<String> {
    let document = syntax::parse(SourceId::default(), text, Format::Yaml, &Problems::default())?;
    let edits = changes(&document);
    (!edits.is_empty()).then(|| edits.apply(text))
}

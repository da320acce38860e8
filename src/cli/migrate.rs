//! `mcpfier migrate`: a file of the original mcpfier as one with `version: 1`.
//!
//! Data is the new file; what changed and what is left to do is talk.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::config::{self, Code, Diagnostic, Migration, NotMigrated, Report};
use crate::model::counted;

use super::arguments::MigrateWords;
use super::exit::Exit;
use super::print::Printer;
use super::{replace, session};

/// What the name of the kept file ends with.
const KEPT: &str = ".original";

/// Why nothing was written; the text is for people.
struct Refusal {
    exit: Exit,
    message: String,
}

pub fn run(words: &MigrateWords, printer: &Printer) -> Exit {
    let result = migrated(&words.file, words.target(), printer).and_then(|migration| match migration {
        Some(migration) => finish(words, &migration, printer),
        None => {
            printer
                .talk(&format!("{} has a version already: there is nothing to do\n", words.file.display()));
            Ok(Exit::OK)
        }
    });
    result.unwrap_or_else(|refusal| {
        printer.error(&refusal.message);
        refusal.exit
    })
}

impl MigrateWords {
    /// Where the new file will be.
    fn target(&self) -> &Path {
        self.output.as_deref().unwrap_or(&self.file)
    }
}

/// `None` if the file has a version.
fn migrated(file: &Path, target: &Path, printer: &Printer) -> Result<Option<Migration>, Refusal> {
    let text = std::fs::read_to_string(file).map_err(|error| Refusal {
        exit: Exit::NO_CONFIG,
        message: match error.kind() {
            ErrorKind::NotFound => format!("there is no file `{}`", file.display()),
            _ => format!("cannot read `{}`: {error}", file.display()),
        },
    })?;
    match config::migrate(target, &text, &session::host()) {
        Ok(migration) => Ok(Some(migration)),
        Err(NotMigrated::Native) => Ok(None),
        Err(NotMigrated::Errors(report)) => {
            printer.talk(&report.render(printer.style()));
            let message = format!("`{}` has errors as it is; correct them first", file.display());
            Err(Refusal { exit: Exit::CONFIG, message })
        }
    }
}

fn finish(words: &MigrateWords, migration: &Migration, printer: &Printer) -> Result<Exit, Refusal> {
    if let Some(output) = words.output.as_deref().filter(|output| !words.check && is_there(output)) {
        let message =
            format!("`{}` is there already, and is left as it is: name another file", output.display());
        return Err(Refusal { exit: Exit::FAILURE, message });
    }
    say(words.target(), migration, printer);
    if words.check {
        return Ok(Exit::FAILURE);
    }
    let is_broken = broken(&migration.report).next().is_some();
    let failed = |what: &Path, error: &dyn std::fmt::Display| Refusal {
        exit: Exit::FAILURE,
        message: format!("cannot write `{}`: {error}", what.display()),
    };
    match (&words.output, words.in_place) {
        (Some(output), _) => {
            replace::create(output, &migration.text).map_err(|error| failed(output, &error))?;
            printer.data(&format!("written: {}\n", output.display()));
        }
        (None, true) if is_broken => {
            let message = "the file was left as it is, since the new one has errors; without `--in-place` it is printed";
            return Err(Refusal { exit: Exit::CONFIG, message: message.to_owned() });
        }
        (None, true) => {
            let kept = keep(&words.file).map_err(|error| failed(&beside(&words.file), &error))?;
            replace::replace(&words.file, &migration.text).map_err(|error| failed(&words.file, &error))?;
            printer.data(&format!("written: {}\nas it was: {}\n", words.file.display(), kept.display()));
        }
        (None, false) => printer.data(&migration.text),
    }
    Ok(if is_broken { Exit::CONFIG } else { Exit::OK })
}

/// A link that leads nowhere is there, too.
fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// The file as it was, which is never written over.
fn keep(file: &Path) -> std::io::Result<PathBuf> {
    let kept = beside(file);
    replace::create(&kept, &std::fs::read_to_string(file)?)?;
    std::fs::set_permissions(&kept, std::fs::metadata(file)?.permissions())?;
    Ok(kept)
}

fn beside(file: &Path) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(KEPT);
    file.with_file_name(name)
}

/// Errors that somebody has to correct. What is not built yet is none of them.
fn broken(report: &Report) -> impl Iterator<Item = &Diagnostic> {
    report.errors_for_serving().filter(|problem| problem.code != Code::NotSupported)
}

fn say(target: &Path, migration: &Migration, printer: &Printer) {
    let mut last = None;
    for note in &migration.notes {
        if last != Some(&note.command) {
            let about = note.command.as_deref().unwrap_or("the file");
            printer.talk(&format!("{about}:\n"));
            last = Some(&note.command);
        }
        printer.talk(&format!("  - {}\n", note.message));
    }
    let later =
        migration.report.errors_for_serving().filter(|problem| problem.code == Code::NotSupported).count();
    let broken = broken(&migration.report).count();
    if broken > 0 {
        printer.talk(&migration.report.render_problems(printer.style()));
    }
    let state = match (broken, later) {
        (0, 0) => "it loads".to_owned(),
        (0, 1) => "it waits for 1 feature that is not supported yet, and is refused until then".to_owned(),
        (0, later) => {
            format!(
                "it uses what is not supported yet in {later} places, and is refused as long as they are there"
            )
        }
        (broken, _) => format!("it has {}", counted(broken, "error")),
    };
    printer.talk(&format!("{}: {state}\n", target.display()));
}

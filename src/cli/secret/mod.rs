//! `mcpfier secret`: fills, lists and empties the encrypted store. A value comes in by a file, by
//! stdin or by a prompt without echo, never by an argument, and is never printed.

pub(super) mod prompt;

use std::fs::File;
use std::io::{self, IsTerminal, Read};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::model::{SecretName, SecretText};
use crate::safe::{BadSafe, Safe, Stored};

use super::arguments::SecretAction;
use super::exit::Exit;
use super::print::Printer;
use super::session;

/// Why nothing was done, and how that ends.
struct Problem(Exit, String);

impl From<BadSafe> for Problem {
    fn from(problem: BadSafe) -> Self {
        Self(Exit::FAILURE, problem.to_string())
    }
}

pub fn run(action: Option<&SecretAction>, printer: &Printer) -> Exit {
    let done = match action {
        Some(SecretAction::Set { name, from_file }) => set(name, from_file.as_deref(), printer),
        Some(SecretAction::List) => list(printer),
        Some(SecretAction::Rm { name }) => remove(name, printer),
        Some(SecretAction::Other(_)) | None => Err(Problem(
            Exit::USAGE,
            "expected `secret set NAME`, `secret list` or `secret rm NAME`".to_owned(),
        )),
    };
    match done {
        Ok(()) => Exit::OK,
        Err(Problem(exit, problem)) => {
            printer.error(&problem);
            exit
        }
    }
}

fn set(name: &str, from_file: Option<&Path>, printer: &Printer) -> Result<(), Problem> {
    let (name, safe) = (named(name)?, safe()?);
    let bytes = match from_file {
        Some(path) => File::open(path).and_then(read),
        None if io::stdin().is_terminal() => prompt::ask(&format!("value of {name}: ")),
        None => read(io::stdin()),
    };
    let bytes = bytes.map_err(|error| unread(from_file, &error))?;
    let value = SecretText::of_line(bytes)
        .map_err(|problem| Problem(Exit::USAGE, format!("`{name}` was not stored: {problem}")))?;
    if let Some(key) = safe.set(&name, &value)? {
        printer.talk(&format!(
            "made the key {key}: without it nothing that is stored can be read, and with it everything\n"
        ));
    }
    printer.data(&format!("stored `{name}`; a file names it as `{{ store: {name} }}`\n"));
    Ok(())
}

fn unread(from_file: Option<&Path>, error: &io::Error) -> Problem {
    if error.kind() == io::ErrorKind::Interrupted {
        return Problem(Exit::INTERRUPTED, "interrupted; nothing was stored".to_owned());
    }
    let source = from_file.map_or_else(|| "stdin".to_owned(), |path| path.display().to_string());
    Problem(Exit::FAILURE, format!("`{source}` cannot be read: {error}"))
}

/// One byte beyond what a value may have, so that too much is told from enough.
fn read(source: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(SecretText::MOST as u64 + 3).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn list(printer: &Printer) -> Result<(), Problem> {
    let stored = safe()?.list()?;
    if printer.json {
        printer.json_data(&Value::Array(stored.iter().map(document).collect()));
        return Ok(());
    }
    let width = stored.iter().map(|secret| secret.name.as_str().len()).max().unwrap_or(0);
    for secret in &stored {
        printer.data(&format!("{:width$}  set {}\n", secret.name.as_str(), utc(secret.set)));
    }
    if stored.is_empty() {
        printer.talk("nothing is stored; `mcpfier secret set NAME` stores a secret\n");
    }
    Ok(())
}

fn document(secret: &Stored) -> Value {
    json!({ "name": secret.name.as_str(), "set": utc(secret.set) })
}

fn remove(name: &str, printer: &Printer) -> Result<(), Problem> {
    let name = named(name)?;
    safe()?.remove(&name)?;
    printer.data(&format!("removed `{name}`\n"));
    Ok(())
}

fn named(name: &str) -> Result<SecretName, Problem> {
    name.parse().map_err(|problem: crate::model::BadName| Problem(Exit::USAGE, problem.to_string()))
}

fn safe() -> Result<Safe, Problem> {
    Ok(Safe::of(&session::host().environment)?)
}

/// As `2026-11-21T10:55:47Z`.
pub(super) fn utc(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = date(days);
    let (hour, minute) = (second / 3600, second / 60 % 60);
    format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{:02}Z", second % 60)
}

/// Year, month and day of a day since 1970, in years that begin with March: a leap day is the last
/// of its year then, and 153 days are five months.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn moments_are_told_in_utc() {
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_251_200, "2024-03-01T00:00:00Z"),
            (1_795_258_547, "2026-11-21T10:55:47Z"),
            (4_102_444_800, "2100-01-01T00:00:00Z"),
        ] {
            assert_eq!(utc(UNIX_EPOCH + Duration::from_secs(seconds)), expected);
        }
    }
}

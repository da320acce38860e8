//! `mcpfier import FILE`: commands out of another tool's file, printed or added to a file.

use std::path::{Path, PathBuf};

use crate::config;
use crate::scaffold::import::{BadImport, Choice, Format, Imported, UnknownFormat};

use super::arguments::ImportWords;
use super::exit::Exit;
use super::into::{self, Roots};
use super::print::Printer;

/// Larger files are none that a person wrote.
const MOST_BYTES: u64 = 4 << 20;

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error("name a file: `mcpfier import package.json`")]
    NoFile,
    #[error("`{0}` cannot be read: {1}")]
    Unreadable(PathBuf, std::io::Error),
    #[error("`{0}` is larger than 4 MiB")]
    TooLarge(PathBuf),
    #[error(transparent)]
    Format(#[from] UnknownFormat),
    #[error(
        "it cannot be told what `{0}` is; say it with `--as npm|just|make|openapi|mcpshell|mcp-this|any-script`"
    )]
    NotTold(PathBuf),
    #[error("`--only` and `--tag` choose operations of OpenAPI, and `{0}` has none")]
    NoOperations(PathBuf),
    #[error("`{0}`: {1}")]
    Bad(PathBuf, BadImport),
    #[error("{0}")]
    NoYaml(String),
}

pub fn run(words: &ImportWords, printer: &Printer) -> Exit {
    let into = words.into.as_deref();
    match import(words, printer) {
        Ok(imported) => {
            for note in &imported.notes {
                printer.talk(&format!("note: {note}\n"));
            }
            match imported.proposals.is_empty() {
                true => Exit::FAILURE,
                false => {
                    let roots = Roots { vars: &imported.vars, secrets: &imported.secrets };
                    into::deliver_with(roots, &imported.to_yaml(), into, printer)
                }
            }
        }
        Err(failed) => {
            match &failed {
                Failed::NoYaml(report) => printer.talk(report),
                other => printer.error(&other.to_string()),
            }
            failed.exit()
        }
    }
}

impl Failed {
    fn exit(&self) -> Exit {
        match self {
            Self::NoFile | Self::Format(_) | Self::NotTold(_) | Self::NoOperations(_) => Exit::USAGE,
            Self::Unreadable(..) | Self::TooLarge(_) | Self::Bad(..) | Self::NoYaml(_) => Exit::FAILURE,
        }
    }
}

fn import(words: &ImportWords, printer: &Printer) -> Result<Imported, Failed> {
    let file = words.file.as_deref().ok_or(Failed::NoFile)?;
    let named = words.format.as_deref().map(str::parse::<Format>).transpose()?;
    let text = read(file)?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let known = named.or_else(|| Format::of_name(&name));
    let bad = |problem| Failed::Bad(file.to_path_buf(), problem);
    let choice = Choice { only: words.only.clone(), tags: words.tag.clone() };
    let chooses = !choice.only.is_empty() || !choice.tags.is_empty();
    let misses = |format: Format| chooses && !matches!(format, Format::OpenApi);
    if known.is_some_and(misses) {
        return Err(Failed::NoOperations(file.to_path_buf()));
    }
    if let Some(format) = known.filter(|format| !format.is_yaml()) {
        let mut imported = format.read(&text, &name).map_err(bad)?;
        if let Some(folder) = folder_of(file, words.into.as_deref()) {
            imported.in_folder(&folder);
        }
        return Ok(imported);
    }
    let value = value(file, &text, printer)?;
    let format =
        known.or_else(|| Format::of_value(&value)).ok_or_else(|| Failed::NotTold(file.to_path_buf()))?;
    if misses(format) {
        return Err(Failed::NoOperations(file.to_path_buf()));
    }
    format.read_value(&value, &choice).map_err(bad)
}

/// JSON is YAML too, and read without the limits that keep a person's YAML in bounds.
fn value(file: &Path, text: &str, printer: &Printer) -> Result<serde_json::Value, Failed> {
    if let Some(value) = text.trim_start().starts_with('{').then(|| serde_json::from_str(text).ok()).flatten()
    {
        return Ok(value);
    }
    config::read_foreign(file, text).map_err(|report| Failed::NoYaml(report.render(printer.style())))
}

fn read(file: &Path) -> Result<String, Failed> {
    let unreadable = |error| Failed::Unreadable(file.to_path_buf(), error);
    if std::fs::metadata(file).map_err(unreadable)?.len() > MOST_BYTES {
        return Err(Failed::TooLarge(file.to_path_buf()));
    }
    std::fs::read_to_string(file).map_err(unreadable)
}

/// The folder in which the commands have to run, seen from the configuration; `None` if it is its own.
fn folder_of(file: &Path, into: Option<&Path>) -> Option<String> {
    let folder = file.canonicalize().ok()?.parent()?.to_path_buf();
    let base = match into {
        Some(target) => target.canonicalize().ok()?.parent()?.to_path_buf(),
        None => Path::new(".").canonicalize().ok()?,
    };
    let seen = folder.strip_prefix(&base).map_or(folder.as_path(), |below| below);
    (!seen.as_os_str().is_empty()).then(|| seen.to_string_lossy().into_owned())
}

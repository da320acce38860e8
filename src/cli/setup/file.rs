//! A client's file on the disk: read whole, kept once as it was, replaced in one step.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// What the name of the kept file ends with.
const KEPT: &str = ".before-mcpfier";

/// The text of a file; `None` if there is none.
pub fn read(file: &Path) -> Result<Option<String>, String> {
    match fs::read(file) {
        Ok(bytes) => match String::from_utf8(bytes) {
            Ok(text) => Ok(Some(text)),
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                Err(format!("{} was not touched: it is no UTF-8 text at byte {at}", file.display()))
            }
        },
        // A link that leads nowhere is there all the same.
        Err(error) if error.kind() == ErrorKind::NotFound && file.symlink_metadata().is_err() => Ok(None),
        Err(error) => Err(format!("cannot read {}: {error}", file.display())),
    }
}

/// Replaces a file in one step, with its permissions; the first time what was there is kept beside
/// it. A symbolic link stays and what it leads to is replaced.
pub fn write(file: &Path, before: Option<&str>, after: &str) -> Result<Option<PathBuf>, String> {
    let failed = |error: io::Error| format!("cannot write {}: {error}", file.display());
    let Some(before) = before else {
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        let created = OpenOptions::new().write(true).create_new(true).open(file);
        created.and_then(|mut created| created.write_all(after.as_bytes())).map_err(failed)?;
        return Ok(None);
    };
    let real = file.canonicalize().map_err(failed)?;
    let backup = keep(file, &real, before).map_err(failed)?;
    replace(&real, before, after).map_err(failed)?;
    Ok(backup)
}

/// Keeps the file as it was before the first change, beside the name that the client knows.
fn keep(file: &Path, real: &Path, text: &str) -> io::Result<Option<PathBuf>> {
    let backup = beside(file, "", KEPT);
    match OpenOptions::new().write(true).create_new(true).open(&backup) {
        Ok(kept) => {
            fill(kept, real, text)?;
            Ok(Some(backup))
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(None),
        Err(error) => Err(error),
    }
}

fn replace(real: &Path, before: &str, after: &str) -> io::Result<()> {
    let new = beside(real, ".", &format!(".mcpfier-{}", std::process::id()));
    let replaced = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&new)
        .and_then(|created| fill(created, real, after))
        .and_then(|()| unchanged(real, before))
        .and_then(|()| fs::rename(&new, real));
    if replaced.is_err() {
        // It may not even be there.
        let _ = fs::remove_file(&new);
    }
    replaced
}

/// Some clients rewrite their files while they run.
fn unchanged(real: &Path, before: &str) -> io::Result<()> {
    match fs::read(real)? == before.as_bytes() {
        true => Ok(()),
        false => Err(io::Error::other("it was changed by another program just now; try again")),
    }
}

/// Writes a text with the permissions of another file, which come first: it may hold secrets.
fn fill(mut file: File, like: &Path, text: &str) -> io::Result<()> {
    file.set_permissions(fs::metadata(like)?.permissions())?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn beside(file: &Path, before: &str, after: &str) -> PathBuf {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    file.with_file_name(format!("{before}{name}{after}"))
}

//! The files that are meant: those named, and below a named folder every one that looks like ours.

use std::path::{Path, PathBuf};

use crate::config::{self, Host};

use super::together::Listed;

/// Deeper than this nobody keeps configuration; it also ends what symbolic links could make endless.
const MAX_DEPTH: usize = 32;

/// The files of these words, folders opened up. A word that is no folder is a file, there or not.
pub fn files(words: &[String], host: &Host) -> Result<Vec<Listed>, String> {
    let mut files = Vec::new();
    for word in words {
        let path = PathBuf::from(word);
        if !path.is_dir() {
            files.push(Listed { path, is_named: true });
            continue;
        }
        let mut below = Vec::new();
        collect(&path, MAX_DEPTH, &mut below)?;
        below.retain(|path| config::may_be_configuration(path, host));
        if below.is_empty() {
            return Err(format!(
                "there is no `.yaml` or `.yml` file in `{word}`, and no `.json` or `.toml` with `commands`"
            ));
        }
        files.extend(below.into_iter().map(|path| Listed { path, is_named: false }));
    }
    Ok(files)
}

/// Adds the files below a folder, by name. Folders that begin with a dot are tools' own.
fn collect(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), String> {
    let unreadable =
        |error: std::io::Error| format!("cannot read the folder `{}`: {error}", folder.display());
    let entries = std::fs::read_dir(folder).map_err(unreadable)?;
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>().map_err(unreadable)?;
    paths.sort();
    for path in paths {
        let is_linked = path.is_symlink();
        if path.is_dir() {
            // A linked folder is below another one, or leads round in a circle.
            if depth > 0 && !is_linked && !is_hidden(&path) {
                collect(&path, depth - 1, files)?;
            }
        } else if has_our_ending(&path) {
            files.push(path);
        }
    }
    Ok(())
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'))
}

fn has_our_ending(path: &Path) -> bool {
    let ending = path.extension().map(|ending| ending.to_string_lossy());
    ending.is_some_and(|ending| ["yaml", "yml", "json", "toml"].contains(&&*ending))
}

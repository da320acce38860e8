//! Which of many files are configurations of their own, and which are parts of one.
//!
//! A file that another one includes is judged as a part of that. A file without a `version` beside a
//! native root makes the folder a configuration, which is checked as `--config` would load it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::config::{self, Loaded};
use crate::model::Dialect;

/// A file to check.
pub struct Listed {
    pub path: PathBuf,
    /// It was named itself, and not found in a folder.
    pub is_named: bool,
}

/// What a file, or a folder, came to.
pub struct Checked {
    pub path: PathBuf,
    pub loaded: Loaded,
    is_named: bool,
}

/// Checks each configuration among the files once.
pub fn check(files: Vec<Listed>, check: impl Fn(&Path) -> Loaded) -> Vec<Checked> {
    let one = |Listed { path, is_named }| Checked { loaded: check(&path), path, is_named };
    let checked = without_parts(files.into_iter().map(one).collect());
    with_folders(checked, check)
}

/// Leaves out what another one includes. Of two that include each other one stays.
fn without_parts(files: Vec<Checked>) -> Vec<Checked> {
    if files.len() < 2 {
        return files;
    }
    let real: Vec<PathBuf> = files.iter().map(|file| real(&file.path)).collect();
    let parts_of = |file: &Checked| file.loaded.files.iter().skip(1).map(|part| self::real(part)).collect();
    let mut parts: Vec<BTreeSet<PathBuf>> = files.iter().map(parts_of).collect();
    let mut is_part = Vec::with_capacity(files.len());
    for (at, path) in real.iter().enumerate() {
        let included = parts.iter().enumerate().any(|(other, parts)| other != at && parts.contains(path));
        if included && let Some(own) = parts.get_mut(at) {
            own.clear();
        }
        is_part.push(included);
    }
    files.into_iter().zip(is_part).filter_map(|(file, is_part)| (!is_part).then_some(file)).collect()
}

/// Puts a folder in the place of its root and of what lies beside that, where they belong together.
fn with_folders(files: Vec<Checked>, check: impl Fn(&Path) -> Loaded) -> Vec<Checked> {
    let folder_of = |file: &Checked| file.path.parent().map(Path::to_path_buf).unwrap_or_default();
    let found = |file: &&Checked| !file.is_named;
    let is_root =
        |file: &&Checked| file.loaded.dialect == Dialect::Native && config::may_be_root_of_folder(&file.path);
    let roots: BTreeSet<PathBuf> = files.iter().filter(found).filter(is_root).map(&folder_of).collect();
    let is_part = |file: &&Checked| file.loaded.dialect == Dialect::Original;
    let parts: BTreeSet<PathBuf> = files.iter().filter(found).filter(is_part).map(&folder_of).collect();
    let mut told = BTreeSet::new();
    let mut together = Vec::with_capacity(files.len());
    for file in files {
        let folder = folder_of(&file);
        if file.is_named || !(roots.contains(&folder) && parts.contains(&folder)) {
            together.push(file);
        } else if told.insert(folder.clone()) {
            together.push(Checked { loaded: check(&folder), path: folder, is_named: false });
        }
    }
    together
}

/// A file as the host knows it, whatever links lead to it.
fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_path_buf())
}

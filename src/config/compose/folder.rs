//! A folder as a configuration: which of its files is the root, and which belong to it.

use std::path::{Path, PathBuf};

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;

/// What the root may be called, without its ending; the first that is there counts.
const ROOTS: [&str; 2] = ["config", "mcpfier"];
const ENDINGS: [&str; 4] = ["yaml", "yml", "json", "toml"];

/// The files of a folder.
#[derive(Debug, PartialEq, Eq)]
pub struct Folder {
    pub root: PathBuf,
    /// The others, by name.
    pub others: Vec<PathBuf>,
}

/// Whether a file is called as the root of a folder is.
pub fn may_be_root(file: &Path) -> bool {
    is_ours(file) && file.file_stem().is_some_and(|stem| ROOTS.iter().any(|root| stem == *root))
}

/// Looks into a folder, below `cwd` if its path is relative, and not into those below it.
pub fn open(folder: &Path, cwd: &Path) -> Result<Folder, Box<Diagnostic>> {
    let bad = |message: String| Box::new(Diagnostic::of_file(Code::BadFolder, message));
    let entries = std::fs::read_dir(cwd.join(folder))
        .map_err(|error| bad(format!("cannot read the folder: {error}")))?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| folder.join(entry.file_name())).collect();
    files.retain(|file| is_ours(file) && cwd.join(file).is_file());
    files.sort();
    for root in ROOTS {
        let is_root = |file: &&PathBuf| file.file_stem().is_some_and(|stem| stem == root);
        let found: Vec<&PathBuf> = files.iter().filter(is_root).collect();
        match found.as_slice() {
            [] => {}
            [root] => {
                let root = (*root).clone();
                let others = files.into_iter().filter(|file| *file != root).collect();
                return Ok(Folder { root, others });
            }
            [first, second, ..] => {
                let message = format!("both {} and {} could be the root", name(first), name(second));
                return Err(Box::new(bad(message).help("a folder has one root: keep one of them")));
            }
        }
    }
    let problem = bad("the folder has no root: a file `config.yaml` or `mcpfier.yaml`".to_owned());
    Err(Box::new(match files.first() {
        Some(file) => problem.help(format!("rename one of its files, such as {}", name(file))),
        None => problem.help("`mcpfier init` writes a file to begin with"),
    }))
}

fn is_ours(file: &Path) -> bool {
    let is_hidden = file.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    let ending = file.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase());
    !is_hidden && ending.is_some_and(|ending| ENDINGS.contains(&ending.as_str()))
}

fn name(file: &Path) -> String {
    format!("`{}`", file.file_name().unwrap_or_default().to_string_lossy())
}

//! Which plain files match, and what tells one from the next of its name.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::model::name_matches;
use crate::plan::PlannedFiles;

/// Entries of folders that are looked at for one call, at one time.
const MOST_ENTRIES: usize = 50_000;
const MOST_DEPTH: usize = 32;

/// A file that matches.
#[derive(Debug)]
pub struct Seen {
    pub folder: PathBuf,
    pub path: PathBuf,
    /// Below the folder.
    pub name: String,
    pub mark: Mark,
}

/// Changes with everything that is written, whatever the clock says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    size: u64,
    modified: Option<SystemTime>,
    inode: u64,
    changed: (i64, i64),
}

/// All files that match, in their order, each once.
pub fn look(planned: &[PlannedFiles]) -> Vec<Seen> {
    let mut search = Search { found: Vec::new(), left: MOST_ENTRIES };
    for files in planned {
        search.below(files, &files.folder, &files.parts, 0);
    }
    search.found.sort_by(|one, other| one.path.cmp(&other.path));
    search.found.dedup_by(|one, other| one.path == other.path);
    search.found
}

struct Search {
    found: Vec<Seen>,
    left: usize,
}

impl Search {
    fn below(&mut self, files: &PlannedFiles, folder: &Path, parts: &[String], depth: usize) {
        let Some((part, rest)) = parts.split_first() else { return };
        if depth > MOST_DEPTH {
            return;
        }
        let any_depth = part == "**";
        if any_depth && !rest.is_empty() {
            self.below(files, folder, rest, depth);
        }
        let Ok(entries) = std::fs::read_dir(folder) else { return };
        for entry in entries.flatten() {
            let Some(left) = self.left.checked_sub(1) else { return };
            self.left = left;
            let (Ok(kind), Ok(name)) = (entry.file_type(), entry.file_name().into_string()) else { continue };
            let fits = if any_depth { !name.starts_with('.') } else { name_matches(part, &name) };
            if !fits {
                continue;
            }
            if kind.is_file() && rest.is_empty() {
                self.take(files, entry.path());
            } else if kind.is_dir() && any_depth {
                self.below(files, &entry.path(), parts, depth + 1);
            } else if kind.is_dir() && !rest.is_empty() {
                self.below(files, &entry.path(), rest, depth + 1);
            }
        }
    }

    fn take(&mut self, files: &PlannedFiles, path: PathBuf) {
        let Some(mark) = mark(&path) else { return };
        let below = path.strip_prefix(&files.folder).unwrap_or(&path);
        let name = below.to_string_lossy().into_owned();
        self.found.push(Seen { folder: files.folder.clone(), name, path, mark });
    }
}

impl Mark {
    pub fn size(&self) -> u64 {
        self.size
    }
}

fn mark(path: &Path) -> Option<Mark> {
    path.symlink_metadata().ok().filter(std::fs::Metadata::is_file).map(|metadata| of(&metadata))
}

/// Of whatever a path leads to.
pub fn mark_of(path: &Path) -> Option<Mark> {
    path.metadata().ok().map(|metadata| of(&metadata))
}

fn of(metadata: &std::fs::Metadata) -> Mark {
    #[cfg(unix)]
    let (inode, changed) = {
        use std::os::unix::fs::MetadataExt;
        (metadata.ino(), (metadata.ctime(), metadata.ctime_nsec()))
    };
    #[cfg(not(unix))]
    let (inode, changed) = (0, (0, 0));
    Mark { size: metadata.len(), modified: metadata.modified().ok(), inode, changed }
}

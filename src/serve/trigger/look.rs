//! Which files match, and what tells each from what it was. Everything here may block.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::model::{Change, Watched, name_matches};

/// Entries of folders that are looked at for one trigger.
const MOST_ENTRIES: usize = 50_000;
const MOST_DEPTH: usize = 32;

/// Changes with everything that is written.
type Stamp = [i64; 6];

/// What is there at one time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Look {
    files: BTreeMap<String, Stamp>,
    /// Where others could come to be.
    pub folders: BTreeSet<PathBuf>,
    /// More was there than is looked at.
    pub is_cut: bool,
}

/// All files that match, without following links.
pub fn look(watched: &[Watched]) -> Look {
    let mut search = Search { found: Look::default(), left: MOST_ENTRIES };
    for Watched { folder, parts } in watched {
        search.below(folder, parts, 0);
    }
    search.found
}

impl Look {
    /// What has changed since.
    pub fn changes(&self, before: &Self) -> Vec<(Change, String)> {
        let came = self.files.iter().filter_map(|(path, stamp)| match before.files.get(path) {
            None => Some((Change::Created, path.clone())),
            Some(known) if known != stamp => Some((Change::Changed, path.clone())),
            Some(_) => None,
        });
        let went = before.files.keys().filter(|path| !self.files.contains_key(*path));
        came.chain(went.map(|path| (Change::Removed, path.clone()))).collect()
    }

    /// Whether the same files are there as they were.
    pub fn is_same(&self, other: &Self) -> bool {
        self.files == other.files
    }
}

struct Search {
    found: Look,
    left: usize,
}

impl Search {
    fn below(&mut self, folder: &Path, parts: &[String], depth: usize) {
        let Some((part, rest)) = parts.split_first() else { return };
        if depth > MOST_DEPTH {
            return;
        }
        self.found.folders.insert(folder.to_path_buf());
        let any_depth = part == "**";
        if any_depth && !rest.is_empty() {
            self.below(folder, rest, depth);
        }
        let Ok(entries) = fs::read_dir(folder) else { return };
        for entry in entries.flatten() {
            let Some(left) = self.left.checked_sub(1) else {
                self.found.is_cut = true;
                return;
            };
            self.left = left;
            let (Ok(kind), Ok(name)) = (entry.file_type(), entry.file_name().into_string()) else { continue };
            let fits = if any_depth { !name.starts_with('.') } else { name_matches(part, &name) };
            if !fits {
                continue;
            }
            if kind.is_file() && rest.is_empty() {
                self.take(&entry.path());
            } else if kind.is_dir() && any_depth {
                self.below(&entry.path(), parts, depth + 1);
            } else if kind.is_dir() && !rest.is_empty() {
                self.below(&entry.path(), rest, depth + 1);
            }
        }
    }

    fn take(&mut self, path: &Path) {
        let stamp = path.symlink_metadata().ok().filter(Metadata::is_file).map(|found| {
            let (inode, size) = (found.ino().cast_signed(), found.size().cast_signed());
            [inode, size, found.mtime(), found.mtime_nsec(), found.ctime(), found.ctime_nsec()]
        });
        if let (Some(stamp), Some(text)) = (stamp, path.to_str()) {
            self.found.files.insert(text.to_owned(), stamp);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_changes_and_goes_is_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let watched = |parts: &[&str]| {
            let parts = parts.iter().map(|part| (*part).to_owned()).collect();
            vec![Watched { folder: root.to_path_buf(), parts }]
        };
        fs::create_dir_all(root.join("a/b")).unwrap();
        fs::write(root.join("one.csv"), "1").unwrap();
        fs::write(root.join("a/b/two.csv"), "2").unwrap();
        fs::write(root.join(".hidden.csv"), "3").unwrap();
        std::os::unix::fs::symlink(root.join("one.csv"), root.join("link.csv")).unwrap();
        let (flat, deep) = (watched(&["*.csv"]), watched(&["**", "*.csv"]));
        assert_eq!((look(&flat).files.len(), look(&deep).files.len()), (1, 2));
        let before = look(&deep);
        fs::write(root.join("one.csv"), "changed").unwrap();
        fs::write(root.join("three.csv"), "3").unwrap();
        fs::remove_file(root.join("a/b/two.csv")).unwrap();
        let named = |path: &str| root.join(path).to_str().unwrap().to_owned();
        assert_eq!(
            look(&deep).changes(&before),
            [
                (Change::Changed, named("one.csv")),
                (Change::Created, named("three.csv")),
                (Change::Removed, named("a/b/two.csv")),
            ]
        );
    }
}

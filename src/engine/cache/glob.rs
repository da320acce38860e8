//! An absolute path with `*`, `?`, `[a-z]` and `**` → the files that it matches, in their order.

use std::path::{Path, PathBuf};

use crate::model::{is_pattern as is_name_pattern, name_matches};

/// Entries that are looked at for one pattern.
const MOST_ENTRIES: usize = 20_000;
const MOST_DEEP: usize = 32;

pub fn is_pattern(path: &Path) -> bool {
    path.to_str().is_some_and(is_name_pattern)
}

/// `None` if there are too many entries to look at.
pub fn find(pattern: &Path) -> Option<Vec<PathBuf>> {
    let parts: Vec<String> =
        pattern.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    let mut search = Search { found: Vec::new(), looked_at: 0 };
    search.below(Path::new(""), &parts, 0)?;
    let mut found = search.found;
    found.sort();
    found.dedup();
    Some(found)
}

struct Search {
    found: Vec<PathBuf>,
    looked_at: usize,
}

impl Search {
    fn below(&mut self, folder: &Path, parts: &[String], depth: usize) -> Option<()> {
        let Some((part, rest)) = parts.split_first() else {
            self.found.extend(folder.is_file().then(|| folder.to_path_buf()));
            return Some(());
        };
        if !is_name_pattern(part) {
            return self.below(&folder.join(part), rest, depth);
        }
        let is_any_depth = part == "**";
        if is_any_depth {
            self.below(folder, rest, depth)?;
        }
        if depth >= MOST_DEEP {
            return Some(());
        }
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            self.looked_at += 1;
            if self.looked_at > MOST_ENTRIES {
                return None;
            }
            let Ok(name) = entry.file_name().into_string() else { continue };
            // A linked folder is below another one, or leads round in a circle.
            let is_folder = || entry.file_type().is_ok_and(|kind| kind.is_dir());
            match is_any_depth {
                true if is_folder() && !name.starts_with('.') => {
                    self.below(&entry.path(), parts, depth + 1)?
                }
                true if rest.is_empty() && !name.starts_with('.') => {
                    self.below(&entry.path(), rest, depth + 1)?
                }
                false if name_matches(part, &name) => self.below(&entry.path(), rest, depth + 1)?,
                _ => {}
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_in_order_and_hidden_ones_are_not() {
        let scratch = tempfile::tempdir().unwrap();
        for file in ["b.txt", "a.txt", ".h.txt", "x/a.txt", "x/y/a.txt", "x/.z/a.txt", "c.md"] {
            let path = scratch.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let found = |pattern: &str| -> Vec<String> {
            let found = find(&scratch.path().join(pattern)).unwrap();
            let below = found.iter().map(|file| file.strip_prefix(scratch.path()).unwrap());
            below.map(|file| file.display().to_string()).collect()
        };
        assert_eq!(found("*.txt"), ["a.txt", "b.txt"]);
        assert_eq!(found("**/*.txt"), ["a.txt", "b.txt", "x/a.txt", "x/y/a.txt"]);
        assert_eq!(found("x/**"), ["x/a.txt", "x/y/a.txt"]);
        assert_eq!(found("x/*/a.txt"), ["x/y/a.txt"]);
        assert_eq!(found("none/*"), Vec::<String>::new());
    }
}

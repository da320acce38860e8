//! A path with `*`, `?`, `[a-z]` and `**` → the files that it matches, in their order.

use std::path::{Component, Path, PathBuf};

pub use crate::model::is_pattern;
use crate::model::name_matches;

/// What was found, and which folders were looked through for it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Matches {
    pub files: Vec<PathBuf>,
    pub folders: Vec<PathBuf>,
}

/// The pattern leads through more than anybody keeps configuration in.
#[derive(Debug, PartialEq, Eq)]
pub struct TooMany;

/// Entries that are looked at for one pattern.
const MAX_ENTRIES: usize = 20_000;
const MAX_DEPTH: usize = 32;

/// The files that an absolute pattern matches. Hidden ones are matched only by a pattern with the dot.
pub fn find(pattern: &Path) -> Result<Matches, TooMany> {
    let parts: Vec<String> =
        pattern.components().map(|part| part.as_os_str().to_string_lossy().into_owned()).collect();
    let fixed = parts.iter().take_while(|part| !is_pattern(part)).count();
    let base: PathBuf = pattern.components().take(fixed).collect::<Vec<Component<'_>>>().iter().collect();
    let mut search = Search { matches: Matches::default(), looked_at: 0 };
    search.below(&base, parts.get(fixed..).unwrap_or_default(), 0)?;
    let Matches { mut files, mut folders } = search.matches;
    for paths in [&mut files, &mut folders] {
        paths.sort();
        paths.dedup();
    }
    Ok(Matches { files, folders })
}

struct Search {
    matches: Matches,
    looked_at: usize,
}

impl Search {
    fn below(&mut self, folder: &Path, parts: &[String], depth: usize) -> Result<(), TooMany> {
        let Some((part, rest)) = parts.split_first() else { return Ok(()) };
        if depth > MAX_DEPTH {
            return Ok(());
        }
        if !is_pattern(part) {
            return self.take(folder.join(part), rest, depth);
        }
        self.matches.folders.push(folder.to_path_buf());
        let is_any_depth = part == "**";
        if is_any_depth {
            self.below(folder, rest, depth)?;
        }
        for (path, name) in self.entries(folder)? {
            if is_any_depth && !(rest.is_empty() && path.is_file()) {
                // A linked folder is below another one, or leads round in a circle.
                if !name.starts_with('.') && path.is_dir() && !path.is_symlink() {
                    self.below(&path, parts, depth + 1)?;
                }
            } else if name_matches(part, &name) {
                self.take(path, rest, depth)?;
            }
        }
        Ok(())
    }

    fn take(&mut self, path: PathBuf, rest: &[String], depth: usize) -> Result<(), TooMany> {
        match rest.is_empty() {
            true if path.is_file() => self.matches.files.push(path),
            false if path.is_dir() => return self.below(&path, rest, depth + 1),
            _ => {}
        }
        Ok(())
    }

    /// What is in a folder; one that cannot be read holds nothing for us.
    fn entries(&mut self, folder: &Path) -> Result<Vec<(PathBuf, String)>, TooMany> {
        let mut entries = Vec::new();
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            self.looked_at += 1;
            if self.looked_at > MAX_ENTRIES {
                return Err(TooMany);
            }
            if let Ok(name) = entry.file_name().into_string() {
                entries.push((entry.path(), name));
            }
        }
        entries.sort();
        Ok(entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_in_order_and_hidden_ones_are_not() {
        let scratch = tempfile::tempdir().unwrap();
        for file in ["b.yaml", "a.yaml", ".h.yaml", "x/a.yaml", "x/y/a.yaml", "x/.z/a.yaml", "c.txt"] {
            let path = scratch.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let found = |pattern: &str| -> Vec<String> {
            let matches = find(&scratch.path().join(pattern)).unwrap();
            let below = matches.files.iter().map(|file| file.strip_prefix(scratch.path()).unwrap());
            below.map(|file| file.display().to_string()).collect()
        };
        assert_eq!(found("*.yaml"), ["a.yaml", "b.yaml"]);
        assert_eq!(found("**/*.yaml"), ["a.yaml", "b.yaml", "x/a.yaml", "x/y/a.yaml"]);
        assert_eq!(found("x/*/a.yaml"), ["x/y/a.yaml"]);
        assert_eq!(found("none/*.yaml"), Vec::<String>::new());
    }
}

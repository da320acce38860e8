//! A path with `*`, `?`, `[a-z]` and `**` → the files that it matches, in their order.

use std::path::{Component, Path, PathBuf};

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

pub fn is_pattern(path: &str) -> bool {
    path.contains(['*', '?', '['])
}

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
            } else if matches(part, &name) {
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

/// Whether one name matches one part of a pattern.
fn matches(pattern: &str, name: &str) -> bool {
    if name.starts_with('.') && !pattern.starts_with('.') {
        return false;
    }
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    // Where to go on if the rest does not fit: after the last `*`, with one more character in it.
    let mut retry: Option<(usize, usize)> = None;
    let (mut at, mut in_name) = (0, 0);
    loop {
        let step = match (pattern.get(at), name.get(in_name)) {
            (None, None) => return true,
            (Some('*'), _) => {
                retry = Some((at, in_name + 1));
                Some((at + 1, in_name))
            }
            (Some('?'), Some(_)) => Some((at + 1, in_name + 1)),
            (Some('['), Some(found)) => class(&pattern, at, *found).map(|end| (end, in_name + 1)),
            (Some(wanted), Some(found)) if wanted == found => Some((at + 1, in_name + 1)),
            _ => None,
        };
        (at, in_name) = match (step, retry) {
            (Some(next), _) => next,
            (None, Some((star, from))) if from <= name.len() => {
                retry = Some((star, from + 1));
                (star + 1, from)
            }
            _ => return false,
        };
    }
}

/// Where a `[…]` ends that begins at `start`, if it holds the character. A `[` that is never closed
/// stands for itself.
fn class(pattern: &[char], start: usize, found: char) -> Option<usize> {
    let inside = pattern.get(start + 1..)?;
    let Some(length) = inside.iter().skip(1).position(|c| *c == ']').map(|at| at + 1) else {
        return (found == '[').then_some(start + 1);
    };
    let body = inside.get(..length)?;
    let (negated, body) = match body.split_first() {
        Some(('!' | '^', rest)) => (true, rest),
        _ => (false, body),
    };
    let mut holds = false;
    let mut rest = body;
    while let Some((first, tail)) = rest.split_first() {
        (holds, rest) = match tail {
            ['-', last, tail @ ..] => (holds || (*first..=*last).contains(&found), tail),
            _ => (holds || *first == found, tail),
        };
    }
    (holds != negated).then_some(start + length + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_matches_its_pattern() {
        for (pattern, name, expected) in [
            ("*.yaml", "a.yaml", true),
            ("*.yaml", "a.yml", false),
            ("*.yaml", ".a.yaml", false),
            (".*", ".a", true),
            ("a*b*c", "aXbXbc", true),
            ("a*b*c", "aXbXb", false),
            ("?.y", "é.y", true),
            ("?.y", "ab.y", false),
            ("[a-c]x", "bx", true),
            ("[a-c]x", "dx", false),
            ("[!a-c]x", "dx", true),
            ("[]]x", "]x", true),
            ("[x", "[x", true),
            ("*", "", true),
            ("**", "a", true),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }

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

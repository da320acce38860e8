//! What stands in the files, as numbers that can be compared.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::Sources;

/// Files of a configuration have one of these endings; a folder's other files do not count.
const ENDINGS: [&str; 4] = ["yaml", "yml", "json", "toml"];

/// A file that is no longer than a configuration may be is read to its end.
const LONGEST: u64 = 32 << 20;

/// What stood in each file, and which files were in each folder.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Content(BTreeMap<PathBuf, Print>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Print {
    Of(u64),
    /// It is not there or cannot be read.
    None,
}

impl Content {
    pub(super) fn of(sources: &Sources) -> Self {
        let files = sources.files.iter().map(|path| (path.clone(), print(file_hash(path))));
        let folders = sources.folders.iter().map(|path| (path.clone(), print(folder_hash(path))));
        Self(files.chain(folders).collect())
    }

    /// Whether everything of these is known, and still as it was.
    pub(super) fn covers(&self, now: &Self) -> bool {
        now.0.iter().all(|(path, print)| self.0.get(path) == Some(print))
    }

    /// Whether everything that is read from was looked at.
    pub(super) fn knows(&self, sources: &Sources) -> bool {
        sources.files.iter().chain(&sources.folders).all(|path| self.0.contains_key(path))
    }
}

/// Whether a file of this name in a folder would be read.
pub(super) fn is_configuration(name: &Path) -> bool {
    let is_hidden = name.as_os_str().as_encoded_bytes().starts_with(b".");
    let ending = name.extension().and_then(|ending| ending.to_str());
    !is_hidden && ending.is_some_and(|ending| ENDINGS.contains(&ending))
}

fn print(hash: io::Result<u64>) -> Print {
    hash.map_or(Print::None, Print::Of)
}

fn file_hash(path: &Path) -> io::Result<u64> {
    // A pipe would make us wait for ever.
    if !fs::metadata(path)?.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut file = File::open(path)?.take(LONGEST);
    let mut hasher = DefaultHasher::new();
    let mut piece = [0; 8 << 10];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(hasher.finish()),
            count => hasher.write(piece.get(..count).unwrap_or_default()),
        }
    }
}

fn folder_hash(path: &Path) -> io::Result<u64> {
    let mut names = Vec::new();
    for entry in fs::read_dir(path)? {
        let name = entry?.file_name();
        if is_configuration(Path::new(&name)) {
            names.push(name);
        }
    }
    names.sort();
    let mut hasher = DefaultHasher::new();
    names.hash(&mut hasher);
    Ok(hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_is_compared_and_not_the_time() {
        let scratch = tempfile::tempdir().unwrap();
        let file = scratch.path().join("tools.yaml");
        let sources = Sources { files: vec![file.clone()], folders: vec![scratch.path().to_owned()] };
        let gone = Content::of(&sources);
        fs::write(&file, "a").unwrap();
        let first = Content::of(&sources);
        assert!(first != gone && first.knows(&sources) && first.covers(&first.clone()));
        fs::write(&file, "b").unwrap();
        assert!(!first.covers(&Content::of(&sources)));
        fs::write(&file, "a").unwrap();
        assert!(first.covers(&Content::of(&sources)));
        fs::write(scratch.path().join(".tools.yaml.swp"), "x").unwrap();
        fs::write(scratch.path().join("tools.yaml~"), "x").unwrap();
        assert!(first.covers(&Content::of(&sources)), "an editor's files do not count");
        fs::write(scratch.path().join("more.yaml"), "x").unwrap();
        assert!(!first.covers(&Content::of(&sources)));
    }

    #[test]
    fn what_is_read_no_more_is_no_difference() {
        let scratch = tempfile::tempdir().unwrap();
        let path = |name: &str| scratch.path().join(name);
        fs::write(path("a"), "1").unwrap();
        let both = Sources { files: vec![path("a"), path("b")], folders: Vec::new() };
        let one = Sources { files: vec![path("a")], folders: Vec::new() };
        assert!(Content::of(&both).covers(&Content::of(&one)));
        assert!(!Content::of(&one).covers(&Content::of(&both)) && !Content::of(&one).knows(&both));
    }
}

//! Files → contents: where they may lie, how large they may be, what they are.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::engine::files;
use crate::model::{Directory, FileGlob};
use crate::plan::PlannedFiles;

use super::{Body, NotRead, glob, shortened};

/// Clients take no answer that is much larger.
const MOST_READ: u64 = 8 * 1024 * 1024;
/// Of one folder, in lists and among suggestions.
const MOST_LISTED: usize = 1000;

/// What was read, and what it is.
pub struct Found {
    pub bytes: Vec<u8>,
    pub mime: &'static str,
}

/// A file that the configuration names, wherever it lies.
pub fn file(path: &Path) -> Result<Found, NotRead> {
    let opened = File::open(path).map_err(|error| failed(path, &error.to_string()))?;
    read(opened, path)
}

/// A file of a folder, by its path below it. Neither `..` nor a link leads anywhere.
pub fn file_below(directory: &Directory, name: &str, uri: &str) -> Result<Found, NotRead> {
    if !glob::fits(&directory.files, name) {
        return Err(NotRead::no_resource(uri));
    }
    let path = directory.path.join(name);
    let opened = files::open_below(&directory.path, &path).map_err(|_| NotRead::no_resource(uri))?;
    if !opened.metadata().is_ok_and(|found| found.is_file()) {
        return Err(NotRead::no_resource(uri));
    }
    read(opened, Path::new(name))
}

fn read(mut opened: File, path: &Path) -> Result<Found, NotRead> {
    let metadata = opened.metadata().map_err(|error| failed(path, &error.to_string()))?;
    if !metadata.is_file() {
        return Err(failed(path, "it is no plain file"));
    }
    let mut bytes = Vec::new();
    let done = opened.by_ref().take(MOST_READ + 1).read_to_end(&mut bytes);
    done.map_err(|error| failed(path, &error.to_string()))?;
    if bytes.len() as u64 > MOST_READ {
        return Err(failed(path, &format!("it is larger than {} MiB", MOST_READ >> 20)));
    }
    let mime = files::kind_of(path, &bytes);
    Ok(Found { bytes, mime })
}

/// Its name says enough: where it lies is nothing for clients.
fn failed(path: &Path, problem: &str) -> NotRead {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    NotRead::Failed(format!("the file `{}` cannot be read: {problem}", shortened(&name)))
}

/// The files of a folder, by their paths below it.
pub fn listed(folder: &Path, globs: &[FileGlob]) -> Vec<(String, u64)> {
    let planned =
        globs.iter().map(|glob| PlannedFiles { folder: folder.to_path_buf(), parts: glob.parts().to_vec() });
    let mut names = files::names_of(&planned.collect::<Vec<_>>());
    names.truncate(MOST_LISTED);
    names
}

/// A folder and some of those in it, for whoever wants to be told of new files.
pub fn folders(folder: &Path) -> Vec<PathBuf> {
    const MOST: usize = 64;
    let mut found = vec![folder.to_path_buf()];
    let mut at = 0;
    while let Some(next) = found.get(at).cloned() {
        at += 1;
        let entries = std::fs::read_dir(next).into_iter().flatten().flatten();
        let is_folder = |entry: &std::fs::DirEntry| {
            entry.file_type().is_ok_and(|kind| kind.is_dir())
                && !entry.file_name().as_encoded_bytes().starts_with(b".")
        };
        found.extend(entries.filter(is_folder).map(|entry| entry.path()).take(MOST.saturating_sub(at)));
        if found.len() >= MOST {
            found.truncate(MOST);
            break;
        }
    }
    found
}

impl Body {
    /// Text if it is one and its type does not say otherwise.
    pub fn of(bytes: Vec<u8>, mime: &str) -> Self {
        let family = mime.split('/').next().unwrap_or_default();
        let is_media = matches!(family, "image" | "audio" | "video") && !mime.ends_with("+xml");
        match String::from_utf8(bytes) {
            Ok(text) if !is_media && !text.contains('\0') => Self::Text(text),
            Ok(text) => Self::Bytes(text.into_bytes().into()),
            Err(error) => Self::Bytes(error.into_bytes().into()),
        }
    }
}

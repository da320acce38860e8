//! Finds executables; each is looked up once.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::host::Host;

/// Where a shell looks when nobody set `PATH`.
const USUAL_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

pub struct Executables<'h> {
    host: &'h Host,
    folders: Vec<PathBuf>,
    /// By name.
    found: RefCell<HashMap<String, Option<PathBuf>>>,
    /// Whether there is an executable at a path.
    seen: RefCell<HashMap<PathBuf, bool>>,
}

impl<'h> Executables<'h> {
    pub fn new(host: &'h Host) -> Self {
        let path = host.environment.get("PATH").map_or(USUAL_PATH, String::as_str);
        // A relative folder means another place on every start: such folders are not searched.
        let folders = std::env::split_paths(path).filter(|folder| folder.is_absolute()).collect();
        Self { host, folders, found: RefCell::default(), seen: RefCell::default() }
    }

    /// The absolute path of an executable: a bare name is looked up, anything else is a path
    /// relative to `base`.
    pub fn find(&self, written: &str, base: &Path) -> Option<PathBuf> {
        if self.host.as_written {
            return Some(PathBuf::from(written));
        }
        if written.is_empty() {
            return None;
        }
        if is_path(written) {
            let path = self.host.resolve(written, base);
            return self.is_there(&path).then_some(path);
        }
        if let Some(known) = self.found.borrow().get(written) {
            return known.clone();
        }
        let found = self.folders.iter().map(|folder| folder.join(written)).find(|path| is_executable(path));
        self.found.borrow_mut().insert(written.to_owned(), found.clone());
        found
    }

    fn is_there(&self, path: &Path) -> bool {
        if let Some(known) = self.seen.borrow().get(path) {
            return *known;
        }
        let is_there = is_executable(path);
        self.seen.borrow_mut().insert(path.to_path_buf(), is_there);
        is_there
    }
}

/// Whether an executable is named by where it is, not by its name.
pub fn is_path(written: &str) -> bool {
    written.starts_with('~') || written.contains(std::path::is_separator)
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path)
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &Path) -> bool {
    path.is_file()
}

//! What is known of schedules when the server is gone: a small file, and a lock on it that says which of
//! several servers of one file keeps the time.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use nix::fcntl::{Flock, FlockArg};
use serde::{Deserialize, Serialize};

use super::agenda::{Id, Mark};

/// Where marks are kept.
#[derive(Debug, Clone)]
pub struct Memory {
    path: PathBuf,
}

/// While it is there no other server keeps the time of this file.
#[derive(Debug)]
pub struct Held {
    _file: Flock<File>,
}

/// Marks by tool and place.
#[derive(Debug, Default, PartialEq)]
pub struct Marks(BTreeMap<Id, Mark>);

/// As it is written.
#[derive(Debug, Serialize, Deserialize)]
struct Written {
    tool: String,
    index: usize,
    cron: String,
    timezone: String,
    done: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    ran: Option<i64>,
}

impl Memory {
    /// A file of that name in a folder that is made when it is wanted.
    pub fn at(folder: &Path, name: &str) -> Self {
        Self { path: folder.join(format!("{name}.json")) }
    }

    /// Keeps others out; `None` if another one is at it.
    pub fn hold(&self) -> io::Result<Option<Held>> {
        self.make_folder()?;
        let file = private().open(self.path.with_extension("lock"))?;
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(file) => Ok(Some(Held { _file: file })),
            Err((_, nix::errno::Errno::EWOULDBLOCK)) => Ok(None),
            Err((_, error)) => Err(error.into()),
        }
    }

    /// What was kept; nothing if that cannot be read.
    pub fn read(&self) -> Marks {
        let read = fs::read(&self.path);
        let written: Vec<Written> = match &read {
            Ok(bytes) => serde_json::from_slice(bytes).unwrap_or_else(|error| {
                tracing::warn!(
                    "`{}` cannot be read, and what was missed is not known: {error}",
                    self.path.display()
                );
                Vec::new()
            }),
            Err(_) => Vec::new(),
        };
        Marks(written.into_iter().map(Written::read).collect())
    }

    /// Keeps these. The file is whole at any time.
    pub fn write<'a>(&self, marks: impl Iterator<Item = (&'a Id, Mark)>) -> io::Result<()> {
        let written: Vec<Written> = marks.map(|(id, mark)| Written::of(id, mark)).collect();
        let bytes = serde_json::to_vec_pretty(&written)?;
        self.make_folder()?;
        let beside = self.path.with_extension("new");
        let mut file = private().truncate(true).open(&beside)?;
        file.write_all(&bytes)?;
        file.sync_all()?;
        fs::rename(&beside, &self.path)
    }

    fn make_folder(&self) -> io::Result<()> {
        let Some(folder) = self.path.parent() else { return Ok(()) };
        match DirBuilder::new().recursive(true).mode(0o700).create(folder) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        }
    }
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true).mode(0o600);
    options
}

impl Marks {
    pub fn get(&self, id: &Id) -> Option<&Mark> {
        self.0.get(id)
    }
}

impl Written {
    fn of(id: &Id, mark: Mark) -> Self {
        let Mark { cron, zone, done, ran } = mark;
        Self { tool: id.tool.clone(), index: id.index, cron, timezone: zone, done, ran }
    }

    fn read(self) -> (Id, Mark) {
        let Self { tool, index, cron, timezone, done, ran } = self;
        (Id { tool, index }, Mark { cron, zone: timezone, done, ran })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_found_again_and_one_server_keeps_the_time() {
        let folder = tempfile::tempdir().unwrap();
        let memory = Memory::at(&folder.path().join("schedules"), "one");
        assert_eq!(memory.read(), Marks::default());
        let held = memory.hold().unwrap();
        assert!(held.is_some() && memory.hold().unwrap().is_none());
        drop(held);
        assert!(memory.hold().unwrap().is_some());
        let id = Id { tool: "report".to_owned(), index: 1 };
        let (cron, zone) = ("0 * * * *".to_owned(), "UTC".to_owned());
        let mark = Mark { cron, zone, done: 7, ran: Some(7) };
        memory.write([(&id, mark.clone())].into_iter()).unwrap();
        assert_eq!(memory.read().get(&id), Some(&mark));
        fs::write(&memory.path, "half {").unwrap();
        assert_eq!(memory.read(), Marks::default());
    }
}

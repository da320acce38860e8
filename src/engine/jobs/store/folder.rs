//! The folder of one store: private, and with a sign of every server that lives.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::engine::jobs::log::last_line_of;
use crate::engine::jobs::record::Record;
use crate::engine::jobs::{JobId, JobState};

/// Why no jobs can be kept in a folder.
#[derive(Debug, thiserror::Error)]
pub enum BadJobs {
    #[error("`{path}` cannot be used: {source}", path = .path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("`{path}` belongs to somebody else, or others may look into it; remove it, or take their rights away", path = .path.display())]
    NotOurs { path: PathBuf },
    #[error("the database of jobs cannot be used: {0}")]
    Database(#[from] rusqlite::Error),
    #[error("the system gives no random numbers")]
    NoRandom,
}

#[derive(Debug, Clone)]
pub struct Folder(PathBuf);

/// Says that a server lives, until it is dropped, or the process is gone.
pub struct Presence {
    path: PathBuf,
    held: PathBuf,
    _file: File,
}

impl Drop for Presence {
    fn drop(&mut self) {
        // What it left undone is lost in either case.
        let _ = fs::remove_file(&self.path);
        let _ = fs::remove_dir_all(&self.held);
    }
}

impl Folder {
    /// Makes what is not there.
    pub fn make(path: &Path) -> Result<Self, BadJobs> {
        let folder = Self(path.to_path_buf());
        for part in [path, &folder.logs(), &folder.servers()] {
            let io = |source| BadJobs::Io { path: part.to_path_buf(), source };
            DirBuilder::new().recursive(true).mode(0o700).create(part).map_err(io)?;
            is_ours(part)?;
        }
        let database = folder.database();
        let opened = OpenOptions::new().append(true).create(true).mode(0o600).open(&database);
        opened.map_err(|source| BadJobs::Io { path: database, source })?;
        Ok(folder)
    }

    /// One that is there.
    pub fn existing(path: &Path) -> Result<Option<Self>, BadJobs> {
        let folder = Self(path.to_path_buf());
        if !folder.database().exists() {
            return Ok(None);
        }
        is_ours(path)?;
        Ok(Some(folder))
    }

    pub fn database(&self) -> PathBuf {
        self.0.join("jobs.db")
    }

    pub fn log(&self, id: &JobId) -> PathBuf {
        self.logs().join(id.as_str())
    }

    pub fn logs(&self) -> PathBuf {
        self.0.join("logs")
    }

    /// Where the log of a job is that is held by this server.
    pub fn held_log(&self, server: &str, id: &JobId) -> PathBuf {
        self.held().join(server).join(id.as_str())
    }

    /// Makes room for such logs.
    pub fn make_held(&self, server: &str) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(self.held().join(server))
    }

    fn held(&self) -> PathBuf {
        self.0.join("held")
    }

    fn servers(&self) -> PathBuf {
        self.0.join("servers")
    }

    /// Says that this server lives.
    pub fn enter(&self, server: &str) -> Result<Presence, BadJobs> {
        let path = self.servers().join(server);
        let opened = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&path);
        let locked = opened.and_then(|file| file.lock().map(|()| file));
        match locked {
            Ok(file) => Ok(Presence { path, held: self.held().join(server), _file: file }),
            Err(source) => Err(BadJobs::Io { path, source }),
        }
    }

    pub fn lives(&self, server: &str) -> bool {
        let Ok(file) = File::open(self.servers().join(server)) else { return false };
        matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
    }

    /// A record as it is: what runs nowhere is lost.
    pub fn judged(&self, record: Record) -> Record {
        if record.state.is_over() || self.lives(&record.server) {
            return record;
        }
        let log = self.log(&record.id);
        let log_bytes = log.metadata().map_or(record.log_bytes, |file| file.len());
        Record { state: JobState::Lost, log_bytes, last_line: last_line_of(&log), ..record }
    }

    /// Removes what servers that are gone have held for their callers.
    pub fn sweep_held(&self) {
        // There is none as long as nobody has held much.
        let left = fs::read_dir(self.held()).into_iter().flatten().flatten();
        for entry in left.filter(|entry| !entry.file_name().to_str().is_some_and(|name| self.lives(name))) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }

    /// Removes the sign of one that is gone.
    pub fn sweep(&self, server: &str) {
        let _ = fs::remove_file(self.servers().join(server));
    }
}

fn is_ours(path: &Path) -> Result<(), BadJobs> {
    let metadata = path.symlink_metadata();
    let metadata = metadata.map_err(|source| BadJobs::Io { path: path.to_path_buf(), source })?;
    let is_private = metadata.is_dir() && metadata.mode() & 0o077 == 0;
    if is_private && metadata.uid() == nix::unistd::geteuid().as_raw() {
        return Ok(());
    }
    Err(BadJobs::NotOurs { path: path.to_path_buf() })
}

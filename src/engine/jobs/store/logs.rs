//! The files of logs, appended to by one thread.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Weak;

use crate::engine::jobs::{Job, JobId};

use super::folder::Folder;

/// Logs that are open for more.
const OPEN: usize = 64;

pub struct Logs {
    folder: Folder,
    server: String,
    open: HashMap<JobId, File>,
    /// Those of jobs that nobody knows yet. They are elsewhere.
    held: HashSet<JobId>,
}

impl Logs {
    pub fn new(folder: Folder, server: String) -> Self {
        Self { folder, server, open: HashMap::new(), held: HashSet::new() }
    }

    /// Takes what has gathered in the log of a job.
    pub fn append(&mut self, job: &Job) {
        let id = job.id();
        job.move_log(|pieces| {
            let path = self.path(id);
            let file = self.file(id, &path)?;
            pieces.iter().try_for_each(|piece| file.write_all(piece))?;
            Ok(path)
        });
    }

    /// Nothing more comes.
    pub fn close(&mut self, id: &JobId) {
        self.open.remove(id);
    }

    pub fn remove(&mut self, id: &JobId) {
        self.open.remove(id);
        // It may have written nothing.
        let _ = fs::remove_file(self.folder.log(id));
    }

    /// That of a job which nobody knows yet, and maybe never will.
    pub fn hold(&mut self, id: &JobId) {
        self.held.insert(id.clone());
    }

    /// It is not wanted any more. Says no if its job is known now.
    pub fn release(&mut self, id: &JobId) -> bool {
        let is_held = self.held.remove(id);
        if is_held {
            self.open.remove(id);
            let _ = fs::remove_file(self.folder.held_log(&self.server, id));
        }
        is_held
    }

    /// Its job can be asked for from now on.
    pub fn name(&mut self, id: &JobId, job: &Weak<Job>) {
        if !self.held.remove(id) {
            return;
        }
        let (from, to) = (self.folder.held_log(&self.server, id), self.folder.log(id));
        match fs::rename(from, &to) {
            Ok(()) => {
                if let Some(job) = job.upgrade() {
                    job.log_is_at(to);
                }
            }
            // It has written nothing yet.
            Err(problem) if problem.kind() == io::ErrorKind::NotFound => {}
            Err(problem) => tracing::warn!("the log of a job cannot be kept: {problem}"),
        }
    }

    fn path(&self, id: &JobId) -> PathBuf {
        match self.held.contains(id) {
            true => self.folder.held_log(&self.server, id),
            false => self.folder.log(id),
        }
    }

    fn file(&mut self, id: &JobId, path: &Path) -> io::Result<&mut File> {
        if self.open.len() >= OPEN && !self.open.contains_key(id) {
            self.open.clear();
        }
        match self.open.entry(id.clone()) {
            Entry::Occupied(open) => Ok(open.into_mut()),
            Entry::Vacant(place) => {
                if self.held.contains(id) {
                    self.folder.make_held(&self.server)?;
                }
                let mut options = OpenOptions::new();
                let options = options.create(true).append(true).mode(0o600);
                Ok(place.insert(options.open(path)?))
            }
        }
    }
}

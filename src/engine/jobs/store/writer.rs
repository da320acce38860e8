//! The one thread that writes: many changes at a time, and what jobs have printed.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::engine::jobs::record::Record;
use crate::engine::jobs::{Job, JobId};

use super::database::Database;
use super::folder::{BadJobs, Folder};

/// As many are written together.
const TOGETHER: usize = 256;

/// So many may wait; each job has a few at most.
const WAITING: usize = 1 << 20;

/// How often it is looked whether somebody else wants a job to end.
const LOOK: Duration = Duration::from_millis(250);

/// How often what is too old is looked for.
const SWEEP: Duration = Duration::from_mins(5);

/// Logs that are open for more.
const OPEN: usize = 64;

pub enum Command {
    Begin {
        job: Weak<Job>,
        record: Box<Record>,
        keep: Duration,
        done: oneshot::Sender<bool>,
    },
    End {
        job: Arc<Job>,
        record: Box<Record>,
        keep: Duration,
        done: oneshot::Sender<bool>,
    },
    Log(JobId),
    /// Of one that another process runs.
    Cancel(JobId),
    Forget(JobId),
}

pub struct Writer(SyncSender<Command>);

impl Writer {
    pub fn start(folder: Folder, server: String, database: Database) -> Result<Self, BadJobs> {
        let (sender, commands) = sync_channel(WAITING);
        let path = folder.database();
        let desk = Desk {
            folder,
            server,
            database,
            running: HashMap::new(),
            open: HashMap::new(),
            looked: Instant::now(),
            swept: None,
        };
        let started = thread::Builder::new().name("jobs".to_owned()).spawn(move || desk.work(&commands));
        started.map_err(|source| BadJobs::Io { path, source })?;
        Ok(Self(sender))
    }

    /// Does not wait. What nobody takes is as if it could not be written.
    pub fn tell(&self, command: Command) {
        let _ = self.0.try_send(command);
    }
}

struct Desk {
    folder: Folder,
    server: String,
    database: Database,
    /// Those of this process that are kept.
    running: HashMap<JobId, Weak<Job>>,
    open: HashMap<JobId, File>,
    looked: Instant,
    swept: Option<Instant>,
}

impl Desk {
    /// Ends when nobody can say anything any more.
    fn work(mut self, commands: &Receiver<Command>) {
        while let Ok(first) = self.next(commands) {
            let rest = std::iter::from_fn(|| commands.try_recv().ok()).take(TOGETHER);
            let batch = first.into_iter().chain(rest).collect();
            self.carry_out(batch);
            if !self.running.is_empty() && self.looked.elapsed() > LOOK {
                self.look();
            }
        }
    }

    fn next(&self, commands: &Receiver<Command>) -> Result<Option<Command>, RecvTimeoutError> {
        if self.running.is_empty() {
            return commands.recv().map(Some).map_err(|_| RecvTimeoutError::Disconnected);
        }
        match commands.recv_timeout(LOOK) {
            Ok(command) => Ok(Some(command)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(gone) => Err(gone),
        }
    }

    fn carry_out(&mut self, batch: Vec<Command>) {
        let mut keep = None;
        for command in &batch {
            match command {
                Command::Begin { job, record, .. } => {
                    drop(self.running.insert(record.id.clone(), job.clone()))
                }
                Command::Log(id) => self.write_log(id),
                Command::End { job, .. } => {
                    self.move_log(job);
                    self.running.remove(job.id());
                    self.open.remove(job.id());
                }
                Command::Cancel(_) | Command::Forget(_) => {}
            }
            if let Command::Begin { keep: wanted, .. } | Command::End { keep: wanted, .. } = command {
                keep = Some(*wanted);
            }
        }
        self.change(batch);
        if let Some(keep) = keep.filter(|_| self.swept.is_none_or(|swept| swept.elapsed() > SWEEP)) {
            self.swept = Some(Instant::now());
            self.sweep(keep);
        }
    }

    /// Writes what changes in the database, and says so to those who wait for it.
    fn change(&mut self, batch: Vec<Command>) {
        let is_change = |command: &Command| !matches!(command, Command::Log(_));
        if !batch.iter().any(is_change) {
            return;
        }
        let changed = self.database.together(|changes| {
            for command in &batch {
                match command {
                    Command::Begin { record, .. } => changes.begin(record)?,
                    Command::End { record, .. } => changes.end(record)?,
                    Command::Cancel(id) => drop(changes.cancel(id)?),
                    Command::Forget(id) => changes.forget(id)?,
                    Command::Log(_) => {}
                }
            }
            Ok(())
        });
        if let Err(problem) = &changed {
            tracing::warn!("jobs cannot be kept: {problem}");
        }
        for command in batch {
            match command {
                Command::Begin { done, .. } | Command::End { done, .. } => drop(done.send(changed.is_ok())),
                Command::Forget(id) => self.remove_log(&id),
                Command::Log(_) | Command::Cancel(_) => {}
            }
        }
    }

    fn write_log(&mut self, id: &JobId) {
        if let Some(job) = self.running.get(id).and_then(Weak::upgrade) {
            self.move_log(&job);
        }
    }

    fn move_log(&mut self, job: &Job) {
        let id = job.id();
        job.move_log(|bytes| {
            self.file(id)?.write_all(bytes)?;
            Ok(self.folder.log(id))
        });
    }

    fn file(&mut self, id: &JobId) -> io::Result<&mut File> {
        if self.open.len() >= OPEN && !self.open.contains_key(id) {
            self.open.clear();
        }
        match self.open.entry(id.clone()) {
            std::collections::hash_map::Entry::Occupied(open) => Ok(open.into_mut()),
            std::collections::hash_map::Entry::Vacant(place) => {
                let mut options = OpenOptions::new();
                let options = options.create(true).append(true).mode(0o600);
                Ok(place.insert(options.open(self.folder.log(id))?))
            }
        }
    }

    fn remove_log(&mut self, id: &JobId) {
        self.open.remove(id);
        // It may have written nothing.
        let _ = fs::remove_file(self.folder.log(id));
    }

    /// Ends what somebody else wants to end.
    fn look(&mut self) {
        self.looked = Instant::now();
        self.running.retain(|_, job| job.strong_count() > 0);
        let unwanted = self.database.unwanted(&self.server).unwrap_or_default();
        unwanted.iter().filter_map(|id| self.running.get(id)?.upgrade()).for_each(|job| job.cancel());
    }

    fn sweep(&mut self, keep: Duration) {
        let swept = self.database.old(keep).and_then(|old| {
            self.database.together(|changes| old.iter().try_for_each(|id| changes.forget(id)))?;
            Ok(old)
        });
        match swept {
            Ok(old) => old.iter().for_each(|id| self.remove_log(id)),
            Err(problem) => tracing::warn!("old jobs cannot be removed: {problem}"),
        }
    }
}

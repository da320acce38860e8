//! The one thread that writes: many changes at a time, and what jobs have printed.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::engine::jobs::record::Record;
use crate::engine::jobs::{Job, JobId};

use super::database::Database;
use super::folder::{BadJobs, Folder};
use super::logs::Logs;

/// As many are written together.
const TOGETHER: usize = 256;

/// How often it is looked whether somebody else wants a job to end.
const LOOK: Duration = Duration::from_millis(250);

/// How often what is too old is looked for.
const SWEEP: Duration = Duration::from_mins(5);

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
    /// The log of one that is held is too long for memory.
    Hold(JobId, Weak<Job>),
    /// Whoever held it does so no more.
    Release(JobId),
    /// Of one that another process runs.
    Cancel(JobId),
    Forget(JobId),
}

/// What waits has no bound of its own, which would be as much memory from the start on: each job has a few
/// commands at most, and how many jobs there may be is bounded.
pub struct Writer(Sender<Command>);

impl Writer {
    pub fn start(folder: Folder, server: String, database: Database) -> Result<Self, BadJobs> {
        let (sender, commands) = channel();
        let path = folder.database();
        let logs = Logs::new(folder, server.clone());
        let desk =
            Desk { server, database, logs, running: HashMap::new(), looked: Instant::now(), swept: None };
        let started = thread::Builder::new().name("jobs".to_owned()).spawn(move || desk.work(&commands));
        started.map_err(|source| BadJobs::Io { path, source })?;
        Ok(Self(sender))
    }

    /// Does not wait. What nobody takes is as if it could not be written.
    pub fn tell(&self, command: Command) {
        let _ = self.0.send(command);
    }
}

struct Desk {
    server: String,
    database: Database,
    logs: Logs,
    /// Those of this process that write logs.
    running: HashMap<JobId, Weak<Job>>,
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
                    self.logs.name(&record.id, job);
                    self.running.insert(record.id.clone(), job.clone());
                }
                Command::Log(id) => self.write_log(id),
                Command::Hold(id, job) => {
                    self.logs.hold(id);
                    self.running.insert(id.clone(), job.clone());
                }
                // Of one that has begun there is nothing to be released.
                Command::Release(id) => {
                    if self.logs.release(id) {
                        self.running.remove(id);
                    }
                }
                Command::End { job, .. } => {
                    self.logs.append(job);
                    self.logs.close(job.id());
                    self.running.remove(job.id());
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
        let is_change =
            |command: &Command| !matches!(command, Command::Log(_) | Command::Hold(..) | Command::Release(_));
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
                    Command::Log(_) | Command::Hold(..) | Command::Release(_) => {}
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
                Command::Forget(id) => self.logs.remove(&id),
                Command::Log(_) | Command::Hold(..) | Command::Release(_) | Command::Cancel(_) => {}
            }
        }
    }

    fn write_log(&mut self, id: &JobId) {
        if let Some(job) = self.running.get(id).and_then(Weak::upgrade) {
            self.logs.append(&job);
        }
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
            Ok(old) => old.iter().for_each(|id| self.logs.remove(id)),
            Err(problem) => tracing::warn!("old jobs cannot be removed: {problem}"),
        }
    }
}

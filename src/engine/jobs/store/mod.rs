//! Jobs on disk: a folder of this user, which several servers of one file use at once.
//!
//! ```text
//! jobs.db             SQLite: every job that is kept, its state and its result
//! logs/JOB            what it wrote
//! held/SERVER/JOB     what one wrote that its caller waits for, as far as it is too long for memory
//! servers/SERVER      locked while that server lives
//! ```
//!
//! One thread writes: into the database many changes at a time, and the logs. A job of a server that is
//! not there any more, and did not say how it ended, is lost.

mod database;
mod folder;
mod logs;
mod shelf;
mod writer;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::model::CallerId;

use super::id::random_name;
use super::record::Record;
use super::{Job, JobId, JobState};

use database::Database;
use folder::{Folder, Presence};
use writer::{Command, Writer};

pub use folder::BadJobs;
pub use shelf::KeptJobs;

/// How often it is looked at what another process runs.
const FOLLOWED: Duration = Duration::from_millis(500);

/// The jobs of one file, for a server of it.
pub struct Store {
    folder: Folder,
    server: String,
    writer: Writer,
    reader: Mutex<Database>,
    /// Ends with this process, whatever happens.
    _presence: Presence,
}

impl Store {
    pub fn open(folder: &Path) -> Result<Arc<Self>, BadJobs> {
        let folder = Folder::make(folder)?;
        let server = random_name().ok_or(BadJobs::NoRandom)?;
        let presence = folder.enter(&server)?;
        let database = Database::open(&folder.database())?;
        database.lose(&folder)?;
        folder.sweep_held();
        let reader = Mutex::new(Database::open(&folder.database())?);
        let writer = Writer::start(folder.clone(), server.clone(), database)?;
        Ok(Arc::new(Self { folder, server, writer, reader, _presence: presence }))
    }

    /// Tells the servers of one folder apart.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// Resolves when it will not be forgotten; says no if it cannot be kept.
    /// What it is to do is told before this returns.
    pub fn begin(
        &self,
        job: &Arc<Job>,
        record: Record,
        keep: Duration,
    ) -> impl Future<Output = bool> + Send + use<> {
        let (done, is_done) = oneshot::channel();
        self.writer.tell(Command::Begin { job: Arc::downgrade(job), record: Box::new(record), keep, done });
        async { is_done.await.unwrap_or(false) }
    }

    /// The log of a job that nobody knows of goes into a file from now on.
    pub fn hold(&self, job: &Arc<Job>) {
        self.writer.tell(Command::Hold(job.id().clone(), Arc::downgrade(job)));
    }

    /// Nobody will ask for that file, unless its job has begun.
    pub fn release(&self, id: &JobId) {
        self.writer.tell(Command::Release(id.clone()));
    }

    /// Resolves when its result is written; says no if it is not.
    pub async fn end(&self, job: &Arc<Job>, record: Record, keep: Duration) -> bool {
        let (done, is_done) = oneshot::channel();
        self.writer.tell(Command::End { job: Arc::clone(job), record: Box::new(record), keep, done });
        is_done.await.unwrap_or(false)
    }

    /// Something has gathered in the log of a job.
    pub fn log_of(&self, id: &JobId) {
        self.writer.tell(Command::Log(id.clone()));
    }

    pub fn forget(&self, id: &JobId) {
        self.writer.tell(Command::Forget(id.clone()));
    }

    /// One that this server does not run itself.
    pub fn job(self: &Arc<Self>, id: &JobId) -> Option<Arc<Job>> {
        let record = self.record(id)?;
        Some(self.job_of(record))
    }

    /// A caller's, the newest first.
    pub fn jobs_of(self: &Arc<Self>, owner: &CallerId, most: usize) -> Vec<Arc<Job>> {
        let records = self.read(|database| database.of(owner.as_str(), most));
        let known = records.into_iter().flatten().map(|record| self.job_of(self.judged(record)));
        known.collect()
    }

    fn job_of(self: &Arc<Self>, record: Record) -> Arc<Job> {
        let is_elsewhere = record.state == JobState::Running && record.server != self.server;
        let log = self.folder.log(&record.id);
        let job = Arc::new(Job::recorded(record, log));
        if is_elsewhere {
            tokio::spawn(Arc::clone(self).follow(Arc::downgrade(&job), job.id().clone(), job.stop().clone()));
        }
        job
    }

    /// Tells on what becomes of a job that another process runs.
    async fn follow(self: Arc<Self>, job: Weak<Job>, id: JobId, stop: CancellationToken) {
        let mut is_told = false;
        loop {
            tokio::select! {
                () = tokio::time::sleep(FOLLOWED) => {}
                () = stop.cancelled(), if !is_told => {
                    is_told = true;
                    self.writer.tell(Command::Cancel(id.clone()));
                }
            }
            let Some(job) = job.upgrade() else { return };
            let Some(record) = self.record(&id) else { return };
            let is_over = record.state.is_over();
            job.follow(record);
            if is_over {
                return;
            }
        }
    }

    fn record(&self, id: &JobId) -> Option<Record> {
        let record = self.read(|database| database.find(id.as_str()))??;
        Some(self.judged(record))
    }

    /// One whose server has died is lost, also before that is written.
    fn judged(&self, record: Record) -> Record {
        if record.server == self.server { record } else { self.folder.judged(record) }
    }

    fn read<T>(&self, read: impl FnOnce(&Database) -> rusqlite::Result<T>) -> Option<T> {
        let reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        read(&reader).inspect_err(|problem| tracing::warn!("jobs cannot be read: {problem}")).ok()
    }
}

//! One job: where it stands, what it has written, what it came to.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use bytes::Bytes;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use crate::engine::{Prepared, Presented, Sanitizer};
use crate::model::{CallerId, JobRules, ToolName};

use super::asks::Asks;
use super::keeping::Keeping;
use super::log::{Log, LogPart};
use super::record::Record;
use super::{JobId, JobState, JobStatus};

pub struct Job {
    pub(super) id: JobId,
    pub(super) tool: ToolName,
    pub(super) owner: CallerId,
    pub(super) created: SystemTime,
    pub(super) stop: CancellationToken,
    inner: Mutex<Inner>,
    /// Another number whenever there is something new.
    changes: watch::Sender<u64>,
    /// Some of its log has been written into its file.
    pub(super) written: Notify,
    pub(super) asks: Asks,
}

pub(super) struct Inner {
    pub state: JobState,
    pub changed: SystemTime,
    pub log: Log,
    pub result: Option<Presented>,
    pub keeping: Keeping,
    /// Whether it can be asked for by its name.
    pub is_kept: bool,
    /// The store has been told that there is something to take out of the log.
    pub is_told: bool,
}

impl Job {
    /// One that its caller waits for. `None` if the system gives no random numbers.
    pub(super) fn new(prepared: &Prepared, rules: &JobRules, copy: Option<&str>) -> Option<Self> {
        let id = JobId::next(copy)?;
        let created = SystemTime::now();
        let inner = Inner {
            state: JobState::Running,
            changed: created,
            log: Log::new(rules.log_limit.0),
            result: None,
            keeping: Keeping::held(prepared.tool.limits.output),
            is_kept: false,
            is_told: false,
        };
        Some(Self::with(id, prepared.tool.name.clone(), prepared.principal.id(), created, inner))
    }

    /// One of which a store has everything; of one that another process runs, what it has so far.
    pub(super) fn recorded(record: Record, log: PathBuf) -> Self {
        let inner = Inner {
            state: record.state,
            changed: record.changed,
            log: Log::written(log, record.log_bytes, &record.last_line),
            result: record.presented(),
            keeping: Keeping::Ending,
            is_kept: true,
            is_told: false,
        };
        Self::with(record.id, record.tool, record.owner, record.created, inner)
    }

    fn with(id: JobId, tool: ToolName, owner: CallerId, created: SystemTime, inner: Inner) -> Self {
        let (stop, changes) = (CancellationToken::new(), watch::Sender::new(0));
        let (inner, written, asks) = (Mutex::new(inner), Notify::new(), Asks::default());
        Self { id, tool, owner, created, stop, inner, changes, written, asks }
    }

    pub fn id(&self) -> &JobId {
        &self.id
    }

    pub fn tool(&self) -> &ToolName {
        &self.tool
    }

    pub fn owner(&self) -> &CallerId {
        &self.owner
    }

    pub fn status(&self) -> JobStatus {
        let inner = self.lock();
        JobStatus {
            id: self.id.clone(),
            tool: self.tool.clone(),
            state: inner.state,
            created: self.created,
            changed: inner.changed,
            last_line: Sanitizer::clean(inner.log.last_line()),
            log_bytes: inner.log.len(),
        }
    }

    pub fn state(&self) -> JobState {
        self.lock().state
    }

    /// Sees another number whenever its state or its log has changed.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Resolves when it is over.
    pub async fn over(&self) {
        let mut changes = self.changes();
        while !self.state().is_over() && changes.changed().await.is_ok() {}
    }

    /// At most so many bytes of its log from an offset on. They are redacted, and not clean.
    pub fn log(&self, offset: u64, most: usize) -> LogPart {
        let inner = self.lock();
        inner.log.part(offset, most, inner.state.is_over())
    }

    /// What it came to; `None` while it runs.
    pub fn result(&self) -> Option<Presented> {
        self.lock().result.clone()
    }

    /// Has it end; its processes are gone when it is over.
    pub fn cancel(&self) {
        self.stop.cancel();
    }

    pub(super) fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    pub(super) fn is_running(&self) -> bool {
        !self.state().is_over()
    }

    /// It wrote something.
    pub(super) fn wrote(&self, bytes: &Bytes) {
        self.change(|inner| inner.log.push(bytes));
        self.tell();
    }

    /// Another process has run it on; this is how far it is.
    pub(super) fn follow(&self, record: Record) {
        self.change(|inner| {
            inner.log.grown();
            inner.state = record.state;
            inner.result = record.presented();
        });
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut Inner)) {
        let mut inner = self.lock();
        change(&mut inner);
        inner.changed = SystemTime::now();
        drop(inner);
        self.tell_of_a_change();
    }

    pub(super) fn tell_of_a_change(&self) {
        self.changes.send_modify(|number| *number += 1);
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

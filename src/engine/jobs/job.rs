//! One job: where it stands, what it has written, what it came to.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use bytes::Bytes;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::engine::{Outcome, Prepared, Presented, Rejection, Sanitizer};
use crate::model::{CallerId, JobRules, ToolName};

use super::JobId;
use super::log::{Log, LogPart};
use super::record::Record;
use super::store::Store;

/// How a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobState {
    /// Not over. It may be waiting for its place.
    Running,
    Succeeded,
    Failed,
    Cancelled,
    /// The server died while it ran.
    Lost,
}

impl JobState {
    pub fn is_over(self) -> bool {
        self != Self::Running
    }

    /// As people and programs read it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Lost => "lost",
        }
    }
}

/// What is told of a job.
#[derive(Debug, Clone)]
pub struct JobStatus {
    pub id: JobId,
    pub tool: ToolName,
    pub state: JobState,
    pub created: SystemTime,
    /// When it last changed its state or wrote something.
    pub changed: SystemTime,
    /// The last line that it wrote, clean.
    pub last_line: String,
    pub log_bytes: u64,
}

pub struct Job {
    id: JobId,
    tool: ToolName,
    owner: CallerId,
    created: SystemTime,
    stop: CancellationToken,
    inner: Mutex<Inner>,
    /// Another number whenever there is something new.
    changes: watch::Sender<u64>,
}

struct Inner {
    state: JobState,
    changed: SystemTime,
    log: Log,
    result: Option<Presented>,
    keeping: Keeping,
    /// The store has been told that there is something to take out of the log.
    is_told: bool,
}

/// Whether anybody can ask for it later.
enum Keeping {
    /// Whoever called it waits for it, and nobody else knows of it.
    Held,
    /// In this store; without one, as long as this process lives.
    Kept(Option<Arc<Store>>),
    /// It is about to be over.
    Ending,
}

impl Job {
    /// `None` if the system gives no random numbers.
    pub(super) fn new(prepared: &Prepared, rules: &JobRules, copy: Option<&str>) -> Option<Self> {
        let created = SystemTime::now();
        let inner = Inner {
            state: JobState::Running,
            changed: created,
            log: Log::new(rules.log_limit.0),
            result: None,
            keeping: Keeping::Held,
            is_told: false,
        };
        Some(Self {
            id: JobId::next(copy)?,
            tool: prepared.tool.name.clone(),
            owner: prepared.principal.id(),
            created,
            stop: CancellationToken::new(),
            inner: Mutex::new(inner),
            changes: watch::Sender::new(0),
        })
    }

    /// One of which a store has everything; of one that another process runs, what it has so far.
    pub(super) fn recorded(record: Record, log: PathBuf) -> Self {
        let inner = Inner {
            state: record.state,
            changed: record.changed,
            log: Log::written(log, record.log_bytes, &record.last_line),
            result: record.presented(),
            keeping: Keeping::Ending,
            is_told: false,
        };
        Self {
            id: record.id,
            tool: record.tool,
            owner: record.owner,
            created: record.created,
            stop: CancellationToken::new(),
            inner: Mutex::new(inner),
            changes: watch::Sender::new(0),
        }
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

    /// From now on it is there for whoever asks by its name. Says no if it is about to be over.
    pub(super) async fn keep(self: &Arc<Self>, server: Option<&Arc<Store>>, rules: &JobRules) -> bool {
        {
            let mut inner = self.lock();
            if !matches!(inner.keeping, Keeping::Held) {
                return false;
            }
            inner.keeping = Keeping::Kept(server.cloned());
        }
        let Some(store) = server else { return true };
        if !store.begin(self, self.record(store), rules.keep).await {
            self.stays_in_memory();
        }
        self.tell();
        true
    }

    fn record(&self, store: &Store) -> Record {
        let inner = self.lock();
        Record {
            id: self.id.clone(),
            owner: self.owner.clone(),
            tool: self.tool.clone(),
            server: store.server().to_owned(),
            state: inner.state,
            created: self.created,
            changed: inner.changed,
            last_line: Sanitizer::clean(inner.log.last_line()),
            log_bytes: inner.log.len(),
            result: None,
        }
    }

    fn stays_in_memory(&self) {
        let mut inner = self.lock();
        if let Keeping::Kept(store) = &mut inner.keeping {
            *store = None;
        }
    }

    /// It wrote something.
    pub(super) fn wrote(&self, bytes: &[u8]) {
        self.change(|inner| inner.log.push(bytes));
        self.tell();
    }

    /// Has the store take what has gathered in the log, unless it knows of it.
    fn tell(&self) {
        let mut inner = self.lock();
        let Keeping::Kept(Some(store)) = &inner.keeping else { return };
        if inner.is_told || inner.log.fresh() == 0 {
            return;
        }
        store.log_of(&self.id);
        inner.is_told = true;
    }

    /// Moves what has gathered in the log to where `write` says.
    pub(super) fn move_log(&self, write: impl FnOnce(&Bytes) -> io::Result<PathBuf>) {
        let bytes = {
            let mut inner = self.lock();
            inner.is_told = false;
            inner.log.take()
        };
        if bytes.is_empty() {
            return;
        }
        let moved = write(&bytes);
        if let Err(problem) = &moved {
            tracing::warn!("the log of a job of `{}` cannot be written: {problem}", self.tool);
        }
        drop(bytes);
        self.lock().log.took(moved.ok());
    }

    /// It is over. Who is told of it finds it in the store, if it is kept there.
    pub(super) async fn end(
        self: &Arc<Self>,
        prepared: Prepared,
        result: Result<Outcome, Rejection>,
        rules: &JobRules,
    ) -> bool {
        let presented = match result {
            Ok(outcome) => outcome.present_aside(prepared).await,
            Err(rejection) => Presented::refusal(rejection.to_string()),
        };
        let state = match presented.is_error {
            _ if self.stop.is_cancelled() => JobState::Cancelled,
            true => JobState::Failed,
            false => JobState::Succeeded,
        };
        let keeping = std::mem::replace(&mut self.lock().keeping, Keeping::Ending);
        let is_stored = match keeping {
            Keeping::Kept(Some(store)) => {
                let record = Record { state, changed: SystemTime::now(), ..self.record(&store) };
                store.end(self, record.with(&presented), rules.keep).await
            }
            _ => false,
        };
        self.change(|inner| (inner.state, inner.result) = (state, Some(presented)));
        is_stored
    }

    /// Another process has run it on; this is how far it is.
    pub(super) fn follow(&self, record: Record) {
        self.change(|inner| {
            inner.log.grown();
            inner.state = record.state;
            inner.result = record.presented();
        });
    }

    fn change(&self, change: impl FnOnce(&mut Inner)) {
        let mut inner = self.lock();
        change(&mut inner);
        inner.changed = SystemTime::now();
        drop(inner);
        self.changes.send_modify(|number| *number += 1);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! One job: where it stands, what it has written, what it came to.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::engine::{
    News, Outcome, Prepared, Presented, Rejection, RunId, Sanitizer, StepNews, Stream, Watcher,
};
use crate::model::{CallerId, ToolName};

use super::JobId;
use super::log::{Log, LogPart};

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
}

impl Job {
    /// `None` if the system gives no random numbers.
    pub(super) fn new(prepared: &Prepared) -> Option<Self> {
        let created = SystemTime::now();
        let inner = Inner { state: JobState::Running, changed: created, log: Log::default(), result: None };
        Some(Self {
            id: JobId::next()?,
            tool: prepared.tool.name.clone(),
            owner: prepared.principal.id(),
            created,
            stop: CancellationToken::new(),
            inner: Mutex::new(inner),
            changes: watch::Sender::new(0),
        })
    }

    pub fn id(&self) -> &JobId {
        &self.id
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

    /// Sees another number whenever its state or its log has changed.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Resolves when it is over.
    pub async fn over(&self) {
        let mut changes = self.changes();
        while !self.status().state.is_over() && changes.changed().await.is_ok() {}
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

    pub(super) async fn end(&self, prepared: Prepared, result: Result<Outcome, Rejection>) {
        let presented = match result {
            Ok(outcome) => outcome.present_aside(prepared).await,
            Err(rejection) => Presented::refusal(rejection.to_string()),
        };
        let state = match presented.is_error {
            _ if self.stop.is_cancelled() => JobState::Cancelled,
            true => JobState::Failed,
            false => JobState::Succeeded,
        };
        self.change(|inner| (inner.state, inner.result) = (state, Some(presented)));
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

/// Writes a job's log, and tells on what it sees.
pub(super) struct Listener {
    job: Arc<Job>,
    next: Box<dyn Watcher>,
}

impl Listener {
    pub(super) fn new(job: Arc<Job>, next: Box<dyn Watcher>) -> Self {
        Self { job, next }
    }
}

impl Watcher for Listener {
    fn started(&mut self, run: &RunId) {
        self.next.started(run);
    }

    fn preparing(&mut self, news: &News) {
        self.next.preparing(news);
    }

    fn step(&mut self, news: &StepNews) {
        self.next.step(news);
    }

    fn step_output(&mut self, stream: Stream, lines: &[u8]) {
        self.job.change(|inner| inner.log.push(lines));
        self.next.step_output(stream, lines);
    }

    fn output(&mut self, stream: Stream, bytes: &[u8]) {
        self.job.change(|inner| inner.log.push(bytes));
        self.next.output(stream, bytes);
    }
}

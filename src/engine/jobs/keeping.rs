//! Where a job is kept: with whoever called it, and from some moment on in a store.
//!
//! One that is held costs next to nothing: nobody knows its name, and its log is the output that its call
//! holds anyway. Only what goes beyond that goes into a file, which nobody finds when the call is over.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;

use crate::engine::{Presented, Sanitizer};
use crate::model::{ByteSize, JobRules};

use super::job::Inner;
use super::record::Record;
use super::store::Store;
use super::{Job, JobId, JobState};

/// So much of a log waits in memory beyond what a call keeps of its output.
const BEYOND: u64 = 1 << 20;

/// So much more may be on its way into the file before whoever writes it has to wait.
const ON_THE_WAY: usize = 2 << 20;

/// A command is kept waiting so long at most each time it has written something.
const PATIENCE: Duration = Duration::from_millis(100);

/// Whether anybody can ask for a job later.
pub(super) enum Keeping {
    /// Whoever called it waits for it, and nobody else knows of it.
    Held(Spooling),
    /// In this store; without one, as long as this process lives.
    Kept(Option<Arc<Store>>),
    /// It is about to be over.
    Ending,
}

/// What becomes of the log of a job that is held.
pub(super) enum Spooling {
    /// It is in memory, and so much may be.
    Not { most: usize },
    /// It is to go into a file as soon as there is one.
    Soon { most: usize },
    /// It goes into a file.
    Into(Spool),
}

/// The file of a log that nobody asks for. It is gone with this, unless its job has been kept before.
pub(super) struct Spool {
    store: Arc<Store>,
    id: JobId,
}

impl Drop for Spool {
    fn drop(&mut self) {
        self.store.release(&self.id);
    }
}

impl Keeping {
    /// By a call that keeps so much of its output.
    pub fn held(output: ByteSize) -> Self {
        let most = usize::try_from(output.0.saturating_add(BEYOND)).unwrap_or(usize::MAX);
        Self::Held(Spooling::Not { most })
    }

    fn store(&self) -> Option<&Arc<Store>> {
        match self {
            Self::Kept(store) => store.as_ref(),
            Self::Held(Spooling::Into(spool)) => Some(&spool.store),
            Self::Held(Spooling::Not { .. } | Spooling::Soon { .. }) | Self::Ending => None,
        }
    }

    /// How much of a log may be in memory; nothing if it goes nowhere else.
    fn most_in_memory(&self) -> Option<usize> {
        match self {
            Self::Held(Spooling::Soon { most }) => Some(most.saturating_add(ON_THE_WAY)),
            Self::Held(Spooling::Into(_)) | Self::Kept(Some(_)) => Some(ON_THE_WAY),
            Self::Held(Spooling::Not { .. }) | Self::Kept(None) | Self::Ending => None,
        }
    }
}

impl Job {
    /// Whoever called it waits for it.
    pub(super) fn is_held(&self) -> bool {
        matches!(self.lock().keeping, Keeping::Held(_))
    }

    /// Whether its log has become too long to be held in memory. Says so once.
    pub(super) fn wants_a_file(&self) -> bool {
        let mut inner = self.lock();
        let gathered = inner.log.fresh();
        let most = match inner.keeping {
            Keeping::Held(Spooling::Not { most }) if gathered > most => most,
            _ => return false,
        };
        inner.keeping = Keeping::Held(Spooling::Soon { most });
        true
    }

    /// From now on its log goes into a file, also as long as it is held; without a store it stays in memory.
    pub(super) fn spool(self: &Arc<Self>, store: Option<&Arc<Store>>) {
        if let Keeping::Held(spooling @ Spooling::Soon { .. }) = &mut self.lock().keeping {
            *spooling = match store {
                Some(store) => {
                    store.hold(self);
                    Spooling::Into(Spool { store: Arc::clone(store), id: self.id.clone() })
                }
                None => Spooling::Not { most: usize::MAX },
            };
        }
        self.tell();
    }

    /// Whether more of its log waits for its file than should.
    pub(super) fn log_is_behind(&self) -> bool {
        let inner = self.lock();
        inner.keeping.most_in_memory().is_some_and(|most| inner.log.in_memory() > most)
    }

    /// Waits until some of it is written, and not for long.
    pub(super) async fn log_catches_up(&self) {
        let written = self.written.notified();
        // It may have been meanwhile.
        if self.log_is_behind() {
            let _ = tokio::time::timeout(PATIENCE, written).await;
        }
    }

    /// Whether it can be asked for by its name.
    pub fn is_kept(&self) -> bool {
        self.lock().is_kept
    }

    /// From now on it is there for whoever asks by its name. Says no if it is about to be over.
    pub(super) async fn keep(self: &Arc<Self>, server: Option<&Arc<Store>>, rules: &JobRules) -> bool {
        let begun = {
            let mut inner = self.lock();
            if !matches!(inner.keeping, Keeping::Held(_)) {
                return false;
            }
            // Told before anybody can tell that it is over.
            let begun = server.map(|store| store.begin(self, self.record(&inner, store), rules.keep));
            inner.keeping = Keeping::Kept(server.cloned());
            inner.is_kept = true;
            begun
        };
        let Some(begun) = begun else { return true };
        if !begun.await {
            self.stays_in_memory();
        }
        self.tell();
        true
    }

    fn record(&self, inner: &Inner, store: &Store) -> Record {
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

    /// Has the store take what has gathered in the log, unless it knows of it.
    pub(super) fn tell(&self) {
        let mut inner = self.lock();
        let Some(store) = inner.keeping.store() else { return };
        if !inner.is_told && inner.log.fresh() > 0 {
            store.log_of(&self.id);
            inner.is_told = true;
        }
    }

    /// Moves what has gathered in the log to where `write` says.
    pub(super) fn move_log(&self, write: impl FnOnce(&[Bytes]) -> io::Result<PathBuf>) {
        let pieces = {
            let mut inner = self.lock();
            inner.is_told = false;
            inner.log.take()
        };
        if pieces.is_empty() {
            return;
        }
        let moved = write(&pieces);
        if let Err(problem) = &moved {
            tracing::warn!("the log of a job of `{}` cannot be written: {problem}", self.tool);
        }
        drop(pieces);
        self.lock().log.took(moved.ok());
        self.written.notify_waiters();
    }

    /// The file of its log is there now.
    pub(super) fn log_is_at(&self, path: PathBuf) {
        self.lock().log.moved(path);
    }

    /// It is over. Who is told of it finds it in the store, if it is kept there.
    pub(super) async fn end(self: &Arc<Self>, presented: Presented, rules: &JobRules) -> bool {
        let state = match presented.is_error {
            _ if self.stop.is_cancelled() => JobState::Cancelled,
            true => JobState::Failed,
            false => JobState::Succeeded,
        };
        let keeping = std::mem::replace(&mut self.lock().keeping, Keeping::Ending);
        let is_stored = match keeping {
            Keeping::Kept(Some(store)) => {
                let record = self.record(&self.lock(), &store);
                let record = Record { state, changed: SystemTime::now(), ..record };
                store.end(self, record.with(&presented), rules.keep).await
            }
            _ => false,
        };
        self.change(|inner| (inner.state, inner.result) = (state, Some(presented)));
        is_stored
    }
}

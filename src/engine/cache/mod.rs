//! Remembers results of commands that change nothing: in memory, or on disk for every process of a user.
//!
//! A result is kept as the run left it, after redaction, and presented anew at every hit. Equal calls in
//! flight share one run. Nothing is held or opened before a command with `cache` is called.

mod disk;
mod entry;
mod files;
mod flight;
mod glob;
mod key;
mod memory;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, SystemTime};

use tokio_util::sync::CancellationToken;

use crate::model::{CacheCaps, CacheRules, CacheStore, ToolName};
use crate::plan::ExecutionPlan;

use super::Outcome;
use super::story::CacheMark;

pub use disk::{BadFolder, Disk, Usage};
pub(super) use flight::{Flight, Flights, Landed, Route};
pub(super) use key::Digest;

use entry::Entry;
use files::Fingerprint;
use memory::Memory;

/// What time it is. Tests bring their own.
pub type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// How the cache is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CacheUse {
    #[default]
    Usual,
    /// Nothing is taken out of it; what is made is kept.
    Renew,
    Never,
}

/// How many results are made anew at once while nobody waits for them.
const MOST_REFRESHED: usize = 8;

/// What one engine remembers, through every reload.
pub struct Cache {
    pub(super) usage: CacheUse,
    pub(super) flights: Flights,
    /// Cancelled when the server ends.
    pub(super) closing: CancellationToken,
    clock: Clock,
    folder: Option<PathBuf>,
    memory: Mutex<Memory>,
    disk: OnceLock<Option<Arc<Disk>>>,
    /// How often the results of each command have been thrown away.
    cleared: Mutex<HashMap<ToolName, u64>>,
    /// The process stays, so that work can go on behind an answer.
    stays: AtomicBool,
    refreshing: AtomicUsize,
}

/// What the cache has for a call.
pub(super) enum Seen {
    Nothing,
    Fresh(Outcome),
    /// To be handed out once more, and to be made anew.
    Stale(Outcome),
}

/// What was the case before a run began, so that its result is kept only if it still is.
pub(super) struct Before {
    cleared: u64,
    files: Option<Fingerprint>,
}

/// The right to make one result anew behind an answer; given back when dropped.
pub(super) struct Refreshing(Arc<Cache>);

impl Drop for Refreshing {
    fn drop(&mut self) {
        self.0.refreshing.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Cache {
    pub fn new() -> Self {
        Self {
            usage: CacheUse::default(),
            flights: Flights::default(),
            closing: CancellationToken::new(),
            clock: Arc::new(SystemTime::now),
            folder: None,
            memory: Mutex::default(),
            disk: OnceLock::new(),
            cleared: Mutex::default(),
            stays: AtomicBool::new(false),
            refreshing: AtomicUsize::new(0),
        }
    }

    pub fn used(self, usage: CacheUse) -> Self {
        Self { usage, ..self }
    }

    /// Where `store: disk` is.
    pub fn in_folder(self, folder: Option<PathBuf>) -> Self {
        Self { folder, ..self }
    }

    pub fn with_clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// From now on results may be made anew behind an answer.
    pub(super) fn stay(&self) {
        self.stays.store(true, Ordering::SeqCst);
    }

    /// Looks for a result of such a call.
    pub(super) async fn look(
        self: &Arc<Self>,
        plan: &ExecutionPlan,
        rules: &CacheRules,
        key: &Digest,
    ) -> Seen {
        if self.usage != CacheUse::Usual {
            return Seen::Nothing;
        }
        let Some(entry) = self.entry(plan, rules, key).await else { return Seen::Nothing };
        let Ok(age) = (self.clock)().duration_since(entry.made) else { return Seen::Nothing };
        let is_stale = age > rules.ttl;
        let may_be_stale =
            self.stays.load(Ordering::SeqCst) && age <= rules.ttl + rules.stale_while_revalidate;
        if is_stale && !may_be_stale || files::fingerprint(&rules.files).await != entry.files {
            return Seen::Nothing;
        }
        let mut outcome = entry.outcome();
        // A file that was changed meanwhile may call it a failure now.
        if outcome.ending.success(&plan.tool.exit_codes).is_none() {
            return Seen::Nothing;
        }
        outcome.story.cache = Some(CacheMark::Hit { age, is_stale });
        if is_stale { Seen::Stale(outcome) } else { Seen::Fresh(outcome) }
    }

    async fn entry(
        self: &Arc<Self>,
        plan: &ExecutionPlan,
        rules: &CacheRules,
        key: &Digest,
    ) -> Option<Entry> {
        match rules.store {
            CacheStore::Memory => self.memory().get(key),
            CacheStore::Disk => {
                let (cache, tool, key) = (Arc::clone(self), plan.tool.name.clone(), *key);
                tokio::task::spawn_blocking(move || cache.disk()?.get(&tool, &key)).await.ok()?
            }
        }
    }

    /// To be asked before a run whose result may be kept.
    pub(super) async fn before(&self, plan: &ExecutionPlan, rules: &CacheRules) -> Before {
        let cleared = self.times_cleared(&plan.tool.name);
        Before { cleared, files: files::fingerprint(&rules.files).await }
    }

    /// Keeps a result, unless it is no success, is somebody else's, or has been overtaken.
    pub(super) async fn keep(
        self: &Arc<Self>,
        plan: &ExecutionPlan,
        key: Digest,
        before: Before,
        outcome: &Outcome,
        caps: CacheCaps,
    ) {
        let Some(rules) = &plan.tool.cache else { return };
        let is_wanted = self.usage != CacheUse::Never && outcome.is_of_its_own(plan);
        if !is_wanted || has_more(outcome) || outcome.present(plan).is_error {
            return;
        }
        // Beside the files there is no redactor, so what is in them must not need one.
        if rules.store == CacheStore::Disk && has_hidden(plan, outcome) {
            return;
        }
        // Files that cannot be compared later have no fingerprint, and what they stand for is not kept.
        if before.files.is_none() || before.files != files::fingerprint(&rules.files).await {
            return;
        }
        let entry = Entry::of(outcome, (self.clock)(), before.files);
        if rules.max_size.is_some_and(|most| entry.size() > most.as_len()) {
            return;
        }
        match rules.store {
            CacheStore::Memory => {
                let cleared = self.cleared();
                if cleared.get(&plan.tool.name).copied().unwrap_or_default() == before.cleared {
                    self.memory().put(key, plan.tool.name.clone(), entry, caps.memory.as_len());
                }
            }
            CacheStore::Disk => {
                let (cache, tool) = (Arc::clone(self), plan.tool.name.clone());
                let kept = tokio::task::spawn_blocking(move || {
                    let is_current = cache.times_cleared(&tool) == before.cleared;
                    if let (true, Some(disk)) = (is_current, cache.disk()) {
                        disk.put(&tool, &key, &entry, caps.disk.0);
                    }
                });
                let _ = kept.await;
            }
        }
    }

    /// Throws away what is remembered of a command.
    pub(super) async fn clear(self: &Arc<Self>, tool: &ToolName, store: CacheStore) {
        *self.cleared().entry(tool.clone()).or_default() += 1;
        self.memory().clear(tool);
        if store == CacheStore::Disk {
            let (cache, tool) = (Arc::clone(self), tool.clone());
            let cleared =
                tokio::task::spawn_blocking(move || cache.disk().map(|disk| disk.clear(Some(tool.as_str()))));
            let _ = cleared.await;
        }
    }

    /// The right to make a result anew behind an answer, unless many are made already.
    pub(super) fn refresh(self: &Arc<Self>) -> Option<Refreshing> {
        let before = self.refreshing.fetch_add(1, Ordering::SeqCst);
        let refreshing = Refreshing(Arc::clone(self));
        (before < MOST_REFRESHED).then_some(refreshing)
    }

    /// The store on disk, opened at the first need. What is wrong with it is said once.
    fn disk(&self) -> Option<Arc<Disk>> {
        let open = || {
            let folder = self.folder.as_ref()?;
            match Disk::open(folder) {
                Ok(disk) => Some(Arc::new(disk)),
                Err(problem) => {
                    tracing::warn!("results are not kept on disk: {problem}");
                    None
                }
            }
        };
        self.disk.get_or_init(open).clone()
    }

    /// What a call has in common with others that may share its run.
    pub(super) fn route(&self, key: Digest, tool: &ToolName) -> Route {
        Route { key, cleared: self.times_cleared(tool) }
    }

    fn times_cleared(&self, tool: &ToolName) -> u64 {
        self.cleared().get(tool).copied().unwrap_or_default()
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn cleared(&self) -> MutexGuard<'_, HashMap<ToolName, u64>> {
        self.cleared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Cache {
    fn default() -> Self {
        Self::new()
    }
}

/// Whether there is more to a result than its output: what is not kept with it.
fn has_more(outcome: &Outcome) -> bool {
    outcome.flow.is_some() || !outcome.output.files.is_empty() || outcome.output.files_left_out > 0
}

/// Whether a secret appears only where the output is decoded.
fn has_hidden(plan: &ExecutionPlan, outcome: &Outcome) -> bool {
    if outcome.output.redactor.is_none() || !plan.tool.output.format.is_structured() {
        return false;
    }
    let mut bare = outcome.clone();
    bare.output.redactor = None;
    bare.value(plan) != outcome.value(plan)
}

/// Since the epoch; what was before it is at its beginning.
pub(super) fn since_epoch(time: SystemTime) -> Duration {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

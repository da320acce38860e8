//! A call of a command with `cache`: its result is looked for, and made once for all who ask for it.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::model::CacheRules;
use crate::plan::{ExecutionPlan, Step};

use super::account::Entry;
use super::cache::{Cache, CacheUse, Digest, Flight, Landed, Seen};
use super::story::CacheMark;
use super::{Engine, Outcome, Prepared, Rejection, Watcher};

impl Engine {
    pub(super) async fn cached(
        &self,
        prepared: &Prepared,
        rules: &CacheRules,
        watcher: &mut dyn Watcher,
        cancel: CancellationToken,
    ) -> Result<Outcome, Rejection> {
        // What came of a flow is more than an output.
        let is_flow = matches!(prepared.plan.step, Step::Flow(_));
        if is_flow || self.cache.usage == CacheUse::Never {
            return Box::pin(self.beneath(prepared, watcher, cancel)).await;
        }
        let key = Digest::of(&prepared.plan, rules);
        loop {
            match self.cache.look(&prepared.plan, rules, &key).await {
                Seen::Fresh(outcome) => return Ok(outcome),
                Seen::Stale(outcome) => {
                    self.refresh(prepared, key);
                    return Ok(outcome);
                }
                Seen::Nothing => {}
            }
            if !may_all(&prepared.plan) {
                // What a run of another caller comes to may be of a fallback that this one may not call.
                return Box::pin(self.beneath(prepared, watcher, cancel)).await;
            }
            let route = self.cache.route(key, &prepared.plan.tool.name);
            let (seat, begun) = self.cache.flights.board(route, &CancellationToken::new());
            let is_shared = begun.is_none();
            if let Some(flight) = begun {
                tokio::spawn(fly(self.clone(), prepared.clone(), key, flight));
            }
            if let Landed::Made(result) = seat.wait(watcher, &cancel).await {
                return made(result, is_shared);
            }
        }
    }

    /// Makes a result anew behind the answer, unless that is being done or much is.
    fn refresh(&self, prepared: &Prepared, key: Digest) {
        let Some(refreshing) = self.cache.refresh() else { return };
        let closing = self.cache.closing.clone();
        let route = self.cache.route(key, &prepared.plan.tool.name);
        if let Some(flight) = self.cache.flights.begin_unmanned(route, &closing) {
            let papers = prepared.papers.as_ref().map(|papers| papers.of_part("refresh", None));
            let (engine, prepared) = (self.clone(), Prepared { papers, ..prepared.clone() });
            tokio::spawn(async move {
                let _refreshing = refreshing;
                let landing = Landing { cache: &engine.cache, flight };
                if is_remembered(&engine, &prepared, key, &landing).await {
                    return;
                }
                if let Ok(entry) = prepared.begin(&closing).await {
                    make(&engine, &prepared, key, &landing, entry).await;
                }
            });
        }
    }
}

/// Whether every fallback that a run may come to can be called.
fn may_all(plan: &ExecutionPlan) -> bool {
    match plan.fallback.as_ref().map(|fallback| &fallback.plan) {
        None => true,
        Some(Ok(plan)) => may_all(plan),
        Some(Err(_)) => false,
    }
}

/// A result as one of those who waited for it has it.
fn made(result: Result<Box<Outcome>, Arc<Rejection>>, is_shared: bool) -> Result<Outcome, Rejection> {
    match result {
        Ok(mut outcome) => {
            outcome.story.cache.get_or_insert(CacheMark::Miss { is_shared });
            Ok(*outcome)
        }
        Err(rejection) => Err(match Arc::try_unwrap(rejection) {
            Ok(alone) => alone,
            Err(shared) => Rejection::Shared(shared),
        }),
    }
}

/// Whoever waits is told, even if this is ended from outside.
struct Landing<'a> {
    cache: &'a Arc<Cache>,
    flight: Arc<Flight>,
}

impl Drop for Landing<'_> {
    fn drop(&mut self) {
        // One that has landed is not there any more.
        self.cache.flights.land(&self.flight, Landed::cancelled());
    }
}

/// One shared run, by whoever began its flight, whether somebody waits for it or not.
async fn fly(engine: Engine, prepared: Prepared, key: Digest, flight: Arc<Flight>) {
    let landing = Landing { cache: &engine.cache, flight };
    if !is_remembered(&engine, &prepared, key, &landing).await {
        make(&engine, &prepared, key, &landing, None).await;
    }
}

/// Whether another run has ended between the look and the beginning of this flight, which ends with it.
async fn is_remembered(engine: &Engine, prepared: &Prepared, key: Digest, landing: &Landing<'_>) -> bool {
    let Prepared { plan, .. } = prepared;
    let Some(rules) = &plan.tool.cache else { return false };
    let is_fresh = matches!(engine.cache.look(plan, rules, &key).await, Seen::Fresh(_));
    if is_fresh {
        engine.cache.flights.land(&landing.flight, Landed::Remembered);
    }
    is_fresh
}

/// Runs it and keeps what comes of it.
async fn make(
    engine: &Engine,
    prepared: &Prepared,
    key: Digest,
    landing: &Landing<'_>,
    entry: Option<Entry>,
) {
    let Prepared { plan, state, .. } = prepared;
    let Some(rules) = &plan.tool.cache else { return };
    let before = engine.cache.before(plan, rules).await;
    let cancel = landing.flight.cancel.clone();
    let result = engine.beneath(prepared, &mut landing.flight.watcher(), cancel).await;
    if let Some(entry) = entry {
        entry.end(plan, result.as_ref()).await;
    }
    if let Ok(outcome) = &result {
        engine.cache.keep(plan, key, before, outcome, state.catalog().server.cache).await;
    }
    engine.cache.flights.land(&landing.flight, Landed::Made(result.map(Box::new).map_err(Arc::new)));
}

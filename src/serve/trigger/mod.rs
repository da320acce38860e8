//! Runs commands when files change, for as long as it is polled.
//!
//! The kernel tells that something stirs, and then it is looked what is another one; so nothing depends on
//! which event was told. What changes while no server runs is told to nobody: files that lie there at the
//! start are what there is.

mod batch;
mod look;

use std::collections::{BTreeSet, HashMap};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::engine::{Engine, State};
use crate::model::{FileTrigger, Occasion, Trigger};
use crate::serve::reload::{Eyes, Place, places};

use batch::{Batch, Batches};
use look::{Look, look};

/// Somebody who writes many files is looked at once.
const BREATH: Duration = Duration::from_millis(50);

/// Where nobody tells of changes they are seen this often.
const LOOK: Duration = Duration::from_secs(60);

/// Which trigger of which tool.
type Id = (String, usize);

/// One trigger, and what was there when it went off last.
struct Watch {
    id: Id,
    trigger: Trigger,
    files: FileTrigger,
    /// What has been seen to.
    seen: Look,
    latest: Look,
    quiet_since: Instant,
}

/// Until `closing`; then nothing new.
pub async fn keep(engine: Arc<Engine>, closing: CancellationToken) -> Infallible {
    let mut states = engine.states();
    let (mut watches, mut batches): (HashMap<Id, Watch>, Batches) = Default::default();
    while !closing.is_cancelled() {
        let state = Arc::clone(&states.borrow_and_update());
        follow(&mut watches, &state).await;
        let watching = async {
            match watches.is_empty() {
                true => std::future::pending().await,
                false => watch(&engine, &mut watches, &mut batches).await,
            }
        };
        tokio::select! {
            () = watching => {}
            changed = states.changed() => if changed.is_err() { break },
            () = closing.cancelled() => {}
        }
    }
    std::future::pending().await
}

/// Those of this state; the same as before go on as they are.
async fn follow(watches: &mut HashMap<Id, Watch>, state: &State) {
    let wanted: Vec<(Id, Trigger, FileTrigger)> = wanted(state).collect();
    watches.retain(|id, watch| {
        wanted.iter().any(|(known, trigger, _)| known == id && *trigger == watch.trigger)
    });
    for (id, trigger, files) in wanted {
        if watches.contains_key(&id) {
            continue;
        }
        let paths = files.paths.clone();
        let seen = tokio::task::spawn_blocking(move || look(&paths)).await.unwrap_or_default();
        if seen.is_cut {
            tracing::warn!("there are more files than a trigger of `{}` looks at", id.0);
        }
        let latest = seen.clone();
        let watch = Watch { id: id.clone(), trigger, files, seen, latest, quiet_since: Instant::now() };
        watches.insert(id, watch);
    }
}

fn wanted(state: &State) -> impl Iterator<Item = (Id, Trigger, FileTrigger)> {
    state.catalog().tools().iter().flat_map(|tool| {
        let triggers = tool.automation.iter().flat_map(|automation| automation.triggers.iter().enumerate());
        triggers.filter(|(_, trigger)| trigger.enabled).filter_map(|(index, trigger)| match &trigger.on {
            Occasion::File(files) => {
                Some(((tool.name.as_str().to_owned(), index), trigger.clone(), files.clone()))
            }
            Occasion::Webhook(_) => None,
        })
    })
}

/// Never ends by itself.
async fn watch(engine: &Arc<Engine>, watches: &mut HashMap<Id, Watch>, batches: &mut Batches) {
    let eyes = Eyes::open_for(|_| true);
    let mut places = BTreeSet::new();
    loop {
        // Watched first: what changes after it was looked at is then told.
        let now: BTreeSet<Place> = watches
            .values()
            .flat_map(|watch| watch.latest.folders.iter().flat_map(|folder| places::of_folder(folder)))
            .collect();
        let is_wider = now != places;
        if is_wider {
            eyes.watch(&now);
            places = now;
        }
        for watch in watches.values_mut() {
            watch.look(engine, batches).await;
        }
        if is_wider {
            // There may be folders in folders that nobody watched before.
            continue;
        }
        let pending = watches.values().filter_map(Watch::due).min();
        let next = pending.unwrap_or_else(|| Instant::now() + LOOK);
        tokio::select! {
            () = eyes.stirred() => tokio::time::sleep(BREATH).await,
            () = tokio::time::sleep_until(next) => {}
        }
    }
}

impl Watch {
    /// When it goes off if nothing stirs any more.
    fn due(&self) -> Option<Instant> {
        (!self.latest.is_same(&self.seen)).then(|| self.quiet_since + self.files.debounce)
    }

    async fn look(&mut self, engine: &Arc<Engine>, batches: &mut Batches) {
        let paths = self.files.paths.clone();
        let Ok(now) = tokio::task::spawn_blocking(move || look(&paths)).await else { return };
        if !now.is_same(&self.latest) {
            self.quiet_since = Instant::now();
        }
        self.latest = now;
        if self.due().is_none_or(|due| due > Instant::now()) {
            return;
        }
        let changes = self.latest.changes(&self.seen);
        self.seen = self.latest.clone();
        let paths: Vec<String> = changes
            .into_iter()
            .filter(|(change, _)| self.files.changes.contains(change))
            .map(|(_, path)| path)
            .collect();
        if !paths.is_empty() {
            let (tool, trigger) = (self.id.0.clone(), self.trigger.clone());
            batches.begin(engine, &self.id, Batch { tool, trigger, paths });
        }
    }
}

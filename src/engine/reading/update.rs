//! Tells when what is read under a URI is something else.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::engine::{Engine, Job, State};
use crate::model::{Principal, Resource, ResourceSource};

use super::hub::Hub;
use super::resource::RUN;
use super::{NotRead, folder};

/// A job that writes without end is told of no more often.
const PACE: Duration = Duration::from_secs(1);

type WhoIs = Box<dyn Fn(&State) -> Arc<Principal> + Send + Sync>;

/// Waits for one resource to change.
pub struct Updates {
    uri: String,
    who: WhoIs,
    states: watch::Receiver<Arc<State>>,
    hub: Arc<Hub>,
    resource: Option<Arc<Resource>>,
    source: Source,
}

enum Source {
    /// It changes with the configuration alone.
    Still,
    File(watch::Receiver<u64>),
    /// The log of a job, or what it came to.
    Job {
        job: Arc<Job>,
        changes: watch::Receiver<u64>,
        is_result: bool,
        next: Instant,
    },
}

impl Engine {
    /// Sees changes of what stands under a URI. It has to be there for whoever asks.
    pub fn watch(&self, uri: &str, who: WhoIs) -> Result<Updates, NotRead> {
        let states = self.states();
        let state = self.state();
        let caller = who(&state);
        let missing = || NotRead::no_resource(uri);
        let (resource, source) = match uri.strip_prefix(RUN) {
            Some(of_job) => (None, self.of_job(of_job, &caller).ok_or_else(missing)?),
            None => {
                let found = found(&state, &caller, uri, &self.hub).ok_or_else(missing)?;
                (Some(found.0), found.1)
            }
        };
        Ok(Updates { uri: uri.to_owned(), who, states, hub: Arc::clone(&self.hub), resource, source })
    }

    fn of_job(&self, of_job: &str, caller: &Principal) -> Option<Source> {
        let (id, what) = of_job.split_once('/')?;
        let is_result = match what {
            "output" => false,
            "result" => true,
            _ => return None,
        };
        let job = self.jobs().find(id, caller)?;
        let changes = job.changes();
        Some(Source::Job { job, changes, is_result, next: Instant::now() })
    }

    /// Sees another number whenever there may be other files in the folders of a state.
    pub fn watch_folders(&self, state: &State) -> Vec<watch::Receiver<u64>> {
        let resources = state.catalog().offers.resources.iter();
        let folders = resources.filter_map(|resource| match &resource.source {
            ResourceSource::Directory(directory) => Some(folder::folders(&directory.path)),
            _ => None,
        });
        folders.flatten().map(|folder| self.hub.watch(&folder)).collect()
    }
}

fn found(state: &State, caller: &Principal, uri: &str, hub: &Arc<Hub>) -> Option<(Arc<Resource>, Source)> {
    let (resource, values) = state.resource_at(uri, caller)?;
    let source = match &resource.source {
        ResourceSource::File(path) => Source::File(hub.watch(path)),
        ResourceSource::Directory(directory) => {
            let name = values.get(&directory.hole)?.as_str()?;
            if !super::glob::fits(&directory.files, name) {
                return None;
            }
            Source::File(hub.watch(&directory.path.join(name)))
        }
        ResourceSource::Text(_) | ResourceSource::Command { .. } => Source::Still,
    };
    Some((resource, source))
}

impl Updates {
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// Resolves when there is something else to read. May be dropped at any await.
    pub async fn next(&mut self) {
        loop {
            tokio::select! {
                () = self.source.changed() => return,
                changed = self.states.changed() => match changed {
                    Ok(()) if self.follow() => return,
                    Ok(()) => {}
                    Err(_) => std::future::pending().await,
                },
            }
        }
    }

    /// Looks at what stands there in the state that is served now. Says whether it is another thing.
    fn follow(&mut self) -> bool {
        if matches!(self.source, Source::Job { .. }) {
            return false;
        }
        let state = Arc::clone(&self.states.borrow_and_update());
        let caller = (self.who)(&state);
        let (now, source) = match found(&state, &caller, &self.uri, &self.hub) {
            Some((resource, source)) => (Some(resource), source),
            None => (None, Source::Still),
        };
        let is_same = match (&self.resource, &now) {
            (Some(before), Some(now)) => before.source == now.source && before.mime == now.mime,
            (None, None) => true,
            _ => false,
        };
        self.resource = now;
        self.source = source;
        // Who may not read it any more is told nothing.
        !is_same && self.resource.is_some()
    }
}

impl Source {
    async fn changed(&mut self) {
        match self {
            Self::Still => std::future::pending().await,
            Self::File(changes) => {
                if changes.changed().await.is_err() {
                    std::future::pending().await
                }
            }
            Self::Job { job, changes, is_result, next } => loop {
                if changes.changed().await.is_err() {
                    return std::future::pending().await;
                }
                let is_over = job.status().state.is_over();
                if *is_result && !is_over {
                    continue;
                }
                if !is_over {
                    tokio::time::sleep_until(*next).await;
                }
                changes.borrow_and_update();
                *next = Instant::now() + PACE;
                return;
            },
        }
    }
}

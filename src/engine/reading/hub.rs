//! Paths that somebody wants to be told of. One task looks for all of them, and only while there is
//! somebody: who subscribes to the same file shares one look.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};

use crate::engine::files::{Mark, mark_of};

use super::eyes::{Eyes, folders_of};

/// What is written in several pieces is told once.
const MOMENT: Duration = Duration::from_millis(25);
/// How often it is looked where nobody tells of changes.
const GLANCE: Duration = Duration::from_secs(1);
/// And where the kernel does: nobody may be left who wants to know.
const ROUND: Duration = Duration::from_secs(30);

/// The paths of one engine.
#[derive(Default)]
pub struct Hub {
    watched: Mutex<HashMap<PathBuf, Watched>>,
    /// There are others now.
    news: Notify,
}

struct Watched {
    mark: Option<Mark>,
    changes: watch::Sender<u64>,
}

impl Hub {
    /// Sees another number whenever the file at a path is another one. Needs a tokio runtime.
    pub fn watch(self: &Arc<Self>, path: &Path) -> watch::Receiver<u64> {
        let mut watched = self.lock();
        let is_idle = watched.is_empty();
        let known = watched.entry(path.to_path_buf());
        let entry = known.or_insert_with(|| Watched { mark: mark_of(path), changes: watch::Sender::new(0) });
        let changes = entry.changes.subscribe();
        drop(watched);
        if is_idle {
            tokio::spawn(Arc::clone(self).look());
        } else {
            self.news.notify_one();
        }
        changes
    }

    async fn look(self: Arc<Self>) {
        let mut eyes = Eyes::open();
        while let Some(paths) = self.wanted() {
            let folders = paths.iter().flat_map(|path| folders_of(path)).collect::<BTreeSet<_>>();
            let is_told = eyes.watch(&folders);
            // Watched first: what changes after this is then seen.
            self.compare();
            let pause = if is_told { ROUND } else { GLANCE };
            tokio::select! {
                () = eyes.stirred() => tokio::time::sleep(MOMENT).await,
                () = self.news.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// The paths that somebody still wants to be told of; `None` if there are none, and the task ends.
    fn wanted(&self) -> Option<Vec<PathBuf>> {
        let mut watched = self.lock();
        watched.retain(|_, watched| watched.changes.receiver_count() > 0);
        (!watched.is_empty()).then(|| watched.keys().cloned().collect())
    }

    fn compare(&self) {
        for (path, watched) in self.lock().iter_mut() {
            let mark = mark_of(path);
            if mark != watched.mark {
                watched.mark = mark;
                watched.changes.send_modify(|number| *number += 1);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<PathBuf, Watched>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_wants_to_be_told_of_a_file_is_and_the_task_ends_with_them() {
        let scratch = tempfile::tempdir().unwrap();
        let (file, other) = (scratch.path().join("a"), scratch.path().join("b"));
        std::fs::write(&file, "1").unwrap();
        let hub = Arc::new(Hub::default());
        let mut told: Vec<_> = (0..100).map(|_| hub.watch(&file)).collect();
        let silent = hub.watch(&other);
        for text in ["22", "333"] {
            std::fs::write(&file, text).unwrap();
            for one in &mut told {
                one.changed().await.unwrap();
            }
        }
        assert!(!silent.has_changed().unwrap());
        let replaced = scratch.path().join("c");
        std::fs::write(&replaced, "4444").unwrap();
        std::fs::rename(&replaced, &file).unwrap();
        told[0].changed().await.unwrap();
        drop((told, silent));
        hub.news.notify_one();
        while !hub.lock().is_empty() {
            tokio::task::yield_now().await;
        }
    }
}

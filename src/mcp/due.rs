//! What a client has to be told, each once however often it happens before it can be.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use crate::engine::Updates;

/// Something that clients are told.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum News {
    Tools,
    Prompts,
    Resources,
    /// Other jobs of the caller can be read as resources.
    Jobs,
    /// There is something else to read under a URI.
    Updated(String),
}

impl News {
    /// The whole message.
    pub(super) fn message(&self) -> Value {
        let method = match self {
            Self::Tools => "notifications/tools/list_changed",
            Self::Prompts => "notifications/prompts/list_changed",
            Self::Resources | Self::Jobs => "notifications/resources/list_changed",
            Self::Updated(uri) => {
                let method = "notifications/resources/updated";
                return json!({ "jsonrpc": "2.0", "method": method, "params": { "uri": uri } });
            }
        };
        json!({ "jsonrpc": "2.0", "method": method })
    }
}

/// Subscriptions of one client to single resources.
const MOST: usize = 256;

#[derive(Debug, thiserror::Error)]
#[error("a client subscribes to at most {MOST} resources; unsubscribe from one first")]
pub(super) struct Full;

/// What is due, and what is followed so that it becomes so.
#[derive(Default)]
pub(super) struct Due {
    news: Mutex<BTreeSet<News>>,
    bell: Arc<Notify>,
    followed: Mutex<HashMap<String, Task>>,
    folders: Mutex<Vec<Task>>,
    jobs: Mutex<Option<Task>>,
}

/// A task that ends with whoever holds this.
struct Task(JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Due {
    pub(super) fn add(&self, news: News) {
        lock(&self.news).insert(news);
        self.bell.notify_one();
    }

    /// The next thing that is due. May be dropped at any await: nothing is lost.
    pub(super) async fn next(&self) -> News {
        loop {
            if let Some(news) = lock(&self.news).pop_first() {
                return news;
            }
            self.bell.notified().await;
        }
    }

    /// Has changes of a resource become due, until it is left. Needs a tokio runtime.
    pub(super) fn follow(self: &Arc<Self>, mut updates: Updates) -> Result<(), Full> {
        let mut followed = lock(&self.followed);
        let uri = updates.uri().to_owned();
        if followed.len() >= MOST && !followed.contains_key(&uri) {
            return Err(Full);
        }
        let (due, news) = (Arc::downgrade(self), News::Updated(uri.clone()));
        let task = tokio::spawn(async move {
            loop {
                updates.next().await;
                let Some(due) = due.upgrade() else { return };
                due.add(news.clone());
            }
        });
        followed.insert(uri, Task(task));
        Ok(())
    }

    pub(super) fn leave(&self, uri: &str) {
        lock(&self.followed).remove(uri);
        lock(&self.news).remove(&News::Updated(uri.to_owned()));
    }

    /// Has a change in one of these folders become due, and in no others.
    pub(super) fn follow_folders(self: &Arc<Self>, folders: Vec<watch::Receiver<u64>>) {
        let follow = |folder| self.tell_of(folder, News::Resources);
        *lock(&self.folders) = folders.into_iter().map(follow).collect();
    }

    /// Has others of a caller's jobs become due.
    pub(super) fn follow_jobs(self: &Arc<Self>, comings: watch::Receiver<u64>) {
        *lock(&self.jobs) = Some(self.tell_of(comings, News::Jobs));
    }

    fn tell_of(self: &Arc<Self>, mut numbers: watch::Receiver<u64>, news: News) -> Task {
        let due = Arc::downgrade(self);
        Task(tokio::spawn(async move {
            while numbers.changed().await.is_ok() {
                let Some(due) = due.upgrade() else { return };
                due.add(news.clone());
            }
        }))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_happens_twice_before_it_is_told_is_told_once() {
        let due = Due::default();
        for news in [News::Updated("a".into()), News::Tools, News::Updated("a".into())] {
            due.add(news);
        }
        assert_eq!([due.next().await, due.next().await], [News::Tools, News::Updated("a".into())]);
        assert!(lock(&due.news).is_empty());
    }
}

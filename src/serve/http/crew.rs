//! The threads that see connections through: one, and further ones where there are many connections.
//!
//! One is enough for as many clients as most servers have, and takes the least memory. Where each thread
//! has [`MANY`] another one begins, up to one for each processor. A connection stays where it began, and
//! so does what its requests start.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

/// Connections of each thread before another one begins.
const MANY: usize = 32;
/// Threads on the largest machines.
const MOST: usize = 8;
/// As much as the first thread of a program has.
const STACK: usize = 8 << 20;

/// Has to outlive the runtime that it begins on: what goes on in further threads goes on until this is
/// dropped.
pub struct Crew {
    most: usize,
    /// Connections of the thread that takes them.
    here: Arc<AtomicUsize>,
    further: Mutex<Vec<Further>>,
}

/// One more thread.
struct Further {
    runtime: Handle,
    connections: Arc<AtomicUsize>,
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

/// Where one connection is seen through.
pub struct Post {
    pub runtime: Handle,
    pub share: Share,
}

/// Counts as a connection there until it is dropped.
pub struct Share {
    connections: Arc<AtomicUsize>,
    is_elsewhere: bool,
}

impl Default for Crew {
    fn default() -> Self {
        Self::of(thread::available_parallelism().map_or(1, usize::from).min(MOST))
    }
}

impl Crew {
    fn of(most: usize) -> Self {
        Self { most, here: Arc::default(), further: Mutex::default() }
    }

    /// A place for the next connection, where there are the fewest.
    pub fn post(&self) -> Post {
        let mut further = self.lock();
        let here = self.here.load(Ordering::Relaxed);
        let has_many = here >= MANY && further.iter().all(|thread| thread.load() >= MANY);
        if has_many && further.len() + 1 < self.most {
            match Further::begin() {
                Ok(thread) => further.push(thread),
                Err(error) => tracing::warn!(%error, "no further thread for connections"),
            }
        }
        let least = further.iter().min_by_key(|thread| thread.load());
        match least.filter(|thread| thread.load() < here) {
            Some(thread) => {
                Post { runtime: thread.runtime.clone(), share: Share::of(&thread.connections, true) }
            }
            None => Post { runtime: Handle::current(), share: Share::of(&self.here, false) },
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Further>> {
        self.further.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        for Further { stop, thread, .. } in self.lock().drain(..) {
            drop(stop);
            let _ = thread.join();
        }
    }
}

impl Further {
    fn begin() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let (handle, (stop, stopped)) = (runtime.handle().clone(), oneshot::channel());
        let thread =
            thread::Builder::new().name("connections".to_owned()).stack_size(STACK).spawn(move || {
                let _ = runtime.block_on(stopped);
                runtime.shutdown_background();
            })?;
        Ok(Self { runtime: handle, connections: Arc::default(), stop, thread })
    }

    fn load(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

impl Share {
    fn of(connections: &Arc<AtomicUsize>, is_elsewhere: bool) -> Self {
        connections.fetch_add(1, Ordering::Relaxed);
        Self { connections: Arc::clone(connections), is_elsewhere }
    }

    /// The thread is another one than that which takes connections.
    pub fn is_elsewhere(&self) -> bool {
        self.is_elsewhere
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn further_threads_begin_where_there_are_many_and_take_what_comes_until_it_is_even() {
        let crew = Crew::of(2);
        let first: Vec<Post> = (0..MANY).map(|_| crew.post()).collect();
        assert!(first.iter().all(|post| !post.share.is_elsewhere()));
        let more: Vec<Post> = (0..MANY).map(|_| crew.post()).collect();
        assert!(more.iter().all(|post| post.share.is_elsewhere()));
        let named = more[0].runtime.spawn(async { thread::current().name().map(str::to_owned) });
        assert_eq!(named.await.unwrap().as_deref(), Some("connections"));
        let last = [crew.post(), crew.post(), crew.post()];
        assert_eq!(crew.lock().len(), 1, "there are no more than there may be");
        assert!(last[0].share.is_elsewhere() != last[1].share.is_elsewhere());
        drop((first, last));
        assert!(!crew.post().share.is_elsewhere());
    }

    #[test]
    fn what_goes_on_elsewhere_ends_with_the_crew() {
        let dropped = Arc::new(());
        let held = Arc::clone(&dropped);
        let runtime = Builder::new_current_thread().build().unwrap();
        let crew = Crew::of(2);
        let posts: Vec<Post> = runtime.block_on(async { (0..=MANY).map(|_| crew.post()).collect() });
        posts[MANY].runtime.spawn(async move {
            std::future::pending::<()>().await;
            drop(held);
        });
        drop(crew);
        assert_eq!(Arc::strong_count(&dropped), 1);
    }
}

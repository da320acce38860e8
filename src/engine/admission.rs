//! Who may run now: a cap on all calls, caps per command, locks, and a bounded queue before them.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::model::{CallCaps, Catalog, Tool};

use super::Rejection;

/// Hands out slots. All slots of a call are taken in one order (command, lock, server), so that two
/// calls never wait for each other.
pub struct Admission {
    caps: CallCaps,
    all: Arc<Semaphore>,
    commands: HashMap<String, Arc<Semaphore>>,
    locks: HashMap<String, Arc<Semaphore>>,
    waiting: AtomicUsize,
}

/// The right to run; given back when dropped.
pub struct Slot {
    _permits: [Option<OwnedSemaphorePermit>; 3],
}

impl Admission {
    pub fn new(catalog: &Catalog) -> Self {
        let caps = catalog.server.calls;
        let tools = catalog.tools();
        let commands = tools.iter().filter_map(|tool| {
            Some((tool.name.to_string(), Arc::new(Semaphore::new(tool.concurrency.max?))))
        });
        let locks = tools
            .iter()
            .filter_map(|tool| Some((tool.concurrency.lock.clone()?, Arc::new(Semaphore::new(1)))));
        Self {
            caps,
            all: Arc::new(Semaphore::new(caps.max)),
            commands: commands.collect(),
            locks: locks.collect(),
            waiting: AtomicUsize::new(0),
        }
    }

    /// Waits for a slot, but not for longer than the queue allows, and not behind a full queue.
    pub async fn admit(&self, tool: &Tool, cancel: &CancellationToken) -> Result<Slot, Rejection> {
        let gates = self.gates(tool);
        if let Some(slot) = Slot::at_once(&gates) {
            return Ok(slot);
        }
        let _place = self.queue_up()?;
        tokio::select! {
            slot = Slot::in_turn(&gates) => Ok(slot),
            () = cancel.cancelled() => Err(Rejection::Cancelled),
            () = tokio::time::sleep(self.caps.queue_timeout) => {
                Err(Rejection::QueueTimeout { after: self.caps.queue_timeout })
            }
        }
    }

    fn gates(&self, tool: &Tool) -> [Option<&Arc<Semaphore>>; 3] {
        let lock = tool.concurrency.lock.as_ref().and_then(|name| self.locks.get(name));
        [self.commands.get(tool.name.as_str()), lock, Some(&self.all)]
    }

    fn queue_up(&self) -> Result<Place<'_>, Rejection> {
        let waiting = self.waiting.fetch_add(1, Ordering::Relaxed);
        let place = Place(&self.waiting);
        if waiting < self.caps.queue {
            return Ok(place);
        }
        let running = self.caps.max.saturating_sub(self.all.available_permits());
        Err(Rejection::Busy { running, waiting })
    }
}

/// A place in the queue; left when dropped.
struct Place<'a>(&'a AtomicUsize);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Slot {
    fn at_once(gates: &[Option<&Arc<Semaphore>>; 3]) -> Option<Self> {
        let mut permits = [None, None, None];
        for (permit, gate) in permits.iter_mut().zip(gates) {
            if let Some(gate) = gate {
                *permit = Some(Arc::clone(gate).try_acquire_owned().ok()?);
            }
        }
        Some(Self { _permits: permits })
    }

    async fn in_turn(gates: &[Option<&Arc<Semaphore>>; 3]) -> Self {
        let mut permits = [None, None, None];
        for (permit, gate) in permits.iter_mut().zip(gates) {
            if let Some(gate) = gate {
                // The semaphores are never closed, so this always gives a permit.
                *permit = Arc::clone(gate).acquire_owned().await.ok();
            }
        }
        Self { _permits: permits }
    }
}

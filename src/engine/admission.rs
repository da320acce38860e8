//! Who may run now: a cap on all calls, caps per command, locks, and a bounded queue before them.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio_util::sync::CancellationToken;

use crate::model::{CallCaps, Catalog, Tool};

use super::Rejection;
use super::gate::{Gate, Pass};

/// Hands out slots. All slots of a call are taken in one order (command, lock, server), so that two
/// calls never wait for each other.
///
/// A reload makes a new one that [follows](Self::following) the old one: calls that still run count.
pub struct Admission {
    caps: CallCaps,
    all: Arc<Gate>,
    commands: Gates,
    locks: Gates,
    waiting: Arc<AtomicUsize>,
}

type Gates = HashMap<String, Arc<Gate>>;

/// The right to run; given back when dropped.
pub struct Slot {
    _passes: [Option<Pass>; 3],
}

impl Admission {
    pub fn new(catalog: &Catalog) -> Self {
        let caps = catalog.server.calls;
        let none = Self {
            caps,
            all: Gate::new(caps.max),
            commands: Gates::new(),
            locks: Gates::new(),
            waiting: Arc::default(),
        };
        none.following(catalog)
    }

    /// The admission to another catalog: its caps, and every place that is held in this one.
    pub fn following(&self, catalog: &Catalog) -> Self {
        let caps = catalog.server.calls;
        self.all.resize(caps.max);
        let is_awaited = self.waiting.load(Ordering::SeqCst) > 0;
        let (mut commands, mut locks) = (in_use(&self.commands, is_awaited), in_use(&self.locks, is_awaited));
        for tool in catalog.tools() {
            if let Some(max) = tool.concurrency.max {
                let gate = carry_over(&mut commands, &self.commands, tool.name.as_str(), max);
                gate.resize(max);
            }
            if let Some(lock) = &tool.concurrency.lock {
                carry_over(&mut locks, &self.locks, lock, 1);
            }
        }
        Self { caps, all: Arc::clone(&self.all), commands, locks, waiting: Arc::clone(&self.waiting) }
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

    /// The same for a step of a flow, which is in already: it waits as long as its flow may.
    pub async fn admit_step(&self, tool: &Tool, cancel: &CancellationToken) -> Result<Slot, Rejection> {
        let gates = self.gates(tool);
        if let Some(slot) = Slot::at_once(&gates) {
            return Ok(slot);
        }
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let _place = Place(&self.waiting);
        tokio::select! {
            slot = Slot::in_turn(&gates) => Ok(slot),
            () = cancel.cancelled() => Err(Rejection::Cancelled),
        }
    }

    /// Whether a flow may begin, which takes no slot itself: not where other calls are turned away.
    pub fn let_in(&self) -> Result<(), Rejection> {
        let waiting = self.waiting.load(Ordering::SeqCst);
        if waiting > 0 && waiting >= self.caps.queue {
            return Err(Rejection::Busy { running: self.all.held(), waiting });
        }
        Ok(())
    }

    fn gates(&self, tool: &Tool) -> [Option<&Arc<Gate>>; 3] {
        let lock = tool.concurrency.lock.as_ref().and_then(|name| self.locks.get(name));
        let command = tool.concurrency.max.and_then(|_| self.commands.get(tool.name.as_str()));
        [command, lock, Some(&self.all)]
    }

    fn queue_up(&self) -> Result<Place<'_>, Rejection> {
        let waiting = self.waiting.fetch_add(1, Ordering::SeqCst);
        let place = Place(&self.waiting);
        if waiting < self.caps.queue {
            return Ok(place);
        }
        Err(Rejection::Busy { running: self.all.held(), waiting })
    }
}

/// A place in the queue; left when dropped.
struct Place<'a>(&'a AtomicUsize);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Gates that the next file may not name, but somebody is inside of or on the way to: should a later
/// file name them again, those count.
fn in_use(gates: &Gates, is_awaited: bool) -> Gates {
    let used = gates.iter().filter(|(_, gate)| is_awaited || gate.held() > 0);
    used.map(|(name, gate)| (name.clone(), Arc::clone(gate))).collect()
}

/// The gate of that name among the next ones: the one there was, or a fresh one.
fn carry_over<'g>(next: &'g mut Gates, before: &Gates, name: &str, places: usize) -> &'g Arc<Gate> {
    let gate = || before.get(name).map_or_else(|| Gate::new(places), Arc::clone);
    next.entry(name.to_owned()).or_insert_with(gate)
}

impl Slot {
    fn at_once(gates: &[Option<&Arc<Gate>>; 3]) -> Option<Self> {
        let mut passes = [None, None, None];
        for (pass, gate) in passes.iter_mut().zip(gates) {
            if let Some(gate) = gate {
                *pass = Some(gate.try_enter()?);
            }
        }
        Some(Self { _passes: passes })
    }

    async fn in_turn(gates: &[Option<&Arc<Gate>>; 3]) -> Self {
        let mut passes = [None, None, None];
        for (pass, gate) in passes.iter_mut().zip(gates) {
            if let Some(gate) = gate {
                *pass = Some(gate.enter().await);
            }
        }
        Self { _passes: passes }
    }
}

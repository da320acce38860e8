//! Who may run now: a cap on all calls, caps per command and per caller, locks, and a bounded queue
//! before them.

use std::sync::Arc;

use foldhash::HashMap;
use tokio_util::sync::CancellationToken;

use crate::model::{AuthMethod, CallCaps, Catalog, Principal, Tool};

use super::Rejection;
use super::hall::{Hall, Line, Needs, Room};

pub use super::hall::Slot;

/// Hands out slots.
///
/// A reload makes a new one that [follows](Self::following) the old one: calls that still run count.
pub struct Admission {
    caps: CallCaps,
    hall: Arc<Hall>,
}

impl Admission {
    pub fn new(catalog: &Catalog) -> Self {
        Self { caps: catalog.server.calls, hall: Arc::default() }.following(catalog)
    }

    /// The admission to another catalog: its caps, and every place that is held in this one.
    pub fn following(&self, catalog: &Catalog) -> Self {
        let caps = catalog.server.calls;
        let capped = catalog.tools().iter().filter_map(|tool| Some((tool, tool.concurrency.max?)));
        let mut places: HashMap<Room, usize> =
            capped.map(|(tool, max)| (Room::Command(tool.name.as_str().into()), max)).collect();
        places.insert(Room::All, caps.max);
        self.hall.furnish(places);
        Self { caps, hall: Arc::clone(&self.hall) }
    }

    /// Waits for a slot, but not for longer than the queue allows, and not behind a full queue.
    pub async fn admit(
        &self,
        tool: &Tool,
        caller: &Principal,
        cancel: &CancellationToken,
    ) -> Result<Slot, Rejection> {
        let after = self.caps.queue_timeout;
        let late = async {
            tokio::time::sleep(after).await;
            Rejection::QueueTimeout { after }
        };
        self.wait(self.needs(tool, caller), |line| self.may_wait(caller, line), late, cancel).await
    }

    /// The same for a step of a flow, which is in already: it waits as long as its flow may.
    pub async fn admit_step(
        &self,
        tool: &Tool,
        caller: &Principal,
        cancel: &CancellationToken,
    ) -> Result<Slot, Rejection> {
        self.wait(self.needs(tool, caller), |_| Ok(()), std::future::pending(), cancel).await
    }

    /// A slot at once, or if `may` says so in line for it, until it is `late`.
    async fn wait(
        &self,
        needs: Needs,
        may: impl FnOnce(Line) -> Result<(), Rejection>,
        late: impl Future<Output = Rejection>,
        cancel: &CancellationToken,
    ) -> Result<Slot, Rejection> {
        if let Some(slot) = self.hall.enter(&needs) {
            return Ok(slot);
        }
        let mut place = self.hall.queue(needs, may)?;
        tokio::select! {
            slot = place.slot() => Ok(slot),
            () = cancel.cancelled() => Err(Rejection::Cancelled),
            late = late => Err(late),
        }
    }

    /// Whether a flow may begin, which takes no slot itself: not where other calls are turned away.
    pub fn let_in(&self) -> Result<(), Rejection> {
        let line = self.hall.line();
        if line.waiting > 0 && line.waiting >= self.caps.queue {
            return Err(busy(line));
        }
        Ok(())
    }

    fn needs(&self, tool: &Tool, caller: &Principal) -> Needs {
        let (id, name) = (caller.id(), tool.name.as_str());
        let own = if is_one_of_many(caller) { self.caps.of_caller() } else { usize::MAX };
        let mut rooms = vec![(Room::All, self.caps.max), (Room::Caller(id.clone()), own)];
        let concurrency = &tool.concurrency;
        rooms.extend(concurrency.max.map(|max| (Room::Command(name.into()), max)));
        rooms.extend(concurrency.lock.as_ref().map(|lock| (Room::Lock(lock.as_str().into()), 1)));
        rooms.extend(concurrency.per_caller.map(|max| (Room::CommandOf(name.into(), id.clone()), max)));
        Needs { caller: id, rooms }
    }

    /// One caller of many takes no more of the queue than they leave free, so there is always room for
    /// somebody else.
    fn may_wait(&self, caller: &Principal, line: Line) -> Result<(), Rejection> {
        let free = self.caps.queue.saturating_sub(line.waiting);
        if free == 0 {
            return Err(busy(line));
        }
        if is_one_of_many(caller) && line.own >= free {
            return Err(Rejection::BusyCaller { waiting: line.own });
        }
        Ok(())
    }
}

fn busy(line: Line) -> Rejection {
    Rejection::Busy { running: line.running, waiting: line.waiting }
}

/// Whether there are others beside this caller, who must not wait for them.
fn is_one_of_many(caller: &Principal) -> bool {
    !matches!(caller.method, AuthMethod::Local | AuthMethod::Anonymous)
}

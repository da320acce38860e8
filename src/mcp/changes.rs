//! Tells clients that the list of tools is another one than they were given.
//!
//! A session that began with `initialize` is told by a plain notification; a client of the newer era
//! asks for it with `subscriptions/listen` and is told on that subscription. A reload that leaves
//! the list as it was is told to nobody.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rmcp::RoleServer;
use rmcp::service::{Peer, SubscriptionContext};
use tokio::sync::watch;

use crate::engine::{Engine, State};

use super::listing::is_same;
use super::server::Caller;
use super::wire::Ticket;

/// Waits for the offered list to change.
pub(super) struct Changes {
    states: watch::Receiver<Arc<State>>,
    /// What the list was compared with last.
    last: Arc<State>,
    caller: Caller,
}

impl Changes {
    pub(super) fn of(engine: &Engine, caller: Caller) -> Self {
        let mut states = engine.states();
        let last = Arc::clone(&states.borrow_and_update());
        Self { states, last, caller }
    }

    /// Resolves when the caller's list has become another one; never, once the engine is gone.
    pub(super) async fn next(&mut self) {
        while self.states.changed().await.is_ok() {
            let now = Arc::clone(&self.states.borrow_and_update());
            let before = std::mem::replace(&mut self.last, now);
            let [old, new] = [&before, &self.last].map(|state| self.caller.principal(state));
            if !is_same((&before, &old), (&self.last, &new)) {
                return;
            }
        }
        std::future::pending().await
    }
}

/// What the client of one connection was given.
#[derive(Default)]
pub(super) struct Told {
    /// It has opened a session and says that it is ready, by word or by deed.
    is_in_session: AtomicBool,
    /// The edition of the list that it was given last; 0 before that.
    edition: AtomicU64,
}

impl Told {
    pub(super) fn session(&self) {
        self.is_in_session.store(true, Ordering::SeqCst);
    }

    pub(super) fn list(&self, edition: u64) {
        self.edition.store(edition, Ordering::SeqCst);
    }

    /// Whether the client has a list, and it is one of an earlier state.
    pub(super) fn is_outdated(&self, engine: &Engine) -> bool {
        let told = self.edition.load(Ordering::SeqCst);
        told != 0 && told != engine.state().edition()
    }
}

/// Tells the session of one connection, as long as it is polled.
pub struct Announcer {
    changes: Changes,
    told: Arc<Told>,
}

impl Announcer {
    pub(super) fn new(changes: Changes, told: Arc<Told>) -> Self {
        Self { changes, told }
    }

    /// Resolves when the client is gone.
    pub async fn run(mut self, peer: Peer<RoleServer>) {
        loop {
            self.changes.next().await;
            let is_ready = self.told.is_in_session.load(Ordering::SeqCst);
            if is_ready && peer.notify_tool_list_changed().await.is_err() {
                return;
            }
        }
    }
}

/// Serves one subscription until it is cancelled or the client says no more.
pub(super) async fn listen(
    engine: &Engine,
    mut changes: Changes,
    told: &Told,
    subscription: SubscriptionContext,
) {
    let ticket = subscription.request_context().extensions.get::<Ticket>();
    let over = async {
        match ticket {
            Some(ticket) => ticket.input_ended().await,
            None => std::future::pending().await,
        }
    };
    let telling = async {
        // A change between its last list and its subscription would be told by nobody else.
        let mut is_due = told.is_outdated(engine);
        while subscription.accepted().tools_list_changed == Some(true) {
            if is_due && subscription.sink().notify_tool_list_changed().await.is_err() {
                return;
            }
            changes.next().await;
            is_due = true;
        }
        std::future::pending().await
    };
    tokio::select! {
        () = subscription.cancelled() => {}
        () = over => {}
        () = telling => {}
    }
}

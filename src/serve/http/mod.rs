//! MCP over HTTP, for whoever may.
//!
//! Takes bound listeners and a shutdown future. Knows connections, heads and bodies; what a message
//! means is `mcp`'s, and whose key it is is `auth`'s. Every connection and every answer is bounded in
//! time and memory, so that nobody holds up anybody else.

mod account;
mod announce;
mod answer;
mod aside;
mod bodies;
mod body;
mod connection;
mod conversation;
mod cors;
mod crew;
mod crowd;
mod door;
mod guard;
mod held;
mod hooks;
mod leaving;
mod listen;
mod older;
mod opening;
mod passwords;
mod patient;
mod pool;
mod preface;
mod probes;
mod proxy;
mod rates;
mod route;
mod shelf;
mod stream;
mod streams;
mod tls;
mod tokens;

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::engine::Engine;
use crate::mcp::{Remote, SessionCaps};
use crate::model::HttpServer;

use connection::Surroundings;
use crew::Post;
use crowd::{Crowd, Place};
use leaving::Leaving;
use listen::Incoming;
use pool::Pool;
use route::House;
use shelf::RedisShelf;

pub use crew::Crew;
pub use listen::{Bound, Unreachable, bind, take_over};
pub use preface::{Exposed, judge, judge_bound};
pub use shelf::{NoShelf, shelf};

/// What is left to cancelled calls for their end.
const LAST: Duration = Duration::from_millis(800);

/// Serves until `shutdown`, and then for as long as running calls may go on.
///
/// When it returns, calls that still ran have been told to stop; whoever owns the runner sees to it
/// that nothing of them is left.
pub async fn serve(
    engine: Arc<Engine>,
    bound: Bound,
    shelf: Option<RedisShelf>,
    crew: &Crew,
    shutdown: impl Future<Output = ()>,
) {
    let room = listen::take_descriptors();
    let settings = engine.state().catalog().server.http.clone();
    let (stop, leaving) = (CancellationToken::new(), Leaving::default());
    let caps = SessionCaps { max: settings.limits.sessions, idle: settings.limits.session_timeout };
    let remote = Remote::new(Arc::clone(&engine), caps, stop.clone())
        .as_copy(settings.copies.copy.as_deref(), shelf.as_ref().map(RedisShelf::shelf));
    let house = House::new(Arc::clone(&engine), remote, bound.address.clone(), leaving.clone());
    let crowd = Crowd::new(settings.limits.connections.min(room));
    let reception = Reception { house: Arc::new(house), settings, crew, crowd, leaving };
    let seen_through = async {
        let mut connections = JoinSet::new();
        reception.open(bound, shutdown, &mut connections).await;
        reception.house.remote.close();
        let drain = engine.state().catalog().server.drain;
        let emptied = async {
            reception.empty(&mut connections).await;
            engine.jobs().drain(drain).await;
        };
        if tokio::time::timeout(drain, emptied).await.is_err() {
            tracing::warn!("calls are cancelled that did not end in time");
            stop.cancel();
            let _ = tokio::time::timeout(LAST, reception.empty(&mut connections)).await;
        }
        stop.cancel();
    };
    tokio::select! {
        () = seen_through => {}
        () = told_of_others(shelf.as_ref(), &reception.house.remote) => {}
    }
}

/// Never resolves.
async fn told_of_others(shelf: Option<&RedisShelf>, remote: &Remote) {
    if let Some(shelf) = shelf {
        shelf.listen(remote).await;
    }
    std::future::pending().await
}

/// Takes connections and sees them through.
struct Reception<'c> {
    house: Arc<House>,
    /// Of the start; where connections are bounded, those count.
    settings: HttpServer,
    crew: &'c Crew,
    crowd: Arc<Crowd>,
    leaving: Leaving,
}

impl Reception<'_> {
    /// Until `shutdown`, and the notice that is given then. What waits to be taken at the end is.
    async fn open(&self, bound: Bound, shutdown: impl Future<Output = ()>, connections: &mut JoinSet<()>) {
        let surroundings = Surroundings {
            house: Arc::clone(&self.house),
            limits: self.settings.connection_pool.within(self.settings.limits),
            pool: Pool::new(self.settings.connection_pool, Arc::clone(&self.crowd)),
            closing: self.leaving.closing.clone(),
            keeper: bound.keeper.clone(),
        };
        tokio::select! {
            () = self.accept(&bound, &surroundings, connections) => {}
            never = tls::renew(bound.keeper.clone()) => match never {},
            () = self.leaving.announced(shutdown, self.settings.notice) => {}
        }
        tracing::info!("stopping: no new calls are taken");
        self.leaving.told.cancel();
        for incoming in bound.close() {
            self.attend(&surroundings, incoming, self.crowd.more(), connections);
        }
        self.leaving.closing.cancel();
    }

    /// Until the last connection has ended.
    async fn empty(&self, connections: &mut JoinSet<()>) {
        let ended = async { while connections.join_next().await.is_some() {} };
        tokio::select! {
            () = ended => {}
            () = self.leaving.refuse_in_a_moment() => {}
        }
    }

    async fn accept(&self, bound: &Bound, surroundings: &Surroundings, connections: &mut JoinSet<()>) {
        loop {
            // What is over is let go of.
            while connections.try_join_next().is_some() {}
            let incoming = bound.accept(self.settings.limits.stall_timeout).await;
            let place = self.crowd.place().await;
            self.attend(surroundings, incoming, place, connections);
        }
    }

    fn attend(
        &self,
        surroundings: &Surroundings,
        incoming: Incoming,
        place: Place,
        connections: &mut JoinSet<()>,
    ) {
        let surroundings = surroundings.clone();
        let Post { runtime, share } = self.crew.post();
        let seen_through = async move {
            let incoming = if share.is_elsewhere() { incoming.taken_over() } else { Ok(incoming) };
            // One that cannot be taken over is closed.
            let Ok(incoming) = incoming else { return };
            tokio::select! {
                () = surroundings.attend(incoming, place.desk()) => {}
                () = place.is_needed() => {}
            }
        };
        connections.spawn_on(seen_through, &runtime);
    }
}

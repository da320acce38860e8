//! Connections that do nothing, and those of one address, within the bounds of the file.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::header;

use crate::model::ConnectionPool;

use super::answer::{Answer, set};

/// Their buffers are some megabytes.
const MANY: usize = 500;

/// Knows how many connections there are, and how many of them wait for an answer.
#[derive(Default)]
pub struct Pool {
    bounds: ConnectionPool,
    open: AtomicUsize,
    asking: AtomicUsize,
    /// How many connections have given back what they are read and written by.
    rested: AtomicUsize,
    of: Mutex<HashMap<IpAddr, usize>>,
}

/// An open connection.
pub struct Seat {
    pool: Arc<Pool>,
    peer: Option<IpAddr>,
}

/// A request that is being answered.
pub struct Asking<'p>(&'p Pool);

impl Pool {
    pub fn new(bounds: ConnectionPool) -> Arc<Self> {
        Arc::new(Self { bounds, ..Self::default() })
    }

    /// `None` if that address has as many as it may.
    pub fn seat(self: &Arc<Self>, peer: Option<IpAddr>) -> Option<Seat> {
        if let (Some(peer), Some(most)) = (peer, self.bounds.per_address) {
            let mut of = self.lock();
            let own = of.entry(peer).or_default();
            if *own >= most {
                tracing::debug!(%peer, "a connection too many is closed");
                return None;
            }
            *own += 1;
        }
        self.open.fetch_add(1, Ordering::SeqCst);
        Some(Seat { pool: Arc::clone(self), peer })
    }

    pub fn ask(&self) -> Asking<'_> {
        self.asking.fetch_add(1, Ordering::SeqCst);
        Asking(self)
    }

    /// To be asked of each connection that rests; sometimes so many do that it is worth something.
    pub fn has_many_at_rest(&self) -> bool {
        (self.rested.fetch_add(1, Ordering::SeqCst) + 1).is_multiple_of(MANY)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.of.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Asking<'_> {
    /// The answer, with which the connection ends if enough others wait for a next request.
    pub fn answered(self, mut answer: Answer) -> Answer {
        let idle = self.0.open.load(Ordering::SeqCst).saturating_sub(self.0.asking.load(Ordering::SeqCst));
        if self.0.bounds.idle.is_some_and(|most| idle >= most) {
            set(&mut answer, header::CONNECTION, "close");
        }
        answer
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        self.0.asking.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.pool.open.fetch_sub(1, Ordering::SeqCst);
        let Some(peer) = self.peer.filter(|_| self.pool.bounds.per_address.is_some()) else { return };
        let mut of = self.pool.lock();
        if let Some(own) = of.get_mut(&peer) {
            *own -= 1;
            if *own == 0 {
                of.remove(&peer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::answer::empty;
    use super::*;

    #[test]
    fn an_address_has_its_connections_and_idle_ones_are_few() {
        let bounds = ConnectionPool { idle: Some(1), per_address: Some(2), idle_timeout: None };
        let pool = Pool::new(bounds);
        let [one, other] = ["192.0.2.1", "192.0.2.2"].map(|peer| Some(peer.parse().unwrap()));
        let (first, _second) = (pool.seat(one), pool.seat(one));
        assert!(first.is_some() && pool.seat(one).is_none());
        assert!(pool.seat(other).is_some() && pool.seat(None).is_some());
        let is_last = |answer: &Answer| answer.headers().contains_key(header::CONNECTION);
        assert!(is_last(&pool.ask().answered(empty(200))), "one is idle already");
        drop(first);
        assert!(!is_last(&pool.ask().answered(empty(200))));
        assert!(pool.seat(one).is_some());
    }
}

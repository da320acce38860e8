//! Connections that do nothing, and those of one address, within the bounds of the file.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::header;

use crate::model::{ConnectionPool, host_network};

use super::answer::{Answer, set};
use super::crowd::Crowd;

/// Their buffers are some megabytes.
const MANY: usize = 500;

/// Knows how many connections each address has, and how many do nothing.
pub struct Pool {
    bounds: ConnectionPool,
    crowd: Arc<Crowd>,
    /// How many connections have given back what they are read and written by.
    rested: AtomicUsize,
    of: Mutex<HashMap<IpAddr, usize>>,
}

/// An open connection; an address has it if those are bounded.
pub struct Seat(Option<(Arc<Pool>, IpAddr)>);

impl Pool {
    pub fn new(bounds: ConnectionPool, crowd: Arc<Crowd>) -> Arc<Self> {
        Arc::new(Self { bounds, crowd, rested: AtomicUsize::new(0), of: Mutex::default() })
    }

    /// `None` if that address has as many as it may.
    pub fn seat(self: &Arc<Self>, peer: Option<IpAddr>) -> Option<Seat> {
        let Some((peer, most)) = peer.zip(self.bounds.per_address) else { return Some(Seat(None)) };
        let network = host_network(peer);
        let mut of = self.lock();
        let own = of.entry(network).or_default();
        if *own >= most {
            tracing::debug!(%peer, "a connection too many is closed");
            return None;
        }
        *own += 1;
        Some(Seat(Some((Arc::clone(self), network))))
    }

    /// The answer, with which the connection ends if enough others wait for a next request.
    pub fn answered(&self, mut answer: Answer) -> Answer {
        if self.bounds.idle.is_some_and(|most| self.crowd.idle() >= most) {
            set(&mut answer, header::CONNECTION, "close");
        }
        answer
    }

    /// To be asked of each connection that rests; sometimes so many do that it is worth something.
    pub fn has_many_at_rest(&self) -> bool {
        (self.rested.fetch_add(1, Ordering::SeqCst) + 1).is_multiple_of(MANY)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.of.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let Some((pool, network)) = &self.0 else { return };
        let mut of = pool.lock();
        if let Some(own) = of.get_mut(network) {
            *own -= 1;
            if *own == 0 {
                of.remove(network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::answer::empty;
    use super::*;

    #[tokio::test]
    async fn an_address_has_its_connections_and_idle_ones_are_few() {
        let bounds = ConnectionPool { idle: Some(1), per_address: Some(2), idle_timeout: None };
        let crowd = Crowd::new(10);
        let pool = Pool::new(bounds, Arc::clone(&crowd));
        let [one, other] = ["192.0.2.1", "192.0.2.2"].map(|peer| Some(peer.parse().unwrap()));
        let (first, _second) = (pool.seat(one), pool.seat(one));
        assert!(first.is_some() && pool.seat(one).is_none());
        assert!(pool.seat(other).is_some() && pool.seat(None).is_some());
        drop(first);
        assert!(pool.seat(one).is_some());
        let is_last = || pool.answered(empty(200)).headers().contains_key(header::CONNECTION);
        let (asks, waits) = (crowd.place().await, crowd.place().await);
        let (_answering, streaming) = (asks.desk().begin(), waits.desk().begin());
        let second = waits.desk().begin();
        assert!(!is_last(), "the other one is being sent two answers");
        drop(second);
        assert!(!is_last());
        drop(streaming);
        assert!(is_last(), "one is idle already");
    }

    #[tokio::test]
    async fn addresses_of_one_host_are_one() {
        let bounds = ConnectionPool { idle: None, per_address: Some(1), idle_timeout: None };
        let pool = Pool::new(bounds, Crowd::new(10));
        let [one, same, other] =
            ["2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"].map(|peer| peer.parse().ok());
        let first = pool.seat(one);
        assert!(first.is_some() && pool.seat(same).is_none() && pool.seat(other).is_some());
        drop(first);
        assert!(pool.seat(same).is_some());
    }
}

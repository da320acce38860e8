//! What the bodies that are being received take together.
//!
//! When it is more than they may, the largest goes. So whoever sends much, and slowly, keeps nobody out who
//! sends little.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// Smaller ones are bounded by the number of connections, where each has one at a time.
pub const SMALL: u64 = 16 << 10;

#[derive(Clone, Default)]
pub struct Bodies(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    next: u64,
    together: u64,
    large: HashMap<u64, Large>,
}

struct Large {
    length: u64,
    go: Arc<Notify>,
}

/// One body, until it is dropped.
pub struct Charge {
    bodies: Bodies,
    /// Up to this it does not count.
    small: u64,
    number: Option<u64>,
    go: Arc<Notify>,
}

impl Bodies {
    pub fn begin(&self, small: u64) -> Charge {
        Charge { bodies: self.clone(), small, number: None, go: Arc::default() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Charge {
    /// Is told when this body has to go.
    pub fn go(&self) -> Arc<Notify> {
        Arc::clone(&self.go)
    }

    /// Whether there is room for so much of it, if need be in place of larger ones.
    pub fn has(&mut self, length: u64, most: u64) -> bool {
        if length <= self.small {
            return true;
        }
        let mut state = self.bodies.lock();
        let number = *self.number.get_or_insert_with(|| {
            state.next += 1;
            state.next
        });
        state.set(number, length, &self.go);
        while state.together > most {
            match state.largest() {
                Some(largest) if largest != number => state.send_away(largest),
                _ => return false,
            }
        }
        true
    }
}

impl State {
    fn set(&mut self, number: u64, length: u64, go: &Arc<Notify>) {
        let large = self.large.entry(number).or_insert_with(|| Large { length: 0, go: Arc::clone(go) });
        self.together = self.together.saturating_sub(large.length).saturating_add(length);
        large.length = length;
    }

    fn largest(&self) -> Option<u64> {
        let largest = self.large.iter().max_by_key(|(number, large)| (large.length, **number));
        largest.map(|(number, _)| *number)
    }

    fn send_away(&mut self, number: u64) {
        if let Some(large) = self.large.remove(&number) {
            self.together = self.together.saturating_sub(large.length);
            large.go.notify_one();
        }
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        let Some(number) = self.number else { return };
        let mut state = self.bodies.lock();
        if let Some(large) = state.large.remove(&number) {
            state.together = state.together.saturating_sub(large.length);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIB: u64 = 1 << 10;

    fn is_told_to_go(charge: &Charge) -> bool {
        tokio_test(charge.go())
    }

    fn tokio_test(go: Arc<Notify>) -> bool {
        use std::task::{Context, Poll, Waker};
        let told = std::pin::pin!(go.notified()).poll(&mut Context::from_waker(Waker::noop()));
        told == Poll::Ready(())
    }

    #[test]
    fn the_largest_goes_and_the_small_ones_are_always_let_in() {
        let bodies = Bodies::default();
        let [mut large, mut middle, mut small] = [(); 3].map(|()| bodies.begin(SMALL));
        assert!(large.has(600 * KIB, 1024 * KIB) && middle.has(400 * KIB, 1024 * KIB));
        assert!(small.has(16 * KIB, 0), "it is not counted");
        assert!(small.has(100 * KIB, 1024 * KIB) && is_told_to_go(&large));
        assert_eq!(bodies.lock().together, 500 * KIB);
        assert!(!middle.has(1000 * KIB, 1024 * KIB), "it is the largest itself");
        assert!(!is_told_to_go(&small));
        let mut counted = bodies.begin(0);
        assert!(counted.has(1, 2048 * KIB), "there is room");
        assert_eq!(bodies.lock().together, 1100 * KIB + 1);
        drop((large, middle, small, counted));
        let state = bodies.lock();
        assert!(state.large.is_empty() && state.together == 0);
    }
}

//! A number of places of which each is given to one call at a time, and which can change meanwhile.
//!
//! A reload changes how many places there are while calls hold some. Nobody loses a place: when
//! there are fewer, those that are given back are not given out again until the number is right.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub struct Gate {
    free: Arc<Semaphore>,
    places: AtomicUsize,
    /// So many places that are given back exist no longer.
    surplus: AtomicUsize,
}

/// One place; given back when dropped.
pub struct Pass {
    gate: Arc<Gate>,
    permit: Option<OwnedSemaphorePermit>,
}

impl Gate {
    pub fn new(places: usize) -> Arc<Self> {
        let places = places.min(Semaphore::MAX_PERMITS);
        Arc::new(Self {
            free: Arc::new(Semaphore::new(places)),
            places: AtomicUsize::new(places),
            surplus: AtomicUsize::new(0),
        })
    }

    /// From now on there are so many places. Only one caller at a time may change this.
    pub fn resize(&self, places: usize) {
        let places = places.min(Semaphore::MAX_PERMITS);
        let before = self.places.swap(places, Ordering::SeqCst);
        let (more, fewer) = (places.saturating_sub(before), before.saturating_sub(places));
        let taken = fewer - self.free.forget_permits(fewer);
        self.surplus.fetch_add(taken, Ordering::SeqCst);
        let forgiven = (0..more).take_while(|_| self.is_surplus()).count();
        self.free.add_permits(more - forgiven);
    }

    /// How many places are held, also those that there should not be any more.
    pub fn held(&self) -> usize {
        let places = self.places.load(Ordering::SeqCst) + self.surplus.load(Ordering::SeqCst);
        places.saturating_sub(self.free.available_permits())
    }

    pub fn try_enter(self: &Arc<Self>) -> Option<Pass> {
        let permit = Arc::clone(&self.free).try_acquire_owned().ok()?;
        Some(Pass { gate: Arc::clone(self), permit: Some(permit) })
    }

    pub async fn enter(self: &Arc<Self>) -> Pass {
        // The semaphore is never closed, so this always gives a permit.
        let permit = Arc::clone(&self.free).acquire_owned().await.ok();
        Pass { gate: Arc::clone(self), permit }
    }

    /// Takes one off the surplus, if there is any.
    fn is_surplus(&self) -> bool {
        let one_less = |surplus: usize| surplus.checked_sub(1);
        self.surplus.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).is_ok()
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if let Some(permit) = self.permit.take_if(|_| self.gate.is_surplus()) {
            permit.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_places_are_reached_as_calls_end() {
        let gate = Gate::new(3);
        let mut inside: Vec<Pass> = (0..3).filter_map(|_| gate.try_enter()).collect();
        gate.resize(1);
        assert_eq!(gate.held(), 3);
        for still in [2, 1] {
            inside.pop();
            assert!(gate.try_enter().is_none(), "{still} are inside, one may");
            assert_eq!(gate.held(), still);
        }
        inside.pop();
        let last = gate.try_enter();
        assert!(last.is_some() && gate.try_enter().is_none());
    }

    #[test]
    fn more_places_are_there_at_once_and_make_up_for_a_surplus() {
        let gate = Gate::new(2);
        let inside: Vec<Pass> = (0..2).filter_map(|_| gate.try_enter()).collect();
        gate.resize(1);
        gate.resize(3);
        let third = gate.try_enter();
        assert!(third.is_some() && gate.try_enter().is_none());
        drop((inside, third));
        assert_eq!((gate.held(), gate.free.available_permits()), (0, 3));
    }

    #[tokio::test]
    async fn whoever_waits_is_let_in_by_a_larger_number() {
        let gate = Gate::new(1);
        let inside = gate.enter().await;
        let waiting = tokio::spawn({
            let gate = Arc::clone(&gate);
            async move { gate.enter().await }
        });
        tokio::task::yield_now().await;
        gate.resize(2);
        let second = waiting.await.unwrap();
        assert_eq!(gate.held(), 2);
        drop((inside, second));
    }
}

//! Whoever presents wrong keys waits, the longer the more often. Whoever has the right one does not,
//! even from the same address.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

/// Mistakes that cost nothing.
const FREE: u32 = 3;
const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(5);
/// After this many seconds a mistake is forgotten.
const FORGOTTEN: u64 = 60;
/// Answers that one source may wait for at once.
const WAITING: u32 = 8;
/// Sources that are remembered.
const SOURCES: usize = 4096;

/// What a mistake costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Penalty {
    Wait(Duration),
    /// Too many of its answers are waited for already.
    GoAway,
}

/// What is remembered of sources that made mistakes.
#[derive(Debug)]
pub struct Patience<S> {
    sources: HashMap<S, Mistakes>,
}

impl<S> Default for Patience<S> {
    fn default() -> Self {
        Self { sources: HashMap::new() }
    }
}

#[derive(Debug, Clone, Copy)]
struct Mistakes {
    count: u32,
    last: u64,
    waiting: u32,
}

impl<S: Hash + Eq + Clone> Patience<S> {
    /// A mistake at a time in seconds. After a `Wait` the caller says [`Self::waited`].
    pub fn mistake(&mut self, source: &S, now: u64) -> Penalty {
        if self.sources.len() >= SOURCES {
            self.forget(now);
        }
        let known =
            self.sources.entry(source.clone()).or_insert(Mistakes { count: 0, last: now, waiting: 0 });
        let forgiven = u32::try_from(now.saturating_sub(known.last) / FORGOTTEN).unwrap_or(u32::MAX);
        known.count = known.count.saturating_sub(forgiven).saturating_add(1);
        known.last = now;
        if known.waiting >= WAITING {
            return Penalty::GoAway;
        }
        known.waiting += 1;
        let beyond = known.count.saturating_sub(FREE);
        let wait = match beyond {
            0 => Duration::ZERO,
            _ => FIRST.saturating_mul(1_u32.checked_shl(beyond.min(20) - 1).unwrap_or(u32::MAX)).min(LONGEST),
        };
        Penalty::Wait(wait)
    }

    pub fn waited(&mut self, source: &S) {
        if let Some(known) = self.sources.get_mut(source) {
            known.waiting = known.waiting.saturating_sub(1);
        }
    }

    /// Makes room: what is old goes, and if nothing is, whoever made the fewest mistakes.
    fn forget(&mut self, now: u64) {
        let is_fresh = |known: &Mistakes| known.waiting > 0 || now.saturating_sub(known.last) < FORGOTTEN;
        self.sources.retain(|_, known| is_fresh(known));
        if self.sources.len() >= SOURCES {
            self.sources.retain(|_, known| known.waiting > 0 || known.count > FREE);
        }
        if self.sources.len() >= SOURCES {
            self.sources.retain(|_, known| known.waiting > 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_cost_more_and_more_and_are_forgotten() {
        let mut patience = Patience::default();
        let mut cost = |now| match patience.mistake(&1, now) {
            Penalty::Wait(wait) => {
                patience.waited(&1);
                wait.as_millis()
            }
            Penalty::GoAway => panic!("nothing waits"),
        };
        let costs: Vec<u128> = (0..7).map(|_| cost(0)).collect();
        assert_eq!(costs, [0, 0, 0, 100, 200, 400, 800]);
        assert_eq!((0..60).map(|_| cost(1)).max(), Some(5000));
        assert_eq!(cost(1_000_000), 0);
    }

    #[test]
    fn nobody_has_many_answers_waiting_and_the_table_is_bounded() {
        let mut patience = Patience::default();
        let refused = (0..20).filter(|_| patience.mistake(&0, 0) == Penalty::GoAway).count();
        assert_eq!(refused, 12);
        for source in 1..20_000 {
            patience.mistake(&source, 0);
            patience.waited(&source);
        }
        assert!(patience.sources.len() <= SOURCES);
    }
}

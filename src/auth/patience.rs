//! Whoever presents what is wrong waits, the longer the more often, and has no more than a few answers to wait for.
//!
//! What could be guessed, or costs something to judge, is judged for somebody who has a place free
//! ([`Patience::may_try`]): so the number of guesses in a time is bounded, however many are sent at once. Keys are
//! judged without asking: nobody finds 256 bits by trying, and whoever has the right one is to come in whatever
//! others do behind the same address.
//!
//! Moments are counted from any one that stays the same.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

/// Mistakes that cost nothing.
const FREE: u32 = 3;
const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(5);
/// After so long a mistake is forgotten.
const FORGOTTEN: Duration = Duration::from_secs(60);
/// Answers that one source may wait for at once, together with what is judged for it.
const PLACES: usize = 8;
/// The same for a source that made no mistakes to speak of: many people may be behind one address.
const PLACES_AT_FIRST: usize = 32;
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

#[derive(Debug)]
struct Mistakes {
    count: u32,
    last: Duration,
    /// When the answers that are held back are due. Who hangs up before has no place back sooner.
    due: Vec<Duration>,
    /// What is being judged.
    trying: usize,
}

impl<S: Hash + Eq + Clone> Patience<S> {
    /// Whether something may be judged for a source that is dear, or could be guessed. Who may says
    /// [`Self::tried`] when it is over, and before that whether it was a [`Self::mistake`].
    pub fn may_try(&mut self, source: &S, now: Duration) -> bool {
        let known = self.of(source, now);
        let places = if known.count > FREE { PLACES } else { PLACES_AT_FIRST };
        let may = known.due.len() + known.trying < places;
        known.trying += usize::from(may);
        may
    }

    pub fn tried(&mut self, source: &S) {
        let Some(known) = self.sources.get_mut(source) else { return };
        known.trying = known.trying.saturating_sub(1);
        if known.count == 0 && known.is_idle() {
            self.sources.remove(source);
        }
    }

    /// A mistake, and what it costs.
    pub fn mistake(&mut self, source: &S, now: Duration) -> Penalty {
        let known = self.of(source, now);
        known.count = known.count.saturating_add(1);
        known.last = now;
        if known.due.len() >= PLACES {
            return Penalty::GoAway;
        }
        let beyond = known.count.saturating_sub(FREE);
        let wait = match beyond {
            0 => Duration::ZERO,
            _ => FIRST.saturating_mul(1_u32.checked_shl(beyond.min(20) - 1).unwrap_or(u32::MAX)).min(LONGEST),
        };
        if !wait.is_zero() {
            known.due.push(now + wait);
        }
        Penalty::Wait(wait)
    }

    /// What is known of a source now.
    fn of(&mut self, source: &S, now: Duration) -> &mut Mistakes {
        if self.sources.len() >= SOURCES {
            self.forget(now);
        }
        let unknown = Mistakes { count: 0, last: now, due: Vec::new(), trying: 0 };
        let known = self.sources.entry(source.clone()).or_insert(unknown);
        let forgiven = now.saturating_sub(known.last).as_secs() / FORGOTTEN.as_secs();
        if forgiven > 0 {
            known.count = known.count.saturating_sub(u32::try_from(forgiven).unwrap_or(u32::MAX));
            known.last = now;
        }
        known.due.retain(|due| now < *due);
        known
    }

    /// Makes room: what is old goes, and if nothing is, whoever made the fewest mistakes.
    fn forget(&mut self, now: Duration) {
        self.sources.values_mut().for_each(|known| known.due.retain(|due| now < *due));
        let is_fresh = |known: &Mistakes| now.saturating_sub(known.last) < FORGOTTEN;
        self.sources.retain(|_, known| !known.is_idle() || is_fresh(known));
        if self.sources.len() >= SOURCES {
            self.sources.retain(|_, known| !known.is_idle() || known.count > FREE);
        }
        if self.sources.len() >= SOURCES {
            self.sources.retain(|_, known| !known.is_idle());
        }
    }
}

impl Mistakes {
    fn is_idle(&self) -> bool {
        self.due.is_empty() && self.trying == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn mistakes_cost_more_and_more_and_are_forgotten() {
        let (mut patience, mut now) = (Patience::default(), HOUR);
        let mut cost = |later: Duration| {
            now += later;
            let Penalty::Wait(wait) = patience.mistake(&1, now) else { panic!("nothing waits") };
            now += wait;
            wait.as_millis()
        };
        let costs: Vec<u128> = (0..7).map(|_| cost(Duration::ZERO)).collect();
        assert_eq!(costs, [0, 0, 0, 100, 200, 400, 800]);
        assert_eq!((0..10).map(|_| cost(Duration::from_secs(1))).max(), Some(5000));
        assert_eq!(cost(HOUR), 0);
    }

    #[test]
    fn nobody_has_many_answers_waiting_and_the_table_is_bounded() {
        let (mut patience, now) = (Patience::default(), HOUR);
        let refused = (0..20).filter(|_| patience.mistake(&0, now) == Penalty::GoAway).count();
        assert_eq!(refused, 20 - 3 - PLACES);
        for source in 1..20_000 {
            patience.mistake(&source, now);
        }
        assert!(patience.sources.len() <= SOURCES);
        assert_eq!(patience.mistake(&0, now), Penalty::GoAway, "who waits is not forgotten");
    }

    #[test]
    fn what_is_judged_takes_a_place_until_its_answer_is_due() {
        let (mut patience, now) = (Patience::default(), HOUR);
        let tried = |patience: &mut Patience<u8>, now: Duration| {
            let judged = (0..1000).filter(|_| patience.may_try(&0, now)).count();
            for _ in 0..judged {
                patience.mistake(&0, now);
                patience.tried(&0);
            }
            judged
        };
        assert_eq!(tried(&mut patience, now), PLACES_AT_FIRST);
        assert_eq!(tried(&mut patience, now), 0, "its answers are waited for");
        assert!(patience.may_try(&1, now), "others are others");
        // In a minute of a storm that never ends: each place is free every five seconds.
        let minute = (1..=600).map(|tenth| tried(&mut patience, now + Duration::from_millis(100) * tenth));
        let judged: usize = minute.sum();
        assert!((60..150).contains(&judged), "{judged}");
        assert_eq!(tried(&mut patience, now + HOUR * 24), PLACES_AT_FIRST, "all of it is forgotten");
    }

    #[test]
    fn of_whoever_was_right_nothing_is_remembered() {
        let (mut patience, now) = (Patience::default(), HOUR);
        assert!(patience.may_try(&0, now));
        patience.tried(&0);
        assert!(patience.sources.is_empty());
    }
}

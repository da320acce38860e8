//! How often an issuer is asked, whatever callers send: a few times at once, and then now and then.

use std::time::Duration;

use tokio::time::Instant;

const AT_ONCE: u32 = 3;
const THEN_EVERY: Duration = Duration::from_secs(15);

/// What is left of the times that it may be asked.
#[derive(Debug, Default)]
pub struct Often {
    spent: u32,
    since: Option<Instant>,
}

impl Often {
    /// Whether it may be asked now; that counts.
    pub fn may_ask(&mut self, now: Instant) -> bool {
        let since = *self.since.get_or_insert(now);
        let elapsed = now.saturating_duration_since(since);
        let earned = u32::try_from(elapsed.as_secs() / THEN_EVERY.as_secs()).unwrap_or(u32::MAX);
        if earned > 0 {
            self.spent = self.spent.saturating_sub(earned);
            self.since = Some(now);
        }
        let may = self.spent < AT_ONCE;
        self.spent += u32::from(may);
        may
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_storm_asks_a_few_times_and_then_now_and_then() {
        let (begun, mut often) = (Instant::now(), Often::default());
        let asked = |often: &mut Often, at: u64| {
            (0..1000).filter(|_| often.may_ask(begun + Duration::from_secs(at))).count()
        };
        assert_eq!([0, 1, 14, 15, 16, 30, 3600].map(|at| asked(&mut often, at)), [3, 0, 0, 1, 0, 1, 3]);
    }
}

//! Keeps those who are turned away from filling the log: so many records a minute, and the next one
//! says how many there were beside.

use std::time::{Duration, Instant};

const MINUTE: Duration = Duration::from_secs(60);
const MOST: u32 = 120;

pub struct Storm {
    since: Instant,
    count: u32,
    unrecorded: u64,
}

impl Storm {
    pub fn new(now: Instant) -> Self {
        Self { since: now, count: 0, unrecorded: 0 }
    }

    /// Whether one more is recorded, and how many were not before it.
    pub fn admit(&mut self, now: Instant) -> Option<u64> {
        if now.duration_since(self.since) >= MINUTE {
            (self.since, self.count) = (now, 0);
        }
        if self.count >= MOST {
            self.unrecorded += 1;
            return None;
        }
        self.count += 1;
        Some(std::mem::take(&mut self.unrecorded))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_storm_is_counted_and_not_written() {
        let now = Instant::now();
        let mut storm = Storm::new(now);
        let admitted = (0..1000).filter_map(|_| storm.admit(now)).count();
        assert_eq!(admitted, MOST as usize);
        assert_eq!(storm.admit(now + MINUTE), Some(1000 - u64::from(MOST)));
        assert_eq!(storm.admit(now + MINUTE), Some(0));
    }
}

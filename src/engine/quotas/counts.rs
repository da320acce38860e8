//! Calls of each caller in the hour and the day that are now. Knows no clock and no disk.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

use crate::model::{Quota, format_duration};

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;
/// Callers that are kept apart. Beyond them those who come new share one count.
const MOST: usize = 65_536;
const OTHERS: &str = "others";

/// There are no more calls for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("all {most} calls of this {period} are used up; there are more in {}", format_duration(*.wait))]
pub struct UsedUp {
    most: NonZeroU32,
    period: &'static str,
    wait: Duration,
}

/// What somebody has used up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Used {
    pub hour: Period,
    pub day: Period,
}

/// Calls in one hour or on one day, counted from 1970.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Period {
    pub number: u64,
    pub calls: u32,
}

#[derive(Debug, Clone, Default)]
pub struct Counts {
    of: BTreeMap<String, Used>,
}

impl Counts {
    pub fn of(entries: impl IntoIterator<Item = (String, Used)>) -> Self {
        Self { of: entries.into_iter().take(MOST).collect() }
    }

    pub fn iter(&self) -> impl Iterator<Item = (&String, &Used)> {
        self.of.iter()
    }

    /// One more call, at a time since 1970. One that is refused is not counted.
    pub fn take(&mut self, caller: &str, quota: Quota, now: Duration) -> Result<(), UsedUp> {
        let now = now.as_secs();
        let is_known = self.of.contains_key(caller);
        if !is_known && self.of.len() >= MOST {
            self.of.retain(|_, used| used.day.number >= now / DAY);
        }
        let name = if is_known || self.of.len() < MOST { caller } else { OTHERS };
        let used = self.of.entry(name.to_owned()).or_default();
        used.hour.begin(now / HOUR);
        used.day.begin(now / DAY);
        used.hour.judge(quota.per_hour, "hour", HOUR, now)?;
        used.day.judge(quota.per_day, "day", DAY, now)?;
        used.hour.calls = used.hour.calls.saturating_add(1);
        used.day.calls = used.day.calls.saturating_add(1);
        Ok(())
    }
}

impl Period {
    /// A clock that is set back gives nothing back.
    fn begin(&mut self, number: u64) {
        if number > self.number {
            *self = Self { number, calls: 0 };
        }
    }

    fn judge(
        &self,
        most: Option<NonZeroU32>,
        period: &'static str,
        length: u64,
        now: u64,
    ) -> Result<(), UsedUp> {
        match most {
            Some(most) if self.calls >= most.get() => {
                let wait = Duration::from_secs(((self.number + 1) * length).saturating_sub(now));
                Err(UsedUp { most, period, wait })
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quota(per_hour: u32, per_day: u32) -> Quota {
        Quota { per_hour: NonZeroU32::new(per_hour), per_day: NonZeroU32::new(per_day) }
    }

    #[test]
    fn an_hour_and_a_day_have_their_calls_and_a_clock_that_is_set_back_gives_none() {
        let mut counts = Counts::default();
        let midnight = 20_000 * DAY;
        let mut made = |caller: &str, quota: Quota, at: u64| {
            (0..9).take_while(|_| counts.take(caller, quota, Duration::from_secs(at)).is_ok()).count()
        };
        assert_eq!(made("key:ci", quota(2, 5), midnight), 2);
        assert_eq!(made("key:ann", quota(3, 0), midnight), 3, "each has their own");
        assert_eq!(made("key:ci", quota(2, 5), midnight + HOUR - 1), 0);
        assert_eq!(made("key:ci", quota(2, 5), midnight + HOUR), 2);
        assert_eq!(made("key:ci", quota(2, 5), midnight + 2 * HOUR), 1, "of the day");
        assert_eq!(made("key:ci", quota(2, 5), midnight - DAY), 0);
        assert_eq!(made("key:ci", quota(2, 5), midnight + DAY), 2);
        assert_eq!(made("key:ben", quota(0, 0), midnight), 9, "what is not said is not limited");
        let used_up =
            counts.take("key:ci", quota(2, 5), Duration::from_secs(midnight + DAY + 60)).unwrap_err();
        assert_eq!(used_up.to_string(), "all 2 calls of this hour are used up; there are more in 59m");
    }

    #[test]
    fn those_who_are_too_many_share_one_count() {
        let mut counts = Counts::default();
        let day = Duration::from_secs(20_000 * DAY);
        for number in 0..MOST + 10 {
            let _ = counts.take(&format!("token:{number}"), quota(0, 5), day);
        }
        assert!(counts.of.len() <= MOST + 1);
        assert_eq!(counts.of.get(OTHERS).map(|used| used.day.calls), Some(5));
        counts.take("token:new", quota(0, 5), day + Duration::from_secs(DAY)).unwrap();
        assert_eq!(counts.of.len(), 1, "yesterday is forgotten");
    }
}

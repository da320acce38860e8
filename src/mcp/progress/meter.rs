//! Numbers and moments: how far a call is, and when its client may be told.

use std::time::Duration;

use super::marks::Mark;

/// Without anything new for this long, the client is told that the call still runs.
pub(super) const SILENCE: Duration = Duration::from_secs(10);

/// How many notifications may come at once before the interval counts, so that a command that writes
/// as fast as a person reads is seen line by line.
const BURST: u32 = 24;

/// How far ahead of its time a notification may be sent.
pub(super) fn burst(interval: Duration) -> Duration {
    interval * BURST
}

/// How long one notification after another takes in the long run. Lively at first, and bounded for a call
/// that goes on for hours.
pub(super) fn interval(running: Duration, sent: u32) -> Duration {
    if sent >= 1000 {
        SILENCE
    } else if running < Duration::from_secs(5) {
        Duration::from_millis(250)
    } else {
        Duration::from_secs(1)
    }
}

/// Makes the numbers of a call's notifications, each greater than the one before.
///
/// Without marks they are seconds. The first mark continues from there, so that its share of the
/// total is what grows from then on.
#[derive(Default)]
pub(super) struct Meter {
    last: Option<f64>,
    /// Where the first mark was seen.
    base: Option<f64>,
}

/// The least growth.
const STEP: f64 = 0.001;

impl Meter {
    /// The next number and its total.
    pub(super) fn next(&mut self, running: Duration, mark: Option<Mark>) -> (f64, Option<f64>) {
        let Some(last) = self.last else {
            self.last = Some(0.0);
            return (0.0, mark.map(|mark| mark.total));
        };
        let (wanted, total) = match mark {
            Some(mark) => {
                let base = *self.base.get_or_insert(last);
                (base + mark.done, Some(base + mark.total))
            }
            None => ((running.as_secs_f64() * 1000.0).round() / 1000.0, None),
        };
        let number = if wanted > last { wanted } else { last + STEP };
        self.last = Some(number);
        (number, total.filter(|total| number <= *total))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn mark(done: f64, total: f64) -> Option<Mark> {
        Some(Mark { done, total })
    }

    #[test]
    fn seconds_pass_until_a_mark_takes_over() {
        let mut meter = Meter::default();
        let second = Duration::from_secs(1);
        assert_eq!(meter.next(Duration::ZERO, None), (0.0, None));
        assert_eq!(meter.next(second * 2, None), (2.0, None));
        assert_eq!(meter.next(second * 3, mark(1.0, 4.0)), (3.0, Some(6.0)));
        assert_eq!(meter.next(second * 9, mark(4.0, 4.0)), (6.0, Some(6.0)));
    }

    #[test]
    fn numbers_always_grow_and_never_pass_their_total() {
        let mut meter = Meter::default();
        let mut last = -1.0;
        for mark in
            [None, mark(3.0, 7.0), mark(3.0, 7.0), mark(1.0, 7.0), mark(7.0, 7.0), mark(7.0, 7.0), None]
        {
            let (number, total) = meter.next(Duration::ZERO, mark);
            assert!(number > last, "{number} after {last}");
            assert!(total.is_none_or(|total| number <= total), "{number} of {total:?}");
            last = number;
        }
    }
}

//! Trying again: how often, after which wait, and after which endings.

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

/// How often something is tried, and when again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    /// All tries, the first one too.
    pub attempts: NonZeroU32,
    pub backoff: Backoff,
    /// Before the second try.
    pub delay: Duration,
    /// No wait is longer.
    pub max_delay: Duration,
    pub on: RetryOn,
}

impl Retry {
    /// The wait after this try, counted from 1. `random` is at least 0 and below 1.
    pub fn wait(&self, after_attempt: u32, random: f64) -> Duration {
        let longest = self.longest_wait(after_attempt);
        match self.backoff {
            Backoff::Fixed | Backoff::Linear => longest,
            Backoff::Exponential => longest.mul_f64(f64::midpoint(1.0, random.clamp(0.0, 1.0))),
        }
    }

    /// The same before anything is drawn.
    pub fn longest_wait(&self, after_attempt: u32) -> Duration {
        let grown = match self.backoff {
            Backoff::Fixed => self.delay,
            Backoff::Linear => self.delay.saturating_mul(after_attempt),
            Backoff::Exponential => {
                let factor = 1_u32.checked_shl(after_attempt.saturating_sub(1)).unwrap_or(u32::MAX);
                self.delay.saturating_mul(factor)
            }
        };
        grown.min(self.max_delay)
    }
}

/// How waits grow from one to the next. Exponential ones are drawn at random between half of their length and
/// all of it, so that callers who failed together do not come back together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backoff {
    Fixed,
    Linear,
    Exponential,
}

/// After which endings there is another try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RetryOn {
    /// Nothing was said: every failure of a command that may be repeated by its annotations, and of others
    /// only those after which it certainly has done nothing.
    Safe,
    /// These, whatever the annotations say.
    These(Vec<RetryReason>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryReason {
    /// `failure`: every ending that is no success.
    Failure,
    /// `timeout`
    Timeout,
    /// `exit:75`
    Exit(i32),
    /// `http:429`
    Http(u16),
    /// `unanswered`: an HTTP call without an answer, or without the whole of it.
    Unanswered,
}

impl Backoff {
    pub fn word(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::Linear => "linear",
            Self::Exponential => "exponential",
        }
    }
}

/// As it is written in a file.
impl fmt::Display for RetryReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failure => f.write_str("failure"),
            Self::Timeout => f.write_str("timeout"),
            Self::Exit(code) => write!(f, "exit:{code}"),
            Self::Http(status) => write!(f, "http:{status}"),
            Self::Unanswered => f.write_str("unanswered"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(backoff: Backoff, random: f64) -> Vec<u64> {
        let retry = Retry {
            attempts: NonZeroU32::MAX,
            backoff,
            delay: Duration::from_secs(2),
            max_delay: Duration::from_secs(9),
            on: RetryOn::Safe,
        };
        let tries = [1, 2, 3, 4, 5, 32, 33, 34, u32::MAX];
        tries.map(|attempt| retry.wait(attempt, random).as_millis() as u64).to_vec()
    }

    #[test]
    fn waits_grow_as_they_are_told_to_and_never_beyond_the_longest() {
        assert_eq!(waits(Backoff::Fixed, 0.3), [2000; 9]);
        assert_eq!(waits(Backoff::Linear, 0.3), [2000, 4000, 6000, 8000, 9000, 9000, 9000, 9000, 9000]);
        assert_eq!(waits(Backoff::Exponential, 1.0), [2000, 4000, 8000, 9000, 9000, 9000, 9000, 9000, 9000]);
        assert_eq!(waits(Backoff::Exponential, 0.0), [1000, 2000, 4000, 4500, 4500, 4500, 4500, 4500, 4500]);
        assert_eq!(waits(Backoff::Exponential, 0.5)[..2], [1500, 3000]);
    }
}

//! Trying again: how often, after which wait, and after which endings.

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

/// How waits grow from one to the next. Exponential ones are drawn at random up to their length, so
/// that callers who failed together do not come back together.
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

//! Leaving alone what keeps failing: when a command is not tried any more, and when again.

use std::num::NonZeroU32;
use std::time::Duration;

/// So many failures in a row within the window open it; after the cooldown one call is let through to
/// see whether it is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breaker {
    pub failures: NonZeroU32,
    pub window: Duration,
    pub cooldown: Duration,
}

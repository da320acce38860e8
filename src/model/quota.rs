//! How many calls a caller has in an hour and in a day.

use std::num::NonZeroU32;

/// At least one of the two is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    pub per_hour: Option<NonZeroU32>,
    pub per_day: Option<NonZeroU32>,
}

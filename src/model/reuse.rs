//! Containers that stay for several calls of the same caller, one after another.

use std::time::Duration;

/// How far one container is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reuse {
    /// After so many calls it goes.
    pub calls: u32,
    /// And when it is so old, counted from its start.
    pub age: Duration,
}

impl Default for Reuse {
    fn default() -> Self {
        Self { calls: 100, age: Duration::from_secs(600) }
    }
}

//! Calls that go on when nobody waits for them: when they are left to themselves, and how many may be.

use std::path::PathBuf;
use std::time::Duration;

use super::units::ByteSize;

/// The names of the tools by which clients look after jobs, in the order in which they are listed.
pub const OWN_TOOLS: [&str; 4] = ["job_wait", "job_output", "job_cancel", "job_list"];

/// When a call that still runs is left to itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detach {
    /// Its caller waits to its end.
    Never,
    After(Duration),
    /// Nobody waits for it at all.
    AtOnce,
}

impl Detach {
    /// Before the usual clients give up.
    pub const USUAL: Self = Self::After(Duration::from_secs(45));
}

/// How many jobs there may be, and what is kept of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRules {
    /// That run at once.
    pub max: usize,
    /// Of one caller.
    pub per_caller: usize,
    /// How long one that is over can be asked for.
    pub keep: Duration,
    /// Of what one has written.
    pub log_limit: ByteSize,
    /// In place of the usual folder of this user.
    pub folder: Option<PathBuf>,
}

impl Default for JobRules {
    fn default() -> Self {
        Self {
            max: 256,
            per_caller: 64,
            keep: Duration::from_hours(24),
            log_limit: ByteSize::mib(16),
            folder: None,
        }
    }
}

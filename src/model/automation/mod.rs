//! What a command does by itself under `--server`: at times of the day, when files change, and when
//! somebody who knows a secret asks for it. Each names the caller that it acts as.

mod actor;
#[cfg(feature = "schedule")]
mod cron;
#[cfg(not(feature = "schedule"))]
#[path = "no_cron.rs"]
mod cron;
mod filling;
mod trigger;

use std::time::Duration;

use serde_json::{Map, Value};

pub use actor::{UnknownActor, actor};
pub use cron::{BadCron, BadZone, Cron, Zone, written_moment};
pub use filling::{BadFilling, Filling, Given, Unfilled};
pub use trigger::{Change, FileTrigger, Occasion, SignedBy, Trigger, Watched, Webhook};

/// What one command does by itself, in the order of the file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Automation {
    pub schedules: Vec<Schedule>,
    pub triggers: Vec<Trigger>,
}

/// When a command runs by the clock, and what happens if it could not.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    pub cron: Cron,
    pub zone: Zone,
    /// The caller that it acts as, as the file names it.
    pub acts_as: String,
    pub with: Map<String, Value>,
    pub missed: Missed,
    /// At most this much later than it says, by chance.
    pub jitter: Duration,
    pub overlap: Overlap,
    pub enabled: bool,
}

/// What is done about times at which no server ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missed {
    Skip,
    /// One run for all of them.
    Once,
    All,
}

/// What is done when the run before has not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overlap {
    Skip,
    /// It waits for its end.
    Queue,
    /// The one before is cancelled.
    Kill,
}

impl Missed {
    pub const WORDS: [(&'static str, Self); 3] =
        [("skip", Self::Skip), ("once", Self::Once), ("all", Self::All)];

    pub fn word(self) -> &'static str {
        match self {
            Self::Skip => "skip",
            Self::Once => "once",
            Self::All => "all",
        }
    }
}

impl Overlap {
    pub const WORDS: [(&'static str, Self); 3] =
        [("skip", Self::Skip), ("queue", Self::Queue), ("kill", Self::Kill)];

    pub fn word(self) -> &'static str {
        match self {
            Self::Skip => "skip",
            Self::Queue => "queue",
            Self::Kill => "kill",
        }
    }
}

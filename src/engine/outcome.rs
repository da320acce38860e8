//! What happened to a run.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::model::ExitCodes;
use crate::runner::End;

use super::capture::Output;

/// Names a run in logs and results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunId(String);

impl RunId {
    /// Unique on this host: the server's first moment and a counter.
    pub fn next() -> Self {
        static FIRST: std::sync::OnceLock<u64> = std::sync::OnceLock::new();
        static COUNT: AtomicU64 = AtomicU64::new(1);
        let first = FIRST.get_or_init(|| {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            u64::try_from(now.as_micros()).unwrap_or(u64::MAX)
        });
        Self(format!("{first:x}-{}", COUNT.fetch_add(1, Ordering::Relaxed)))
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A run that is over, with what was kept of its output.
#[derive(Debug)]
pub struct Outcome {
    pub id: RunId,
    pub ending: Ending,
    /// In the queue, before it started.
    pub waited: Duration,
    pub duration: Duration,
    pub output: Output,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    Ran(End),
    /// Killed because it wrote more than `limits.output` and `on_overflow` is `kill`.
    TooMuchOutput,
}

impl Ending {
    /// The exit code, if the program ended by itself.
    pub fn exit_code(&self) -> Option<i32> {
        match self {
            Self::Ran(End::Success) => Some(0),
            Self::Ran(End::Failed(code)) => Some(code.get()),
            _ => None,
        }
    }

    pub fn signal(&self) -> Option<i32> {
        match self {
            Self::Ran(End::Signalled(signal)) => Some(*signal),
            _ => None,
        }
    }

    /// The status of an HTTP call that was answered.
    pub fn http_status(&self) -> Option<u16> {
        match self {
            Self::Ran(End::Answered { status, .. }) => Some(*status),
            _ => None,
        }
    }

    /// Whether this ending is a success under these codes, and the text that then stands for an
    /// empty result.
    pub fn success<'c>(&self, codes: &'c ExitCodes) -> Option<Option<&'c str>> {
        match self {
            Self::Ran(End::Answered { is_success, .. }) => is_success.then_some(None),
            _ => codes.success(self.exit_code()?),
        }
    }
}

//! How important a message is, and what a session has asked for.

// Deprecated by the protocol, which keeps it for the older clients that use it.
#![expect(deprecated)]

use std::sync::atomic::{AtomicU8, Ordering};

use rmcp::model::LoggingLevel;

/// From the least important to the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::mcp) enum Level {
    Debug,
    Info,
    Notice,
    Warning,
    Error,
    Critical,
    Alert,
    Emergency,
}

impl Level {
    const ALL: [Self; 8] = [
        Self::Debug,
        Self::Info,
        Self::Notice,
        Self::Warning,
        Self::Error,
        Self::Critical,
        Self::Alert,
        Self::Emergency,
    ];

    /// By its name in the protocol.
    pub(super) fn named(name: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name().as_bytes() == name)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Critical => "critical",
            Self::Alert => "alert",
            Self::Emergency => "emergency",
        }
    }
}

impl From<LoggingLevel> for Level {
    fn from(level: LoggingLevel) -> Self {
        match level {
            LoggingLevel::Debug => Self::Debug,
            LoggingLevel::Info => Self::Info,
            LoggingLevel::Notice => Self::Notice,
            LoggingLevel::Warning => Self::Warning,
            LoggingLevel::Error => Self::Error,
            LoggingLevel::Critical => Self::Critical,
            LoggingLevel::Alert => Self::Alert,
            LoggingLevel::Emergency => Self::Emergency,
        }
    }
}

impl From<Level> for LoggingLevel {
    fn from(level: Level) -> Self {
        match level {
            Level::Debug => Self::Debug,
            Level::Info => Self::Info,
            Level::Notice => Self::Notice,
            Level::Warning => Self::Warning,
            Level::Error => Self::Error,
            Level::Critical => Self::Critical,
            Level::Alert => Self::Alert,
            Level::Emergency => Self::Emergency,
        }
    }
}

/// What a session wants to hear of; nothing, until it has said so.
#[derive(Debug, Default)]
pub(in crate::mcp) struct Wanted(AtomicU8);

impl Wanted {
    pub(in crate::mcp) fn set(&self, level: Level) {
        self.0.store(level as u8 + 1, Ordering::SeqCst);
    }

    pub(super) fn level(&self) -> Option<Level> {
        let number = self.0.load(Ordering::SeqCst).checked_sub(1)?;
        Level::ALL.get(usize::from(number)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_hears_nothing_until_it_has_asked() {
        let wanted = Wanted::default();
        assert_eq!(wanted.level(), None);
        for level in Level::ALL {
            wanted.set(level);
            assert_eq!(wanted.level(), Some(level));
            assert_eq!(Level::named(level.name().as_bytes()), Some(level));
        }
        assert!(Level::Debug < Level::Info && Level::Alert < Level::Emergency);
    }
}

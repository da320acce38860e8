//! What the `audit` part of a file says: where it is recorded who called what, and what if it cannot be.

use std::path::PathBuf;

use super::glob::name_matches;
use super::units::ByteSize;

/// How calls are recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRules {
    pub file: Option<PathBuf>,
    /// To the output of a server over HTTP; elsewhere that belongs to the protocol.
    pub stdout: bool,
    pub syslog: Option<Syslog>,
    /// Whether each record holds the digest of the one before.
    pub chain: bool,
    pub on_failure: OnUnrecorded,
    /// Whether a call begins only when its record is on the disk.
    pub sync: bool,
    pub rotation: Rotation,
    pub include: Vec<AuditKind>,
    /// Names of arguments whose values are not recorded, as patterns.
    pub mask: Vec<String>,
    pub checkpoint: Checkpoint,
}

impl AuditRules {
    pub fn includes(&self, kind: AuditKind) -> bool {
        self.include.contains(&kind)
    }

    /// Whether the value of an argument of this name is kept out.
    pub fn masks(&self, name: &str) -> bool {
        self.mask.iter().any(|pattern| name_matches(&pattern.to_lowercase(), &name.to_lowercase()))
    }
}

/// What there are records of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditKind {
    /// That a call began and how it ended.
    Calls,
    /// The same of what calls run in turn.
    Steps,
    /// Calls that were not let through.
    Refusals,
    /// Resources and prompts that are read, or not.
    Reads,
    /// Requests over HTTP that were turned away before they were calls.
    Requests,
    /// That the server began, loaded its file and stopped.
    Server,
}

impl AuditKind {
    pub const ALL: [Self; 6] =
        [Self::Calls, Self::Steps, Self::Refusals, Self::Reads, Self::Requests, Self::Server];
}

/// What happens to a call of which no record can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnUnrecorded {
    #[default]
    Refuse,
    Warn,
}

/// When a file is put aside for a new one, and how many are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotation {
    pub size: ByteSize,
    pub keep: usize,
}

impl Default for Rotation {
    fn default() -> Self {
        Self { size: ByteSize(64 << 20), keep: 16 }
    }
}

/// How often the chain is signed, and with what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// After so many records.
    pub every: u64,
    /// Without one there are no checkpoints.
    pub key: Option<PathBuf>,
}

impl Default for Checkpoint {
    fn default() -> Self {
        Self { every: 1000, key: None }
    }
}

/// The system's own log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Syslog {
    pub socket: PathBuf,
    /// Its number.
    pub facility: u8,
    /// As what the records are sent.
    pub tag: String,
}

impl Default for Syslog {
    fn default() -> Self {
        Self { socket: PathBuf::from("/dev/log"), facility: 10, tag: "mcpfier".to_owned() }
    }
}

//! What sets a command off beside its callers and the clock.

use std::path::PathBuf;
use std::time::Duration;

use crate::model::{ByteSize, SecretName};

use super::Filling;

#[derive(Debug, Clone, PartialEq)]
pub struct Trigger {
    pub on: Occasion,
    /// The caller that it acts as, as the file names it.
    pub acts_as: String,
    /// By parameter.
    pub with: Vec<(String, Filling)>,
    pub enabled: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Occasion {
    File(FileTrigger),
    Webhook(Webhook),
}

/// Files that appear, change or go away.
#[derive(Debug, Clone, PartialEq)]
pub struct FileTrigger {
    pub paths: Vec<Watched>,
    /// What counts.
    pub changes: Vec<Change>,
    /// How long they have to be left alone.
    pub debounce: Duration,
}

/// Files that are looked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Watched {
    pub folder: PathBuf,
    /// The parts of the pattern below it.
    pub parts: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Change {
    Created,
    Changed,
    Removed,
}

/// A request that is signed with a secret.
#[derive(Debug, Clone, PartialEq)]
pub struct Webhook {
    /// Below the server: `/hooks/deploy`.
    pub path: String,
    pub secret: SecretName,
    pub signed_by: SignedBy,
    pub max_body: ByteSize,
    /// How old a request may be, and for how long it cannot be sent again.
    pub tolerance: Duration,
}

/// In which headers a sender says what the request's signature is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignedBy {
    /// `webhook-id`, `webhook-timestamp` and `webhook-signature`, as Standard Webhooks has them.
    Standard,
    /// `X-Hub-Signature-256`, as GitHub has it.
    Github,
}

impl Change {
    pub const WORDS: [(&'static str, Self); 3] =
        [("created", Self::Created), ("changed", Self::Changed), ("removed", Self::Removed)];

    pub fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Changed => "changed",
            Self::Removed => "removed",
        }
    }
}

impl SignedBy {
    pub const WORDS: [(&'static str, Self); 2] = [("standard", Self::Standard), ("github", Self::Github)];

    pub fn word(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Github => "github",
        }
    }
}

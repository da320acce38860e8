//! What there can be a record of, as values that become JSON.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::model::{AuditKind, Principal};

/// Something that happened.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event")]
pub enum Event {
    /// A call was let through and begins.
    #[serde(rename = "call.began")]
    Began(Box<Began>),
    #[serde(rename = "call.ended")]
    Ended(Box<Ended>),
    /// A call was not let through.
    #[serde(rename = "call.refused")]
    Refused(Box<Refused>),
    /// What stands under a URI was read, or was not to be had.
    #[serde(rename = "resource.read")]
    Resource(Box<ReadResource>),
    /// A prompt was filled in, or was not to be had.
    #[serde(rename = "prompt.read")]
    Prompt(Box<ReadPrompt>),
    /// A request was turned away before it was a call.
    #[serde(rename = "request.refused")]
    TurnedAway(Box<TurnedAway>),
    #[serde(rename = "server.started")]
    Started(Box<Lifecycle>),
    #[serde(rename = "server.stopped")]
    Stopped(Box<Lifecycle>),
    #[serde(rename = "config.reloaded")]
    Reloaded(Box<Lifecycle>),
    #[serde(rename = "config.refused")]
    NotReloaded(Box<Lifecycle>),
    /// What follows is in another file, and these are gone.
    #[serde(rename = "log.rotated")]
    Rotated { before: String, oldest: u64 },
    /// A server ended in the middle of a record, or the state of the log was lost.
    #[serde(rename = "log.recovered")]
    Recovered { what: Loss, records: u64, bytes: u64 },
    /// So many records could not be written.
    #[serde(rename = "log.gap")]
    Gap { lost: u64 },
    #[serde(rename = "log.checkpoint")]
    Checkpoint { records: u64 },
}

impl Event {
    /// What it is a record of; `None` for those about the log itself.
    pub fn kind(&self) -> Option<AuditKind> {
        let of_call = |is_step: bool| if is_step { AuditKind::Steps } else { AuditKind::Calls };
        Some(match self {
            Self::Began(began) => of_call(began.parent.is_some()),
            Self::Ended(ended) => of_call(ended.parent.is_some()),
            Self::Refused(_) => AuditKind::Refusals,
            Self::Resource(_) | Self::Prompt(_) => AuditKind::Reads,
            Self::TurnedAway(_) => AuditKind::Requests,
            Self::Started(_) | Self::Stopped(_) | Self::Reloaded(_) | Self::NotReloaded(_) => {
                AuditKind::Server
            }
            Self::Rotated { .. } | Self::Recovered { .. } | Self::Gap { .. } | Self::Checkpoint { .. } => {
                return None;
            }
        })
    }
}

/// What was found instead of the end of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(into = "&'static str")]
pub enum Loss {
    NoHead,
    /// It is not signed, and there is a key.
    Unsigned,
    /// The file is another one, and the chain goes on in it.
    Moved,
    /// There is more than the head knows.
    Killed,
}

impl Loss {
    const ALL: [Self; 4] = [Self::NoHead, Self::Unsigned, Self::Moved, Self::Killed];

    pub fn text(self) -> &'static str {
        match self {
            Self::NoHead => "there was no head",
            Self::Unsigned => "the head was not signed",
            Self::Moved => "the file was moved away",
            Self::Killed => "a server ended while it wrote",
        }
    }

    pub fn read(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|loss| loss.text() == text)
    }
}

impl From<Loss> for &'static str {
    fn from(loss: Loss) -> Self {
        loss.text()
    }
}

/// Who, and from where.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Caller {
    /// With how that is known: `key:ci`.
    pub caller: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// `stdio`, `http`, `shell`; `schedule`, `file` or `webhook` for what nobody called.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub via: &'static str,
    /// What the client calls itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<Arc<str>>,
    /// The trace that the client says this belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<Arc<str>>,
}

impl Caller {
    pub fn of(principal: &Principal) -> Self {
        Self {
            caller: principal.id().as_str().to_owned(),
            roles: principal.roles.clone(),
            tenant: principal.tenant.clone(),
            address: principal.address.map(|address| address.to_string()),
            ..Self::default()
        }
    }
}

/// A call that begins.
#[derive(Debug, Clone, Serialize)]
pub struct Began {
    pub call: Arc<str>,
    /// The call that this is a part of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<Arc<str>>,
    #[serde(flatten)]
    pub caller: Caller,
    pub tool: String,
    /// As they were sent, masked and shortened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Arc<Map<String, Value>>>,
    pub decision: Decision,
    /// `process`, `container`, `http` or `flow`.
    pub kind: &'static str,
    /// The digest of the plan as it is printed.
    pub plan: String,
    /// Who agreed to it, where somebody had to: `client`, `shell`, `approver`, `tester` or `nobody`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirmed: Option<&'static str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    Allowed,
    /// They may not.
    Denied,
    /// There is no such tool, or not for them, or not here.
    Unavailable,
    /// The arguments do not fit.
    Invalid,
    /// Its condition does not hold.
    Condition,
    /// They have called that often enough for now.
    TooOften,
    /// It cannot run as it was asked for.
    Impossible,
    /// It could not be recorded.
    Unrecorded,
    /// Nobody agreed to it who had to.
    Unconfirmed,
}

/// A call that was not let through.
#[derive(Debug, Clone, Serialize)]
pub struct Refused {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<Arc<str>>,
    #[serde(flatten)]
    pub caller: Caller,
    pub tool: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Map<String, Value>>,
    pub decision: Decision,
    pub reason: String,
}

/// A resource that somebody asked for.
#[derive(Debug, Clone, Serialize)]
pub struct ReadResource {
    #[serde(flatten)]
    pub caller: Caller,
    pub uri: String,
    pub decision: Decision,
    /// Why it was not to be had.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A prompt that somebody asked for.
#[derive(Debug, Clone, Serialize)]
pub struct ReadPrompt {
    #[serde(flatten)]
    pub caller: Caller,
    pub prompt: String,
    /// As they were sent, masked and shortened.
    pub arguments: Map<String, Value>,
    pub decision: Decision,
    /// Why it was not to be had.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// How a call went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Success,
    Failure,
    TimedOut,
    /// Killed at one of its limits.
    OverLimit,
    Cancelled,
    /// It did not start.
    NotStarted,
    /// Nobody waited for its end.
    Abandoned,
}

/// The end of a call.
#[derive(Debug, Clone, Serialize)]
pub struct Ended {
    pub call: Arc<str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<Arc<str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<Arc<str>>,
    pub caller: String,
    pub tool: String,
    pub verdict: Verdict,
    /// Its name in logs, and in labels of containers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signal: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The limit that ended it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    pub waited_ms: u64,
    pub duration_ms: u64,
    pub stdout_bytes: u64,
    pub stderr_bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u32>,
    /// `hit` or `stale`: nothing ran. `shared`: another call ran it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache: Option<&'static str>,
    /// The command whose result this is instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fallback: Option<String>,
}

/// A request that was turned away.
#[derive(Debug, Clone, Serialize)]
pub struct TurnedAway {
    pub status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caller: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    pub reason: String,
    /// So many before were not recorded: they came too fast.
    #[serde(skip_serializing_if = "is_none")]
    pub unrecorded: u64,
}

fn is_none(count: &u64) -> bool {
    *count == 0
}

/// Something about the server.
#[derive(Debug, Clone, Serialize)]
pub struct Lifecycle {
    pub pid: u32,
    pub version: &'static str,
    /// The file that is served.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listening: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tools: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Default for Lifecycle {
    fn default() -> Self {
        let (pid, version) = (std::process::id(), env!("CARGO_PKG_VERSION"));
        Self { pid, version, config: None, listening: None, tools: None, reason: None }
    }
}

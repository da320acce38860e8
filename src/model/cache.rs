//! Remembering results: for how long, for whom, and what makes them stale.

use std::path::PathBuf;
use std::time::Duration;

use super::name::ToolName;
use super::template::Template;
use super::units::ByteSize;

/// How the results of one command are remembered. Only a command that changes nothing has this.
#[derive(Debug, Clone, PartialEq)]
pub struct CacheRules {
    pub ttl: Duration,
    /// Calls for which these come to the same share a result; without it those that would run the same.
    pub key: Option<Vec<Template>>,
    pub scope: CacheScope,
    /// A change of one of these makes what is remembered worthless. Absolute, some of them patterns.
    pub files: Vec<PathBuf>,
    /// A successful call of one of these does, too.
    pub commands: Vec<ToolName>,
    /// After `ttl` a result is still handed out for so long, while it is made anew.
    pub stale_while_revalidate: Duration,
    /// A larger result is not remembered.
    pub max_size: Option<ByteSize>,
    pub store: CacheStore,
}

/// Who shares results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheScope {
    /// A caller sees results of calls of its own alone.
    Caller,
    All,
}

/// Where results are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheStore {
    /// Of this process; gone with it.
    Memory,
    /// A folder of this user; every process has it.
    Disk,
}

impl CacheScope {
    pub fn word(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::All => "all",
        }
    }
}

impl CacheStore {
    pub fn word(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Disk => "disk",
        }
    }
}

/// How much may be remembered, over all commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheCaps {
    pub memory: ByteSize,
    pub disk: ByteSize,
}

impl Default for CacheCaps {
    fn default() -> Self {
        Self { memory: ByteSize(64 << 20), disk: ByteSize(256 << 20) }
    }
}

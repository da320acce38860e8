//! What the `server` part of a file says.

use std::sync::Arc;
use std::time::Duration;

use super::cache::CacheCaps;
use super::discovery::Discovery;
use super::http_server::HttpServer;
use super::jobs::JobRules;
use super::principal::Principal;
use super::units::ByteSize;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerSettings {
    /// The name that clients are told.
    pub name: String,
    /// What the model is told about the tools as a whole.
    pub instructions: Option<String>,
    pub calls: CallCaps,
    /// How long running calls may go on after stdin has ended.
    pub drain: Duration,
    /// Whether it is served over HTTP where the command line says nothing.
    pub prefers_http: bool,
    /// Who a caller on stdio is.
    pub stdio: Principal,
    /// Tags of what clients on stdio are offered; `None`: everything.
    pub stdio_toolset: Option<Arc<[String]>>,
    pub warm: WarmCaps,
    /// For `--server`.
    pub http: HttpServer,
    pub cache: CacheCaps,
    pub discovery: Discovery,
    pub jobs: JobRules,
}

/// How many containers may be waiting for calls, over all commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WarmCaps {
    pub max: usize,
    /// Of what they may use in all.
    pub memory: ByteSize,
    /// Also on stdio, where every client starts a server of its own.
    pub stdio: bool,
}

impl Default for WarmCaps {
    fn default() -> Self {
        Self { max: 16, memory: ByteSize(4 << 30), stdio: false }
    }
}

/// How many calls run at once, and how many may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallCaps {
    pub max: usize,
    pub queue: usize,
    pub queue_timeout: Duration,
    /// Of the calls that run at once, those of one caller of many; `None`: nearly all.
    pub per_caller: Option<usize>,
}

impl CallCaps {
    /// How many calls of one caller may run: without a word, an eighth stays for others.
    pub fn of_caller(&self) -> usize {
        let others = if self.max > 1 { (self.max / 8).max(1) } else { 0 };
        self.per_caller.unwrap_or(self.max - others).min(self.max)
    }
}

impl Default for CallCaps {
    fn default() -> Self {
        Self { max: 64, queue: 256, queue_timeout: Duration::from_secs(20), per_caller: None }
    }
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            name: "mcpfier".to_owned(),
            instructions: None,
            calls: CallCaps::default(),
            drain: Duration::from_secs(30),
            prefers_http: false,
            stdio: Principal::local(),
            stdio_toolset: None,
            warm: WarmCaps::default(),
            http: HttpServer::default(),
            cache: CacheCaps::default(),
            discovery: Discovery::default(),
            jobs: JobRules::default(),
        }
    }
}

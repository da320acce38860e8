//! What the `server.http` part of a file says: where the server listens, whom it lets in, and how
//! much it takes from anybody.

use std::path::PathBuf;
use std::time::Duration;

use super::api_key::ApiKey;
use super::units::ByteSize;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpServer {
    /// A name or an address.
    pub host: String,
    pub port: u16,
    /// In place of host and port.
    pub socket: Option<PathBuf>,
    /// Names beside the host's own under which it may be addressed.
    pub allowed_hosts: Vec<String>,
    /// Of pages that may call it, beside its own.
    pub allowed_origins: Vec<String>,
    /// Whether it may be open to everyone on an address that others reach.
    pub insecure: bool,
    /// `None`: nobody is asked who they are.
    pub auth: Option<Vec<ApiKey>>,
    pub cors: Option<Cors>,
    pub limits: HttpLimits,
    /// Beside our own, or in their place.
    pub headers: Vec<(String, String)>,
}

impl Default for HttpServer {
    fn default() -> Self {
        Self {
            host: "127.0.0.1".to_owned(),
            port: 8080,
            socket: None,
            allowed_hosts: Vec::new(),
            allowed_origins: Vec::new(),
            insecure: false,
            auth: None,
            cors: None,
            limits: HttpLimits::default(),
            headers: Vec::new(),
        }
    }
}

/// What pages of other origins may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cors {
    /// `*` is every origin, and is only taken together with keys.
    pub origins: Vec<String>,
    pub methods: Vec<String>,
    pub headers: Vec<String>,
}

/// Bounds for clients that are slow, large or many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HttpLimits {
    /// Of one request's body.
    pub body: ByteSize,
    /// Of one request's line and headers.
    pub headers: ByteSize,
    /// How long a connection may take until a whole head is there, also between requests.
    pub header_timeout: Duration,
    pub body_timeout: Duration,
    /// How long a client may take nothing of an answer.
    pub stall_timeout: Duration,
    pub connections: usize,
    pub sessions: usize,
    /// How long a session lives that nobody uses.
    pub session_timeout: Duration,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            body: ByteSize(4 << 20),
            headers: ByteSize(32 << 10),
            header_timeout: Duration::from_secs(60),
            body_timeout: Duration::from_secs(30),
            stall_timeout: Duration::from_secs(60),
            connections: 10_000,
            sessions: 10_000,
            session_timeout: Duration::from_secs(24 * 3600),
        }
    }
}

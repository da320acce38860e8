//! What the `server.http` part of a file says: where the server listens, whom it lets in, and how
//! much it takes from anybody.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::api_key::{ApiKey, SecretKey};
use super::copies::Copies;
use super::issuer::Issuer;
use super::password::PasswordHash;
use super::principal::Principal;
use super::quota::Quota;
use super::rate::{RateLimit, Tenant};
use super::tls::{CertificateUser, Tls};
use super::trusted_proxy::TrustedProxy;
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
    pub auth: Option<Auth>,
    pub cors: Option<Cors>,
    /// Tags of what callers are offered who have none of their own; `None`: everything.
    pub toolset: Option<Arc<[String]>>,
    pub limits: HttpLimits,
    /// Whether clients of the transport of 2024-11-05 are served, too.
    pub legacy_sse: bool,
    pub copies: Copies,
    /// How long a server that is told to stop says so and takes calls all the same.
    pub notice: Duration,
    pub rate_limit: RateLimit,
    /// How many calls each caller has.
    pub quota: Option<Quota>,
    /// Where it is kept what is used up of them.
    pub quota_file: Option<PathBuf>,
    pub tenants: Vec<Tenant>,
    pub connection_pool: ConnectionPool,
    /// Beside our own, or in their place.
    pub headers: Vec<(String, String)>,
    /// `None`: what is said can be read on its way.
    pub tls: Option<Tls>,
    /// Whose word counts for whom a request came from.
    pub trusted_proxies: Vec<TrustedProxy>,
    pub proxy_headers: ProxyHeaders,
}

/// How trusted proxies say for whom they ask. The others are not looked at: a proxy that writes one
/// kind hands on what clients write into the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxyHeaders {
    /// `X-Forwarded-For`, `-Proto` and `-Host`.
    XForwarded,
    /// `Forwarded`, of RFC 7239.
    Forwarded,
}

/// Who is let in. What stands here is on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Auth {
    pub api_keys: Vec<ApiKey>,
    /// Whose values nobody has read yet; they let nobody in.
    pub secret_keys: Vec<SecretKey>,
    /// Credentials that are not there; with one of these nobody is served over HTTP.
    pub unset: Vec<UnsetCredential>,
    /// Whose tokens let in.
    pub issuers: Vec<Issuer>,
    pub users: Vec<BasicUser>,
    /// Certificates of clients.
    pub mtls: Vec<CertificateUser>,
}

/// A credential that the file takes from a variable which this host does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnsetCredential {
    /// What it is, for people: `the key of `ci``.
    pub whose: String,
    pub variable: String,
}

/// Somebody with a name and a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BasicUser {
    pub principal: Principal,
    pub hash: PasswordHash,
}

/// Connections that do nothing, and those of one address. `None` is no bound beside that on all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ConnectionPool {
    /// Connections between two requests.
    pub idle: Option<usize>,
    pub per_address: Option<usize>,
    pub idle_timeout: Option<Duration>,
}

impl ConnectionPool {
    /// The bounds of connections with those of the pool.
    pub fn within(&self, limits: HttpLimits) -> HttpLimits {
        let header_timeout =
            self.idle_timeout.map_or(limits.header_timeout, |idle| idle.min(limits.header_timeout));
        HttpLimits { header_timeout, ..limits }
    }
}

impl HttpServer {
    /// A caller within what their tenant may have, and with what they are offered; one of a tenant that the
    /// file does not have may have nothing.
    pub fn bounded(&self, caller: Arc<Principal>) -> Arc<Principal> {
        let caller = self.within_tenant(caller);
        if caller.toolset.is_some() || self.toolset.is_none() {
            return caller;
        }
        Arc::new(Principal { toolset: self.toolset.clone(), ..Principal::clone(&caller) })
    }

    fn within_tenant(&self, caller: Arc<Principal>) -> Arc<Principal> {
        let Some(tenant) = caller.tenant.as_ref().filter(|_| !self.tenants.is_empty()) else { return caller };
        let within = match self.tenants.iter().find(|known| known.id == *tenant) {
            Some(known) => known.tools.clone(),
            None => Some(Arc::default()),
        };
        if caller.within == within {
            return caller;
        }
        Arc::new(Principal { within, ..Principal::clone(&caller) })
    }
}

impl Auth {
    /// Everyone whom the file knows by name.
    pub fn callers(&self) -> impl Iterator<Item = &Principal> {
        let users = self.users.iter().map(|user| &user.principal);
        let keys = self.api_keys.iter().map(|key| &key.principal);
        let keys = keys.chain(self.secret_keys.iter().map(|key| &key.principal));
        keys.chain(users).chain(self.mtls.iter().map(|user| &user.principal))
    }
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
            toolset: None,
            limits: HttpLimits::default(),
            legacy_sse: false,
            copies: Copies::default(),
            notice: Duration::ZERO,
            rate_limit: RateLimit::default(),
            quota: None,
            quota_file: None,
            tenants: Vec::new(),
            connection_pool: ConnectionPool::default(),
            headers: Vec::new(),
            tls: None,
            trusted_proxies: Vec::new(),
            proxy_headers: ProxyHeaders::XForwarded,
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
    /// Of all bodies that are being received.
    pub bodies: ByteSize,
    /// Of one request's line and headers.
    pub headers: ByteSize,
    /// How long a connection may take until a whole head is there, also between requests.
    pub header_timeout: Duration,
    pub body_timeout: Duration,
    /// How long a client may take nothing of an answer.
    pub stall_timeout: Duration,
    pub connections: usize,
    /// That one caller holds open.
    pub streams: usize,
    pub sessions: usize,
    /// How long a session lives that nobody uses.
    pub session_timeout: Duration,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self {
            body: ByteSize(4 << 20),
            bodies: ByteSize(64 << 20),
            headers: ByteSize(32 << 10),
            header_timeout: Duration::from_secs(60),
            body_timeout: Duration::from_secs(30),
            stall_timeout: Duration::from_secs(60),
            connections: 10_000,
            streams: 2_500,
            sessions: 10_000,
            session_timeout: Duration::from_secs(24 * 3600),
        }
    }
}

//! The HTTP clients, one for each way that calls go: to the internet or this network too, with these
//! certificates, through that proxy. No call of one ever uses a connection of another.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::redirect;

use super::certificates::Certificates;
use super::failure::Failure;
use super::resolver::PublicResolver;
use crate::model::TlsVersion;

/// How far a request may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reach {
    Internet,
    /// This host and its network, too.
    Anywhere,
}

/// What makes one client another.
#[derive(Debug, Clone)]
pub struct Route {
    pub reach: Reach,
    pub certificates: Option<Arc<Certificates>>,
    /// The proxy's URL.
    pub proxy: Option<String>,
    pub connect: Duration,
}

/// The same, small enough to be looked up. Files that have changed make another client.
type Key = (Reach, Option<[u8; 32]>, Option<String>, Duration);

/// Made when they are first wanted.
#[derive(Default)]
pub struct Clients(Mutex<HashMap<Key, reqwest::Client>>);

/// Connections are kept for a call that follows soon, and no longer.
const IDLE: Duration = Duration::from_secs(20);
const IDLE_CONNECTIONS: usize = 2;

/// More ways than files have; those of files that were exchanged are forgotten.
const MOST: usize = 64;

impl Clients {
    /// The client of a route; `is_secure` says whether it is wanted for TLS.
    pub fn of(&self, route: &Route, is_secure: bool) -> Result<reqwest::Client, Failure> {
        let certificates = route.certificates.as_ref().map(|certificates| certificates.digest);
        let key = (route.reach, certificates, route.proxy.clone(), route.connect);
        if let Some(client) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(client.clone());
        }
        let needs_trust = is_secure || route.proxy.as_ref().is_some_and(|proxy| proxy.starts_with("https:"));
        match builder(route)?.build() {
            Ok(made) => {
                let mut clients = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                if clients.len() >= MOST {
                    clients.clear();
                }
                Ok(clients.entry(key).or_insert(made).clone())
            }
            // A host without certificates can still call what needs none.
            Err(_) if !needs_trust => builder(route)?.tls_certs_only([]).build().map_err(failure),
            Err(error) => Err(failure(error)),
        }
    }
}

fn failure(error: reqwest::Error) -> Failure {
    Failure::Client(super::failure::root(&error))
}

/// Redirects are followed by us, and proxies that the environment names are not used: a proxy would
/// look names up where we cannot see what they lead to. One that the file names is known to be meant,
/// and may stand in this network; what it is to reach is judged before it is asked.
fn builder(route: &Route) -> Result<reqwest::ClientBuilder, Failure> {
    let Route { reach, certificates, proxy, connect } = route;
    let mut builder = reqwest::Client::builder()
        .redirect(redirect::Policy::none())
        .no_proxy()
        .connect_timeout(*connect)
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(IDLE_CONNECTIONS)
        .referer(false);
    builder = match (reach, proxy) {
        (_, Some(proxy)) => builder.proxy(reqwest::Proxy::all(proxy).map_err(failure)?),
        (Reach::Internet, None) => builder.dns_resolver(Arc::new(PublicResolver)),
        (Reach::Anywhere, None) => builder,
    };
    let Some(certificates) = certificates else { return Ok(builder) };
    let Certificates { ca, identity, least, insecure, digest: _ } = &**certificates;
    if !ca.is_empty() {
        builder = builder.tls_certs_only(ca.clone());
    }
    if let Some(identity) = identity {
        builder = builder.identity(identity.clone());
    }
    if *insecure {
        builder = builder.tls_danger_accept_invalid_certs(true);
    }
    Ok(builder.tls_version_min(match least {
        TlsVersion::V1_2 => reqwest::tls::Version::TLS_1_2,
        TlsVersion::V1_3 => reqwest::tls::Version::TLS_1_3,
    }))
}

//! The HTTP clients: one for the internet, one that reaches this host and its network too. They are
//! two, so that no call of the first ever uses a connection of the second.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::redirect;

use super::failure::Failure;
use super::resolver::PublicResolver;

/// How far a request may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    Internet,
    /// This host and its network, too.
    Anywhere,
}

/// Made when they are first wanted.
#[derive(Default)]
pub struct Clients {
    internet: OnceLock<reqwest::Client>,
    anywhere: OnceLock<reqwest::Client>,
}

/// Connections are kept for a call that follows soon, and no longer.
const IDLE: Duration = Duration::from_secs(20);
const IDLE_CONNECTIONS: usize = 2;

impl Clients {
    pub fn of(&self, reach: Reach, is_secure: bool) -> Result<reqwest::Client, Failure> {
        let client = match reach {
            Reach::Internet => &self.internet,
            Reach::Anywhere => &self.anywhere,
        };
        if let Some(client) = client.get() {
            return Ok(client.clone());
        }
        match builder(reach).build() {
            Ok(made) => Ok(client.get_or_init(|| made).clone()),
            // A host without certificates can still call what needs none.
            Err(_) if !is_secure => builder(reach).tls_certs_only([]).build().map_err(failure),
            Err(error) => Err(failure(error)),
        }
    }
}

fn failure(error: reqwest::Error) -> Failure {
    Failure::Client(super::failure::root(&error))
}

/// Redirects are followed by us, and proxies that the environment names are not used: a proxy would
/// look names up where we cannot see what they lead to.
fn builder(reach: Reach) -> reqwest::ClientBuilder {
    let builder = reqwest::Client::builder()
        .redirect(redirect::Policy::none())
        .no_proxy()
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(IDLE_CONNECTIONS)
        .referer(false);
    match reach {
        Reach::Internet => builder.dns_resolver(Arc::new(PublicResolver)),
        Reach::Anywhere => builder,
    }
}

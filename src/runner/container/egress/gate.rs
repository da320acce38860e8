//! Decides on each connection of a container: whether it is listed, where its name leads, and
//! whether that may be. Connects to exactly what was decided on.
//!
//! A name is looked up only if it is listed, so questions carry nothing out either.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::model::{Destination, DestinationHost, HostName, Realm, realm};
use crate::runner::BoxFuture;

use super::denials::Denials;

/// Look-ups at a time: each holds a thread of this host.
const LOOKUPS: usize = 8;
const LOOKUP: Duration = Duration::from_secs(10);
/// For one address of a name, of which the first few are tried.
const CONNECT: Duration = Duration::from_secs(10);
const ADDRESSES: usize = 4;

/// Looks names up.
pub trait Names: Send + Sync {
    fn addresses<'a>(&'a self, name: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>>;
}

/// As every program of this host does.
pub struct NamesOfHost;

impl Names for NamesOfHost {
    fn addresses<'a>(&'a self, name: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name, 0)).await?;
            Ok(found.map(|address| address.ip().to_canonical()).collect())
        })
    }
}

pub struct Gate {
    allowed: Vec<Destination>,
    /// Where names lead by the file itself.
    hosts: HashMap<String, IpAddr>,
    names: Box<dyn Names>,
    lookups: Semaphore,
    pub denials: Denials,
}

/// Why there is no connection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("denied `{host}:{port}`, which `network.allow` does not list")]
    NotListed { host: HostName, port: u16 },
    #[error(
        "denied `{host}:{port}`, which leads to the private address {address}; its entry lacks `private: true`"
    )]
    Private { host: HostName, port: u16, address: IpAddr },
    #[error("denied `{host}:{port}`, which leads to {address}, and no name may lead there")]
    Special { host: HostName, port: u16, address: IpAddr },
    #[error("denied `{host}:{port}`, which leads to this host ({address}); its entry lacks `private: true`")]
    ThisHost { host: HostName, port: u16, address: IpAddr },
    #[error("`{host}:{port}` is not reached: its name cannot be resolved ({problem})")]
    Unresolved { host: HostName, port: u16, problem: String },
    #[error("`{host}:{port}` is not reached: {problem}")]
    Unreachable { host: HostName, port: u16, problem: String },
}

impl Gate {
    pub fn new(allowed: &[Destination], hosts: &[(String, IpAddr)], names: Box<dyn Names>) -> Self {
        let hosts = hosts.iter().map(|(name, address)| (name.to_ascii_lowercase(), *address));
        Self {
            allowed: allowed.to_vec(),
            hosts: hosts.collect(),
            names,
            lookups: Semaphore::new(LOOKUPS),
            denials: Denials::default(),
        }
    }

    /// A connection to what somebody asks for. Why there is none is told to whoever called, too.
    pub async fn connect(&self, host: &HostName, port: u16) -> Result<TcpStream, Refusal> {
        let connected = self.try_connect(host, port).await;
        connected.inspect_err(|refusal| self.denials.add(refusal))
    }

    async fn try_connect(&self, host: &HostName, port: u16) -> Result<TcpStream, Refusal> {
        let found = self.allowed.iter().find(|entry| entry.covers(host, port));
        let entry = found.ok_or_else(|| Refusal::NotListed { host: host.clone(), port })?;
        let addresses = self.addresses(entry, host, port).await?;
        let mut problem = "it has no address".to_owned();
        for address in addresses.into_iter().take(ADDRESSES) {
            match timeout(CONNECT, TcpStream::connect(SocketAddr::new(address, port))).await {
                Ok(Ok(stream)) => {
                    // What a program writes in small pieces is not held back.
                    let _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
                Ok(Err(error)) => problem = plain(&error),
                Err(_) => problem = format!("no answer within {} s", CONNECT.as_secs()),
            }
        }
        Err(Refusal::Unreachable { host: host.clone(), port, problem })
    }

    /// Where it leads, and nowhere else.
    async fn addresses(
        &self,
        entry: &Destination,
        host: &HostName,
        port: u16,
    ) -> Result<Vec<IpAddr>, Refusal> {
        let name = match host {
            HostName::Address(address) => return Ok(vec![*address]),
            HostName::Name(name) => name,
        };
        if let Some(address) = self.hosts.get(name) {
            return Ok(vec![*address]);
        }
        let found = self.look_up(name).await.map_err(|problem| {
            let host = host.clone();
            Refusal::Unresolved { host, port, problem }
        })?;
        let mut refusal = None;
        let mut good = Vec::new();
        for address in found {
            match judge(address, entry.private, host, port) {
                Ok(()) => good.push(address),
                Err(problem) => refusal = Some(problem),
            }
        }
        match refusal {
            Some(refusal) if good.is_empty() => Err(refusal),
            _ => Ok(good),
        }
    }

    async fn look_up(&self, name: &str) -> Result<Vec<IpAddr>, String> {
        let found = async {
            let _turn = self.lookups.acquire().await.ok();
            self.names.addresses(name).await
        };
        match timeout(LOOKUP, found).await {
            Ok(Ok(found)) => Ok(found),
            Ok(Err(error)) => Err(plain(&error)),
            Err(_) => Err(format!("no answer within {} s", LOOKUP.as_secs())),
        }
    }

    /// Whether a name stands below one of the list, so that only the proxy leads there.
    pub fn is_below(&self, name: &str) -> bool {
        let Ok(host) = HostName::parse(name) else { return false };
        let is_below = |entry: &Destination| matches!(entry.host, DestinationHost::Below(_));
        self.allowed.iter().any(|entry| is_below(entry) && entry.covers(&host, entry.port))
    }

    /// The name of an entry that stands for a single one.
    pub fn host_of(destination: &Destination) -> Option<HostName> {
        match &destination.host {
            DestinationHost::Name(name) => Some(HostName::Name(name.clone())),
            DestinationHost::Address(address) => Some(HostName::Address(*address)),
            DestinationHost::Below(_) => None,
        }
    }
}

/// Whether a name may lead to an address.
fn judge(address: IpAddr, is_private: bool, host: &HostName, port: u16) -> Result<(), Refusal> {
    let host = || host.clone();
    match realm(address) {
        Realm::Special => Err(Refusal::Special { host: host(), port, address }),
        Realm::Private if !is_private => Err(Refusal::Private { host: host(), port, address }),
        Realm::Public if !is_private && is_of_this_host(address) => {
            Err(Refusal::ThisHost { host: host(), port, address })
        }
        Realm::Private | Realm::Public => Ok(()),
    }
}

/// Whether this host would talk to itself. Nothing is sent to find out.
fn is_of_this_host(address: IpAddr) -> bool {
    let any = match address {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    let own = UdpSocket::bind((any, 0)).and_then(|socket| {
        socket.connect((address, 9))?;
        socket.local_addr()
    });
    own.is_ok_and(|own| own.ip() == address)
}

/// Without the number of the system.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    text.strip_prefix("failed to lookup address information: ").unwrap_or(text).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Told(&'static [&'static str]);

    impl Names for Told {
        fn addresses<'a>(&'a self, _name: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
            Box::pin(async { Ok(self.0.iter().map(|text| text.parse().unwrap()).collect()) })
        }
    }

    struct NeverAsked;

    impl Names for NeverAsked {
        fn addresses<'a>(&'a self, name: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
            panic!("`{name}` is looked up");
        }
    }

    fn listed(host: &str, port: u16, private: bool) -> Destination {
        let host = match HostName::parse(host).unwrap() {
            HostName::Name(name) => DestinationHost::Name(name),
            HostName::Address(address) => DestinationHost::Address(address),
        };
        Destination { host, port, private }
    }

    async fn refusal(gate: &Gate, host: &str, port: u16) -> String {
        let host = HostName::parse(host).unwrap();
        let refusal = gate.connect(&host, port).await.unwrap_err();
        assert_eq!(gate.denials.report().unwrap().trim_end(), format!("mcpfier: {refusal}"));
        refusal.to_string()
    }

    #[tokio::test]
    async fn what_is_not_listed_is_not_even_looked_up() {
        for host in ["evil.example", "api.example.com.evil.example", "127.0.0.1", "[::1]", "169.254.169.254"]
        {
            let gate = Gate::new(&[listed("api.example.com", 443, true)], &[], Box::new(NeverAsked));
            let told = refusal(&gate, host, 443).await;
            assert_eq!(told, format!("denied `{host}:443`, which `network.allow` does not list"));
        }
        let gate = Gate::new(&[listed("api.example.com", 443, true)], &[], Box::new(NeverAsked));
        assert!(refusal(&gate, "api.example.com", 444).await.contains(":444"));
    }

    #[tokio::test]
    async fn a_name_cannot_lead_where_its_entry_does_not_say() {
        let cases: [(&[&str], bool, &str); 8] = [
            (&["127.0.0.1"], false, "the private address 127.0.0.1"),
            (&["10.1.2.3", "192.168.0.1"], false, "the private address 192.168.0.1"),
            (&["::1"], false, "the private address ::1"),
            (&["169.254.169.254"], false, "leads to 169.254.169.254"),
            (&["169.254.169.254"], true, "leads to 169.254.169.254"),
            (&["fd00:ec2::254"], true, "leads to fd00:ec2::254"),
            (&["::ffff:169.254.169.254"], true, "no name may lead there"),
            (&["0.0.0.0"], true, "leads to 0.0.0.0"),
        ];
        for (addresses, private, expected) in cases {
            let list = [listed("api.example.com", 443, private)];
            let gate = Gate::new(&list, &[], Box::new(Told(addresses)));
            let told = refusal(&gate, "api.example.com", 443).await;
            assert!(told.contains(expected), "{told}");
        }
    }

    #[tokio::test]
    async fn a_name_that_the_file_places_is_not_looked_up() {
        let server = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = server.local_addr().unwrap();
        let hosts = [("DB.test".to_owned(), at.ip())];
        let gate = Gate::new(&[listed("db.test", at.port(), false)], &hosts, Box::new(NeverAsked));
        let stream = gate.connect(&HostName::parse("db.test").unwrap(), at.port()).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), at);
        assert_eq!(gate.denials.report(), None);
    }

    #[tokio::test]
    async fn a_name_that_may_be_private_leads_to_this_host() {
        let server = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = server.local_addr().unwrap().port();
        let list = [listed("db.test", port, true)];
        // The first that answers.
        let gate = Gate::new(&list, &[], Box::new(Told(&["::1", "127.0.0.1"])));
        assert!(gate.connect(&HostName::parse("db.test").unwrap(), port).await.is_ok());
    }

    #[tokio::test]
    async fn what_nobody_answers_at_is_no_denial() {
        let gate = Gate::new(&[listed("127.0.0.1", 1, false)], &[], Box::new(NeverAsked));
        let told = refusal(&gate, "127.0.0.1", 1).await;
        assert_eq!(told, "`127.0.0.1:1` is not reached: connection refused");
    }

    #[test]
    fn this_host_knows_its_own_addresses() {
        assert!(is_of_this_host("127.0.0.1".parse().unwrap()));
        assert!(!is_of_this_host("192.0.2.1".parse().unwrap()));
    }
}

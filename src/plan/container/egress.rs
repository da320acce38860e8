//! How a container reaches the destinations of a list, and nothing else: by doors in its own
//! loopback, behind each of which this program decides.
//!
//! A name of the list has an address of its own there, so programs that know nothing of proxies
//! connect to it as they would anywhere. Every other name is reached by a proxy, if at all.

use core::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::model::{Destination, DestinationHost, Network};

use super::ContainerPlan;

/// Where the proxy and the answers to questions for names are.
const OURS: Ipv4Addr = Ipv4Addr::new(127, 77, 0, 1);
const PROXY_PORT: u16 = 3128;
const DNS_PORT: u16 = 53;
/// Of the first name.
const FIRST: u32 = Ipv4Addr::new(127, 77, 1, 1).to_bits();

/// An address in the container, and what is behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Door {
    pub at: SocketAddr,
    pub leads: Leads,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leads {
    To(Destination),
    Proxy,
    /// Questions for names, by UDP.
    Names,
}

/// The doors of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doors {
    /// What its names resolve to.
    pub hosts: Vec<(String, Ipv4Addr)>,
    pub doors: Vec<Door>,
    /// Who answers its questions for names.
    pub dns: Ipv4Addr,
}

impl ContainerPlan {
    /// The doors, if there is a list.
    pub fn doors(&self) -> Option<Doors> {
        match &self.network {
            Network::Only(list) => Some(doors(list)),
            Network::None | Network::Bridge | Network::Named(_) => None,
        }
    }
}

fn doors(list: &[Destination]) -> Doors {
    let mut names: Vec<&str> = list.iter().filter_map(Destination::name).collect();
    names.sort_unstable();
    names.dedup();
    let addresses = (FIRST..).map(Ipv4Addr::from_bits);
    let hosts: Vec<(String, Ipv4Addr)> = names.into_iter().map(str::to_owned).zip(addresses).collect();
    let of = |name: &str| hosts.iter().find(|(own, _)| own == name).map(|(_, address)| *address);
    let to = |destination: &Destination| {
        let at = match &destination.host {
            DestinationHost::Name(name) => IpAddr::V4(of(name)?),
            // What listens at this machine only looks as if it were in the container.
            DestinationHost::Address(address) if address.is_loopback() => *address,
            DestinationHost::Address(_) | DestinationHost::Below(_) => return None,
        };
        let leads = Leads::To(destination.clone());
        Some(Door { at: SocketAddr::new(at, destination.port), leads })
    };
    let mut doors: Vec<Door> = list.iter().filter_map(to).collect();
    doors.push(Door { at: SocketAddr::from((OURS, PROXY_PORT)), leads: Leads::Proxy });
    doors.push(Door { at: SocketAddr::from((OURS, DNS_PORT)), leads: Leads::Names });
    Doors { hosts, doors, dns: OURS }
}

/// Variables by which programs find the proxy; what the file itself says of one stays.
pub fn variables(network: &Network, given: &[&str]) -> Vec<(String, String)> {
    let Network::Only(_) = network else { return Vec::new() };
    let proxy = format!("http://{OURS}:{PROXY_PORT}");
    let all = [
        ("HTTP_PROXY", proxy.as_str()),
        ("HTTPS_PROXY", proxy.as_str()),
        ("ALL_PROXY", proxy.as_str()),
        ("NO_PROXY", "localhost,127.0.0.0/8,::1"),
    ];
    let wanted = all.into_iter().filter(|(name, _)| !given.iter().any(|own| own.eq_ignore_ascii_case(name)));
    let both = wanted.flat_map(|(name, value)| [(name.to_owned(), value), (name.to_lowercase(), value)]);
    both.map(|(name, value)| (name, value.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn destination(host: DestinationHost, port: u16) -> Destination {
        Destination { host, port, private: false }
    }

    #[test]
    fn each_name_has_one_address_and_a_door_for_each_port() {
        let name = |name: &str, port| destination(DestinationHost::Name(name.to_owned()), port);
        let address = |text: &str, port| destination(DestinationHost::Address(text.parse().unwrap()), port);
        let list = [
            name("b.example.com", 443),
            name("a.example.com", 443),
            name("b.example.com", 80),
            destination(DestinationHost::Below("example.org".to_owned()), 443),
            address("10.0.0.7", 5432),
            address("127.0.0.1", 8080),
        ];
        let Doors { hosts, doors, .. } = doors(&list);
        let hosts: Vec<String> = hosts.iter().map(|(name, address)| format!("{name} {address}")).collect();
        assert_eq!(hosts, ["a.example.com 127.77.1.1", "b.example.com 127.77.1.2"]);
        let at: Vec<String> = doors.iter().map(|door| door.at.to_string()).collect();
        let expected = [
            "127.77.1.2:443",
            "127.77.1.1:443",
            "127.77.1.2:80",
            "127.0.0.1:8080",
            "127.77.0.1:3128",
            "127.77.0.1:53",
        ];
        assert_eq!(at, expected);
    }

    #[test]
    fn variables_of_the_file_stay() {
        let names = |given: &[&str]| -> Vec<String> {
            variables(&Network::Only(Vec::new()), given).into_iter().map(|(name, _)| name).collect()
        };
        assert_eq!(
            names(&["https_proxy", "ALL_PROXY"]),
            ["HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy"]
        );
        assert!(variables(&Network::Bridge, &[]).is_empty());
    }
}

//! Where a container may connect to: a name or an address, and a port.

use core::net::IpAddr;
use std::fmt;

use super::http::HostName;

/// One entry of a list of what can be reached.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Destination {
    pub host: DestinationHost,
    pub port: u16,
    /// The name may lead into a network of somebody's own, or to this machine.
    pub private: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum DestinationHost {
    /// In lower case, without a dot at the end.
    Name(String),
    /// Every name that ends with a dot and this one.
    Below(String),
    /// It names itself, whatever network it is in.
    Address(IpAddr),
}

impl Destination {
    pub fn covers(&self, host: &HostName, port: u16) -> bool {
        self.port == port && self.host.covers(host)
    }

    /// The name, if it is a single one.
    pub fn name(&self) -> Option<&str> {
        match &self.host {
            DestinationHost::Name(name) => Some(name),
            DestinationHost::Below(_) | DestinationHost::Address(_) => None,
        }
    }
}

impl DestinationHost {
    fn covers(&self, host: &HostName) -> bool {
        match (self, host) {
            (Self::Name(own), HostName::Name(name)) => own == name,
            (Self::Below(own), HostName::Name(name)) => {
                let below = name.strip_suffix(own.as_str()).and_then(|rest| rest.strip_suffix('.'));
                below.is_some_and(|below| !below.is_empty())
            }
            (Self::Address(own), HostName::Address(address)) => own.to_canonical() == address.to_canonical(),
            _ => false,
        }
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl fmt::Display for DestinationHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Below(name) => write!(f, "*.{name}"),
            Self::Address(IpAddr::V4(address)) => write!(f, "{address}"),
            Self::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn destination(host: DestinationHost) -> Destination {
        Destination { host, port: 443, private: false }
    }

    #[test]
    fn a_destination_covers_what_it_names_and_nothing_else() {
        let name = destination(DestinationHost::Name("api.example.com".into()));
        let below = destination(DestinationHost::Below("example.com".into()));
        let address = destination(DestinationHost::Address("10.0.0.7".parse().unwrap()));
        for (host, covered) in [
            ("api.example.com", [true, true, false]),
            ("API.Example.Com.", [true, true, false]),
            ("example.com", [false, false, false]),
            ("a.b.example.com", [false, true, false]),
            ("notexample.com", [false, false, false]),
            ("api.example.com.evil.org", [false, false, false]),
            ("10.0.0.7", [false, false, true]),
            ("[::ffff:10.0.0.7]", [false, false, true]),
            ("10.0.0.8", [false, false, false]),
        ] {
            let host = HostName::parse(host).unwrap();
            let found = [&name, &below, &address].map(|entry| entry.covers(&host, 443));
            assert_eq!(found, covered, "{host}");
            assert!(![&name, &below, &address].iter().any(|entry| entry.covers(&host, 444)));
        }
    }
}

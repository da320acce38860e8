//! Scheme, host and port of a URL: the part that nobody but the file chooses.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::fmt;

use super::url::BadUrl;

/// Scheme, host and port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    pub is_secure: bool,
    pub host: HostName,
    /// Only if it is not the usual one of the scheme.
    pub port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostName {
    /// In lower case.
    Name(String),
    Address(IpAddr),
}

pub(in crate::model) fn origin(is_secure: bool, authority: &str) -> Result<Origin, BadUrl> {
    if authority.contains('@') {
        return Err(BadUrl::UserInfo);
    }
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (authority, None),
    };
    if host.is_empty() {
        return Err(BadUrl::NoHost);
    }
    let port = port.map(|port| match port.parse::<u16>() {
        Ok(number) if number > 0 && port.bytes().all(|byte| byte.is_ascii_digit()) => Ok(number),
        _ => Err(BadUrl::Port(port.to_owned())),
    });
    let usual = if is_secure { 443 } else { 80 };
    Ok(Origin { is_secure, host: host_name(host)?, port: port.transpose()?.filter(|port| *port != usual) })
}

/// Only the plain forms: what other programs read as numbers in disguise is refused.
fn host_name(host: &str) -> Result<HostName, BadUrl> {
    let bad = || BadUrl::Host(host.to_owned());
    if let Some(address) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return address
            .parse::<Ipv6Addr>()
            .map(|address| HostName::Address(address.into()))
            .map_err(|_| bad());
    }
    if let Ok(address) = host.parse::<Ipv4Addr>() {
        return Ok(HostName::Address(address.into()));
    }
    let labels: Vec<&str> = host.strip_suffix('.').unwrap_or(host).split('.').collect();
    let is_label = |label: &&str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    let is_number = |label: &str| {
        label.starts_with(|c: char| c.is_ascii_digit()) && {
            let digits = label.strip_prefix("0x").or_else(|| label.strip_prefix("0X"));
            digits.unwrap_or(label).bytes().all(|byte| byte.is_ascii_hexdigit())
        }
    };
    if !labels.iter().all(is_label) || labels.last().is_some_and(|label| is_number(label)) {
        return Err(bad());
    }
    Ok(HostName::Name(host.to_ascii_lowercase()))
}

impl HostName {
    /// A name or an address as it stands in a URL, one of IPv6 in brackets. A dot at the end means nothing.
    pub fn parse(text: &str) -> Result<Self, BadUrl> {
        host_name(text.strip_suffix('.').unwrap_or(text))
    }

    /// Whether it can only be this machine or its network, whatever a name server says.
    pub fn is_private(&self) -> bool {
        match self {
            Self::Address(address) => !super::is_public(*address),
            Self::Name(_) => self.is_loopback(),
        }
    }

    pub fn is_loopback(&self) -> bool {
        match self {
            Self::Address(address) => super::is_loopback(*address),
            Self::Name(name) => {
                let name = name.trim_end_matches('.');
                name == "localhost" || name.ends_with(".localhost")
            }
        }
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Address(IpAddr::V4(address)) => write!(f, "{address}"),
            Self::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_secure { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.host)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

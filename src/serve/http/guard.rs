//! `Host` and `Origin`: whether a request was meant for this server, and which page sends it.
//!
//! A page of a stranger can have a browser send requests to this machine, under the stranger's name
//! (DNS rebinding) or across origins. Both are refused before anything else is looked at. Pure.

use std::net::IpAddr;

use crate::model::{HttpServer, is_loopback};

use super::listen::Address;

/// Why a request is refused, in words for who sent it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Foreign {
    #[error("expected exactly one `Host` header")]
    NoHost,
    #[error("the name `{0}` is not served here; if it is right, add it to `server.http.allowed_hosts`")]
    Host(String),
    #[error("expected at most one `Origin` header")]
    TwoOrigins,
    #[error("pages of the origin `{0}` may not call; if they shall, add it to `server.http.allowed_origins`")]
    Origin(String),
}

/// Judges the headers of one request; each is given as often as it came.
pub fn judge(
    settings: &HttpServer,
    address: &Address,
    hosts: &[&str],
    origins: &[&str],
) -> Result<(), Foreign> {
    if let Address::Tcp { host: own, at } = address {
        let [host] = hosts else { return Err(Foreign::NoHost) };
        let name = host_name(host).ok_or_else(|| Foreign::Host(shortened(host)))?;
        if !serves(settings, own, at.ip(), &name) {
            return Err(Foreign::Host(shortened(host)));
        }
    }
    match origins {
        [] => Ok(()),
        [origin] if may_call(settings, address, origin) => Ok(()),
        [origin] => Err(Foreign::Origin(shortened(origin))),
        _ => Err(Foreign::TwoOrigins),
    }
}

/// The name of a `Host`, small and without its port.
fn host_name(host: &str) -> Option<String> {
    let authority: http::uri::Authority = host.parse().ok()?;
    let is_plain = !host.contains('@');
    is_plain.then(|| authority.host().trim_end_matches('.').to_ascii_lowercase())
}

fn serves(settings: &HttpServer, own: &str, bound: IpAddr, name: &str) -> bool {
    let same = |known: &String| known.eq_ignore_ascii_case(name);
    if settings.allowed_hosts.iter().any(same) || own.eq_ignore_ascii_case(name) {
        return true;
    }
    let bound = bound.to_canonical();
    match address(name) {
        // No name leads to an address that is written as a number.
        Some(address) if bound.is_unspecified() => !address.is_unspecified(),
        Some(address) => {
            address.to_canonical() == bound || bound.is_loopback() && address.to_canonical().is_loopback()
        }
        None => (bound.is_loopback() || bound.is_unspecified()) && name == "localhost",
    }
}

fn address(name: &str) -> Option<IpAddr> {
    name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name).parse().ok()
}

/// Whether pages of an origin may call: our own, those that are named, and those of `cors`.
pub fn may_call(settings: &HttpServer, address: &Address, origin: &str) -> bool {
    let same = |known: &String| known.trim_end_matches('/').eq_ignore_ascii_case(origin);
    if settings.allowed_origins.iter().any(same) || may_share(settings, origin) {
        return true;
    }
    let (Address::Tcp { host, at }, Some(("http", authority))) = (address, origin.split_once("://")) else {
        return false;
    };
    let Ok(authority) = authority.parse::<http::uri::Authority>() else { return false };
    let port = authority.port_u16().unwrap_or(80);
    let name = authority.host().to_ascii_lowercase();
    port == at.port()
        && (name == "localhost"
            || self::address(&name).is_some_and(is_loopback)
            || name == host.to_ascii_lowercase())
}

/// Whether `cors` lets pages of an origin read answers.
pub fn may_share(settings: &HttpServer, origin: &str) -> bool {
    let allowed = |known: &String| {
        known == "*" && settings.auth.is_some() || known.trim_end_matches('/').eq_ignore_ascii_case(origin)
    };
    let is_page = origin != "null" && !origin.is_empty();
    is_page && settings.cors.as_ref().is_some_and(|cors| cors.origins.iter().any(allowed))
}

fn shortened(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Cors;

    fn at(host: &str, port: u16) -> Address {
        let at = std::net::SocketAddr::new(host.parse().unwrap(), port);
        Address::Tcp { host: host.to_owned(), at }
    }

    #[test]
    fn only_names_of_this_server_are_served() {
        let local = HttpServer::default();
        let named =
            HttpServer { allowed_hosts: vec!["tools.example.com".to_owned()], ..HttpServer::default() };
        let all = HttpServer::default();
        for (settings, bound, host, expected) in [
            (&local, "127.0.0.1", "localhost:8080", true),
            (&local, "127.0.0.1", "127.0.0.1:8080", true),
            (&local, "127.0.0.1", "[::1]:8080", true),
            (&local, "127.0.0.1", "LOCALHOST.", true),
            (&local, "127.0.0.1", "evil.example.com:8080", false),
            (&local, "127.0.0.1", "localhost.evil.example.com", false),
            (&local, "127.0.0.1", "localhost@evil.example.com", false),
            (&local, "127.0.0.1", "10.0.0.1", false),
            (&local, "127.0.0.1", "", false),
            (&named, "127.0.0.1", "Tools.Example.com", true),
            (&all, "0.0.0.0", "10.1.2.3:8080", true),
            (&all, "0.0.0.0", "evil.example.com", false),
        ] {
            let judged = judge(settings, &at(bound, 8080), &[host], &[]);
            assert_eq!(judged.is_ok(), expected, "{host} at {bound}: {judged:?}");
        }
        assert_eq!(judge(&local, &at("127.0.0.1", 1), &[], &[]), Err(Foreign::NoHost));
        assert_eq!(
            judge(&local, &at("127.0.0.1", 1), &["localhost", "localhost"], &[]),
            Err(Foreign::NoHost)
        );
        let socket = Address::Socket("/run/x".into());
        assert_eq!(judge(&local, &socket, &["whatever"], &[]), Ok(()), "no page reaches a socket");
    }

    #[test]
    fn only_own_and_named_pages_may_call() {
        let cors = |origins: &[&str]| {
            let origins = origins.iter().map(ToString::to_string).collect();
            Some(Cors { origins, methods: Vec::new(), headers: Vec::new() })
        };
        let settings = HttpServer {
            allowed_origins: vec!["https://app.example.com/".to_owned()],
            cors: cors(&["https://cors.example.com", "*"]),
            ..HttpServer::default()
        };
        for (origins, expected) in [
            (vec![], true),
            (vec!["http://localhost:8080"], true),
            (vec!["http://127.0.0.1:8080"], true),
            (vec!["https://app.example.com"], true),
            (vec!["https://cors.example.com"], true),
            (vec!["http://localhost:3000"], false),
            (vec!["https://localhost:8080"], false),
            (vec!["null"], false),
            (vec!["https://evil.example.com"], false),
            (vec!["http://localhost:8080", "http://localhost:8080"], false),
        ] {
            let judged = judge(&settings, &at("127.0.0.1", 8080), &["localhost:8080"], &origins);
            assert_eq!(judged.is_ok(), expected, "{origins:?}: {judged:?}");
        }
        let with_keys = HttpServer { auth: Some(Vec::new()), ..settings };
        assert!(may_share(&with_keys, "https://any.example.com") && !may_share(&with_keys, "null"));
    }
}

//! `network: { allow: […] }`: the destinations that a container can reach, checked for what they
//! say, and told where they are more than they look.

use core::net::IpAddr;
use std::collections::BTreeMap;

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::lower::scope::Scope;
use crate::config::native::{Allowed, Container, DestinationEntry, NetworkEntry};
use crate::config::source::Span;
use crate::model::{Destination, DestinationHost, HostName, Network, Realm, is_metadata, realm};

use super::lockdown::lifted;

/// Each has a socket of its own in every container.
const MOST: usize = 100;

/// What is wrong with an entry, and what to write.
type Wrong = (String, String);

pub fn only(scope: &Scope<'_>, allowed: &Allowed<'_>) -> Option<Network> {
    if allowed.entries.is_empty() && !allowed.is_broken {
        let problem = Diagnostic::error(Code::BadValue, allowed.key_span, "`allow` lists nothing");
        scope.problems.add(problem.help("write `network: none`, which is what holds without it"));
        return None;
    }
    if allowed.entries.len() > MOST {
        let message = format!("`allow` lists more than {MOST} destinations");
        let problem = Diagnostic::error(Code::BadValue, allowed.key_span, message);
        scope.problems.add(problem.help("`*.NAME:PORT` is every name below one"));
        return None;
    }
    let read = allowed.entries.iter().map(|entry| destination(scope, entry));
    let read: Vec<Option<(Destination, Span)>> = read.collect();
    let read: Option<Vec<(Destination, Span)>> = read.into_iter().collect();
    let read = read.filter(|_| !allowed.is_broken)?;
    report_duplicates(scope, &read);
    let mut list: Vec<Destination> = read.into_iter().map(|(destination, _)| destination).collect();
    list.sort();
    list.dedup();
    report_what_is_lifted(scope, allowed, &list);
    Some(Network::Only(list))
}

fn destination(scope: &Scope<'_>, entry: &DestinationEntry<'_>) -> Option<(Destination, Span)> {
    match entry {
        DestinationEntry::Text(written) => {
            let text = super::fixed(scope, *written, "allow")?;
            let (host, port) = told(scope, written.span, &text, parse(&text))?;
            report_reach(scope, written.span, &host, false);
            Some((Destination { host, port, private: false }, written.span))
        }
        DestinationEntry::Keys { host: written, port, private } => {
            let text = super::fixed(scope, *written, "host")?;
            let host = told(scope, written.span, &text, parse_host(&text))?;
            let is_private = private.as_ref().is_some_and(|private| private.value);
            if let (DestinationHost::Address(_), Some(private)) = (&host, private) {
                let message = "`private` has no effect: an address names itself, whatever network it is in";
                scope
                    .problems
                    .add(Diagnostic::warning(Code::Pointless, private.span, message).help("remove it"));
            }
            report_reach(scope, written.span, &host, is_private);
            let private = is_private && !matches!(host, DestinationHost::Address(_));
            Some((Destination { host, port: u16::try_from(port.value).ok()?, private }, written.span))
        }
    }
}

fn told<T>(scope: &Scope<'_>, span: Span, text: &str, read: Result<T, Wrong>) -> Option<T> {
    read.map_err(|(reason, help)| {
        let message = format!("`{text}` cannot be a destination: {reason}");
        scope.problems.add(Diagnostic::error(Code::BadDestination, span, message).help(help));
    })
    .ok()
}

/// `HOST:PORT`
fn parse(text: &str) -> Result<(DestinationHost, u16), Wrong> {
    if let Some((scheme, rest)) = text.split_once("://") {
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let port = if scheme == "http" { 80 } else { 443 };
        let help = if host.contains(':') { host.to_owned() } else { format!("{host}:{port}") };
        return Err(("it is a URL".to_owned(), format!("write `{help}`")));
    }
    let is_naked_v6 = text.parse::<core::net::Ipv6Addr>().is_ok();
    if is_naked_v6 {
        return Err((
            "it names no port".to_owned(),
            format!("write `[{text}]:443`, the address in brackets"),
        ));
    }
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => return Err(("it names no port".to_owned(), format!("write the port too: `{text}:443`"))),
    };
    if port.contains('/') {
        let help = format!("write `{host}:{}`", port.split('/').next().unwrap_or_default());
        return Err(("it has a path, and what is said there is not looked at".to_owned(), help));
    }
    let is_number = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let Some(number) = port.parse::<u16>().ok().filter(|number| is_number && *number > 0) else {
        let help = "one entry is one port, from 1 to 65535".to_owned();
        return Err((format!("`{port}` is no port"), help));
    };
    Ok((parse_host(host)?, number))
}

/// A name, `*.NAME` or an address, in brackets or not.
fn parse_host(text: &str) -> Result<DestinationHost, Wrong> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return address_of(address);
    }
    if text == "*" || text == "*." {
        let help = "`network: bridge` lets it reach everything".to_owned();
        return Err(("it would be everything".to_owned(), help));
    }
    let (is_below, name) = match text.strip_prefix("*.") {
        Some(name) => (true, name),
        None => (false, text),
    };
    if name.contains('*') {
        let help = "`*.example.com:443` is every name below `example.com`".to_owned();
        return Err(("`*` stands only for everything before a dot, at the beginning".to_owned(), help));
    }
    if !name.is_ascii() {
        let help = "write it in the letters that name servers know, as in `xn--bcher-kva.example`".to_owned();
        return Err(("it has letters beyond ASCII".to_owned(), help));
    }
    match HostName::parse(name) {
        Ok(HostName::Address(address)) if !is_below => address_of(address),
        Ok(HostName::Name(name)) if name.len() <= 253 => named(is_below, name),
        _ => {
            let help = "expected `NAME:PORT`, `*.NAME:PORT` or `ADDRESS:PORT`".to_owned();
            Err((format!("`{name}` is neither a name nor an address"), help))
        }
    }
}

fn named(is_below: bool, name: String) -> Result<DestinationHost, Wrong> {
    if name == "localhost" || name.ends_with(".localhost") {
        let reason = format!("in a container `{name}` is the container");
        let help = "write `127.0.0.1:PORT` for a service of this host; or give it a name by `extra_hosts: { host.internal: 127.0.0.1 }`, and allow `host.internal:PORT`";
        return Err((reason, help.to_owned()));
    }
    Ok(if is_below { DestinationHost::Below(name) } else { DestinationHost::Name(name) })
}

fn address_of(address: IpAddr) -> Result<DestinationHost, Wrong> {
    let address = address.to_canonical();
    let is_one = !address.is_unspecified()
        && !address.is_multicast()
        && address != IpAddr::V4(core::net::Ipv4Addr::BROADCAST);
    if is_one {
        return Ok(DestinationHost::Address(address));
    }
    let help = "write the address of one machine".to_owned();
    Err((format!("{address} is not the address of a machine"), help))
}

/// Says where an entry is more than it looks.
fn report_reach(scope: &Scope<'_>, span: Span, host: &DestinationHost, is_private: bool) {
    let problem = match host {
        DestinationHost::Address(address) if is_metadata(*address) => Diagnostic::warning(
            Code::NearDestination,
            span,
            format!("at {address} a cloud hands out the credentials of this host to whoever asks"),
        ),
        DestinationHost::Address(address) if address.is_loopback() => Diagnostic::note(
            Code::NearDestination,
            span,
            "this is a service of this host, which perhaps trusts whoever comes from this host",
        ),
        DestinationHost::Address(address) if realm(*address) != Realm::Public => {
            let message = format!("{address} is in a network of your own, not in the internet");
            Diagnostic::note(Code::NearDestination, span, message)
        }
        DestinationHost::Name(_) | DestinationHost::Below(_) if is_private => Diagnostic::note(
            Code::NearDestination,
            span,
            "whoever decides what this name resolves to decides which service of your networks, and of this host, the container reaches at this port",
        ),
        DestinationHost::Below(name) if !name.contains('.') => {
            let message = format!("`*.{name}` is every name below `{name}`, whoever owns it");
            let problem = Diagnostic::warning(Code::WideDestination, span, message);
            problem.help(format!("name the one below which all is yours: `*.example.{name}`"))
        }
        _ => return,
    };
    scope.problems.add(problem);
}

fn report_duplicates(scope: &Scope<'_>, read: &[(Destination, Span)]) {
    let mut taken = BTreeMap::new();
    for (destination, span) in read {
        let key = (&destination.host, destination.port);
        let Some((first, first_span)) = taken.insert(key, (destination.private, *span)) else { continue };
        let message = format!("`{destination}` stands twice");
        let problem = if first == destination.private {
            Diagnostic::warning(Code::DuplicateDestination, *span, message).help("remove one")
        } else {
            let message = format!("{message}, once with `private: true` and once without");
            Diagnostic::error(Code::DuplicateDestination, *span, message).help("remove one")
        };
        scope.problems.add(problem.other(first_span, "the first is here"));
    }
}

/// How much of a list is told.
const TOLD: usize = 5;

fn report_what_is_lifted(scope: &Scope<'_>, allowed: &Allowed<'_>, list: &[Destination]) {
    let mut told: Vec<String> = list.iter().map(|entry| format!("`{entry}`")).collect();
    told.dedup();
    if told.len() > TOLD {
        let more = told.len() - TOLD;
        told.truncate(TOLD);
        told.push(format!("{more} more"));
    }
    let message = format!(
        "the container can talk to {}, also about what it was given; everything else is out of its reach",
        told.join(", ")
    );
    lifted(scope, allowed.key_span, &message);
}

/// Names are looked up on this host.
pub fn report_name_servers(scope: &Scope<'_>, written: &Container<'_>) {
    let (Some(NetworkEntry::Only(allowed)), Some(first)) = (&written.network, written.dns.first()) else {
        return;
    };
    let message = "`dns` has no effect: the names of `allow` are looked up by this host";
    let problem = Diagnostic::warning(Code::Pointless, first.span, message);
    let problem = problem.other(allowed.key_span, "`allow` is here");
    scope
        .problems
        .add(problem.help("remove it; `extra_hosts` says where a name leads that this host does not know"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destinations_are_read() {
        for (text, expected) in [
            ("api.example.com:443", "api.example.com:443"),
            ("API.Example.Com.:443", "api.example.com:443"),
            ("*.example.com:8443", "*.example.com:8443"),
            ("my_db:5432", "my_db:5432"),
            ("10.0.0.7:5432", "10.0.0.7:5432"),
            ("[::1]:8080", "[::1]:8080"),
            ("[::ffff:10.0.0.7]:80", "10.0.0.7:80"),
            ("xn--bcher-kva.example:443", "xn--bcher-kva.example:443"),
        ] {
            let (host, port) = parse(text).unwrap();
            assert_eq!(Destination { host, port, private: false }.to_string(), expected);
        }
    }

    #[test]
    fn what_is_none_is_told_with_what_to_write() {
        for (text, reason, help) in [
            ("https://api.example.com/v1", "a URL", "`api.example.com:443`"),
            ("http://api.example.com", "a URL", "`api.example.com:80`"),
            ("api.example.com", "no port", "`api.example.com:443`"),
            ("::1", "no port", "`[::1]:443`"),
            ("[::1]", "no port", "`[::1]:443`"),
            ("api.example.com:443/v1", "a path", "`api.example.com:443`"),
            ("a.b:0", "`0` is no port", "one port"),
            ("a.b:65536", "`65536` is no port", "one port"),
            ("a.b:80-90", "`80-90` is no port", "one port"),
            ("a.b:+80", "`+80` is no port", "one port"),
            ("a.b:", "`` is no port", "one port"),
            ("*:443", "everything", "bridge"),
            ("api.*.com:443", "at the beginning", "`*.example.com:443`"),
            ("*api.com:443", "at the beginning", "`*.example.com:443`"),
            ("bücher.example:443", "beyond ASCII", "xn--"),
            ("me@a.b:22", "neither a name nor", "expected"),
            ("a b:22", "neither a name nor", "expected"),
            ("a..b:22", "neither a name nor", "expected"),
            ("2130706433:22", "neither a name nor", "expected"),
            ("127.1:22", "neither a name nor", "expected"),
            ("*.10.0.0.7:22", "neither a name nor", "expected"),
            (":22", "neither a name nor", "expected"),
            ("localhost:22", "is the container", "127.0.0.1"),
            ("0.0.0.0:22", "not the address of a machine", "one machine"),
            ("224.0.0.1:22", "not the address of a machine", "one machine"),
        ] {
            let (told, written) = parse(text).unwrap_err();
            assert!(told.contains(reason), "{text}: {told}");
            assert!(written.contains(help), "{text}: {written}");
        }
    }
}

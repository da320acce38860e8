//! For whom a trusted proxy asks. Whoever else says such things is not listened to. Pure.
//!
//! A chain of proxies is walked from our end, and what the first one says that is not trusted is
//! only what it says of itself: its address counts, and no more.

use std::net::{IpAddr, SocketAddr};

use http::header::HeaderMap;

use crate::model::{HttpServer, ProxyHeaders};

use super::door::texts;

/// A longer chain is not walked.
const MOST: usize = 32;

/// Where a request came from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// `None` for somebody at the socket in the file system.
    pub address: Option<IpAddr>,
    /// The name that the client used, if a proxy says it.
    pub host: Option<String>,
    /// The origin of a page that was loaded from there, if a proxy says which that is.
    pub site: Option<String>,
}

/// What is known of a request that came from `peer`.
pub fn seen(settings: &HttpServer, headers: &HeaderMap, peer: Option<IpAddr>) -> Seen {
    let is_trusted = |address| settings.trusted_proxies.iter().any(|proxy| proxy.has(address));
    if settings.trusted_proxies.is_empty() || !is_trusted(peer) {
        return Seen { address: peer, ..Seen::default() };
    }
    let Told { chain, scheme, host } = match settings.proxy_headers {
        ProxyHeaders::XForwarded => x_forwarded(headers),
        ProxyHeaders::Forwarded => forwarded(headers),
    };
    let mut address = peer;
    for told in chain.iter().rev().take(MOST) {
        // What is no address hides whoever is behind it.
        let Some(told) = told else { break };
        address = Some(*told);
        if !is_trusted(address) {
            break;
        }
    }
    let site = scheme.zip(host.as_deref()).map(|(scheme, host)| format!("{scheme}://{host}"));
    Seen { address, host, site }
}

/// What headers say.
#[derive(Default)]
struct Told {
    /// The nearest one last; `None` for what is no address.
    chain: Vec<Option<IpAddr>>,
    scheme: Option<&'static str>,
    host: Option<String>,
}

fn x_forwarded(headers: &HeaderMap) -> Told {
    let values = |name| texts(headers, name).into_iter().flat_map(|value| value.split(',')).map(str::trim);
    Told {
        chain: values("x-forwarded-for").map(address).collect(),
        scheme: values("x-forwarded-proto").next_back().and_then(scheme),
        host: values("x-forwarded-host").next_back().filter(|host| !host.is_empty()).map(str::to_owned),
    }
}

fn forwarded(headers: &HeaderMap) -> Told {
    let mut told = Told::default();
    for value in texts(headers, "forwarded") {
        for element in outside_quotes(value, ',') {
            // Each proxy says all of its own; the last one is ours.
            let mut this = (None, None, None);
            for pair in outside_quotes(element, ';') {
                let Some((name, value)) = pair.trim().split_once('=') else { continue };
                let value = value.trim_matches('"');
                match name.to_ascii_lowercase().as_str() {
                    "for" => this.0 = address(value),
                    "proto" => this.1 = scheme(value),
                    "host" => this.2 = Some(value.to_owned()).filter(|host| !host.is_empty()),
                    _ => {}
                }
            }
            told.chain.push(this.0);
            (told.scheme, told.host) = (this.1, this.2);
        }
    }
    told
}

/// The pieces between separators that stand in no quotes.
fn outside_quotes(text: &str, separator: char) -> Vec<&str> {
    let mut is_quoted = false;
    let between = |character: char| {
        is_quoted ^= character == '"';
        character == separator && !is_quoted
    };
    text.split(between).collect()
}

fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse::<IpAddr>().or_else(|_| text.parse::<SocketAddr>().map(|both| both.ip()));
    address.ok().map(|address| address.to_canonical())
}

fn scheme(text: &str) -> Option<&'static str> {
    match text.to_ascii_lowercase().as_str() {
        "https" => Some("https"),
        "http" => Some("http"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(settings: &HttpServer, headers: &[(&'static str, &str)], peer: &str) -> Seen {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        seen(settings, &map, peer.parse().ok())
    }

    fn behind(proxies: &[&str], proxy_headers: ProxyHeaders) -> HttpServer {
        let trusted_proxies = proxies.iter().map(|proxy| proxy.parse().unwrap()).collect();
        HttpServer { trusted_proxies, proxy_headers, ..HttpServer::default() }
    }

    #[test]
    fn only_trusted_proxies_say_for_whom_they_ask() {
        let settings = behind(&["10.0.0.0/8"], ProxyHeaders::XForwarded);
        let address = |headers: &[(&'static str, &str)], peer| {
            judged(&settings, headers, peer).address.map(|address| address.to_string())
        };
        let of = "x-forwarded-for";
        for (headers, peer, expected) in [
            (&[(of, "203.0.113.9")][..], "10.0.0.1", "203.0.113.9"),
            (&[(of, "203.0.113.9")], "192.0.2.1", "192.0.2.1"),
            (&[(of, "1.2.3.4, 203.0.113.9, 10.0.0.2")], "10.0.0.1", "203.0.113.9"),
            (&[(of, "1.2.3.4"), (of, "203.0.113.9")], "10.0.0.1", "203.0.113.9"),
            (&[(of, "10.9.9.9")], "10.0.0.1", "10.9.9.9"),
            (&[(of, "203.0.113.9, unknown, 10.0.0.2")], "10.0.0.1", "10.0.0.2"),
            (&[(of, "")], "10.0.0.1", "10.0.0.1"),
            (&[(of, "[2001:db8::1]:4711")], "10.0.0.1", "2001:db8::1"),
            (&[(of, "::ffff:203.0.113.9")], "10.0.0.1", "203.0.113.9"),
            (&[("forwarded", "for=203.0.113.9")], "10.0.0.1", "10.0.0.1"),
            (&[], "10.0.0.1", "10.0.0.1"),
        ] {
            assert_eq!(address(headers, peer).as_deref(), Some(expected), "{headers:?} from {peer}");
        }
        let open = HttpServer::default();
        let headers = [(of, "203.0.113.9"), ("x-forwarded-host", "evil.example.com")];
        let untouched = judged(&open, &headers, "127.0.0.1");
        assert_eq!(untouched, Seen { address: "127.0.0.1".parse().ok(), ..Seen::default() });
    }

    #[test]
    fn the_host_and_the_site_are_those_that_the_nearest_proxy_says() {
        let settings = behind(&["10.0.0.0/8"], ProxyHeaders::XForwarded);
        let headers = [
            ("x-forwarded-host", "evil.example.com, tools.example.com"),
            ("x-forwarded-proto", "http, HTTPS"),
        ];
        let seen = judged(&settings, &headers, "10.0.0.1");
        assert_eq!(seen.host.as_deref(), Some("tools.example.com"));
        assert_eq!(seen.site.as_deref(), Some("https://tools.example.com"));
        let settings = behind(&["10.0.0.0/8", "socket"], ProxyHeaders::Forwarded);
        let header = r#"for=1.2.3.4;host=evil.example.com, for="[2001:db8::7]:80";proto=https;by=10.0.0.1;host="tools.example.com""#;
        let seen = judged(&settings, &[("forwarded", header), ("x-forwarded-for", "9.9.9.9")], "10.0.0.1");
        assert_eq!(seen.address.unwrap().to_string(), "2001:db8::7");
        assert_eq!(seen.site.as_deref(), Some("https://tools.example.com"));
        assert_eq!(judged(&settings, &[("forwarded", header)], "no address").address, seen.address);
        let odd = judged(&settings, &[("forwarded", r#"for="a,b;c=d, for=_hidden;"#)], "10.0.0.1");
        assert_eq!(odd.address.unwrap().to_string(), "10.0.0.1");
    }
}

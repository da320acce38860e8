//! The head of a request to the proxy, read strictly: what two programs could read in two ways is
//! refused, for a request that is judged by one of them must not be another one for the next.

use std::fmt::Write;

use crate::model::HostName;

/// The longest head that is read, and the most lines of it.
pub const LONGEST: usize = 16 * 1024;
const LINES: usize = 100;

#[derive(Debug, PartialEq, Eq)]
pub enum Request {
    /// A tunnel.
    Connect { host: HostName, port: u16 },
    /// One request, with the head as the server gets it.
    Forward { host: HostName, port: u16, head: String, body: Body },
}

/// What follows the head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    Empty,
    Length(u64),
    Chunked,
}

/// Why it is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadHead {
    #[error("it is no request of HTTP/1.0 or 1.1")]
    Shape,
    #[error("it has more lines than are read")]
    TooManyLines,
    #[error("it is longer than what is read")]
    TooLong,
    #[error("this is a proxy: it takes `CONNECT HOST:PORT` and requests for `http://HOST/…`")]
    NoProxyRequest,
    #[error("its host and port cannot be read")]
    Target,
    #[error("its length is told in two ways, or in none that is known")]
    Length,
}

pub fn parse(head: &[u8]) -> Result<Request, BadHead> {
    let text = std::str::from_utf8(head).map_err(|_| BadHead::Shape)?;
    let text = text.strip_suffix("\r\n\r\n").ok_or(BadHead::Shape)?;
    let mut lines = text.split("\r\n");
    let first = lines.next().unwrap_or_default();
    let fields: Vec<Field<'_>> =
        lines.map(field).collect::<Option<_>>().filter(|_| is_plain(text)).ok_or(BadHead::Shape)?;
    if fields.len() > LINES {
        return Err(BadHead::TooManyLines);
    }
    let words: Vec<&str> = first.split(' ').collect();
    let [method, target, version @ ("HTTP/1.0" | "HTTP/1.1")] = words.as_slice() else {
        return Err(BadHead::Shape);
    };
    if !is_token(method) {
        return Err(BadHead::Shape);
    }
    if *method == "CONNECT" {
        let (host, port) = authority(target, None)?;
        return Ok(Request::Connect { host, port });
    }
    let rest = strip_scheme(target).ok_or(BadHead::NoProxyRequest)?;
    let (named, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let (host, port) = authority(named, Some(80))?;
    let body = body(&fields, version)?;
    let head = Forwarded { method, path, version, host: &host, port, fields: &fields }.head();
    Ok(Request::Forward { host, port, head, body })
}

type Field<'t> = (&'t str, &'t str);

/// Lines that go on the next one, or have a space before the colon, are read differently by different programs.
fn field(line: &str) -> Option<Field<'_>> {
    let (name, value) = line.split_once(':')?;
    is_token(name).then_some((name, value.trim_matches([' ', '\t'])))
}

/// Without control characters; line ends are whole.
fn is_plain(text: &str) -> bool {
    let whole = text.matches("\r\n").count();
    let count = |c: char| text.matches(c).count();
    count('\r') == whole
        && count('\n') == whole
        && !text.chars().any(|c| c.is_control() && !matches!(c, '\r' | '\n' | '\t'))
}

fn is_token(text: &str) -> bool {
    let is_mark = |byte: u8| b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || is_mark(byte))
}

fn strip_scheme(target: &str) -> Option<&str> {
    const SCHEME: &str = "http://";
    let (scheme, rest) = target.split_at_checked(SCHEME.len())?;
    scheme.eq_ignore_ascii_case(SCHEME).then_some(rest)
}

fn authority(text: &str, usual: Option<u16>) -> Result<(HostName, u16), BadHead> {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    let port = match port {
        None => usual,
        Some(port) => {
            let is_number = port.bytes().all(|byte| byte.is_ascii_digit());
            port.parse::<u16>().ok().filter(|number| is_number && *number > 0)
        }
    };
    let host = HostName::parse(host).map_err(|_| BadHead::Target)?;
    Ok((host, port.ok_or(BadHead::Target)?))
}

/// One way to tell a length, told once.
fn body(fields: &[Field<'_>], version: &str) -> Result<Body, BadHead> {
    let of = |wanted: &str| -> Vec<&str> {
        let same = fields.iter().filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
        same.map(|(_, value)| *value).collect()
    };
    match (of("content-length").as_slice(), of("transfer-encoding").as_slice()) {
        ([], []) => Ok(Body::Empty),
        ([length], []) if !length.is_empty() && length.bytes().all(|byte| byte.is_ascii_digit()) => {
            length.parse().map(Body::Length).map_err(|_| BadHead::Length)
        }
        ([], [encoding]) if encoding.eq_ignore_ascii_case("chunked") && version == "HTTP/1.1" => {
            Ok(Body::Chunked)
        }
        _ => Err(BadHead::Length),
    }
}

struct Forwarded<'t> {
    method: &'t str,
    path: &'t str,
    version: &'t str,
    host: &'t HostName,
    port: u16,
    fields: &'t [Field<'t>],
}

impl Forwarded<'_> {
    /// As the server gets it: for the host that was judged, whatever the request says of one, and for
    /// this one request.
    fn head(&self) -> String {
        let Self { method, path, version, host, port, fields } = self;
        let slash = if path.starts_with('/') { "" } else { "/" };
        let path = path.split('#').next().unwrap_or_default();
        let mut head = format!("{method} {slash}{path} {version}\r\nHost: {host}");
        if *port != 80 {
            let _ = write!(head, ":{port}");
        }
        head.push_str("\r\nConnection: close\r\n");
        for (name, value) in fields.iter().filter(|(name, _)| !is_between_neighbours(name)) {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        head.push_str("\r\n");
        head
    }
}

/// What is said from one program to the next and no further. Whatever `Connection` names besides stays:
/// else it could take away how long the body is.
fn is_between_neighbours(name: &str) -> bool {
    const NAMES: [&str; 6] = ["host", "connection", "keep-alive", "te", "upgrade", "http2-settings"];
    let name = name.to_ascii_lowercase();
    NAMES.contains(&name.as_str()) || name.starts_with("proxy-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Request, BadHead> {
        parse(text.as_bytes())
    }

    fn forwarded(text: &str) -> (String, String, Body) {
        match read(text) {
            Ok(Request::Forward { host, port, head, body }) => (format!("{host}:{port}"), head, body),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_tunnel_names_host_and_port() {
        for (target, expected) in [
            ("api.example.com:443", "api.example.com:443"),
            ("API.example.com.:443", "api.example.com:443"),
            ("[::1]:80", "[::1]:80"),
            ("10.0.0.7:1", "10.0.0.7:1"),
        ] {
            let Ok(Request::Connect { host, port }) = read(&format!("CONNECT {target} HTTP/1.1\r\n\r\n"))
            else {
                panic!("{target}");
            };
            assert_eq!(format!("{host}:{port}"), expected);
        }
        for target in [
            "api.example.com",
            "api.example.com:",
            "api.example.com:0",
            "api.example.com:+443",
            "api.example.com:99999",
            "a@b.example.com:443",
            "http://a.b:443",
            "a.b:443/",
            "::1:443",
            "0x7f.1:443",
            "2130706433:443",
            "a%2eb:443",
            "a..b:443",
            ":443",
        ] {
            let found = read(&format!("CONNECT {target} HTTP/1.1\r\n\r\n"));
            assert_eq!(found, Err(BadHead::Target), "{target}");
        }
    }

    #[test]
    fn a_request_is_for_the_host_that_its_target_names() {
        let (at, head, body) = forwarded(
            "GET http://Api.example.com/a?b=c#d HTTP/1.1\r\nHost: evil.example\r\nhost: other\r\nAccept: */*\r\n\
             Proxy-Authorization: Basic eA==\r\nConnection: keep-alive, content-length\r\nKeep-Alive: 5\r\n\
             Content-Length: 3\r\n\r\n",
        );
        assert_eq!((at.as_str(), body), ("api.example.com:80", Body::Length(3)));
        let expected = "GET /a?b=c HTTP/1.1\r\nHost: api.example.com\r\nConnection: close\r\nAccept: */*\r\n\
                        Content-Length: 3\r\n\r\n";
        assert_eq!(head, expected);
        let (at, head, body) =
            forwarded("POST HTTP://a.b:8080?x HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n");
        assert_eq!((at.as_str(), body), ("a.b:8080", Body::Chunked));
        assert!(head.starts_with("POST /?x HTTP/1.1\r\nHost: a.b:8080\r\n"), "{head}");
        assert_eq!(forwarded("GET http://[::1] HTTP/1.0\r\n\r\n").0, "[::1]:80");
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        let get = "GET http://a.b/ HTTP/1.1\r\n";
        for (head, expected) in [
            ("GET / HTTP/1.1\r\nHost: a.b\r\n\r\n".to_owned(), BadHead::NoProxyRequest),
            ("GET https://a.b/ HTTP/1.1\r\n\r\n".to_owned(), BadHead::NoProxyRequest),
            ("GET ftp://a.b/ HTTP/1.1\r\n\r\n".to_owned(), BadHead::NoProxyRequest),
            ("GET http://a@b.c/ HTTP/1.1\r\n\r\n".to_owned(), BadHead::Target),
            ("GET http://a.b\\@c.d/ HTTP/1.1\r\n\r\n".to_owned(), BadHead::Target),
            ("GET http:///x HTTP/1.1\r\n\r\n".to_owned(), BadHead::Target),
            ("GET http://a.b/ HTTP/2.0\r\n\r\n".to_owned(), BadHead::Shape),
            ("GET http://a.b/ x HTTP/1.1\r\n\r\n".to_owned(), BadHead::Shape),
            ("GET  http://a.b/ HTTP/1.1\r\n\r\n".to_owned(), BadHead::Shape),
            ("G\tT http://a.b/ HTTP/1.1\r\n\r\n".to_owned(), BadHead::Shape),
            ("GET http://a.b/ HTTP/1.1\n\n".to_owned(), BadHead::Shape),
            (format!("{get}A: b\nC: d\r\n\r\n"), BadHead::Shape),
            (format!("{get}A: b\rC: d\r\n\r\n"), BadHead::Shape),
            (format!("{get}A: b\r\n c\r\n\r\n"), BadHead::Shape),
            (format!("{get}A : b\r\n\r\n"), BadHead::Shape),
            (format!("{get}A: \0\r\n\r\n"), BadHead::Shape),
            (format!("{get}no colon\r\n\r\n"), BadHead::Shape),
            (format!("{get}{}\r\n", "A: b\r\n".repeat(101)), BadHead::TooManyLines),
            (format!("{get}Content-Length: 3\r\nContent-Length: 3\r\n\r\n"), BadHead::Length),
            (format!("{get}Content-Length: 3, 3\r\n\r\n"), BadHead::Length),
            (format!("{get}Content-Length: +3\r\n\r\n"), BadHead::Length),
            (format!("{get}Content-Length: -1\r\n\r\n"), BadHead::Length),
            (format!("{get}Content-Length:\r\n\r\n"), BadHead::Length),
            (format!("{get}Content-Length: 99999999999999999999\r\n\r\n"), BadHead::Length),
            (format!("{get}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"), BadHead::Length),
            (format!("{get}Transfer-Encoding: gzip, chunked\r\n\r\n"), BadHead::Length),
            (format!("{get}Transfer-Encoding: xchunked\r\n\r\n"), BadHead::Length),
            ("POST http://a.b/ HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n".to_owned(), BadHead::Length),
        ] {
            assert_eq!(read(&head), Err(expected), "{head:?}");
        }
        assert_eq!(parse(b"\xff\r\n\r\n"), Err(BadHead::Shape));
    }
}

//! URLs with holes. Scheme, host and port are fixed when the file is loaded: a caller only ever
//! fills a segment of the path or a value of the query, and cannot leave its place there.

use std::fmt;

use super::host::{HostName, Origin, origin};
use crate::model::template::{Piece, Reference, Template};

/// A URL that has been taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlTemplate {
    pub origin: Origin,
    /// What stands between the slashes; at least one, which may be empty.
    pub segments: Vec<Vec<Piece>>,
    /// What follows the first `?`.
    pub query: Option<Vec<Piece>>,
}

/// Why a text is no URL that can be called.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadUrl {
    #[error("a URL begins with `https://` or `http://`")]
    Scheme,
    #[error("callers do not choose the host: `{0}` can stand only in the path and the query")]
    TemplateInOrigin(String),
    #[error("there is no host in this URL")]
    NoHost,
    #[error("`{0}` cannot be a host")]
    Host(String),
    #[error("`{0}` cannot be a port; expected a number from 1 to 65535")]
    Port(String),
    #[error("user names and passwords have no place in a URL")]
    UserInfo,
    #[error("what follows `#` is never sent to a server")]
    Fragment,
    #[error("a URL cannot hold {0}; write it percent-encoded")]
    Character(&'static str),
    #[error("`{0}` as a part of a path leads somewhere else")]
    Dots(String),
}

impl UrlTemplate {
    /// Takes a template apart in which everything known at load is filled in.
    pub fn parse(template: &Template) -> Result<Self, BadUrl> {
        let (first, rest) = match template.pieces() {
            [Piece::Text(text), rest @ ..] => (text.as_str(), rest),
            [Piece::Value(reference) | Piece::Json(reference), ..] => {
                return Err(BadUrl::TemplateInOrigin(hole(reference)));
            }
            [] => return Err(BadUrl::Scheme),
        };
        let (is_secure, after) = scheme(first).ok_or(BadUrl::Scheme)?;
        let end = after.find(['/', '?', '#', '\\']);
        let authority = after.get(..end.unwrap_or(after.len())).unwrap_or_default();
        if end.is_none()
            && let Some(Piece::Value(reference) | Piece::Json(reference)) = rest.first()
        {
            return Err(BadUrl::TemplateInOrigin(hole(reference)));
        }
        let tail = end.and_then(|end| after.get(end..)).unwrap_or_default();
        Self::of(origin(is_secure, authority)?, tail, rest)
    }

    /// Takes apart one in which `${…}` was not expanded, for those who compare files and call
    /// nothing: its host is not known.
    pub fn parse_unexpanded(template: &Template) -> Result<Self, BadUrl> {
        let [Piece::Text(first), rest @ ..] = template.pieces() else { return Self::parse(template) };
        let Some(opened) = first.find("${") else { return Self::parse(template) };
        let closed =
            first.get(opened..).and_then(|text| text.find('}')).map_or(first.len(), |at| opened + at);
        let end = first.get(closed..).and_then(|text| text.find(['/', '?'])).map(|at| closed + at);
        let (host, tail) = first.split_at(end.unwrap_or(first.len()));
        Self::of(Origin { is_secure: true, host: HostName::Name(host.to_owned()), port: None }, tail, rest)
    }

    fn of(origin: Origin, tail: &str, rest: &[Piece]) -> Result<Self, BadUrl> {
        let mut url = Self { origin, segments: vec![Vec::new()], query: None };
        url.read_text(tail.strip_prefix('/').unwrap_or(tail))?;
        for piece in rest {
            match piece {
                Piece::Text(text) => url.read_text(text)?,
                hole => url.last().push(hole.clone()),
            }
        }
        url.refuse_dots()?;
        Ok(url)
    }

    /// The holes, with what they stand in.
    pub fn references(&self) -> impl Iterator<Item = &Reference> {
        let query = self.query.iter().flatten();
        self.segments.iter().flatten().chain(query).filter_map(|piece| match piece {
            Piece::Text(_) => None,
            Piece::Value(reference) | Piece::Json(reference) => Some(reference),
        })
    }

    fn last(&mut self) -> &mut Vec<Piece> {
        match &mut self.query {
            Some(query) => query,
            None => {
                if self.segments.is_empty() {
                    self.segments.push(Vec::new());
                }
                // There is a last one: it was pushed here if there was none.
                self.segments.last_mut().expect("a path has at least one segment")
            }
        }
    }

    fn read_text(&mut self, text: &str) -> Result<(), BadUrl> {
        if text.contains('#') {
            return Err(BadUrl::Fragment);
        }
        let (path, query) = match (&self.query, text.split_once('?')) {
            (Some(_), _) => ("", Some(text)),
            (None, Some((path, query))) => (path, Some(query)),
            (None, None) => (text, None),
        };
        for (index, part) in path.split('/').enumerate() {
            if index > 0 {
                self.segments.push(Vec::new());
            }
            self.push(&literal(part, "")?);
        }
        if let Some(query) = query {
            self.query.get_or_insert_default();
            self.push(&literal(query, "/?")?);
        }
        Ok(())
    }

    fn push(&mut self, text: &str) {
        if !text.is_empty() {
            self.last().push(Piece::Text(text.to_owned()));
        }
    }

    fn refuse_dots(&self) -> Result<(), BadUrl> {
        let dots = self.segments.iter().find_map(|segment| match segment.as_slice() {
            [Piece::Text(text)] if is_dots(text) => Some(text.clone()),
            _ => None,
        });
        dots.map_or(Ok(()), |text| Err(BadUrl::Dots(text)))
    }
}

/// Whether a segment means this folder or the one above, however it is written.
pub fn is_dots(segment: &str) -> bool {
    matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..")
}

/// Encodes a value so that it is nothing but data wherever it stands in a URL.
pub fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// Text of the file: what may stand in a path stays, the rest is encoded.
fn literal(text: &str, also: &str) -> Result<String, BadUrl> {
    let mut encoded = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => return Err(BadUrl::Character("a backslash")),
            c if c.is_control() => return Err(BadUrl::Character("a control character")),
            c if c.is_ascii_alphanumeric() || "-._~!$&'()*+,;=:@%".contains(c) || also.contains(c) => {
                encoded.push(c);
            }
            c => encoded.push_str(&percent_encoded(c.encode_utf8(&mut [0; 4]))),
        }
    }
    Ok(encoded)
}

/// As it is written, holes too.
impl fmt::Display for UrlTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pieces = |f: &mut fmt::Formatter<'_>, pieces: &[Piece]| {
            pieces.iter().try_for_each(|piece| match piece {
                Piece::Text(text) => f.write_str(text),
                Piece::Value(reference) => write!(f, "{{{{{reference}}}}}"),
                Piece::Json(reference) => write!(f, "{{{{json {reference}}}}}"),
            })
        };
        write!(f, "{}", self.origin)?;
        for segment in &self.segments {
            f.write_str("/")?;
            pieces(f, segment)?;
        }
        self.query.as_ref().map_or(Ok(()), |query| {
            f.write_str("?")?;
            pieces(f, query)
        })
    }
}

fn scheme(text: &str) -> Option<(bool, &str)> {
    let (scheme, rest) = text.split_once("://")?;
    match scheme.to_ascii_lowercase().as_str() {
        "https" => Some((true, rest)),
        "http" => Some((false, rest)),
        _ => None,
    }
}

fn hole(reference: &Reference) -> String {
    format!("{{{{{reference}}}}}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<UrlTemplate, BadUrl> {
        UrlTemplate::parse(&Template::parse(text).unwrap())
    }

    #[test]
    fn a_url_is_taken_apart() {
        let url = parse("https://API.example.com:443/repos/{{owner}}/x-{{repo}}.json?q={{q}}&n=1").unwrap();
        assert_eq!(url.origin.to_string(), "https://api.example.com");
        assert_eq!(url.segments.len(), 3);
        assert_eq!(url.references().count(), 3);
        assert_eq!(url.query.as_ref().map(Vec::len), Some(3));
        assert_eq!(parse("http://[::1]:8080").unwrap().origin.to_string(), "http://[::1]:8080");
        let path = parse("https://a.b/é| x").unwrap();
        assert_eq!(path.segments, [vec![Piece::Text("%C3%A9%7C%20x".into())]]);
        assert_eq!(parse("https://a.b?x={{y}}").unwrap().references().count(), 1);
    }

    #[test]
    fn what_could_lead_elsewhere_is_refused() {
        for (text, expected) in [
            ("ftp://a.b/", BadUrl::Scheme),
            ("a.b/c", BadUrl::Scheme),
            ("{{x}}/a", BadUrl::TemplateInOrigin("{{x}}".into())),
            ("https://{{x}}/a", BadUrl::TemplateInOrigin("{{x}}".into())),
            ("https://a.{{x}}", BadUrl::TemplateInOrigin("{{x}}".into())),
            ("https://a.b:{{x}}/", BadUrl::TemplateInOrigin("{{x}}".into())),
            ("https:///a", BadUrl::NoHost),
            ("https://u:p@a.b/", BadUrl::UserInfo),
            ("https://a.b:0/", BadUrl::Port("0".into())),
            ("https://a.b:+1/", BadUrl::Port("+1".into())),
            ("https://a.b:99999/", BadUrl::Port("99999".into())),
            ("http://2130706433/", BadUrl::Host("2130706433".into())),
            ("http://0x7f.1/", BadUrl::Host("0x7f.1".into())),
            ("http://0x7f000001/", BadUrl::Host("0x7f000001".into())),
            ("http://127.1/", BadUrl::Host("127.1".into())),
            ("http://010.0.0.1/", BadUrl::Host("010.0.0.1".into())),
            ("http://a b/", BadUrl::Host("a b".into())),
            ("http://é.example/", BadUrl::Host("é.example".into())),
            ("http://a.b/#x", BadUrl::Fragment),
            ("http://a.b/x\ty", BadUrl::Character("a control character")),
            ("http://a.b\\@c.d/", BadUrl::Character("a backslash")),
            ("http://a.b/x/../y", BadUrl::Dots("..".into())),
            ("http://a.b/%2E%2e/y", BadUrl::Dots("%2E%2e".into())),
        ] {
            assert_eq!(parse(text), Err(expected), "{text}");
        }
    }

    #[test]
    fn hosts_of_this_machine_are_known() {
        for (text, is_private) in [
            ("http://localhost/", true),
            ("http://api.localhost/", true),
            ("http://10.1.2.3/", true),
            ("http://[::ffff:127.0.0.1]/", true),
            ("https://example.com/", false),
            ("https://1.1.1.1/", false),
        ] {
            assert_eq!(parse(text).unwrap().origin.host.is_private(), is_private, "{text}");
        }
    }
}

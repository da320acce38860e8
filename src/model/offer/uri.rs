//! A URI with holes: `docs://runbook`, `test://template/{id}/data`, `docs://{+path}`.
//!
//! Of RFC 6570 there are the two forms that can be read back: `{name}` is one part of a path, and
//! `{+name}` any number of them. What stands in a hole is percent-encoded in a URI.

use std::sync::OnceLock;

use regex::Regex;

use crate::model::{ParamName, percent_encoded};

/// Schemes of URIs that are our own.
pub const RESERVED_SCHEMES: [&str; 2] = ["run", "mcpfier"];

/// The longest URI, as it is written and as it is asked for.
const LONGEST: usize = 4096;
const MOST_HOLES: usize = 8;

#[derive(Debug, Clone)]
pub struct UriTemplate {
    text: String,
    parts: Vec<Part>,
    /// Made when something is first compared with it.
    pattern: OnceLock<Option<Regex>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Hole { name: String, is_path: bool },
}

/// Why a text is no URI of a resource.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadUri {
    #[error("it has no scheme; expected something like `docs://{0}`")]
    NoScheme(String),
    #[error("`{0}:` is a scheme of mcpfier's own")]
    Reserved(String),
    #[error("a URI holds no spaces and no control characters; write `%20` for a space")]
    Character,
    #[error("`{{` is never closed, or `}}` never opened")]
    Braces,
    #[error("`{{{0}}}` is no hole; expected `{{name}}` for one part of a path or `{{+name}}` for several")]
    Hole(String),
    #[error("two holes stand side by side, and nobody could tell where one ends")]
    Adjacent,
    #[error("the hole `{0}` stands there twice")]
    Twice(String),
    #[error("it is longer than {LONGEST} bytes or has more than {MOST_HOLES} holes")]
    TooLong,
}

impl UriTemplate {
    pub fn read(text: &str) -> Result<Self, BadUri> {
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(BadUri::Character);
        }
        check_scheme(text)?;
        let parts = parts(text)?;
        let holes: Vec<&str> = holes(&parts).collect();
        if text.len() > LONGEST || holes.len() > MOST_HOLES {
            return Err(BadUri::TooLong);
        }
        if let Some(twice) =
            holes.iter().enumerate().find(|(at, name)| holes.iter().take(*at).any(|before| before == *name))
        {
            return Err(BadUri::Twice((*twice.1).to_owned()));
        }
        Ok(Self { text: text.to_owned(), parts, pattern: OnceLock::new() })
    }

    /// As it is written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it has no holes.
    pub fn is_fixed(&self) -> bool {
        self.holes().next().is_none()
    }

    /// The names of its holes.
    pub fn holes(&self) -> impl Iterator<Item = &str> {
        holes(&self.parts)
    }

    /// Whether a hole takes several parts of a path.
    pub fn takes_path(&self, hole: &str) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Hole { name, is_path: true } if name == hole))
    }

    /// What stands in the holes of a URI; `None` if it is not one of these.
    pub fn read_uri(&self, uri: &str) -> Option<Vec<(String, String)>> {
        if uri.len() > LONGEST {
            return None;
        }
        let pattern = self.pattern.get_or_init(|| Regex::new(&pattern(&self.parts)).ok()).as_ref()?;
        let found = pattern.captures(uri)?;
        let value = |name: &str| Some((name.to_owned(), decoded(found.name(name)?.as_str())?));
        self.holes().map(value).collect()
    }

    /// The URI with a value in its one hole.
    pub fn with(&self, value: &str) -> String {
        let mut uri = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => uri.push_str(text),
                Part::Hole { is_path: false, .. } => uri.push_str(&percent_encoded(value)),
                Part::Hole { is_path: true, .. } => {
                    let parts: Vec<String> = value.split('/').map(percent_encoded).collect();
                    uri.push_str(&parts.join("/"));
                }
            }
        }
        uri
    }
}

impl PartialEq for UriTemplate {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

fn holes(parts: &[Part]) -> impl Iterator<Item = &str> {
    parts.iter().filter_map(|part| match part {
        Part::Hole { name, .. } => Some(name.as_str()),
        Part::Text(_) => None,
    })
}

fn check_scheme(text: &str) -> Result<(), BadUri> {
    let scheme = text.split_once(':').map(|(scheme, _)| scheme).unwrap_or_default();
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    if !is_scheme {
        return Err(BadUri::NoScheme(text.chars().take(40).collect()));
    }
    let scheme = scheme.to_ascii_lowercase();
    if RESERVED_SCHEMES.contains(&scheme.as_str()) {
        return Err(BadUri::Reserved(scheme));
    }
    Ok(())
}

fn parts(text: &str) -> Result<Vec<Part>, BadUri> {
    let (mut parts, mut rest) = (Vec::new(), text);
    while let Some((before, after)) = rest.split_once('{') {
        let (hole, after) = after.split_once('}').ok_or(BadUri::Braces)?;
        match before {
            "" if matches!(parts.last(), Some(Part::Hole { .. })) => return Err(BadUri::Adjacent),
            "" => {}
            _ if before.contains('}') => return Err(BadUri::Braces),
            _ => parts.push(Part::Text(before.to_owned())),
        }
        let name = hole.strip_prefix('+').unwrap_or(hole);
        if name.parse::<ParamName>().is_err() {
            return Err(BadUri::Hole(hole.to_owned()));
        }
        parts.push(Part::Hole { name: name.to_owned(), is_path: hole.starts_with('+') });
        rest = after;
    }
    if rest.contains('}') {
        return Err(BadUri::Braces);
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest.to_owned()));
    }
    Ok(parts)
}

/// Matched in a time that grows with the URI alone.
fn pattern(parts: &[Part]) -> String {
    let mut pattern = "^".to_owned();
    for part in parts {
        match part {
            Part::Text(text) => pattern.push_str(&regex::escape(text)),
            Part::Hole { name, is_path: false } => pattern.push_str(&format!("(?<{name}>[^/?#]+)")),
            Part::Hole { name, is_path: true } => pattern.push_str(&format!("(?<{name}>[^?#]+)")),
        }
    }
    pattern.push('$');
    pattern
}

/// `a%20b` → `a b`; `None` for what is no text, or holds control characters.
fn decoded(text: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
        rest = after;
    }
    let text = String::from_utf8(bytes).ok()?;
    (!text.chars().any(char::is_control)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(template: &str, uri: &str) -> Option<Vec<(String, String)>> {
        UriTemplate::read(template).unwrap().read_uri(uri)
    }

    fn pairs(pairs: &[(&str, &str)]) -> Option<Vec<(String, String)>> {
        Some(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn what_stands_in_the_holes_is_read_back() {
        for (template, uri, expected) in [
            ("test://template/{id}/data", "test://template/7/data", pairs(&[("id", "7")])),
            ("test://template/{id}/data", "test://template/a%2Fb%20c/data", pairs(&[("id", "a/b c")])),
            ("test://template/{id}/data", "test://template/a/b/data", None),
            ("test://template/{id}/data", "test://template//data", None),
            ("test://template/{id}/data", "test://template/7/data/", None),
            ("docs://{+path}", "docs://a/b.md", pairs(&[("path", "a/b.md")])),
            ("docs://{+path}", "docs://", None),
            ("git:{repo}@{rev}", "git:a@b@c", pairs(&[("repo", "a@b"), ("rev", "c")])),
            ("x://{id}", "x://%zz", None),
            ("x://{id}", "x://%00", None),
            ("x://{id}", "x://%ff", None),
            ("x://{id}", "x://a?b", None),
        ] {
            assert_eq!(read(template, uri), expected, "{template} {uri}");
        }
    }

    #[test]
    fn a_value_is_encoded_for_its_hole() {
        let path = UriTemplate::read("docs://{+path}").unwrap();
        assert_eq!(path.with("a b/c#d.md"), "docs://a%20b/c%23d.md");
        assert_eq!(path.read_uri(&path.with("ä/%.md")), pairs(&[("path", "ä/%.md")]));
        assert_eq!(UriTemplate::read("docs://{name}").unwrap().with("a/b"), "docs://a%2Fb");
    }

    #[test]
    fn what_is_no_uri_is_refused() {
        for (text, error) in [
            ("runbook", BadUri::NoScheme("runbook".into())),
            ("://x", BadUri::NoScheme("://x".into())),
            ("run://x", BadUri::Reserved("run".into())),
            ("docs://a b", BadUri::Character),
            ("docs://{a", BadUri::Braces),
            ("docs://a}", BadUri::Braces),
            ("docs://{a}{b}", BadUri::Adjacent),
            ("docs://{a}/{a}", BadUri::Twice("a".into())),
            ("docs://{?a}", BadUri::Hole("?a".into())),
            ("docs://{}", BadUri::Hole(String::new())),
            ("docs://{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}", BadUri::TooLong),
        ] {
            assert_eq!(UriTemplate::read(text).err(), Some(error), "{text}");
        }
    }
}

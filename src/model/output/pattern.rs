//! `output.pattern`: a regular expression whose named groups make an object of each match.

use std::fmt;
use std::sync::Arc;

use regex::{Regex, RegexBuilder};

/// A pattern with named groups, for each line or, if it says so, for the text as a whole. Cheap to clone.
#[derive(Clone)]
pub struct RowPattern {
    regex: Arc<Regex>,
    /// It begins with flags among which is `s`: its `.` goes over lines.
    pub spans_lines: bool,
}

/// Why a text is no pattern for rows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadPattern {
    #[error("{0}")]
    Syntax(String),
    #[error("it looks around, or refers back, which cannot be matched in linear time")]
    LooksAround,
    #[error("it takes more than {} KiB when it is compiled", MOST_COMPILED / 1024)]
    TooLarge,
    #[error("it is {0} bytes long; at most {MOST_WRITTEN} may be")]
    TooLong(usize),
    #[error("it has no named group, so its matches have no names")]
    NoNames,
}

/// As much as counted repetitions of a reasonable pattern need.
const MOST_COMPILED: usize = 1 << 20;
const MOST_WRITTEN: usize = 4096;

impl RowPattern {
    pub fn read(text: &str) -> Result<Self, BadPattern> {
        if text.len() > MOST_WRITTEN {
            return Err(BadPattern::TooLong(text.len()));
        }
        let mut builder = RegexBuilder::new(text);
        builder.size_limit(MOST_COMPILED).dfa_size_limit(2 * MOST_COMPILED).multi_line(true);
        let regex = builder.build().map_err(|error| refused(text, &error))?;
        if regex.capture_names().flatten().next().is_none() {
            return Err(BadPattern::NoNames);
        }
        let flags =
            text.strip_prefix("(?").and_then(|rest| rest.split_once(')')).map_or("", |(flags, _)| flags);
        let spans_lines = flags.bytes().all(|flag| flag.is_ascii_alphabetic()) && flags.contains('s');
        Ok(Self { regex: Arc::new(regex), spans_lines })
    }

    pub fn text(&self) -> &str {
        self.regex.as_str()
    }

    /// The names of its groups, in their order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.regex.capture_names().flatten()
    }

    /// What each match of a text holds: one search is done in linear time, so all of them take at most their
    /// number times that. By the names of its groups; a group that took no part is absent.
    pub fn matches<'t>(&self, text: &'t str) -> impl Iterator<Item = Vec<(&str, Option<&'t str>)>> {
        let of = |found: regex::Captures<'t>| {
            self.names().map(|name| (name, found.name(name).map(|group| group.as_str()))).collect()
        };
        self.regex.captures_iter(text).map(of)
    }
}

fn refused(text: &str, error: &regex::Error) -> BadPattern {
    if matches!(error, regex::Error::CompiledTooBig(_)) {
        return BadPattern::TooLarge;
    }
    if ["(?=", "(?!", "(?<=", "(?<!"].iter().any(|look| text.contains(look)) {
        return BadPattern::LooksAround;
    }
    // The last line says what is wrong; those before draw the pattern once more.
    let error = error.to_string();
    let reason = error.lines().last().unwrap_or(&error);
    BadPattern::Syntax(reason.trim_start_matches("error: ").to_owned())
}

impl fmt::Debug for RowPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RowPattern").field(&self.text()).finish()
    }
}

impl PartialEq for RowPattern {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Eq for RowPattern {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_needs_names_and_has_bounds() {
        for (text, reason) in [
            (r"^(\d+)$", "it has no named group, so its matches have no names"),
            (r"(?<a>x", "unclosed group"),
            (r"(?<a>x)(?=y)", "it looks around, or refers back, which cannot be matched in linear time"),
            (r"(?<a>(\w{1000}){1000})", "it takes more than 1024 KiB when it is compiled"),
        ] {
            assert_eq!(RowPattern::read(text).unwrap_err().to_string(), reason, "{text}");
        }
        let long = format!("(?<a>{})", "x".repeat(5000));
        assert_eq!(RowPattern::read(&long), Err(BadPattern::TooLong(5006)));
    }

    #[test]
    fn lines_are_matched_one_by_one_and_a_group_may_take_no_part() {
        let pattern = RowPattern::read(r"^(?<name>\w+)(?:=(?<value>\w+))?$").unwrap();
        assert!(!pattern.spans_lines && RowPattern::read("(?is)(?<a>x)").unwrap().spans_lines);
        let found: Vec<_> = pattern.matches("a=1\nb\n!\nc=3\n").collect();
        let row = |name, value| vec![("name", Some(name)), ("value", value)];
        assert_eq!(found, [row("a", Some("1")), row("b", None), row("c", Some("3"))]);
    }

    #[test]
    fn a_pattern_that_would_be_catastrophic_elsewhere_is_matched_at_once() {
        let pattern = RowPattern::read(r"^(?<all>(a|a?)+)$").unwrap();
        let text = format!("{}b", "a".repeat(100_000));
        assert_eq!(pattern.matches(&text).count(), 0);
    }
}

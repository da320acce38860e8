//! Ranges of versions, and the version that a program says it has.
//!
//! A range is one or more comparisons, such as `>=18 <23`; with `||` between several ranges one of them is
//! enough. A version may be short: `1.4` is `1.4.0`.

use std::fmt;

use regex::Regex;
use semver::{Version, VersionReq};

/// So much of what a program says is looked at for its version.
pub const MOST_SAID: usize = 64 << 10;
/// So many characters of what it says instead of a version are told.
const TOLD: usize = 120;
/// What looks like a version where nothing else is said.
const USUAL: &str = r"\d+(?:\.\d+){1,2}";
/// Signs with which a comparison begins.
const SIGNS: [char; 5] = ['<', '>', '=', '~', '^'];

/// Which versions will do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionRange {
    written: String,
    /// One of these.
    any: Vec<VersionReq>,
}

/// Why a text is no range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{written}` is no range of versions; expected comparisons such as `>=18 <23` or `^1.4`")]
pub struct BadRange {
    pub written: String,
}

impl VersionRange {
    pub fn parse(written: &str) -> Result<Self, BadRange> {
        let one = |part: &str| VersionReq::parse(&with_commas(part)).ok();
        let any: Option<Vec<VersionReq>> = written.split("||").map(one).collect();
        match any {
            Some(any) if !written.trim().is_empty() => Ok(Self { written: written.trim().to_owned(), any }),
            _ => Err(BadRange { written: written.to_owned() }),
        }
    }

    /// Whether there is any version that will not do.
    pub fn is_demanding(&self) -> bool {
        self.any.iter().all(|range| !range.comparators.is_empty())
    }

    pub fn has(&self, version: &Version) -> bool {
        self.any.iter().any(|range| range.matches(version))
    }
}

impl fmt::Display for VersionRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

/// Comparisons with a comma between each two, whether or not there was one. A sign may stand apart from its
/// version.
fn with_commas(written: &str) -> String {
    let mut text = String::new();
    for word in written.split([',', ' ', '\t', '\n']).filter(|word| !word.is_empty()) {
        if !text.is_empty() && !text.ends_with(SIGNS) {
            text.push(',');
        }
        text.push_str(word);
    }
    text
}

/// A version with one to three numbers, and perhaps a `v` before it.
pub fn version(text: &str) -> Option<Version> {
    let bare = text.trim().trim_start_matches(['v', 'V']);
    let missing = 2_usize.saturating_sub(bare.split(['-', '+']).next()?.matches('.').count());
    let (numbers, rest) = bare.split_at(bare.find(['-', '+']).unwrap_or(bare.len()));
    let numbers: Vec<&str> = numbers.split('.').map(without_zeros).collect();
    Version::parse(&format!("{}{}{rest}", numbers.join("."), ".0".repeat(missing))).ok()
}

/// `22.04` is written by people who mean a number.
fn without_zeros(number: &str) -> &str {
    match number.trim_start_matches('0') {
        "" if !number.is_empty() => "0",
        rest => rest,
    }
}

/// Finds a version in what a program says.
#[derive(Debug, Clone)]
pub struct VersionPattern(Regex);

impl VersionPattern {
    /// Its first group, or all of it without a group, is the version.
    pub fn parse(pattern: &str) -> Result<Self, regex::Error> {
        regex::RegexBuilder::new(pattern).multi_line(true).size_limit(1 << 20).build().map(Self)
    }

    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    fn find<'t>(&self, said: &'t str) -> Option<&'t str> {
        let found = self.0.captures(said)?;
        found.get(1).or_else(|| found.get(0)).map(|found| found.as_str())
    }
}

impl PartialEq for VersionPattern {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

/// The first version in what a program said, or what it said instead.
pub fn found_in(said: &str, pattern: Option<&VersionPattern>) -> Result<Version, String> {
    let found = match pattern {
        Some(pattern) => pattern.find(said),
        None => Regex::new(USUAL).ok().and_then(|usual| usual.find(said)).map(|found| found.as_str()),
    };
    found.and_then(version).ok_or_else(|| first_line(said))
}

/// What it said, in one line.
pub fn first_line(said: &str) -> String {
    let line = said.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let shown: String = line.chars().filter(|character| !character.is_control()).take(TOLD).collect();
    if shown.is_empty() { "it says nothing".to_owned() } else { format!("it says \"{shown}\"") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_written_as_people_write_it() {
        for (range, yes, no) in [
            (">=18 <23", &["18.0.0", "22.9.1"] as &[_], &["17.9.9", "23.0.0"] as &[_]),
            (">=18, <23", &["18.0.0"], &["23.0.0"]),
            (">= 18  < 23", &["18.0.0"], &["23.0.0"]),
            ("^1.4", &["1.4", "1.9.9"], &["1.3.9", "2"]),
            ("~1.4", &["1.4.7"], &["1.5"]),
            ("=2.0.1", &["v2.0.1"], &["2.0.2"]),
            ("1.x", &["1.9"], &["2"]),
            ("*", &["0.0.1"], &[]),
            ("^16 || >=18", &["16.2", "20"], &["17"]),
            (">=22.4", &["22.04.1"], &["22.03"]),
        ] {
            let range = VersionRange::parse(range).expect(range);
            for (versions, expected) in [(yes, true), (no, false)] {
                for text in versions {
                    assert_eq!(range.has(&version(text).expect(text)), expected, "{text} in {range}");
                }
            }
        }
        for bad in ["", "  ", "new", ">=", "1 2 three", "||", ">=1 ||"] {
            assert!(VersionRange::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_version_is_found_in_what_programs_say() {
        for (said, expected) in [
            ("v18.20.4\n", "18.20.4"),
            ("git version 2.39.5 (Apple Git-154)\n", "2.39.5"),
            ("du (GNU coreutils) 9.1\nCopyright", "9.1.0"),
            ("openjdk version \"21.0.2\" 2024-01-16", "21.0.2"),
            ("OpenSSL 3.0.15 3 Sep 2024", "3.0.15"),
            ("\nPython 3.11.2", "3.11.2"),
        ] {
            assert_eq!(
                found_in(said, None).map(|found| found.to_string()),
                Ok(expected.to_owned()),
                "{said}"
            );
        }
        let pattern = VersionPattern::parse(r"^jq-(\S+)$").expect("it is one");
        assert_eq!(found_in("jq-1.7\n", Some(&pattern)).map(|found| found.minor), Ok(7));
        assert_eq!(found_in("jq 1.7\n", Some(&pattern)), Err("it says \"jq 1.7\"".to_owned()));
        assert_eq!(found_in("", None), Err("it says nothing".to_owned()));
        assert_eq!(
            found_in("\u{1b}[31musage\u{1b}[0m: x", None),
            Err("it says \"[31musage[0m: x\"".to_owned())
        );
        assert!(found_in("99999999999999999999999.1", None).is_err());
    }
}

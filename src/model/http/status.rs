//! Which status codes are success.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// Ranges of status codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusCodes(Vec<RangeInclusive<u16>>);

/// What a status code can be at all.
const POSSIBLE: RangeInclusive<u16> = 100..=599;

impl StatusCodes {
    pub fn of(ranges: Vec<RangeInclusive<u16>>) -> Self {
        Self(ranges)
    }

    pub fn contains(&self, status: u16) -> bool {
        self.0.iter().any(|range| range.contains(&status))
    }

    /// One element of `success`: `204`, or `200-299`.
    pub fn parse_range(text: &str) -> Option<RangeInclusive<u16>> {
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let first = u16::from_str(first.trim()).ok()?;
        let last = u16::from_str(last.trim()).ok()?;
        (POSSIBLE.contains(&first) && POSSIBLE.contains(&last) && first <= last).then_some(first..=last)
    }
}

impl Default for StatusCodes {
    fn default() -> Self {
        Self(vec![200..=299])
    }
}

impl fmt::Display for StatusCodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, range) in self.0.iter().enumerate() {
            let gap = if index == 0 { "" } else { ", " };
            match range.start() == range.end() {
                true => write!(f, "{gap}{}", range.start())?,
                false => write!(f, "{gap}{}-{}", range.start(), range.end())?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_and_printed() {
        for (text, expected) in [
            ("200", Some(200..=200)),
            ("200-299", Some(200..=299)),
            ("299-200", None),
            ("99", None),
            ("600", None),
            ("2xx", None),
            ("", None),
        ] {
            assert_eq!(StatusCodes::parse_range(text), expected, "{text}");
        }
        assert_eq!(StatusCodes::of(vec![200..=299, 404..=404]).to_string(), "200-299, 404");
        assert!(StatusCodes::default().contains(204) && !StatusCodes::default().contains(304));
    }
}

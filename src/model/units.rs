//! Units as people write them: `512MiB`, `1m30s`, `0.5`. Parsed once, printed the same way.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// Why a text is no quantity; the text says what was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadUnit {
    #[error("`{0}` is not a duration; expected a number with a unit, such as `30s`, `1m30s` or `500ms`")]
    Duration(String),
    #[error("`{0}` is not a size; expected a number with a unit, such as `512MiB`, `1GB` or `64k`")]
    Size(String),
    #[error("`{0}` is not a number of cores; expected a number above 0, such as `0.5` or `2`")]
    Cores(String),
}

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ByteSize(pub u64);

impl ByteSize {
    pub const fn kib(n: u64) -> Self {
        Self(n << 10)
    }
    pub const fn mib(n: u64) -> Self {
        Self(n << 20)
    }
    /// As a length in memory; saturates where the platform's addresses are smaller.
    pub fn as_len(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl FromStr for ByteSize {
    type Err = BadUnit;

    /// `k`, `m`, `g`, `t` alone mean binary units as they do for container engines; `KB` … `TB`
    /// are decimal and `KiB` … `TiB` binary.
    fn from_str(text: &str) -> Result<Self, BadUnit> {
        let bad = || BadUnit::Size(text.to_owned());
        let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        let factor: u64 = match unit.trim_start().to_ascii_lowercase().as_str() {
            "" | "b" => 1,
            "k" | "ki" | "kib" => 1 << 10,
            "m" | "mi" | "mib" => 1 << 20,
            "g" | "gi" | "gib" => 1 << 30,
            "t" | "ti" | "tib" => 1 << 40,
            "kb" => 1_000,
            "mb" => 1_000_000,
            "gb" => 1_000_000_000,
            "tb" => 1_000_000_000_000,
            _ => return Err(bad()),
        };
        if let Ok(whole) = number.parse::<u64>() {
            return whole.checked_mul(factor).map(Self).ok_or_else(bad);
        }
        let bytes = number.parse::<f64>().map_err(|_| bad())? * factor as f64;
        if bytes.is_finite() && bytes < u64::MAX as f64 { Ok(Self(bytes as u64)) } else { Err(bad()) }
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (shift, unit) in [(40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")] {
            if self.0 >= 1 << shift && self.0.trailing_zeros() >= shift {
                return write!(f, "{}{unit}", self.0 >> shift);
            }
        }
        write!(f, "{}B", self.0)
    }
}

/// Processor cores, in thousandths, so that plans compare exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cores(pub u32);

impl FromStr for Cores {
    type Err = BadUnit;
    fn from_str(text: &str) -> Result<Self, BadUnit> {
        let bad = || BadUnit::Cores(text.to_owned());
        let cores: f64 = text.parse().map_err(|_| bad())?;
        if cores.is_finite() && (0.001..=100_000.0).contains(&cores) {
            Ok(Self((cores * 1000.0).round() as u32))
        } else {
            Err(bad())
        }
    }
}

impl fmt::Display for Cores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", f64::from(self.0) / 1000.0)
    }
}

/// Reads a duration in Go's notation: `300ms`, `1.5h`, `2h45m`.
pub fn parse_duration(text: &str) -> Result<Duration, BadUnit> {
    let bad = || BadUnit::Duration(text.to_owned());
    let mut rest = text;
    let mut seconds = 0.0_f64;
    if rest == "0" {
        return Ok(Duration::ZERO);
    }
    if rest.is_empty() {
        return Err(bad());
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(bad)?;
        let (number, tail) = rest.split_at(digits);
        let unit_end = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit_end);
        let factor = match unit {
            "ns" => 1e-9,
            "us" | "µs" | "μs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return Err(bad()),
        };
        seconds += number.parse::<f64>().map_err(|_| bad())? * factor;
        rest = tail;
    }
    // A century bounds what timers and deadlines have to cope with.
    if seconds > 3.2e9 {
        return Err(bad());
    }
    Duration::try_from_secs_f64(seconds).map_err(|_| bad())
}

/// Writes a duration the way [`parse_duration`] reads it, without needless parts.
pub fn format_duration(duration: Duration) -> String {
    let millis = duration.as_millis();
    if millis == 0 {
        return if duration.is_zero() { "0s".to_owned() } else { format!("{}us", duration.as_micros()) };
    }
    if millis < 1000 {
        return format!("{millis}ms");
    }
    if !millis.is_multiple_of(1000) {
        return format!("{}s", millis as f64 / 1000.0);
    }
    let seconds = millis / 1000;
    let mut text = String::new();
    for (size, unit) in [(3600, "h"), (60, "m"), (1, "s")] {
        let part = match unit {
            "h" => seconds / size,
            "m" => seconds % 3600 / size,
            _ => seconds % 60,
        };
        if part > 0 {
            text.push_str(&format!("{part}{unit}"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_in_every_common_spelling() {
        for (text, bytes) in [
            ("512", 512),
            ("64k", 65_536),
            ("512MiB", 512 << 20),
            ("1 GB", 1_000_000_000),
            ("0.5GiB", 1 << 29),
        ] {
            assert_eq!(text.parse(), Ok(ByteSize(bytes)), "{text}");
        }
        for text in ["", "MiB", "-1", "1XB", "99999999999999999999", "1e9GB"] {
            assert!(text.parse::<ByteSize>().is_err(), "{text}");
        }
    }

    #[test]
    fn durations_round_trip() {
        for text in ["1s", "1m30s", "2h45m", "250ms", "1.5s", "1h"] {
            assert_eq!(format_duration(parse_duration(text).unwrap()), text);
        }
        for text in ["", "5", "s", "1x", "1m-3s", "1e400s", "99999999h"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn printed_sizes_are_read_back() {
        for size in [ByteSize(1), ByteSize::kib(3), ByteSize::mib(512), ByteSize(1_000_000)] {
            assert_eq!(size.to_string().parse(), Ok(size));
        }
    }
}

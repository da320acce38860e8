//! A moment as RFC 3339 writes it, in UTC, to the microsecond.

use std::time::{SystemTime, UNIX_EPOCH};

/// `2026-11-21T23:50:12.123456Z`.
pub fn written(at: SystemTime) -> String {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = since.as_secs();
    let (year, month, day) = civil(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:06}Z", since.subsec_micros())
}

/// `Nov 21 23:50:12`, as the log of a system has it.
pub fn for_syslog(at: SystemTime) -> String {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let seconds = at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let (_, month, day) = civil(seconds / 86_400);
    let month = usize::try_from(month - 1).ok().and_then(|at| MONTHS.get(at)).unwrap_or(&"Jan");
    format!("{month} {day:>2} {:02}:{:02}:{:02}", seconds / 3600 % 24, seconds / 60 % 60, seconds % 60)
}

/// Year, month and day of a day since 1970; years begin in March while it is counted.
fn civil(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_shifted + 2) / 5 + 1;
    let month = if month_shifted < 10 { month_shifted + 3 } else { month_shifted - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::model::parse_moment;

    #[test]
    fn moments_are_written_as_they_are_read() {
        for text in ["1970-01-01", "2000-02-29", "2024-12-31", "2026-11-21", "2100-03-01", "9999-12-31"] {
            let at = UNIX_EPOCH + Duration::from_secs(parse_moment(text).unwrap());
            assert_eq!(written(at), format!("{text}T00:00:00.000000Z"));
        }
        let at = UNIX_EPOCH + Duration::from_micros(1_709_251_199_000_042);
        assert_eq!(written(at), "2024-02-29T23:59:59.000042Z");
        assert_eq!(for_syslog(at), "Feb 29 23:59:59");
    }
}

//! Cron expressions in time zones: when something is due next, over the days on which clocks are set.
//!
//! Moments are seconds since 1970. What is due at a time that a clock leaves out runs right after the
//! gap if its hour is fixed, and not at all if it is due every so often; what is due at a time that comes
//! twice runs once, or each time, in the same way. So say POSIX and Vixie's cron, and so does croner.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Offset, TimeZone};
use chrono_tz::Tz;
use croner::errors::CronError;
use croner::parser::{CronParser, Seconds, Year};

/// When something is due: `minute hour day month weekday`, with seconds before them if there are six.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron {
    text: String,
    cron: croner::Cron,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadCron {
    #[error("`{text}` is no time of cron: {problem}")]
    NotRead { text: String, problem: String },
    #[error("`{text}` is never due")]
    Never { text: String },
}

/// A time zone of the tz database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zone(Tz);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is no time zone; expected a name such as `Europe/Paris`, `America/New_York` or `UTC`")]
pub struct BadZone {
    name: String,
}

/// Longer ones say nothing that a shorter one could not.
const LONGEST: usize = 200;

const HOUR: i64 = 3_600;
/// No country has left out more in a row.
const HOURS_LEFT_OUT: i64 = 48;

/// 2026-01-01, from which an expression has to be due some day.
const SOME_DAY: i64 = 1_767_225_600;

impl FromStr for Cron {
    type Err = BadCron;

    fn from_str(text: &str) -> Result<Self, BadCron> {
        let not_read = |problem: String| BadCron::NotRead { text: text.to_owned(), problem };
        if text.len() > LONGEST {
            return Err(not_read(format!("it has more than {LONGEST} characters")));
        }
        let fields = text.split_whitespace().count();
        if !matches!(fields, 5 | 6) && !text.trim_start().starts_with('@') {
            return Err(not_read(format!("it has {fields} fields, and not five, or six with seconds")));
        }
        let parser = CronParser::builder().seconds(Seconds::Optional).year(Year::Disallowed).build();
        let cron = parser.parse(text).map_err(|error| not_read(plain(&error)))?;
        let cron = Self { text: text.to_owned(), cron };
        // In UTC no day is left out.
        let from = DateTime::from_timestamp(SOME_DAY, 0).unwrap_or_default();
        match cron.cron.find_next_occurrence(&from, false) {
            Ok(_) => Ok(cron),
            Err(_) => Err(BadCron::Never { text: text.to_owned() }),
        }
    }
}

/// Its words, in the middle of our sentence.
fn plain(error: &CronError) -> String {
    let said = match error {
        CronError::InvalidPattern(said)
        | CronError::IllegalCharacters(said)
        | CronError::ComponentError(said) => said.clone(),
        other => other.to_string(),
    };
    let mut letters = said.chars();
    let first = letters.next().into_iter().flat_map(char::to_lowercase);
    first.chain(letters).collect::<String>().trim_end_matches('.').to_owned()
}

impl Cron {
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The first moment after this one at which it is due; `None` if there is none.
    pub fn next(&self, zone: Zone, after: i64) -> Option<i64> {
        // A country that leaves out a whole day leaves out what is due then; it is looked behind it.
        for hours in 0..=HOURS_LEFT_OUT {
            let from = zone.0.timestamp_opt(after.checked_add(hours * HOUR)?, 0).single()?;
            match self.cron.find_next_occurrence(&from, false) {
                // Wherever clocks are set back, time goes on.
                Ok(next) if next.timestamp() > after => return Some(next.timestamp()),
                Ok(_) | Err(_) => {}
            }
        }
        None
    }
}

impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Default for Zone {
    fn default() -> Self {
        Self(Tz::UTC)
    }
}

impl FromStr for Zone {
    type Err = BadZone;

    fn from_str(name: &str) -> Result<Self, BadZone> {
        name.parse().map(Self).map_err(|_| BadZone { name: name.to_owned() })
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())
    }
}

/// A moment as the clocks of a zone show it: `2026-03-29 03:00:00 +02:00`.
pub fn written_moment(moment: i64, zone: Zone) -> String {
    let Some(time): Option<DateTime<Tz>> = zone.0.timestamp_opt(moment, 0).single() else {
        return format!("@{moment}");
    };
    format!("{} {}", time.naive_local(), time.offset().fix())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is due after a moment, as a table of local times with their offsets.
    fn due(cron: &str, zone: &str, after: &str, count: usize) -> Vec<String> {
        let (cron, zone): (Cron, Zone) = (cron.parse().unwrap(), zone.parse().unwrap());
        let mut at = DateTime::parse_from_rfc3339(after).unwrap().timestamp();
        let mut due = Vec::new();
        for _ in 0..count {
            at = cron.next(zone, at).unwrap();
            due.push(written_moment(at, zone));
        }
        due
    }

    #[test]
    fn clocks_that_are_set_leave_nothing_out_and_run_nothing_twice() {
        // Zone, expression, a moment before, what is due next. From the tz database of 2026.
        let table: [(&str, &str, &str, &[&str]); 14] = [
            // Spring: 02:00 → 03:00. A fixed time in the gap runs right after it.
            (
                "Europe/Paris",
                "30 2 * * *",
                "2026-03-28T00:00:00Z",
                &["2026-03-28 02:30:00 +01:00", "2026-03-29 03:00:00 +02:00", "2026-03-30 02:30:00 +02:00"],
            ),
            (
                "America/New_York",
                "15 2 * * *",
                "2026-03-08T05:00:00Z",
                &["2026-03-08 03:00:00 -04:00", "2026-03-09 02:15:00 -04:00"],
            ),
            // At midnight: Cairo, the last Friday of April.
            (
                "Africa/Cairo",
                "0 0 * * *",
                "2026-04-23T12:00:00Z",
                &["2026-04-24 01:00:00 +03:00", "2026-04-25 00:00:00 +03:00"],
            ),
            // Half an hour: Lord Howe.
            (
                "Australia/Lord_Howe",
                "10 2 * * *",
                "2026-10-03T12:00:00Z",
                &["2026-10-04 02:30:00 +11:00", "2026-10-05 02:10:00 +11:00"],
            ),
            // What is due every so often has nothing in the gap.
            (
                "Europe/Paris",
                "*/30 * * * *",
                "2026-03-29T00:29:00Z",
                &["2026-03-29 01:30:00 +01:00", "2026-03-29 03:00:00 +02:00", "2026-03-29 03:30:00 +02:00"],
            ),
            // Autumn: 03:00 → 02:00. A fixed time runs once, the first time.
            (
                "Europe/Paris",
                "30 2 * * *",
                "2026-10-24T12:00:00Z",
                &["2026-10-25 02:30:00 +02:00", "2026-10-26 02:30:00 +01:00"],
            ),
            (
                "America/New_York",
                "30 1 * * *",
                "2026-10-31T12:00:00Z",
                &["2026-11-01 01:30:00 -04:00", "2026-11-02 01:30:00 -05:00"],
            ),
            // What is due every so often is due in both hours.
            (
                "Europe/Paris",
                "*/30 * * * *",
                "2026-10-25T00:15:00Z",
                &[
                    "2026-10-25 02:30:00 +02:00",
                    "2026-10-25 02:00:00 +01:00",
                    "2026-10-25 02:30:00 +01:00",
                    "2026-10-25 03:00:00 +01:00",
                ],
            ),
            // The other half of the world.
            (
                "Australia/Sydney",
                "30 2 * * *",
                "2026-04-04T00:00:00Z",
                &["2026-04-05 02:30:00 +11:00", "2026-04-06 02:30:00 +10:00"],
            ),
            // No clocks are set.
            (
                "Asia/Kolkata",
                "30 2 * * *",
                "2026-03-28T22:00:00Z",
                &["2026-03-30 02:30:00 +05:30", "2026-03-31 02:30:00 +05:30"],
            ),
            ("UTC", "0 0 29 2 *", "2026-01-01T00:00:00Z", &["2028-02-29 00:00:00 +00:00"]),
            // A day of the month or of the week, as cron always had it.
            (
                "UTC",
                "0 0 13 * FRI",
                "2026-02-01T00:00:00Z",
                &["2026-02-06 00:00:00 +00:00", "2026-02-13 00:00:00 +00:00"],
            ),
            ("UTC", "0 12 L * *", "2026-02-01T00:00:00Z", &["2026-02-28 12:00:00 +00:00"]),
            // With seconds.
            (
                "UTC",
                "*/20 * * * * *",
                "2026-02-01T00:00:00Z",
                &["2026-02-01 00:00:20 +00:00", "2026-02-01 00:00:40 +00:00"],
            ),
        ];
        for (zone, cron, after, expected) in table {
            assert_eq!(due(cron, zone, after, expected.len()), expected, "{cron} in {zone} after {after}");
        }
    }

    #[test]
    fn a_day_is_left_out_where_a_country_leaves_one_out() {
        // Samoa went from the 29th to the 31st of December 2011.
        let due = due("0 9 * * *", "Pacific/Apia", "2011-12-29T20:00:00Z", 2);
        assert_eq!(due, ["2011-12-31 09:00:00 +14:00", "2012-01-01 09:00:00 +14:00"]);
    }

    #[test]
    fn time_goes_on_over_every_change_of_clocks() {
        for zone in ["Europe/Paris", "America/St_Johns", "Australia/Lord_Howe", "Africa/Casablanca"] {
            let zone: Zone = zone.parse().unwrap();
            for cron in ["30 2 * * *", "0 * * * *", "*/7 1-3 * * *"] {
                let cron: Cron = cron.parse().unwrap();
                let mut at = SOME_DAY;
                while at < SOME_DAY + 366 * 86_400 {
                    let next = cron.next(zone, at).unwrap();
                    assert!(next > at && next - at <= 50 * 3600, "{cron} in {zone} after {at}");
                    at = next;
                }
            }
        }
    }

    #[test]
    fn what_is_no_time_is_told() {
        for bad in ["", "* * * *", "61 * * * *", "hello", "0 0 30 2 *", "* * * * * * *", &"1,".repeat(300)] {
            assert!(bad.parse::<Cron>().is_err(), "{bad}");
        }
        assert!("Europe/Parris".parse::<Zone>().is_err());
        assert!("@daily".parse::<Cron>().is_ok());
    }
}

//! How old what a scanner knows is. One that knows nothing of the last weeks finds nothing of them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::scan::run;
use crate::model::Scanner;
use crate::plan::Environment;

/// Both learn something new every day.
const FRESH: u64 = 7;

/// What people are told of knowledge that is too old, or of whose age nothing is known.
pub async fn stale(environment: &Environment, scanner: Scanner) -> Option<String> {
    let words = match scanner {
        Scanner::Trivy => "trivy version --format json",
        Scanner::Grype => "grype db status --output json",
    };
    let words: Vec<String> = words.split(' ').map(str::to_owned).collect();
    let told = run(environment, &words).await.ok().flatten()?;
    let told: Value = serde_json::from_slice(&told.stdout).unwrap_or_default();
    let date = match scanner {
        Scanner::Trivy => told.pointer("/VulnerabilityDB/UpdatedAt"),
        Scanner::Grype => told.pointer("/built"),
    };
    let name = scanner.name();
    let Some(date) = date.and_then(Value::as_str) else {
        return Some(format!("`{name}` does not say how old what it knows is"));
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let age = age(date, now)?;
    (age > FRESH).then(|| format!("what `{name}` knows is {age} days old"))
}

/// In days, of a moment that begins as `2026-11-21`.
fn age(date: &str, now: Duration) -> Option<u64> {
    let mut parts = date.get(..10)?.split('-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    // A year that begins in March has its odd day at its end.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719_468;
    let today = i64::try_from(now.as_secs() / 86_400).ok()?;
    Some(u64::try_from(today - days).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_counted_in_days() {
        let now = Duration::from_secs(1_772_323_200);
        for (date, expected) in [
            ("2026-03-01T00:00:00Z", Some(0)),
            ("2026-02-28T23:59:59.123Z", Some(1)),
            ("2025-03-01T00:00:00Z", Some(365)),
            ("2024-02-29T00:00:00Z", Some(731)),
            ("2027-01-01T00:00:00Z", Some(0)),
            ("1970-01-01", Some(20_513)),
            ("soon", None),
        ] {
            assert_eq!(age(date, now), expected, "{date}");
        }
    }
}

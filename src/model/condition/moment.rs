//! The moment that `now` is. It comes from outside: there is no clock here.

use std::time::Duration;

use chrono::{DateTime, FixedOffset, SecondsFormat};
use serde_json::Value;

/// So long after the beginning of 1970, as a value that a condition sees as `now`.
pub fn value(since_1970: Duration) -> Value {
    let seconds = i64::try_from(since_1970.as_secs()).unwrap_or_default();
    let moment = DateTime::from_timestamp(seconds, since_1970.subsec_nanos()).unwrap_or_default();
    Value::String(moment.to_rfc3339_opts(SecondsFormat::Millis, true))
}

/// The moment that a value is.
pub(super) fn of(value: &Value) -> Option<DateTime<FixedOffset>> {
    DateTime::parse_from_rfc3339(value.as_str()?).ok()
}

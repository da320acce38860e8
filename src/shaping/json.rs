//! stdout that is one JSON document.

use serde::de::IgnoredAny;
use serde_json::Value;

pub fn value(stdout: &[u8]) -> Result<Value, String> {
    serde_json::from_slice(stdout).map_err(|error| broken(&error))
}

/// Whether it is one, without holding it.
pub fn check(stdout: &[u8]) -> Result<(), String> {
    serde_json::from_slice::<IgnoredAny>(stdout).map(drop).map_err(|error| broken(&error))
}

fn broken(error: &serde_json::Error) -> String {
    format!("the command promised JSON on stdout, but wrote none: {error}")
}

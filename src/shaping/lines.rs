//! stdout that is one item a line.

use serde_json::Value;

use super::{MOST_CELLS, Sanitizer};

pub fn value(stdout: &[u8]) -> Result<Value, String> {
    let mut lines = Vec::new();
    for line in Sanitizer::clean(stdout).lines() {
        if lines.len() == MOST_CELLS {
            return Err(format!(
                "the command printed more than {MOST_CELLS} lines, which is more than a result holds"
            ));
        }
        lines.push(Value::from(line));
    }
    Ok(Value::Array(lines))
}

//! Records for people, a line each, and for spreadsheets.

use serde_json::Value;

const COLUMNS: [&str; 30] = [
    "seq",
    "time",
    "process",
    "event",
    "call",
    "parent",
    "step",
    "caller",
    "roles",
    "tenant",
    "address",
    "via",
    "client",
    "trace",
    "tool",
    "decision",
    "verdict",
    "exit",
    "signal",
    "status",
    "limit",
    "duration_ms",
    "waited_ms",
    "stdout_bytes",
    "stderr_bytes",
    "plan",
    "arguments",
    "reason",
    "uri",
    "prompt",
];

/// A record as a person reads it. What callers sent cannot do anything to a terminal.
pub fn row(record: &Value) -> String {
    let text = |name: &str| record.get(name).and_then(Value::as_str).unwrap_or_default();
    let seconds = text("time").get(..19).unwrap_or_default().replace('T', " ");
    let mut parts = vec![format!("{seconds}  {:<15}", text("event"))];
    let named =
        ["caller", "tool", "uri", "prompt", "step"].map(text).into_iter().filter(|text| !text.is_empty());
    parts.extend(named.map(str::to_owned));
    let result = ["decision", "verdict", "limit"].map(text).into_iter().filter(|text| !text.is_empty());
    parts.extend(result.map(str::to_owned));
    let known = [
        ("exit", "exit "),
        ("signal", "signal "),
        ("status", "status "),
        ("duration_ms", "ms "),
        ("address", "from "),
        ("lost", "lost "),
        ("config", ""),
        ("arguments", ""),
        ("reason", ""),
    ];
    for (name, label) in known {
        if let Some(value) = record.get(name) {
            parts.push(format!("{label}{}", plain(value)));
        }
    }
    harmless(&parts.join("  "))
}

/// The head of a table.
pub fn csv_head() -> String {
    COLUMNS.join(",")
}

/// A record as a row of it.
pub fn csv(record: &Value) -> String {
    let text = |name: &&str| harmless(&record.get(*name).map(plain).unwrap_or_default());
    let cells = COLUMNS.iter().map(|name| cell(&text(name)));
    cells.collect::<Vec<_>>().join(",")
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Programs for tables take some beginnings for formulas.
fn cell(text: &str) -> String {
    let text = match text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{text}"),
        false => text.to_owned(),
    };
    match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text,
    }
}

fn harmless(text: &str) -> String {
    let is_strange = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    text.chars().map(|c| if is_strange(c) { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_callers_sent_does_nothing_to_terminals_and_tables() {
        let record = json!({
            "seq": 3, "time": "2026-11-21T10:00:00.000001Z", "event": "call.began", "caller": "key:\u{1b}[2Jci",
            "tool": "=cmd()", "arguments": { "a": "x\ny\"," }, "decision": "allowed",
        });
        let row = row(&record);
        assert!(row.starts_with("2026-11-21 10:00:00  call.began"), "{row}");
        let csv = csv(&record);
        assert!(![&row, &csv].iter().any(|text| text.contains(['\u{1b}', '\n'])), "{row}\n{csv}");
        assert!(csv.contains(",'=cmd(),") && csv.contains(r#""{""a"":""x\ny\"",""}""#), "{csv}");
        assert_eq!(csv_head().split(',').count(), COLUMNS.len());
    }
}

//! Texts of a file as a person can read them safely: whatever a terminal would not show as itself is
//! written as an escape.

use serde_json::Value;

/// The text in quotes.
pub(super) fn text(text: &str) -> String {
    let mut shown = String::new();
    for c in Value::from(text).to_string().chars() {
        match is_shown(c) {
            true => shown.push(c),
            false => shown.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
        }
    }
    shown
}

/// A word of a command line: in quotes only where it needs them.
pub(super) fn word(text: &str) -> String {
    let is_plain =
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-./:,@%+=".contains(c));
    if is_plain { text.to_owned() } else { self::text(text) }
}

/// A line of a script, without quotes.
pub(super) fn line(text: &str) -> String {
    let shown = |c: char| match c {
        '\t' => "  ".to_owned(),
        c if is_shown(c) => c.to_string(),
        c => format!("\\u{{{:x}}}", u32::from(c)),
    };
    text.chars().map(shown).collect()
}

/// A value on one line.
pub(super) fn value(value: &Value) -> String {
    match value {
        Value::String(written) => text(written),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(self::value).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(map) => {
            let pairs: Vec<String> =
                map.iter().map(|(key, value)| format!("{}: {}", text(key), self::value(value))).collect();
            format!("{{{}}}", pairs.join(", "))
        }
        other => other.to_string(),
    }
}

/// Letters of every script and the usual signs; no controls, and nothing that hides or reorders.
fn is_shown(c: char) -> bool {
    c == ' ' || c.is_ascii_graphic() || c.is_alphanumeric() || "…–—“”‘’→×€·".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_hides_and_nothing_moves_what_stands_beside_it() {
        assert_eq!(text("plain “é” \"q\""), r#""plain “é” \"q\"""#);
        assert_eq!(text("a\u{1b}[2J\n\u{202e}b\u{200b}"), r#""a\u001b[2J\n\u{202e}b\u{200b}""#);
    }
}

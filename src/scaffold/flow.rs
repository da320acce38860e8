//! Values as YAML on one line, quoted only where they have to be. The least writer that we need:
//! JSON values in, text out that every YAML 1.2 reader takes back as the same value.

use serde_json::{Map, Value};

/// A value in flow style: `{ type: string, enum: [a, b] }`.
pub fn flow(value: &Value) -> String {
    match value {
        Value::String(text) => scalar(text),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(flow).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(entries) if entries.is_empty() => "{}".to_owned(),
        Value::Object(entries) => format!("{{ {} }}", pairs(entries)),
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}

fn pairs(entries: &Map<String, Value>) -> String {
    let pairs: Vec<String> =
        entries.iter().map(|(key, value)| format!("{}: {}", scalar(key), flow(value))).collect();
    pairs.join(", ")
}

/// A text as a scalar that may stand anywhere, in flow collections too.
pub fn scalar(text: &str) -> String {
    if is_plain(text) {
        text.to_owned()
    } else if text
        .chars()
        .any(|c| c.is_control() || matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}'))
    {
        double_quoted(text)
    } else if text.contains('\'') || text.contains("{{") {
        // As people write templates.
        double_quoted(text)
    } else {
        format!("'{text}'")
    }
}

/// A text with its newlines, as a literal block below a key; `indent` is that of its lines.
pub fn block(text: &str, indent: usize) -> String {
    let clean = text.chars().all(|c| !c.is_control() || c == '\n' || c == '\t');
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let begins_deeper = first.starts_with([' ', '\t']) || text.starts_with('\n');
    if !clean || begins_deeper || text.trim().is_empty() {
        return double_quoted(text);
    }
    let margin = " ".repeat(indent);
    let keep = if text.ends_with('\n') { "|" } else { "|-" };
    let lines = text.trim_end_matches('\n').lines().map(|line| match line.trim().is_empty() {
        true => "\n".to_owned(),
        false => format!("\n{margin}{line}"),
    });
    std::iter::once(keep.to_owned()).chain(lines).collect()
}

fn double_quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '\r' => quoted.push_str("\\r"),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                quoted.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Whether a text can stand without quotes and stays a text.
fn is_plain(text: &str) -> bool {
    if ["--", ".", ".."].contains(&text) {
        return true;
    }
    let begins = |c: char| c.is_alphanumeric() || "_/(^$".contains(c);
    let inside = |c: char| c.is_alphanumeric() || "_-./+ =();~^$`<>".contains(c);
    let bare = text.trim_start_matches('-');
    let option = bare.len() < text.len() && bare.starts_with(|c: char| c.is_ascii_alphabetic());
    (option || text.starts_with(begins))
        && text.chars().all(inside)
        && !text.ends_with(' ')
        && !looks_like_another_type(text)
}

/// What readers of YAML 1.1 or 1.2 would take for a number, a boolean, a date or nothing.
fn looks_like_another_type(text: &str) -> bool {
    let word = text.to_ascii_lowercase();
    let named = ["true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan"].contains(&word.as_str());
    let digit = text.starts_with(|c: char| c.is_ascii_digit());
    named || (digit && text.chars().all(|c| c.is_ascii_hexdigit() || "xo_.:+-eETZ ".contains(c)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_is_quoted_only_where_it_has_to_be() {
        for (text, expected) in [
            ("Run the tests.", "Run the tests."),
            ("--ignore-case", "--ignore-case"),
            ("--", "--"),
            ("-", "'-'"),
            ("yes", "'yes'"),
            ("1.10", "'1.10'"),
            ("2026-01-31", "'2026-01-31'"),
            ("3 files", "3 files"),
            ("a: b", "'a: b'"),
            ("a, b", "'a, b'"),
            ("it's", "\"it's\""),
            ("{{name}}", "\"{{name}}\""),
            ("^[a-z]+$", "'^[a-z]+$'"),
            ("a # b", "'a # b'"),
            ("", "''"),
            ("a\tb\u{7}", "\"a\\tb\\u0007\""),
            (" a", "' a'"),
            ("a ", "'a '"),
            ("*", "'*'"),
            (".", "."),
            ("run `x <y>`", "run `x <y>`"),
            ("`x`", "'`x`'"),
            ("~", "'~'"),
        ] {
            assert_eq!(scalar(text), expected);
        }
    }

    #[test]
    fn values_stand_on_one_line() {
        let value = json!({ "type": "array", "items": { "enum": ["a", "no", 1] }, "default": [], "x": true, "y": {} });
        let expected = "{ type: array, items: { enum: [a, 'no', 1] }, default: [], x: true, 'y': {} }";
        assert_eq!(flow(&value), expected);
    }

    #[test]
    fn a_text_of_several_lines_is_a_block() {
        assert_eq!(block("a\n\n  b\n", 4), "|\n    a\n\n      b");
        assert_eq!(block("a", 2), "|-\n  a");
        assert_eq!(block("  a\nb\n", 2), "\"  a\\nb\\n\"");
        assert_eq!(block("a\r\n", 2), "\"a\\r\\n\"");
    }
}

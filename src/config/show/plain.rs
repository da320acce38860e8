//! How a text is written in YAML: plain where that means the same, else in quotes.

use serde_json::Value;

use crate::config::syntax::{Scalar, scalar};

/// Besides letters and digits; none of these begins anything inside of a text.
const HARMLESS: &str = " _-./+=@%^~$*?;()<>!\\|&'";

/// A scalar on one line, as it was meant.
pub fn written(scalar: &Scalar<'_>) -> String {
    if is_harmless(&scalar.text) && (scalar.plain || is_text(&scalar.text)) {
        scalar.text.to_string()
    } else {
        quoted(&scalar.text)
    }
}

pub fn key(text: &str) -> String {
    if is_harmless(text) { text.to_owned() } else { quoted(text) }
}

/// What JSON escapes, YAML reads in double quotes.
pub fn quoted(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    quoted.chars().fold(String::with_capacity(quoted.len()), |mut all, c| {
        match c {
            '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' => {
                all.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            _ => all.push(c),
        }
        all
    })
}

/// The lines of a text that can be written as a block, and the sign that begins it.
pub fn block(text: &str) -> Option<(&'static str, Vec<&str>)> {
    let (sign, body) = match text.strip_suffix('\n') {
        Some(body) => ("|", body),
        None => ("|-", text),
    };
    let lines: Vec<&str> = body.split('\n').collect();
    let first = lines.first()?;
    let is_strange = |c: char| {
        c.is_control() && c != '\n'
            || ('\u{80}'..='\u{9f}').contains(&c)
            || "\u{2028}\u{2029}\u{feff}".contains(c)
    };
    let is_fit = lines.len() > 1
        && !first.is_empty()
        && !lines.iter().any(|line| line.ends_with(' '))
        && !lines.last().is_some_and(|line| line.is_empty())
        && !lines.iter().any(|line| first.starts_with(' ') || line.starts_with('\t'))
        && !body.contains(is_strange);
    is_fit.then_some((sign, lines))
}

fn is_harmless(text: &str) -> bool {
    let begins_well = |c: char| c.is_alphanumeric() || "_./$+".contains(c);
    let begins = match text.strip_prefix('-') {
        Some(rest) => rest.starts_with(|c: char| c.is_alphanumeric() || "./".contains(c)),
        None => text.starts_with(begins_well),
    };
    begins && !text.ends_with(' ') && text.chars().all(|c| c.is_alphanumeric() || HARMLESS.contains(c))
}

/// Whether a plain text is nothing but text, in YAML 1.2 and for files of the original.
fn is_text(text: &str) -> bool {
    let is_text = matches!(scalar::core_json(text), Ok(Value::String(_)));
    is_text && scalar::old_boolean(text).is_none() && scalar::integer(text).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_quoted_where_it_would_mean_something_else() {
        for (text, plain, expected) in [
            ("echo", false, "echo"),
            ("-n", false, "-n"),
            ("--", false, "\"--\""),
            ("5", true, "5"),
            ("5", false, "\"5\""),
            ("yes", false, "\"yes\""),
            ("yes", true, "yes"),
            ("{{x}}", false, "\"{{x}}\""),
            ("a: b", false, "\"a: b\""),
            ("a #b", false, "\"a #b\""),
            ("", false, "\"\""),
            ("null", false, "\"null\""),
            ("~/x", false, "\"~/x\""),
        ] {
            assert_eq!(written(&Scalar { text: text.into(), plain }), expected, "{text}");
        }
    }
}

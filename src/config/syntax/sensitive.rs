//! Which values an excerpt must not show: those of keys that name a secret.

use std::ops::Range;

use crate::config::source::Span;

use super::known_secret::{known_secret, option_values};
use super::node::{Kind, Node};

/// The keys that let in stand below it in several shapes.
const API_KEYS: &str = "api_keys";

/// Where values stand that an excerpt must not show.
pub fn sensitive_values(root: &Node<'_>) -> Vec<Span> {
    let mut found = Vec::new();
    collect(root, "", &mut found);
    found
}

fn collect(node: &Node<'_>, under: &str, found: &mut Vec<Span>) {
    match &node.kind {
        Kind::List(items) => {
            found.extend(option_values(items).map(|value| value.span));
            if under == API_KEYS {
                found.extend(items.iter().filter(|item| is_plain_secret(item)).map(|item| item.span));
            }
            items.iter().for_each(|item| collect(item, "", found));
        }
        Kind::Map(entries) => {
            for entry in entries.iter() {
                let key = &*entry.key.text;
                // A key of the map `api_keys` is the key itself, unless somebody took it for a name.
                if under == API_KEYS {
                    found.push(entry.key.span);
                }
                // Names of parameters say nothing about values in the file; the key of a signature is
                // a public one.
                let names_a_secret = !["params", "verify"].contains(&under) && is_sensitive_key(key);
                if (names_a_secret || under == API_KEYS) && is_plain_secret(&entry.value) {
                    found.push(entry.value.span);
                }
                collect(&entry.value, key, found);
            }
        }
        Kind::Scalar(scalar) if known_secret(&scalar.text).is_some() => found.push(node.span),
        Kind::Null | Kind::Scalar(_) | Kind::Broken => {}
    }
}

/// Whether a key names a secret: `token`, `DB_PASSWORD`, `X-API-Key`.
pub fn is_sensitive_key(key: &str) -> bool {
    const WHOLE: [&str; 8] =
        ["key", "pass", "passwd", "pwd", "authorization", "keyhash", "passwordhash", "passphrase"];
    const TAILS: [&str; 6] = ["token", "password", "secret", "apikey", "privatekey", "accesskey"];
    if key.len() > 64 {
        return false;
    }
    let bare: String = key.chars().filter(char::is_ascii_alphanumeric).collect();
    let bare = bare.to_ascii_lowercase();
    let is_key_variable = key.ends_with("_KEY") || key.ends_with("_key");
    WHOLE.contains(&bare.as_str()) || TAILS.iter().any(|tail| bare.ends_with(tail)) || is_key_variable
}

fn is_plain_secret(node: &Node<'_>) -> bool {
    node.as_text().is_some_and(is_sensitive_value)
}

/// A reference to a secret is none itself, and helps whoever reads the report.
fn is_sensitive_value(value: &str) -> bool {
    let is_reference = value.contains("{{") || (value.contains("${") && !value.contains(":-"));
    !value.is_empty() && !is_reference
}

/// Where secrets stand in one line of text that could not be read as YAML.
pub fn masked_in_line(line: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(colon) = line.get(from..).and_then(|rest| rest.find(':')).map(|at| from + at) {
        let before = line.get(..colon).unwrap_or_default().trim_end_matches([' ', '"', '\'']);
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let key_start = before.char_indices().rev().take_while(|(_, c)| is_word(*c)).last();
        let key = key_start.and_then(|(at, _)| before.get(at..)).unwrap_or_default();
        from = colon + 1;
        if is_sensitive_key(key)
            && let Some(value) = value_after(line, from)
        {
            from = value.end;
            if is_sensitive_value(line.get(value.clone()).unwrap_or_default()) {
                found.push(value);
            }
        }
    }
    found
}

/// The value that begins after a colon, up to what ends it in a line.
fn value_after(line: &str, from: usize) -> Option<Range<usize>> {
    let rest = line.get(from..)?;
    let start = from + (rest.len() - rest.trim_start().len());
    let value = line.get(start..)?;
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
    let end = match quote {
        Some(quote) => value.get(1..)?.find(quote).map_or(value.len(), |at| at + 2),
        None if value.starts_with(['{', '[']) => return None,
        None => value.find([',', '}', ']']).unwrap_or(value.len()),
    };
    (end > 0).then_some(start..start + end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_name_secrets_are_known_in_every_spelling() {
        for key in
            ["token", "API_KEY", "X-API-Key", "client_secret", "password_hash", "Authorization", "DEPLOY_KEY"]
        {
            assert!(is_sensitive_key(key), "{key}");
        }
        for key in ["name", "keys", "monkey", "permissions", "path"] {
            assert!(!is_sensitive_key(key), "{key}");
        }
    }

    #[test]
    fn secrets_are_found_in_a_line_that_is_no_yaml() {
        for (line, masked) in [
            ("  token: abc def", vec!["abc def"]),
            ("{ name: x, key: \"a,b\", pass: p }", vec!["\"a,b\"", "p "]),
            ("token: ${TOKEN}", vec![]),
            ("auth: { type: bearer }", vec![]),
            ("password: 'unclosed", vec!["'unclosed"]),
        ] {
            let found: Vec<&str> = masked_in_line(line).into_iter().map(|range| &line[range]).collect();
            assert_eq!(found, masked, "{line}");
        }
    }
}

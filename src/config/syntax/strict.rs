//! What the reader of YAML lets pass in a file of JSON: comments, commas at the end, bare words.
//!
//! Other programs that read the file would not.

use serde::de::IgnoredAny;

use crate::config::source::{SourceId, Span};

use super::parse::Oddity;

/// The first thing that is not JSON in a text that can be read as YAML. An empty file is none either,
/// which others say better.
pub(super) fn beyond_json(source: SourceId, text: &str) -> Option<Oddity> {
    let json = text.trim_start_matches('\u{feff}');
    if json.trim().is_empty() {
        return None;
    }
    let error = serde_json::from_str::<IgnoredAny>(json).err()?;
    let before: usize = json.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    let at = text.len() - json.len() + before + error.column().saturating_sub(1);
    let at = (0..=at.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or_default();
    let width = text.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    let said = error.to_string();
    let reason = said.split(" at line ").next().unwrap_or(&said).to_owned();
    Some(Oddity::NotJson { reason, span: Span::new(source, at..at + width) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_yaml_allows_is_found_where_it_stands() {
        for (text, expected) in [
            (r#"{"a": [1, 2.5, null, true, "\u00e9\/"]}"#, None),
            (" \n", None),
            ("{\"a\": 1,\n \"b\": [1,]}", Some((18, "expected value"))),
            ("{\"ä\": 'x'}", Some((7, "expected value"))),
            ("{a: 1}", Some((1, "key must be a string"))),
            ("\u{feff}{\"a\": yes}", Some((9, "expected value"))),
        ] {
            let found = beyond_json(SourceId::default(), text).map(|oddity| match oddity {
                Oddity::NotJson { reason, span } => (span.start as usize, reason),
                other => panic!("{other:?}"),
            });
            let found = found.as_ref().map(|(at, reason)| (*at, reason.as_str()));
            assert_eq!(found, expected, "{text}");
        }
    }
}

//! A file of variables: `NAME=value` lines, quotes, comments, `export`.
//!
//! Values are taken as they stand; `${…}` in them is text.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Why a file of variables cannot be used. Values are never shown: they may be secrets.
#[derive(Debug, thiserror::Error)]
pub enum BadEnvFile {
    #[error("{0}")]
    Unreadable(io::Error),
    #[error("it is larger than {} KiB", MAX_BYTES >> 10)]
    TooLarge,
    #[error("line {line} is no `NAME=value`")]
    Line { line: usize },
    #[error("the quote in line {line} is never closed")]
    Quote { line: usize },
}

const MAX_BYTES: u64 = 1 << 20;

pub fn read_env_file(path: &Path) -> Result<BTreeMap<String, String>, BadEnvFile> {
    let mut text = String::new();
    let file = File::open(path).map_err(BadEnvFile::Unreadable)?;
    file.take(MAX_BYTES + 1).read_to_string(&mut text).map_err(BadEnvFile::Unreadable)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(BadEnvFile::TooLarge);
    }
    parse(&text)
}

fn parse(text: &str) -> Result<BTreeMap<String, String>, BadEnvFile> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut variables = BTreeMap::new();
    for (index, written) in text.lines().enumerate() {
        let line = index + 1;
        let written = written.trim();
        if written.is_empty() || written.starts_with('#') {
            continue;
        }
        let written = written.strip_prefix("export ").map_or(written, str::trim_start);
        let (name, value) = written.split_once('=').ok_or(BadEnvFile::Line { line })?;
        let name = name.trim_end();
        let is_name = !name.is_empty()
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !is_name {
            return Err(BadEnvFile::Line { line });
        }
        variables.insert(name.to_owned(), value_of(value.trim(), line)?);
    }
    Ok(variables)
}

fn value_of(written: &str, line: usize) -> Result<String, BadEnvFile> {
    let (value, after) = if let Some(inside) = written.strip_prefix('\'') {
        let (value, after) = inside.split_once('\'').ok_or(BadEnvFile::Quote { line })?;
        (value.to_owned(), after)
    } else if let Some(inside) = written.strip_prefix('"') {
        double_quoted(inside).ok_or(BadEnvFile::Quote { line })?
    } else {
        return Ok(unquoted(written).to_owned());
    };
    let after = after.trim_start();
    if after.is_empty() || after.starts_with('#') { Ok(value) } else { Err(BadEnvFile::Line { line }) }
}

/// The text up to the closing quote, and what follows it.
fn double_quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::with_capacity(text.len());
    let mut characters = text.chars();
    loop {
        match characters.next()? {
            '"' => return Some((value, characters.as_str())),
            '\\' => match characters.next()? {
                'n' => value.push('\n'),
                'r' => value.push('\r'),
                't' => value.push('\t'),
                escaped @ ('"' | '\\' | '$' | '`') => value.push(escaped),
                other => value.extend(['\\', other]),
            },
            character => value.push(character),
        }
    }
}

/// A `#` after white space begins a comment.
fn unquoted(text: &str) -> &str {
    if text.starts_with('#') {
        return "";
    }
    let comment = text.match_indices('#').find(|(at, _)| {
        text.get(..*at).is_some_and(|before| before.ends_with(|c: char| c.is_ascii_whitespace()))
    });
    comment.map_or(text, |(at, _)| text.get(..at).unwrap_or_default().trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_shells_and_other_tools_read_them() {
        for (line, value) in [
            ("A=b", "b"),
            ("  export A = b c ", "b c"),
            ("A=", ""),
            ("A=b # c", "b"),
            ("A=b#c", "b#c"),
            ("A= # c", ""),
            ("A='b # \"c\"' # d", "b # \"c\""),
            (r#"A="b\n\"c\" \x ${D}""#, "b\n\"c\" \\x ${D}"),
            ("A=b=c", "b=c"),
            ("A=1\nA=2\r\n", "2"),
            ("\u{feff}# first\n\nA=x", "x"),
        ] {
            let variables = parse(line).unwrap();
            assert_eq!(variables.get("A").map(String::as_str), Some(value), "{line}");
        }
    }

    #[test]
    fn a_bad_line_is_named_and_not_shown() {
        for (text, message) in [
            ("A=1\nsecret", "line 2 is no `NAME=value`"),
            ("=x", "line 1 is no `NAME=value`"),
            ("1A=x", "line 1 is no `NAME=value`"),
            ("A-B=x", "line 1 is no `NAME=value`"),
            ("A='x' y", "line 1 is no `NAME=value`"),
            ("A='x", "the quote in line 1 is never closed"),
            ("A=\"x\\\"", "the quote in line 1 is never closed"),
        ] {
            assert_eq!(parse(text).unwrap_err().to_string(), message, "{text}");
        }
    }
}

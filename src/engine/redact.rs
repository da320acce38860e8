//! Takes declared secrets out of an output, also where a value is split between two chunks.

use std::fmt;
use std::sync::Arc;

use aho_corasick::{AhoCorasick, MatchKind};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use bytes::Bytes;
use serde_json::Value;

use crate::model::SecretText;

const MASK: &[u8] = b"[redacted]";

/// Encoded keys have lines of 64 characters or more; what is much shorter may be a word.
const KEY_LINE: usize = 32;

/// What stands for a secret: its value, and the forms in which programs often print it. Cheap to clone.
#[derive(Clone)]
pub struct Redactor {
    patterns: Arc<Patterns>,
}

struct Patterns {
    texts: Vec<Vec<u8>>,
    finder: Option<AhoCorasick>,
}

/// The redaction of one stream of one run.
pub struct Redaction {
    patterns: Arc<Patterns>,
    /// The end of the stream so far, if it may be the beginning of a secret.
    carry: Vec<u8>,
}

impl Redactor {
    /// Without values it lets everything through as it is.
    pub fn of(values: &[SecretText]) -> Self {
        let mut texts: Vec<Vec<u8>> = values.iter().flat_map(|value| forms(value.reveal())).collect();
        texts.sort();
        texts.dedup();
        let mut builder = AhoCorasick::builder();
        builder.match_kind(MatchKind::LeftmostLongest);
        let finder = if texts.is_empty() { None } else { builder.build(&texts).ok() };
        Self { patterns: Arc::new(Patterns { texts, finder }) }
    }

    pub fn stream(&self) -> Redaction {
        Redaction { patterns: Arc::clone(&self.patterns), carry: Vec::new() }
    }

    /// A whole text without secrets; `None` if there is none in it.
    pub fn cleaned(&self, text: &str) -> Option<String> {
        self.patterns.finder.as_ref()?.find(text)?;
        let (clean, _) = self.patterns.clean(text.as_bytes(), text.len());
        Some(String::from_utf8_lossy(&clean).into_owned())
    }

    /// A whole text without secrets.
    pub fn text(&self, text: &str) -> String {
        let (clean, _) = self.patterns.clean(text.as_bytes(), text.len());
        String::from_utf8_lossy(&clean).into_owned()
    }

    /// Takes secrets out of every text of a value: what was escaped in the bytes has been decoded in it.
    pub fn clean_value(&self, value: &mut Value) {
        if self.patterns.finder.is_none() {
            return;
        }
        match value {
            Value::String(text) => {
                if let Some(clean) = self.cleaned(text) {
                    *text = clean;
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.clean_value(item)),
            Value::Object(map) => {
                if map.keys().any(|key| self.cleaned(key).is_some()) {
                    let entries = std::mem::take(map).into_iter();
                    *map = entries.map(|(key, value)| (self.cleaned(&key).unwrap_or(key), value)).collect();
                }
                map.values_mut().for_each(|item| self.clean_value(item));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redactor")
    }
}

impl Redaction {
    /// Takes out what this one does, from here on.
    pub fn follow(&mut self, redactor: &Redactor) {
        self.patterns = Arc::clone(&redactor.patterns);
    }

    /// The next chunk without secrets. What may be the beginning of one is held back.
    pub fn push(&mut self, bytes: Bytes) -> Bytes {
        if self.patterns.finder.is_none() {
            return bytes;
        }
        let mut joined = std::mem::take(&mut self.carry);
        joined.extend_from_slice(&bytes);
        let held = self.patterns.begun_at(&joined);
        let (clean, done) = self.patterns.clean(&joined, held);
        self.carry = joined.split_off(done);
        clean.into()
    }

    /// What was held back. It was not the secret that it could have become, and may hold a shorter one.
    pub fn finish(&mut self) -> Bytes {
        let rest = std::mem::take(&mut self.carry);
        let (clean, _) = self.patterns.clean(&rest, rest.len());
        clean.into()
    }
}

impl Patterns {
    /// The text without the secrets that begin before `end`, and where it ends: there, or at the end
    /// of a secret that reaches beyond.
    fn clean(&self, text: &[u8], end: usize) -> (Vec<u8>, usize) {
        let mut clean = Vec::with_capacity(end);
        let mut done = 0;
        let found = self.finder.iter().flat_map(|finder| finder.find_iter(text));
        for found in found.take_while(|found| found.start() < end) {
            clean.extend_from_slice(text.get(done..found.start()).unwrap_or_default());
            clean.extend_from_slice(MASK);
            done = found.end();
        }
        let end = end.max(done);
        clean.extend_from_slice(text.get(done..end).unwrap_or_default());
        (clean, end)
    }

    /// Where the longest end of `text` begins that is the beginning, but not the whole, of a secret.
    fn begun_at(&self, text: &[u8]) -> usize {
        let longest = self.texts.iter().map(Vec::len).max().unwrap_or(0);
        let first = text.len().saturating_sub(longest.saturating_sub(1));
        let begins = |start: &usize| {
            let end = text.get(*start..).unwrap_or_default();
            self.texts.iter().any(|secret| secret.len() > end.len() && secret.starts_with(end))
        };
        (first..text.len()).find(begins).unwrap_or(text.len())
    }
}

fn forms(value: &str) -> Vec<Vec<u8>> {
    let mut forms = vec![value.as_bytes().to_vec(), url_encoded(value).into_bytes()];
    let json = serde_json::Value::String(value.to_owned()).to_string();
    forms.push(json.trim_matches('"').as_bytes().to_vec());
    forms.extend((0..3).map(|shift| base64_inside(value, shift)));
    forms.extend((0..3).map(|shift| base64_at_end(value, shift)));
    let url_safe = forms.iter().skip(3).map(|form| {
        form.iter()
            .map(|&byte| match byte {
                b'+' => b'-',
                b'/' => b'_',
                other => other,
            })
            .collect()
    });
    let url_safe: Vec<Vec<u8>> = url_safe.collect();
    forms.extend(url_safe);
    forms.extend(key_lines(value));
    forms.retain(|form| form.len() >= 8);
    forms
}

/// The lines of a private key, each of which is a part of the key. Of other texts of several lines a
/// single one may be anything.
fn key_lines(value: &str) -> impl Iterator<Item = Vec<u8>> {
    let is_key = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'-' | b'_');
    let lines = value.lines().filter(|_| value.contains('\n'));
    let lines = lines.filter(move |line| line.len() >= KEY_LINE && line.bytes().all(is_key));
    lines.filter(|line| !line.starts_with("-----")).map(|line| line.as_bytes().to_vec())
}

/// Those when nothing follows the value, which determines the last ones too.
fn base64_at_end(value: &str, shift: usize) -> Vec<u8> {
    let mut padded = vec![0; shift];
    padded.extend_from_slice(value.as_bytes());
    let skipped = [0, 2, 3].get(shift).copied().unwrap_or(0);
    let mut encoded = STANDARD_NO_PAD.encode(padded).into_bytes();
    encoded.split_off(skipped.min(encoded.len()))
}

/// The base64 characters that a value determines when it stands `shift` bytes into a triple, as in
/// `user:secret` of basic authentication.
fn base64_inside(value: &str, shift: usize) -> Vec<u8> {
    let mut padded = vec![0; shift];
    padded.extend_from_slice(value.as_bytes());
    let whole = padded.len() / 3 * 3;
    let encoded = STANDARD_NO_PAD.encode(padded.get(..whole).unwrap_or_default());
    let skipped = [0, 2, 3].get(shift).copied().unwrap_or(0);
    encoded.into_bytes().split_off(skipped.min(whole / 3 * 4))
}

fn url_encoded(value: &str) -> String {
    value
        .bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redact(secret: &str, chunks: &[&[u8]]) -> String {
        let mut stream = Redactor::of(&[SecretText::of(secret.to_owned()).unwrap()]).stream();
        let mut clean = Vec::new();
        for chunk in chunks {
            clean.extend_from_slice(&stream.push(Bytes::copy_from_slice(chunk)));
        }
        clean.extend_from_slice(&stream.finish());
        String::from_utf8(clean).unwrap()
    }

    #[test]
    fn a_secret_is_found_wherever_the_chunks_are_cut() {
        let text = b"token=hunter2-hunter2; again hunter2-hunter2";
        for cut in 0..text.len() {
            let (left, right) = text.split_at(cut);
            assert_eq!(redact("hunter2-hunter2", &[left, right]), "token=[redacted]; again [redacted]");
        }
        let bytes: Vec<&[u8]> = text.chunks(1).collect();
        assert_eq!(redact("hunter2-hunter2", &bytes), "token=[redacted]; again [redacted]");
    }

    #[test]
    fn a_secret_that_was_escaped_is_found_in_the_value() {
        let redactor = Redactor::of(&[SecretText::of("pass\"word\"42".to_owned()).unwrap()]);
        let mut value = serde_json::json!({ "a": ["x pass\"word\"42"], "pass\"word\"42": 1 });
        redactor.clean_value(&mut value);
        assert_eq!(value, serde_json::json!({ "a": ["x [redacted]"], "[redacted]": 1 }));
    }

    #[test]
    fn the_beginning_of_a_secret_alone_is_not_lost() {
        assert_eq!(redact("hunter2-hunter2", &[b"it is hunter2-", b"hunter3"]), "it is hunter2-hunter3");
    }

    #[test]
    fn every_line_of_a_private_key_is_part_of_the_secret() {
        let line = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg";
        let key = format!("-----BEGIN PRIVATE KEY-----\n{line}\nshort==\n-----END PRIVATE KEY-----");
        let clean = redact(&key, &[format!("-----BEGIN PRIVATE KEY-----\n{line}").as_bytes()]);
        assert_eq!(clean, "-----BEGIN PRIVATE KEY-----\n[redacted]");
        let text = "a line of words that is long enough for a key\nanother";
        assert_eq!(
            redact(text, &[b"a line of words that is long enough for a key"]),
            text.lines().next().unwrap()
        );
    }

    #[test]
    fn a_secret_that_begins_like_a_longer_one_is_found_at_the_end_too() {
        let secrets = ["hunter2-hunter2", "hunter2-hunter2-and-more"];
        let secrets = secrets.map(|secret| SecretText::of(secret.to_owned()).unwrap());
        for (text, expected) in [
            ("it is hunter2-hunter2", "it is [redacted]"),
            ("it is hunter2-hunter2-and", "it is [redacted]-and"),
            ("it is hunter2-hunter2-and-more", "it is [redacted]"),
        ] {
            for cut in 0..=text.len() {
                let mut stream = Redactor::of(&secrets).stream();
                let (left, right) = text.split_at(cut);
                let parts = [left, right].map(|part| stream.push(Bytes::copy_from_slice(part.as_bytes())));
                let clean = [&parts[0][..], &parts[1], &stream.finish()].concat();
                assert_eq!(String::from_utf8(clean).unwrap(), expected, "cut at {cut}");
            }
        }
    }

    #[test]
    fn encoded_forms_are_found_too() {
        let secret = "p@ss word/42+x";
        let basic = base64::engine::general_purpose::STANDARD.encode(format!("user:{secret}"));
        let clean = redact(secret, &[basic.as_bytes()]);
        assert!(clean.contains("[redacted]"), "{clean}");
        for user in ["u", "us", "use", "user"] {
            let basic = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{secret}"));
            let clean = redact(secret, &[basic.as_bytes()]);
            let (before, after) = clean.split_once("[redacted]").expect("a mask");
            // What stands before the secret, with at most one character that it shares with it.
            assert!(before.len() <= (user.len() + 1).div_ceil(3) * 4, "{clean}");
            assert!(after.bytes().all(|byte| byte == b'='), "{clean}");
        }
        assert_eq!(redact(secret, &[b"q=p%40ss%20word%2F42%2Bx&r"]), "q=[redacted]&r");
    }
}

//! One event as one line: numbered, dated, and bound to the line before.
//!
//! The digest of a line is that of its bytes up to `,"hash":"`, which hold the digest of the line
//! before as `prev`. Whoever has `sha256sum` can check that without us.

use std::fmt::Write;
use std::time::SystemTime;

use super::event::Event;
use super::key::{Scheme, SigningKey};
use super::seal::{digest, is_digest, is_hex};
use super::time::written;

/// What stands between what is digested and the digest.
pub const HASH: &str = r#","hash":""#;
const END: &str = r#""}"#;

/// Where a line stands.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    pub seq: u64,
    /// The digest of the line before; `None` in a log without a chain.
    pub prev: Option<&'a str>,
    pub process: &'a str,
}

/// An event as JSON, before it has its place. What a terminal or a log would take for more than
/// text is escaped.
pub fn body(event: &Event) -> String {
    let text = serde_json::to_string(event).unwrap_or_else(|_| r#"{"event":"unwritable"}"#.to_owned());
    escaped(text)
}

/// The line, without its end, and its digest.
pub fn line(place: Place<'_>, at: SystemTime, body: &str, key: Option<&SigningKey>) -> (String, String) {
    let inner = body.strip_prefix('{').and_then(|body| body.strip_suffix('}')).unwrap_or_default();
    let Place { seq, prev, process } = place;
    let mut text = String::with_capacity(inner.len() + 320);
    let at = written(at);
    // Writing into a text cannot fail.
    let _ = write!(text, r#"{{"v":1,"seq":{seq},"time":"{at}","process":"{process}",{inner}"#);
    let Some(prev) = prev else {
        text.push('}');
        return (text, String::new());
    };
    let _ = write!(text, r#","prev":"{prev}""#);
    let hash = digest(text.as_bytes());
    text.push_str(HASH);
    text.push_str(&hash);
    if let Some(key) = key {
        text.push_str(&before(key.scheme()));
        text.push_str(&key.sign(&hash));
    }
    text.push_str(END);
    (text, hash)
}

/// What is behind the content of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seals<'a> {
    /// What the line says of itself.
    pub hash: &'a str,
    pub signature: Option<(Scheme, &'a str)>,
    /// What it is a digest of.
    pub content: &'a str,
}

/// Takes a line of a chain apart; `None` if it is none.
pub fn seals(line: &str) -> Option<Seals<'_>> {
    let (content, rest) = line.rsplit_once(HASH)?;
    let rest = rest.strip_suffix(END)?;
    let signed = |scheme: Scheme| {
        let (hash, signature) = rest.split_once(&before(scheme))?;
        Some((hash, Some((scheme, signature))))
    };
    let (hash, signature) = Scheme::ALL.into_iter().find_map(signed).unwrap_or((rest, None));
    let is_whole = signature.is_none_or(|(scheme, text)| is_hex(text, scheme.digits()));
    (is_digest(hash) && is_whole).then_some(Seals { hash, signature, content })
}

/// What stands between a digest and its signature.
fn before(scheme: Scheme) -> String {
    format!(r#"","{}":""#, scheme.field())
}

/// JSON escapes what is below a space; here also what hides, reverses or breaks lines elsewhere.
fn escaped(json: String) -> String {
    let is_strange = |c: char| {
        matches!(c, '\u{7f}'..='\u{9f}' | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
    };
    if json.is_ascii() && !json.contains('\u{7f}') || !json.contains(is_strange) {
        return json;
    }
    let mut text = String::with_capacity(json.len() + 32);
    for c in json.chars() {
        match is_strange(c) {
            true => drop(write!(text, "\\u{:04x}", u32::from(c))),
            false => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use serde_json::Value;

    use super::*;

    fn gap(lost: u64) -> String {
        body(&Event::Gap { lost })
    }

    #[test]
    fn a_line_is_json_and_bound_to_the_one_before() {
        let prev = digest(b"before");
        let place = Place { seq: 7, prev: Some(&prev), process: "ab" };
        let (key, pair) = (SigningKey::of([7; 32]), SigningKey::generate_pair());
        for key in [None, Some(&key), pair.as_ref()] {
            let (text, hash) = line(place, UNIX_EPOCH, &gap(3), key);
            let value: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(
                (&value["seq"], &value["lost"], &value["event"]),
                (&7.into(), &3.into(), &"log.gap".into())
            );
            let found = seals(&text).unwrap();
            assert_eq!((found.hash, digest(found.content.as_bytes())), (hash.as_str(), hash.clone()));
            let signature = found.signature.map(|(scheme, text)| (scheme, text.to_owned()));
            assert_eq!(signature, key.map(|key| (key.scheme(), key.sign(&hash))));
            assert!(key.is_none_or(|key| key.verifying().holds(&hash, found.signature.unwrap())));
        }
    }

    #[test]
    fn what_a_caller_sends_cannot_end_a_line_or_pass_for_a_digest() {
        let forged = format!("x\",\"hash\":\"{}\"}}\n{{\"v\":1}}\u{2028}\u{202e}\u{9b}", digest(b"a"));
        let event = Event::Rotated { before: forged.clone(), oldest: 1 };
        let text = body(&event);
        assert!(!text.contains(['\n', '\u{2028}', '\u{202e}', '\u{9b}']), "{text}");
        let (text, hash) = line(Place { seq: 1, prev: Some("p"), process: "p" }, UNIX_EPOCH, &text, None);
        assert_eq!(seals(&text).unwrap().hash, hash);
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["before"], forged.as_str());
    }
}

//! One sealed value as text: a line that says what it is and with which key, and the sealed bytes.
//!
//! XChaCha20-Poly1305 with a random nonce. The secret's name is authenticated with the value, so a
//! file that is given another's name cannot be opened.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chacha20poly1305::aead::{Aead, Generate, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

use crate::model::{SecretName, SecretText, hex};

use super::BadSafe;
use super::key::Key;

const MAGIC: &str = "mcpfier secret 1 ";
const NONCE: usize = 24;

/// It was sealed with another key.
pub struct OtherKey;

pub fn seal(key: &Key, name: &SecretName, value: &SecretText) -> Result<String, BadSafe> {
    let nonce = XNonce::try_generate().map_err(|_| BadSafe::NoRandomness)?;
    let about = about(name);
    let payload = Payload { msg: value.reveal().as_bytes(), aad: about.as_bytes() };
    let sealed = cipher(key).encrypt(&nonce, payload);
    let sealed = sealed.expect("a value is far shorter than what the cipher takes");
    let bytes = [nonce.as_slice(), &sealed].concat();
    Ok(format!("{MAGIC}{}\n{}\n", mark(key), STANDARD_NO_PAD.encode(bytes)))
}

/// The value, or `None` if the text is not what was once sealed under this name.
pub fn open(key: &Key, name: &SecretName, sealed: &[u8]) -> Result<Option<SecretText>, OtherKey> {
    let Some((theirs, bytes)) = parse(sealed) else { return Ok(None) };
    if theirs != mark(key) {
        return Err(OtherKey);
    }
    let Some((nonce, sealed)) = bytes.split_first_chunk::<NONCE>() else { return Ok(None) };
    let about = about(name);
    let payload = Payload { msg: sealed, aad: about.as_bytes() };
    let value = cipher(key).decrypt(&XNonce::from(*nonce), payload).ok();
    Ok(value.and_then(|value| SecretText::of(String::from_utf8(value).ok()?).ok()))
}

/// The mark of the key and the bytes below it.
fn parse(sealed: &[u8]) -> Option<(&str, Vec<u8>)> {
    let mut lines = std::str::from_utf8(sealed).ok()?.lines();
    let mark = lines.next()?.strip_prefix(MAGIC)?;
    let bytes = STANDARD_NO_PAD.decode(lines.next()?).ok()?;
    lines.next().is_none().then_some((mark, bytes))
}

/// Tells keys apart and says nothing about them: what sealing nothing under a nonce gives that is
/// used for nothing else.
fn mark(key: &Key) -> String {
    let payload = Payload { msg: b"", aad: b"mcpfier key" };
    let tag = cipher(key).encrypt(&XNonce::from([0; NONCE]), payload).unwrap_or_default();
    hex(&tag).chars().take(8).collect()
}

fn about(name: &SecretName) -> String {
    format!("mcpfier secret 1 {name}")
}

fn cipher(key: &Key) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new((&**key).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> SecretName {
        text.parse().unwrap()
    }

    fn sealed(key: &Key) -> String {
        seal(key, &name("token"), &SecretText::of("hunter2-hunter2".to_owned()).unwrap()).unwrap()
    }

    fn opened(key: &Key, named: &str, sealed: &str) -> Option<String> {
        let opened = open(key, &name(named), sealed.as_bytes()).ok().expect("the same key");
        opened.map(|value| value.reveal().to_owned())
    }

    #[test]
    fn what_was_sealed_is_opened_by_its_name_and_its_key_alone() {
        let (key, other) = (Key::new([7; 32]), Key::new([8; 32]));
        let sealed = sealed(&key);
        assert!(!sealed.contains("hunter2"));
        assert_eq!(opened(&key, "token", &sealed).as_deref(), Some("hunter2-hunter2"));
        assert_eq!(opened(&key, "other", &sealed), None);
        assert!(open(&other, &name("token"), sealed.as_bytes()).is_err());
    }

    #[test]
    fn the_same_value_is_never_sealed_to_the_same_text() {
        let key = Key::new([7; 32]);
        assert_ne!(sealed(&key), sealed(&key));
    }

    #[test]
    fn whatever_is_changed_is_no_value() {
        let key = Key::new([7; 32]);
        let sealed = sealed(&key);
        let head = sealed.find('\n').unwrap() + 1;
        for at in head..sealed.len() - 1 {
            let mut changed = sealed.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(opened(&key, "token", &String::from_utf8(changed).unwrap()), None, "at {at}");
        }
        for cut in 0..sealed.len() - 1 {
            let cut = sealed.get(..cut).unwrap();
            let opened = open(&key, &name("token"), cut.as_bytes());
            assert!(opened.is_err() || opened.is_ok_and(|value| value.is_none()), "{cut}");
        }
        assert_eq!(opened(&key, "token", &format!("{sealed}more")), None);
    }
}

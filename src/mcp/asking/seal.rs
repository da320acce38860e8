//! What is remembered of a call between its rounds, in the hands of its client: sealed, so that nobody
//! reads or changes it, for this caller and this very request, for a while, and once.
//!
//! XChaCha20-Poly1305 with a random nonce and a key of this process. Which request it belongs to is
//! authenticated with it. A nonce is remembered when its text comes back, until that has expired.

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead, Generate, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

const NONCE: usize = 24;
/// Longer ones are no work of ours.
const LONGEST: usize = 1 << 20;
/// So many are remembered as used. Beyond that none is taken until some have expired.
const MOST_SPENT: usize = 100_000;

/// What is known of a call from its earlier rounds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Memory {
    /// How often the client has been asked.
    pub round: u32,
    /// What was asked last.
    pub point: String,
    pub notes: Map<String, Value>,
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    /// In seconds since 1970.
    expires: u64,
    memory: Memory,
}

/// Why a state is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(in crate::mcp) enum BadState {
    #[error("`requestState` is not one that this server gave for this request; ask again without it")]
    NotOurs,
    #[error("`requestState` has expired; ask again without it")]
    Expired,
    #[error("`requestState` was used before; ask again without it")]
    Spent,
}

/// Seals and opens for one process.
#[derive(Default)]
pub(in crate::mcp) struct Seal {
    /// Made when it is first wanted; `None` if the system gives no random numbers.
    key: OnceLock<Option<Key>>,
    spent: Mutex<HashMap<[u8; NONCE], u64>>,
}

impl Seal {
    /// `about` is the request that it belongs to. `None` if the system gives no random numbers.
    pub(super) fn close(&self, about: &[u8], memory: Memory, lives: Duration) -> Option<String> {
        let sealed = Sealed { expires: now() + lives.as_secs(), memory };
        let text = serde_json::to_vec(&sealed).ok()?;
        let nonce = XNonce::try_generate().ok()?;
        let bytes = self.cipher()?.encrypt(&nonce, Payload { msg: &text, aad: about }).ok()?;
        Some(BASE64_URL_SAFE_NO_PAD.encode([nonce.as_slice(), &bytes].concat()))
    }

    /// What was sealed. It cannot be opened again.
    pub(super) fn open(&self, about: &[u8], text: &str) -> Result<Memory, BadState> {
        let (nonce, sealed) = self.unseal(about, text).ok_or(BadState::NotOurs)?;
        let now = now();
        if sealed.expires < now {
            return Err(BadState::Expired);
        }
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        if spent.len() >= MOST_SPENT {
            spent.retain(|_, expires| *expires >= now);
        }
        if spent.len() >= MOST_SPENT || spent.insert(nonce, sealed.expires).is_some() {
            return Err(BadState::Spent);
        }
        Ok(sealed.memory)
    }

    fn unseal(&self, about: &[u8], text: &str) -> Option<([u8; NONCE], Sealed)> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok().filter(|bytes| bytes.len() <= LONGEST)?;
        let (nonce, bytes) = bytes.split_first_chunk::<NONCE>()?;
        let payload = Payload { msg: bytes, aad: about };
        let text = self.cipher()?.decrypt(&XNonce::from(*nonce), payload).ok()?;
        Some((*nonce, serde_json::from_slice(&text).ok()?))
    }

    fn cipher(&self) -> Option<XChaCha20Poly1305> {
        let key = self.key.get_or_init(|| Key::try_generate().ok());
        key.as_ref().map(XChaCha20Poly1305::new)
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory() -> Memory {
        let notes = Map::from_iter([("a".to_owned(), Value::from(1))]);
        Memory { round: 1, point: "confirm".to_owned(), notes }
    }

    #[test]
    fn a_state_opens_once_for_its_request_at_its_server_and_not_when_it_was_changed() {
        let (seal, other) = (Seal::default(), Seal::default());
        let text = seal.close(b"ann", memory(), Duration::from_secs(60)).unwrap();
        assert_eq!(other.open(b"ann", &text), Err(BadState::NotOurs));
        assert_eq!(seal.open(b"bob", &text), Err(BadState::NotOurs));
        for bad in
            [format!("{text}-TAMPERED"), text.replacen(&text[40..41], "_", 1), String::new(), "é".into()]
        {
            if bad != text {
                assert_eq!(seal.open(b"ann", &bad), Err(BadState::NotOurs), "{bad}");
            }
        }
        assert_eq!(seal.open(b"ann", &text), Ok(memory()));
        assert_eq!(seal.open(b"ann", &text), Err(BadState::Spent));
    }

    #[test]
    fn nobody_reads_a_state_and_two_of_them_differ() {
        let seal = Seal::default();
        let [one, two] = [(); 2].map(|()| seal.close(b"", memory(), Duration::from_secs(60)).unwrap());
        assert_ne!(one, two);
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(&one).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains("confirm"));
    }

    #[test]
    fn a_state_expires() {
        let seal = Seal::default();
        let sealed = Sealed { expires: now() - 1, memory: memory() };
        let nonce = XNonce::try_generate().unwrap();
        let text = serde_json::to_vec(&sealed).unwrap();
        let bytes = seal.cipher().unwrap().encrypt(&nonce, Payload { msg: &text, aad: b"" }).unwrap();
        let text = BASE64_URL_SAFE_NO_PAD.encode([nonce.as_slice(), &bytes].concat());
        assert_eq!(seal.open(b"", &text), Err(BadState::Expired));
    }
}

//! Keys of callers over HTTP, as fingerprints: the key itself is nowhere once a file is read.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use super::name::SecretName;
use super::principal::{AuthMethod, Permissions, Principal};
use super::secret::SecretText;

/// A caller's key, and what it lets in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    pub fingerprint: Fingerprint,
    pub principal: Principal,
    /// Seconds since 1970 from which on it lets nobody in.
    pub expires: Option<u64>,
}

/// A key that stands in no file: a secret holds it, or its fingerprint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretKey {
    pub secret: SecretName,
    pub is_hash: bool,
    pub principal: Principal,
    pub expires: Option<u64>,
}

impl SecretKey {
    /// The key by the value that its secret has now.
    pub fn read(&self, value: &SecretText) -> Result<ApiKey, BadFingerprint> {
        let fingerprint = match self.is_hash {
            true => value.reveal().trim().parse()?,
            false => Fingerprint::of(value.reveal()),
        };
        Ok(ApiKey { fingerprint, principal: self.principal.clone(), expires: self.expires })
    }
}

impl ApiKey {
    /// Keys of fewer characters can be guessed.
    pub const SHORTEST: usize = 16;

    pub fn new(name: String, fingerprint: Fingerprint, permissions: Permissions) -> Self {
        let principal = Principal::of(AuthMethod::Key, name, permissions);
        Self { fingerprint, principal, expires: None }
    }
}

/// SHA-256 of a key. Keys are random and long, so a fast hash is the right one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

const PREFIX: &str = "sha256:";

impl Fingerprint {
    pub fn of(key: &str) -> Self {
        Self(Sha256::digest(key.as_bytes()).into())
    }

    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(PREFIX)?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected `sha256:` and 64 hexadecimal digits")]
pub struct BadFingerprint;

impl FromStr for Fingerprint {
    type Err = BadFingerprint;

    fn from_str(text: &str) -> Result<Self, BadFingerprint> {
        let digits = text.strip_prefix(PREFIX).ok_or(BadFingerprint)?.as_bytes();
        let mut bytes = [0; 32];
        if digits.len() != 64 {
            return Err(BadFingerprint);
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| BadFingerprint)?;
            // `from_str_radix` would take a sign.
            let is_hex = pair.chars().all(|digit| digit.is_ascii_hexdigit());
            *byte = u8::from_str_radix(pair, 16).ok().filter(|_| is_hex).ok_or(BadFingerprint)?;
        }
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_read_as_it_is_written() {
        let fingerprint = Fingerprint::of("key");
        assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
        for bad in ["", "sha256:", "sha256:+1", &"0".repeat(64), &format!("sha256:{}", "+1".repeat(32))] {
            assert_eq!(bad.parse::<Fingerprint>(), Err(BadFingerprint), "{bad}");
        }
    }
}

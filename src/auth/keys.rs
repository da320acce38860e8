//! A presented key against those of the file.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq;

use crate::model::{ApiKey, Fingerprint, Principal};

/// How our own keys begin, so that people and scanners recognise them.
const PREFIX: &str = "mcpfier_";

/// Why a key lets nobody in; for the log. Callers are told one thing for all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("no key was presented")]
    Missing,
    #[error("the name or the password is wrong")]
    Password,
    #[error("the key is not known")]
    Unknown,
    #[error("the key `{name}` has expired")]
    Expired { name: String },
    #[error("the certificate of `{subject}` is nobody's of `auth.mtls`")]
    Certificate { subject: String },
    #[error("the certificate of `{subject}` is that of several of `auth.mtls`")]
    SharedCertificate { subject: String },
}

/// Whose key this is, at a time in seconds since 1970.
///
/// Fingerprints are compared, and all of them whatever is found, so the time it takes says nothing.
pub fn judge(keys: &[ApiKey], presented: &str, now: u64) -> Result<Principal, Refused> {
    let fingerprint = Fingerprint::of(presented);
    let mut found = None;
    for key in keys {
        if bool::from(key.fingerprint.bytes().ct_eq(fingerprint.bytes())) {
            found = Some(key);
        }
    }
    let key = found.ok_or(Refused::Unknown)?;
    if key.expires.is_some_and(|expires| now >= expires) {
        return Err(Refused::Expired { name: key.principal.name.clone() });
    }
    Ok(key.principal.clone())
}

/// Whether a text looks like a key of ours, which is nobody else's business.
pub fn is_own(text: &str) -> bool {
    text.starts_with(PREFIX)
}

/// A key of random bytes.
pub fn new_key(random: &[u8; 32]) -> String {
    format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(random))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Permissions;

    #[test]
    fn only_a_known_key_lets_in_and_only_until_it_expires() {
        let key =
            |name: &str, text: &str| ApiKey::new(name.to_owned(), Fingerprint::of(text), Permissions::All);
        let keys = [key("a", "one"), ApiKey { expires: Some(100), ..key("b", "two") }];
        let name = |presented, now| judge(&keys, presented, now).map(|principal| principal.name);
        assert_eq!(name("one", 1_000), Ok("a".to_owned()));
        assert_eq!(name("two", 99), Ok("b".to_owned()));
        assert_eq!(name("two", 100), Err(Refused::Expired { name: "b".to_owned() }));
        for wrong in ["", "ONE", "one ", "on"] {
            assert_eq!(name(wrong, 0), Err(Refused::Unknown), "{wrong}");
        }
        assert_eq!(judge(&[], "one", 0), Err(Refused::Unknown), "no keys let nobody in");
    }

    #[test]
    fn our_keys_have_256_bits() {
        assert_eq!(new_key(&[0xff; 32]), format!("mcpfier_{}8", "_".repeat(42)));
    }
}

//! A pair of keys, Ed25519: one signs, and the other only shows what the first has signed. Both are
//! written as everybody writes them, PKCS #8 and X.509 in PEM, so that `openssl` makes and reads them, too.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

const PRIVATE: &str = "PRIVATE KEY";
const PUBLIC: &str = "PUBLIC KEY";
const LINE: usize = 64;
/// How a public key begins in X.509: what follows is the key.
const PUBLIC_HEAD: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
const PUBLIC_BYTES: usize = 32;

/// Why a text is no such key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoKey {
    Strange,
    /// It is the other half.
    OtherHalf,
    /// This build knows no such signatures.
    #[cfg(not(feature = "signatures"))]
    Unbuilt,
}

pub use half::Pair;

/// Shows what was signed with the other half.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey([u8; PUBLIC_BYTES]);

impl PublicKey {
    pub fn parse(text: &str) -> Result<Self, NoKey> {
        let der = match pem(text).ok_or(NoKey::Strange)? {
            (PUBLIC, der) => der,
            (PRIVATE, _) => return Err(NoKey::OtherHalf),
            _ => return Err(NoKey::Strange),
        };
        let key = der.strip_prefix(&PUBLIC_HEAD).and_then(|key| key.try_into().ok()).ok_or(NoKey::Strange)?;
        half::known()?;
        Ok(Self(key))
    }

    pub fn text(&self) -> String {
        written(PUBLIC, &[&PUBLIC_HEAD[..], &self.0].concat())
    }

    pub fn holds(&self, message: &str, signature: &str) -> bool {
        super::seal::bytes(signature)
            .is_some_and(|signature| half::holds(&self.0, message.as_bytes(), &signature))
    }
}

/// What stands between the marks, and what the marks say.
fn pem(text: &str) -> Option<(&str, Vec<u8>)> {
    let (_, rest) = text.split_once("-----BEGIN ")?;
    let (label, rest) = rest.split_once("-----")?;
    let (inner, _) = rest.split_once(&format!("-----END {label}-----"))?;
    let digits: String = inner.split_ascii_whitespace().collect();
    Some((label, BASE64_STANDARD.decode(digits).ok()?))
}

fn written(label: &str, der: &[u8]) -> String {
    let digits = BASE64_STANDARD.encode(der);
    let mut text = format!("-----BEGIN {label}-----\n");
    for line in digits.as_bytes().chunks(LINE) {
        text.extend(line.iter().copied().map(char::from));
        text.push('\n');
    }
    text.push_str(&format!("-----END {label}-----\n"));
    text
}

#[cfg(feature = "signatures")]
mod half {
    use std::sync::Arc;

    use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
    use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

    use super::{NoKey, PRIVATE, PUBLIC, PublicKey, pem, written};

    /// Both halves.
    #[derive(Clone)]
    pub struct Pair(Arc<Ed25519KeyPair>);

    impl Pair {
        pub fn generate() -> Option<Self> {
            Some(Self(Arc::new(Ed25519KeyPair::generate().ok()?)))
        }

        pub fn parse(text: &str) -> Result<Self, NoKey> {
            let der = match pem(text).ok_or(NoKey::Strange)? {
                (PRIVATE, der) => der,
                (PUBLIC, _) => return Err(NoKey::OtherHalf),
                _ => return Err(NoKey::Strange),
            };
            // Other programs leave the public half out.
            let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).map_err(|_| NoKey::Strange)?;
            Ok(Self(Arc::new(pair)))
        }

        /// `None` if there is no memory for it.
        pub fn text(&self) -> Option<String> {
            let der: Pkcs8V1Der<'_> = self.0.as_der().ok()?;
            Some(written(PRIVATE, der.as_ref()))
        }

        pub fn public(&self) -> PublicKey {
            let mut bytes = [0; super::PUBLIC_BYTES];
            bytes.iter_mut().zip(self.0.public_key().as_ref()).for_each(|(to, from)| *to = *from);
            PublicKey(bytes)
        }

        pub fn sign(&self, message: &[u8]) -> Vec<u8> {
            self.0.sign(message).as_ref().to_vec()
        }
    }

    pub fn known() -> Result<(), NoKey> {
        Ok(())
    }

    pub fn holds(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, key).verify(message, signature).is_ok()
    }
}

/// A build that knows no such signatures has no pair.
#[cfg(not(feature = "signatures"))]
mod half {
    use std::convert::Infallible;

    use super::{NoKey, PublicKey, pem};

    #[derive(Clone)]
    pub struct Pair(Infallible);

    impl Pair {
        pub fn generate() -> Option<Self> {
            None
        }

        pub fn parse(text: &str) -> Result<Self, NoKey> {
            Err(if pem(text).is_some() { NoKey::Unbuilt } else { NoKey::Strange })
        }

        pub fn text(&self) -> Option<String> {
            match self.0 {}
        }

        pub fn public(&self) -> PublicKey {
            match self.0 {}
        }

        pub fn sign(&self, _: &[u8]) -> Vec<u8> {
            match self.0 {}
        }
    }

    pub fn known() -> Result<(), NoKey> {
        Err(NoKey::Unbuilt)
    }

    pub fn holds(_: &[u8], _: &[u8], _: &[u8]) -> bool {
        false
    }
}

#[cfg(test)]
#[cfg(feature = "signatures")]
mod tests {
    use super::*;
    use crate::model::hex;

    /// RFC 8032, 7.1, test 2: the key in RFC 8410's clothes.
    const SEED: [u8; 32] = [
        0x4c, 0xcd, 0x08, 0x9b, 0x28, 0xff, 0x96, 0xda, 0x9d, 0xb6, 0xc3, 0x46, 0xec, 0x11, 0x4e, 0x0f, 0x5b,
        0x8a, 0x31, 0x9f, 0x35, 0xab, 0xa6, 0x24, 0xda, 0x8c, 0xf6, 0xed, 0x4f, 0xb8, 0xa6, 0xfb,
    ];
    const HEAD: [u8; 16] =
        [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

    #[test]
    fn signatures_are_those_of_everybody() {
        let pair = Pair::parse(&written(PRIVATE, &[&HEAD[..], &SEED].concat())).ok().unwrap();
        let made = hex(&pair.sign(b"r"));
        assert_eq!(
            made,
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
             085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        );
        let public = PublicKey::parse(&pair.public().text()).ok().unwrap();
        assert!(public.holds("r", &made) && !public.holds("s", &made) && !public.holds("r", ""));
        assert!(!Pair::generate().unwrap().public().holds("r", &made));
        assert_eq!(Pair::parse(&pair.text().unwrap()).ok().unwrap().sign(b"x"), pair.sign(b"x"));
    }

    #[test]
    fn a_text_that_is_no_such_key_is_not_taken_for_one() {
        let pair = Pair::generate().unwrap();
        let (private, public) = (pair.text().unwrap(), pair.public().text());
        assert_eq!(Pair::parse(&public).err(), Some(NoKey::OtherHalf));
        assert_eq!(PublicKey::parse(&private).err(), Some(NoKey::OtherHalf));
        let cut = public.replacen('M', "", 1);
        for text in
            ["", "-----BEGIN PUBLIC KEY-----", &cut, &written("CERTIFICATE", b"x"), &written(PUBLIC, b"x")]
        {
            assert_eq!(PublicKey::parse(text).err(), Some(NoKey::Strange), "{text}");
            assert_eq!(Pair::parse(&text.replace(PUBLIC, PRIVATE)).err(), Some(NoKey::Strange), "{text}");
        }
    }
}

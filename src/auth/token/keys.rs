//! The public keys of an issuer, out of its JWKS document.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::members::members;
use crate::model::Algorithm;

/// More than an issuer has. They are compared one by one.
const MOST: usize = 100;
/// Of those that a token without a name of its key could be signed with.
const MOST_TRIED: usize = 4;

/// A key that tokens can be signed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    pub id: Option<String>,
    /// What the issuer says that it is for.
    algorithm: Option<Algorithm>,
    pub material: Material,
}

/// What verifies. A key fits only algorithms of its kind, so one cannot be taken for another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Material {
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// A point, uncompressed.
    P256(Vec<u8>),
    P384(Vec<u8>),
    P521(Vec<u8>),
    Ed25519(Vec<u8>),
}

/// All keys of an issuer that are of use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keys(Vec<Key>);

impl Keys {
    /// Those of a document; what cannot be a key for signatures is passed over.
    pub fn read(document: &[u8]) -> Option<Self> {
        let document = members(document)?;
        let keys = document.get("keys")?.as_array()?;
        Some(Self(keys.iter().filter_map(Value::as_object).filter_map(Key::read).take(MOST).collect()))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those by which a token may be signed.
    pub fn for_token<'k>(&'k self, id: Option<&str>, algorithm: Algorithm) -> Vec<&'k Key> {
        let fits = |key: &&Key| {
            key.material.fits(algorithm)
                && key.algorithm.is_none_or(|own| own == algorithm)
                && (id.is_none() || key.id.as_deref() == id)
        };
        self.0.iter().filter(fits).take(MOST_TRIED).collect()
    }

    pub fn knows(&self, id: &str) -> bool {
        self.0.iter().any(|key| key.id.as_deref() == Some(id))
    }
}

impl Key {
    fn read(key: &Map<String, Value>) -> Option<Self> {
        let text = |name: &str| key.get(name).and_then(Value::as_str);
        if text("use").is_some_and(|purpose| purpose != "sig") {
            return None;
        }
        let operations = key.get("key_ops").and_then(Value::as_array);
        if operations.is_some_and(|operations| !operations.iter().any(|operation| operation == "verify")) {
            return None;
        }
        let algorithm = match text("alg") {
            Some(name) => Some(name.parse().ok()?),
            None => None,
        };
        let number = |name: &str| BASE64_URL_SAFE_NO_PAD.decode(text(name)?).ok();
        let point = |length: usize| {
            let (x, y) = (number("x")?, number("y")?);
            let is_whole = x.len() == length && y.len() == length;
            is_whole.then(|| [&[4], x.as_slice(), y.as_slice()].concat())
        };
        let material = match (text("kty")?, text("crv")) {
            ("RSA", _) => Material::rsa(number("n")?, number("e")?)?,
            ("EC", Some("P-256")) => Material::P256(point(32)?),
            ("EC", Some("P-384")) => Material::P384(point(48)?),
            ("EC", Some("P-521")) => Material::P521(point(66)?),
            ("OKP", Some("Ed25519")) => Material::Ed25519(number("x").filter(|x| x.len() == 32)?),
            _ => return None,
        };
        Some(Self { id: text("kid").map(str::to_owned), algorithm, material })
    }
}

impl Material {
    /// Shorter numbers than 2,048 bits are no keys any more.
    fn rsa(n: Vec<u8>, e: Vec<u8>) -> Option<Self> {
        let (n, e) = (without_zeros(&n), without_zeros(&e));
        let is_fine = (256..=1024).contains(&n.len()) && !e.is_empty() && e.len() <= 8;
        is_fine.then(|| Self::Rsa { n: n.to_vec(), e: e.to_vec() })
    }

    fn fits(&self, algorithm: Algorithm) -> bool {
        use Algorithm::{EdDsa, Es256, Es384, Es512, Ps256, Ps384, Ps512, Rs256, Rs384, Rs512};
        match self {
            Self::Rsa { .. } => matches!(algorithm, Rs256 | Rs384 | Rs512 | Ps256 | Ps384 | Ps512),
            Self::P256(_) => algorithm == Es256,
            Self::P384(_) => algorithm == Es384,
            Self::P521(_) => algorithm == Es512,
            Self::Ed25519(_) => algorithm == EdDsa,
        }
    }
}

fn without_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_public_keys_for_signatures_count() {
        let (n, small) =
            (BASE64_URL_SAFE_NO_PAD.encode([0xc1; 256]), BASE64_URL_SAFE_NO_PAD.encode([0xc1; 128]));
        let x = BASE64_URL_SAFE_NO_PAD.encode([7; 32]);
        let document = json!({ "keys": [
            { "kty": "RSA", "kid": "rsa", "n": n, "e": "AQAB", "use": "sig" },
            { "kty": "RSA", "kid": "encrypts", "n": n, "e": "AQAB", "use": "enc" },
            { "kty": "RSA", "kid": "small", "n": small, "e": "AQAB" },
            { "kty": "RSA", "kid": "signs", "n": n, "e": "AQAB", "key_ops": ["sign"] },
            { "kty": "RSA", "kid": "shared", "n": n, "e": "AQAB", "alg": "HS256" },
            { "kty": "oct", "kid": "oct", "k": x, "alg": "HS256" },
            { "kty": "EC", "kid": "ec", "crv": "P-256", "x": x, "y": x, "alg": "ES256" },
            { "kty": "EC", "kid": "short", "crv": "P-384", "x": x, "y": x },
            { "kty": "OKP", "crv": "Ed25519", "x": x },
            { "kty": "OKP", "kid": "x25519", "crv": "X25519", "x": x },
            7
        ] });
        let keys = Keys::read(document.to_string().as_bytes()).unwrap();
        let ids: Vec<Option<&str>> = keys.0.iter().map(|key| key.id.as_deref()).collect();
        assert_eq!(ids, [Some("rsa"), Some("ec"), None]);
        let count = |id, algorithm| keys.for_token(id, algorithm).len();
        assert_eq!(count(Some("rsa"), Algorithm::Rs256), 1);
        assert_eq!(count(Some("rsa"), Algorithm::Es256), 0, "a key is only for its own algorithms");
        assert_eq!(count(Some("ec"), Algorithm::Es256), 1);
        assert_eq!(count(Some("ec"), Algorithm::EdDsa), 0);
        assert_eq!(count(None, Algorithm::EdDsa), 1);
        assert_eq!(count(Some("other"), Algorithm::Rs256), 0);
        assert!(keys.knows("rsa") && !keys.knows("oct"));
        for bad in ["", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":[],"keys":[]}"#] {
            assert_eq!(Keys::read(bad.as_bytes()), None, "{bad}");
        }
    }
}

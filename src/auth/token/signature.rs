//! Whether a signature is that of a key.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED, ED25519,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters,
    RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};

use super::compact::Compact;
use super::keys::{Keys, Material};
use crate::model::Algorithm;

/// Whether one of the keys that a token can be signed with has signed it.
pub fn verify(token: &Compact<'_>, keys: &Keys) -> bool {
    let keys = keys.for_token(token.key_id.as_deref(), token.algorithm);
    keys.into_iter().any(|key| is_of(token, &key.material))
}

fn is_of(token: &Compact<'_>, material: &Material) -> bool {
    let by = |algorithm: &'static dyn VerificationAlgorithm, key: &[u8]| {
        UnparsedPublicKey::new(algorithm, key).verify(token.signed.as_bytes(), &token.signature).is_ok()
    };
    match (material, token.algorithm) {
        (Material::Rsa { n, e }, algorithm) => rsa(algorithm).is_some_and(|parameters| {
            let key = RsaPublicKeyComponents { n, e };
            key.verify(parameters, token.signed.as_bytes(), &token.signature).is_ok()
        }),
        (Material::P256(key), Algorithm::Es256) => by(&ECDSA_P256_SHA256_FIXED, key),
        (Material::P384(key), Algorithm::Es384) => by(&ECDSA_P384_SHA384_FIXED, key),
        (Material::P521(key), Algorithm::Es512) => by(&ECDSA_P521_SHA512_FIXED, key),
        (Material::Ed25519(key), Algorithm::EdDsa) => by(&ED25519, key),
        _ => false,
    }
}

fn rsa(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    match algorithm {
        Algorithm::Rs256 => Some(&RSA_PKCS1_2048_8192_SHA256),
        Algorithm::Rs384 => Some(&RSA_PKCS1_2048_8192_SHA384),
        Algorithm::Rs512 => Some(&RSA_PKCS1_2048_8192_SHA512),
        Algorithm::Ps256 => Some(&RSA_PSS_2048_8192_SHA256),
        Algorithm::Ps384 => Some(&RSA_PSS_2048_8192_SHA384),
        Algorithm::Ps512 => Some(&RSA_PSS_2048_8192_SHA512),
        Algorithm::Es256 | Algorithm::Es384 | Algorithm::Es512 | Algorithm::EdDsa => None,
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
    use aws_lc_rs::signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED_SIGNING,
        EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA512,
    };
    use base64::Engine as _;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;
    use serde_json::{Value, json};

    use super::*;

    fn written(bytes: &[u8]) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    fn token(algorithm: &str, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
        let header = written(json!({ "alg": algorithm, "kid": "k" }).to_string().as_bytes());
        let signed = format!("{header}.{}", written(br#"{"iss":"i"}"#));
        format!("{signed}.{}", written(&sign(signed.as_bytes())))
    }

    fn judged(token: &str, jwk: &Value) -> bool {
        let keys = Keys::read(json!({ "keys": [jwk] }).to_string().as_bytes()).unwrap();
        verify(&Compact::read(token).unwrap(), &keys)
    }

    fn is_taken_and_a_changed_one_is_not(token: &str, jwk: &Value) {
        assert!(judged(token, jwk), "{token}");
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let mut bytes = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
        bytes[10] ^= 1;
        assert!(!judged(&format!("{signed}.{}", written(&bytes)), jwk));
        assert!(!judged(&format!("{signed}."), jwk), "no signature is none");
        let other = signed.replace(&written(br#"{"iss":"i"}"#), &written(br#"{"iss":"j"}"#));
        assert!(!judged(&format!("{other}.{signature}"), jwk));
    }

    #[test]
    fn a_signature_of_the_key_is_taken_and_no_other() {
        let random = SystemRandom::new();
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let public = pair.public_key();
        let (n, e) = (public.modulus(), public.exponent());
        let (n, e) = (n.big_endian_without_leading_zero(), e.big_endian_without_leading_zero());
        let jwk = json!({ "kty": "RSA", "kid": "k", "n": written(n), "e": written(e) });
        for (name, encoding) in [
            ("RS256", &RSA_PKCS1_SHA256 as &'static dyn aws_lc_rs::signature::RsaEncoding),
            ("PS512", &RSA_PSS_SHA512),
        ] {
            let text = token(name, |message| {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(encoding, &random, message, &mut signature).unwrap();
                signature
            });
            is_taken_and_a_changed_one_is_not(&text, &jwk);
        }
        for (name, curve, algorithm) in [
            ("ES256", "P-256", &ECDSA_P256_SHA256_FIXED_SIGNING as &'static EcdsaSigningAlgorithm),
            ("ES384", "P-384", &ECDSA_P384_SHA384_FIXED_SIGNING),
            ("ES512", "P-521", &ECDSA_P521_SHA512_FIXED_SIGNING),
        ] {
            let pair = EcdsaKeyPair::generate(algorithm).unwrap();
            let point = &pair.public_key().as_ref()[1..];
            let (x, y) = point.split_at(point.len() / 2);
            let jwk = json!({ "kty": "EC", "kid": "k", "crv": curve, "x": written(x), "y": written(y) });
            let text = token(name, |message| pair.sign(&random, message).unwrap().as_ref().to_vec());
            is_taken_and_a_changed_one_is_not(&text, &jwk);
        }
        let pair = Ed25519KeyPair::generate().unwrap();
        let jwk =
            json!({ "kty": "OKP", "kid": "k", "crv": "Ed25519", "x": written(pair.public_key().as_ref()) });
        let text = token("EdDSA", |message| pair.sign(message).as_ref().to_vec());
        is_taken_and_a_changed_one_is_not(&text, &jwk);
    }
}

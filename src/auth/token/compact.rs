//! A signed token, taken apart: three parts of base64 with dots between them.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::members::members;
use super::{LONGEST_TOKEN, RefusedToken};
use crate::model::Algorithm;

/// What stands in a token. Nothing of it is to be believed before its signature has been verified.
#[derive(Debug)]
pub struct Compact<'t> {
    pub algorithm: Algorithm,
    /// Which key of the issuer it says it is signed with.
    pub key_id: Option<String>,
    pub claims: Map<String, Value>,
    /// What is signed.
    pub signed: &'t str,
    pub signature: Vec<u8>,
}

/// Types of tokens that let in. Others are signed by the same keys for something else.
const TYPES: [&str; 4] = ["jwt", "at+jwt", "application/at+jwt", "application/jwt"];
const LONGEST_KEY_ID: usize = 256;

impl<'t> Compact<'t> {
    /// Whether a text means to be one; others say nothing themselves.
    pub fn is_one(token: &str) -> bool {
        let mut parts = token.split('.');
        let header = parts.next().and_then(|header| BASE64_URL_SAFE_NO_PAD.decode(header).ok());
        parts.count() >= 2 && header.is_some_and(|header| header.first() == Some(&b'{'))
    }

    pub fn read(token: &'t str) -> Result<Self, RefusedToken> {
        if token.len() > LONGEST_TOKEN {
            return Err(RefusedToken::Invalid("the token is longer than 16 KiB"));
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(MALFORMED)?;
        let (header, payload) = signed.split_once('.').ok_or(MALFORMED)?;
        if payload.contains('.') {
            return Err(RefusedToken::Invalid("the token is encrypted, or has too many parts"));
        }
        let part = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| MALFORMED);
        let header = members(&part(header)?).ok_or(MALFORMED)?;
        let claims = members(&part(payload)?).ok_or(MALFORMED)?;
        let (algorithm, key_id) = read_header(&header)?;
        Ok(Self { algorithm, key_id, claims, signed, signature: part(signature)? })
    }

    /// Who it says has made it.
    pub fn issuer(&self) -> Option<&str> {
        self.claims.get("iss").and_then(Value::as_str)
    }
}

const MALFORMED: RefusedToken = RefusedToken::Invalid("the token is malformed, or says something twice");

/// Keys and addresses that a token brings itself are not looked at.
fn read_header(header: &Map<String, Value>) -> Result<(Algorithm, Option<String>), RefusedToken> {
    let algorithm = header.get("alg").and_then(Value::as_str).and_then(|name| name.parse().ok());
    let algorithm = algorithm.ok_or(RefusedToken::Invalid("the token is signed in no way that is taken"))?;
    if header.contains_key("crit") || header.contains_key("b64") {
        return Err(RefusedToken::Invalid("the token asks for what is not understood"));
    }
    match header.get("typ") {
        None => {}
        Some(Value::String(kind)) if TYPES.contains(&kind.to_ascii_lowercase().as_str()) => {}
        Some(_) => return Err(RefusedToken::Invalid("the token is of a type that does not let in")),
    }
    let key_id = match header.get("kid") {
        None => None,
        Some(Value::String(id)) if id.len() <= LONGEST_KEY_ID => Some(id.clone()),
        Some(_) => return Err(MALFORMED),
    };
    Ok((algorithm, key_id))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(header: &str, payload: &str) -> String {
        let part = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
        format!("{}.{}.{}", part(header), part(payload), part("signature"))
    }

    #[test]
    fn a_token_is_read_by_the_letter() {
        let text = token(r#"{"alg":"ES256","kid":"k","typ":"at+jwt"}"#, r#"{"iss":"i"}"#);
        let compact = Compact::read(&text).unwrap();
        assert_eq!((compact.algorithm, compact.key_id.as_deref()), (Algorithm::Es256, Some("k")));
        assert_eq!((compact.issuer(), compact.signature.as_slice()), (Some("i"), &b"signature"[..]));
        assert!(text.starts_with(compact.signed) && Compact::is_one(&text));
        for opaque in ["", "abc", "a.b.c", "mcpfier_x.y.z", "...."] {
            assert!(!Compact::is_one(opaque), "{opaque}");
        }
    }

    #[test]
    fn what_is_odd_about_a_token_refuses_it() {
        for header in [
            r#"{"alg":"none"}"#,
            r#"{"alg":"None"}"#,
            r#"{"alg":"HS256"}"#,
            r#"{"alg":["RS256"]}"#,
            r#"{}"#,
            r#"{"alg":"RS256","alg":"RS256"}"#,
            r#"{"alg":"RS256","crit":["exp"]}"#,
            r#"{"alg":"RS256","b64":false}"#,
            r#"{"alg":"RS256","typ":"logout+jwt"}"#,
            r#"{"alg":"RS256","typ":"dpop+jwt"}"#,
            r#"{"alg":"RS256","kid":7}"#,
            "[]",
        ] {
            assert!(Compact::read(&token(header, "{}")).is_err(), "{header}");
        }
        let good = token(r#"{"alg":"RS256"}"#, "{}");
        assert!(Compact::read(&good).is_ok());
        let twice = token(r#"{"alg":"RS256"}"#, r#"{"aud":"us","aud":"them"}"#);
        let long = token(r#"{"alg":"RS256"}"#, &format!(r#"{{"a":"{}"}}"#, "x".repeat(LONGEST_TOKEN)));
        let padded = format!("{good}=");
        let more = format!("{good}.x");
        for bad in [&twice, &long, &padded, &more, "a.b", "..", "", "é.é.é"] {
            assert!(Compact::read(bad).is_err());
        }
    }
}

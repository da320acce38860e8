//! Requests that are signed with a secret: by HMAC-SHA-256, in the headers of Standard Webhooks or of GitHub.
//!
//! Pure: the time and what has been taken before are handed in.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use subtle::ConstantTimeEq as _;

use crate::model::signed::{ID, SIGNATURE, TIMESTAMP};
use crate::model::{SignedBy, hmac, webhook_signature};

const HUB: &str = "x-hub-signature-256";
/// Of one request: senders sign with the secret that was and the one that comes.
const MOST_SIGNATURES: usize = 8;
/// Of the name of a request.
const LONGEST_ID: usize = 256;

/// Why a request is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadSignature {
    #[error("expected one header `{0}`")]
    Missing(&'static str),
    #[error("the signature is not that of this request")]
    Wrong,
    #[error("the request was made too long ago, or its clock is wrong")]
    Stale,
}

/// Which headers have to be there, so that nothing is read of a request that has none.
pub fn wanted(signed_by: SignedBy) -> &'static [&'static str] {
    match signed_by {
        SignedBy::Standard => &[ID, TIMESTAMP, SIGNATURE],
        SignedBy::Github => &[HUB],
    }
}

/// A request that is signed as it should be, by what tells it from others: the same name is the same request.
pub fn judge<'h>(
    signed_by: SignedBy,
    secret: &str,
    header: impl Fn(&'static str) -> Option<&'h str>,
    body: &[u8],
    now: u64,
    tolerance: Duration,
) -> Result<String, BadSignature> {
    let text = |name: &'static str| header(name).ok_or(BadSignature::Missing(name));
    match signed_by {
        SignedBy::Github => {
            let given =
                text(HUB)?.strip_prefix("sha256=").and_then(hexadecimal).ok_or(BadSignature::Wrong)?;
            let made = hmac(secret.as_bytes(), &[body]);
            is_same(&made, &given).then(|| BASE64_STANDARD.encode(made)).ok_or(BadSignature::Wrong)
        }
        SignedBy::Standard => {
            let (id, timestamp, given) = (text(ID)?, text(TIMESTAMP)?, text(SIGNATURE)?);
            let made = webhook_signature(secret, id, timestamp, body);
            let given = given.split(' ').take(MOST_SIGNATURES);
            let mut given = given.filter_map(|one| BASE64_STANDARD.decode(one.strip_prefix("v1,")?).ok());
            if id.len() > LONGEST_ID || !given.any(|given| is_same(&made, &given)) {
                return Err(BadSignature::Wrong);
            }
            let made_at: u64 = timestamp.parse().map_err(|_| BadSignature::Wrong)?;
            if now.abs_diff(made_at) > tolerance.as_secs() {
                return Err(BadSignature::Stale);
            }
            Ok(id.to_owned())
        }
    }
}

/// Says nothing of where they differ by the time that it takes.
fn is_same(made: &[u8; 32], given: &[u8]) -> bool {
    made.ct_eq(given).into()
}

fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    if text.len() != 64 {
        return None;
    }
    let pairs = text.as_bytes().chunks_exact(2);
    pairs
        .map(|pair| {
            let pair = std::str::from_utf8(pair).ok()?;
            // `from_str_radix` would take a sign.
            let is_hex = pair.bytes().all(|digit| digit.is_ascii_hexdigit());
            u8::from_str_radix(pair, 16).ok().filter(|_| is_hex)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOLERANCE: Duration = Duration::from_mins(5);

    fn judged(
        signed_by: SignedBy,
        secret: &str,
        headers: &[(&str, &str)],
        body: &str,
        now: u64,
    ) -> Result<String, BadSignature> {
        let headers: Vec<(String, String)> =
            headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let header = |name: &'static str| {
            headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
        };
        judge(signed_by, secret, header, body.as_bytes(), now, TOLERANCE)
    }

    #[test]
    fn the_example_of_github_is_taken_and_no_other() {
        // From GitHub's documentation of webhooks.
        let right = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        let judged = |signature: &str, body: &str| {
            judged(SignedBy::Github, "It's a Secret to Everybody", &[(HUB, signature)], body, 0)
        };
        assert!(judged(right, "Hello, World!").is_ok());
        for (signature, body) in [
            (right, "Hello, World"),
            (right.trim_start_matches("sha256="), "Hello, World!"),
            ("sha256=", "Hello, World!"),
            ("sha256=+57107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17", "Hello, World!"),
        ] {
            assert_eq!(judged(signature, body), Err(BadSignature::Wrong), "{signature} {body}");
        }
    }

    #[test]
    fn the_example_of_standard_webhooks_is_taken_while_it_is_fresh() {
        // From the specification's test vectors.
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let body = r#"{"test": 2432232314}"#;
        let (id, at) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330);
        let right = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        let judged = |signature: &str, body: &str, now: u64| {
            let stamp = at.to_string();
            let headers = [(ID, id), (TIMESTAMP, stamp.as_str()), (SIGNATURE, signature)];
            judged(SignedBy::Standard, secret, &headers, body, now)
        };
        assert_eq!(judged(right, body, at), Ok(id.to_owned()));
        assert_eq!(judged(&format!("v1,AAAA {right}"), body, at + 299), Ok(id.to_owned()));
        assert_eq!(judged(right, body, at + 301), Err(BadSignature::Stale));
        assert_eq!(judged(right, body, at - 301), Err(BadSignature::Stale));
        assert_eq!(judged(right, "{}", at), Err(BadSignature::Wrong));
        assert_eq!(judged("v1a,xx", body, at), Err(BadSignature::Wrong));
    }

    #[test]
    fn headers_have_to_be_there() {
        assert_eq!(judged(SignedBy::Github, "s", &[], "", 0), Err(BadSignature::Missing(HUB)));
        assert_eq!(
            judged(SignedBy::Standard, "s", &[(ID, "x")], "", 0),
            Err(BadSignature::Missing(TIMESTAMP))
        );
    }
}

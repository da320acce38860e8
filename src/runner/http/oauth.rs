//! Tokens of OAuth 2 by client credentials: fetched when one is needed, once for all who wait, and
//! kept in memory until shortly before they expire. No token is ever printed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Method, Response, Url};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::time::Instant;
use zeroize::Zeroizing;

use super::failure::{Failure, root};
use super::request::{Request, RequestBody};
use super::way::{Way, host_of};
use crate::model::{ClientStyle, SecretText, percent_encoded};
use crate::plan::PlannedToken;
use crate::runner::{SecretValues, StartError};

/// Of a server that does not say how long a token is good.
const UNSAID: Duration = Duration::from_secs(5 * 60);

/// Before it expires a token is exchanged: a call takes a while, and clocks differ.
const MARGIN: Duration = Duration::from_secs(60);

/// More of an answer is no token.
const MOST_ANSWER: usize = 64 << 10;

/// More clients than a file has; those of files that were exchanged are forgotten.
const MOST_HELD: usize = 256;

/// What is asked for a token, every hole filled.
pub struct TokenRequest {
    url: Url,
    client_id: Zeroizing<String>,
    client_secret: Zeroizing<String>,
    scopes: String,
    audience: Option<String>,
    style: ClientStyle,
}

/// All tokens that are there.
#[derive(Default)]
pub struct Tokens(Mutex<HashMap<[u8; 32], Slot>>);

type Slot = Arc<tokio::sync::Mutex<Kept>>;

/// What came of the last request of its kind.
#[derive(Default)]
struct Kept {
    token: Option<(SecretText, Instant)>,
    failure: Option<(Failure, Instant)>,
}

/// A token, and whether it was fetched for this very call.
pub struct Held {
    pub token: SecretText,
    pub is_fresh: bool,
}

impl TokenRequest {
    pub fn fill(token: &PlannedToken, secrets: &SecretValues) -> Result<Self, StartError> {
        let PlannedToken { url, client_id, client_secret, scopes, audience, style } = token;
        Ok(Self {
            url: Url::parse(url).map_err(|error| StartError::Request(format!("`token_url`: {error}")))?,
            client_id: Zeroizing::new(secrets.fill(client_id)?.into_owned()),
            client_secret: Zeroizing::new(secrets.fill(client_secret)?.into_owned()),
            scopes: scopes.join(" "),
            audience: audience.clone(),
            style: *style,
        })
    }

    /// Whoever asks the same gets the same token.
    fn key(&self, way: &Way) -> [u8; 32] {
        let Self { url, client_id, client_secret, scopes, audience, style } = self;
        let mut digest = Sha256::new();
        let audience = audience.as_deref().unwrap_or_default();
        for text in [url.as_str(), client_id, client_secret, scopes, audience, style.word()] {
            digest.update(text.len().to_le_bytes());
            digest.update(text);
        }
        digest.update(way.certificates.as_ref().map_or([0; 32], |certificates| certificates.digest));
        digest.finalize().into()
    }

    fn request(&self) -> Result<Request, Failure> {
        let mut form = Zeroizing::new("grant_type=client_credentials".to_owned());
        let mut put = |name: &str, value: &str| {
            form.push_str(&format!("&{name}={}", percent_encoded(value)));
        };
        if !self.scopes.is_empty() {
            put("scope", &self.scopes);
        }
        if let Some(audience) = &self.audience {
            put("audience", audience);
        }
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        match self.style {
            ClientStyle::Body => {
                put("client_id", &self.client_id);
                put("client_secret", &self.client_secret);
            }
            ClientStyle::Header => {
                let both = Zeroizing::new(format!(
                    "{}:{}",
                    percent_encoded(&self.client_id),
                    percent_encoded(&self.client_secret)
                ));
                let mut value = HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(&*both)))
                    .map_err(|error| Failure::Request(error.to_string()))?;
                value.set_sensitive(true);
                headers.insert(AUTHORIZATION, value);
            }
        }
        let body = Some(RequestBody::Bytes(Bytes::copy_from_slice(form.as_bytes())));
        Ok(Request { method: Method::POST, url: self.url.clone(), headers, body })
    }
}

impl Tokens {
    /// A token that is good; `refused` is one that a server did not take.
    pub async fn of(
        &self,
        asked: &TokenRequest,
        way: &Way,
        refused: Option<&SecretText>,
    ) -> Result<Held, Failure> {
        let begun = Instant::now();
        let slot = self.slot(asked.key(way));
        let mut kept = slot.lock().await;
        if let Some((token, good_until)) = &kept.token
            && Some(token) != refused
            && Instant::now() < *good_until
        {
            return Ok(Held { token: token.clone(), is_fresh: false });
        }
        // Whoever waited takes what came of it, good or bad.
        if let Some((failure, at)) = &kept.failure
            && *at >= begun
        {
            return Err(failure.clone());
        }
        match fetch(asked, way).await {
            Ok((token, good_for)) => {
                *kept = Kept { token: Some((token.clone(), Instant::now() + good_for)), failure: None };
                Ok(Held { token, is_fresh: true })
            }
            Err(failure) => {
                *kept = Kept { token: None, failure: Some((failure.clone(), Instant::now())) };
                Err(failure)
            }
        }
    }

    fn slot(&self, key: [u8; 32]) -> Slot {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= MOST_HELD && !slots.contains_key(&key) {
            slots.clear();
        }
        Arc::clone(slots.entry(key).or_default())
    }
}

/// A token and for how long it is used. Redirects are not followed: a secret goes where the file says.
async fn fetch(asked: &TokenRequest, way: &Way) -> Result<(SecretText, Duration), Failure> {
    let host = host_of(&asked.url);
    let told = |problem: String| Failure::Token { host: host.clone(), problem };
    let response = way.send(&asked.request()?, true).await.map_err(|failure| told(failure.to_string()))?;
    let status = response.status();
    let body = bounded(response).await.map_err(told)?;
    let document = serde_json::from_slice::<Value>(&body).unwrap_or_default();
    if !status.is_success() {
        let phrase = status.canonical_reason().unwrap_or_default();
        return Err(told(format!("HTTP status {} {phrase}{}", status.as_u16(), reason(&document))));
    }
    read(&document).map_err(told)
}

async fn bounded(mut response: Response) -> Result<Zeroizing<Vec<u8>>, String> {
    let mut body = Zeroizing::new(Vec::new());
    while let Some(bytes) = response.chunk().await.map_err(|error| root(&error))? {
        if body.len() + bytes.len() > MOST_ANSWER {
            return Err(format!("its answer is longer than {} KiB", MOST_ANSWER >> 10));
        }
        body.extend_from_slice(&bytes);
    }
    Ok(body)
}

/// What a server says of its refusal, as much as can be shown.
fn reason(document: &Value) -> String {
    let part = |key: &str| {
        let text = document.get(key).and_then(Value::as_str)?;
        let text: String = text.chars().filter(|c| !c.is_control()).take(200).collect();
        (!text.is_empty()).then(|| format!(": {text}"))
    };
    ["error", "error_description"].into_iter().filter_map(part).collect()
}

fn read(document: &Value) -> Result<(SecretText, Duration), String> {
    let Some(token) = document.get("access_token").and_then(Value::as_str) else {
        return Err(format!("its answer is no JSON with an `access_token`{}", reason(document)));
    };
    match document.get("token_type").and_then(Value::as_str) {
        None => {}
        Some(kind) if kind.eq_ignore_ascii_case("bearer") => {}
        Some(_) => return Err("its token is of another type than `Bearer`".to_owned()),
    }
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("its token holds a character that no header can".to_owned());
    }
    let token = SecretText::of(token.to_owned()).map_err(|problem| format!("its token: {problem}"))?;
    let said = match document.get("expires_in") {
        Some(Value::Number(number)) => number.as_f64(),
        Some(Value::String(text)) => text.trim().parse().ok(),
        _ => None,
    };
    Ok((token, good_for(said)))
}

/// How long a token is used that is good for so many seconds.
fn good_for(said: Option<f64>) -> Duration {
    /// Whatever a server says: a day is enough.
    const MOST: f64 = 86_400.0;
    let said = match said {
        Some(seconds) if seconds.is_finite() => Duration::from_secs_f64(seconds.clamp(0.0, MOST)),
        _ => UNSAID,
    };
    said.saturating_sub(MARGIN.min(said / 5))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_token_is_exchanged_before_it_expires() {
        for (said, expected) in [
            (Some(3600.0), 3540.0),
            (Some(100.0), 80.0),
            (Some(0.0), 0.0),
            (Some(-5.0), 0.0),
            (Some(f64::INFINITY), 240.0),
            (Some(1e300), 86_340.0),
            (None, 240.0),
        ] {
            assert_eq!(good_for(said), Duration::from_secs_f64(expected), "{said:?}");
        }
    }

    #[test]
    fn what_is_no_token_is_told_without_showing_it() {
        for (document, told) in [
            (json!(null), "its answer is no JSON with an `access_token`"),
            (
                json!({ "error": "invalid_scope" }),
                "its answer is no JSON with an `access_token`: invalid_scope",
            ),
            (json!({ "access_token": 7 }), "its answer is no JSON with an `access_token`"),
            (
                json!({ "access_token": "a-long-token", "token_type": "mac" }),
                "its token is of another type than `Bearer`",
            ),
            (json!({ "access_token": "a-long\r\ntoken" }), "its token holds a character that no header can"),
            (
                json!({ "access_token": "short" }),
                "its token: its value is shorter than 8 bytes, too short to be kept out of outputs",
            ),
        ] {
            assert_eq!(read(&document).unwrap_err(), told);
        }
        let (token, good_for) =
            read(&json!({ "access_token": "a-long-token", "token_type": "bearer", "expires_in": "100" }))
                .unwrap();
        assert_eq!((token.reveal(), good_for.as_secs()), ("a-long-token", 80));
    }
}

//! Signs a request as Standard Webhooks has it, so that whoever takes it knows who has sent it, and when.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use crate::model::{signed, webhook_signature};
use crate::runner::StartError;

/// Bytes of the name of a request.
const NAME: usize = 16;

pub fn sign(headers: &mut HeaderMap, secret: &str, body: &[u8]) -> Result<(), StartError> {
    let mut random = [0; NAME];
    getrandom::fill(&mut random)
        .map_err(|error| StartError::Request(format!("the system gives no random numbers: {error}")))?;
    let id = format!("msg_{}", URL_SAFE_NO_PAD.encode(random));
    let timestamp = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs().to_string();
    let made = webhook_signature(secret, &id, &timestamp, body);
    let signature = format!("v1,{}", STANDARD.encode(made));
    for (name, value) in [(signed::ID, id), (signed::TIMESTAMP, timestamp), (signed::SIGNATURE, signature)] {
        let value = HeaderValue::from_str(&value)
            .map_err(|error| StartError::Request(format!("the request cannot be signed: {error}")))?;
        headers.insert(HeaderName::from_static(name), value);
    }
    Ok(())
}

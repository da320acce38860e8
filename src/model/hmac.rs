//! HMAC-SHA-256, and requests that are signed with it in the way of Standard Webhooks.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest as _, Sha256};

const BLOCK: usize = 64;
/// What secrets of Standard Webhooks begin with; the rest is Base64.
const ENCODED: &str = "whsec_";

/// By RFC 2104, of these parts as one text.
pub fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut block = [0_u8; BLOCK];
    if key.len() > BLOCK {
        block.iter_mut().zip(Sha256::digest(key).iter()).for_each(|(to, from)| *to = *from);
    } else {
        block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
    }
    let mut inner = Sha256::new().chain_update(block.map(|byte| byte ^ 0x36));
    parts.iter().for_each(|part| inner.update(part));
    let inner = inner.finalize();
    Sha256::new().chain_update(block.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize().into()
}

/// Headers of a signed request.
pub mod signed {
    pub const ID: &str = "webhook-id";
    pub const TIMESTAMP: &str = "webhook-timestamp";
    pub const SIGNATURE: &str = "webhook-signature";
}

/// What signs a request of this name and time.
pub fn webhook_signature(secret: &str, id: &str, timestamp: &str, body: &[u8]) -> [u8; 32] {
    let encoded = secret.strip_prefix(ENCODED).and_then(|text| BASE64_STANDARD.decode(text).ok());
    let key = encoded.unwrap_or_else(|| secret.as_bytes().to_vec());
    hmac(&key, &[id.as_bytes(), b".", timestamp.as_bytes(), b".", body])
}

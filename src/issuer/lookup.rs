//! Asks an issuer what a token means that says nothing itself (RFC 7662).

use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::fetch::Fetcher;
use crate::auth::token::members;
use crate::model::{Introspection, percent_encoded};

pub async fn ask(
    fetcher: &Fetcher,
    endpoint: &str,
    own: &Introspection,
    token: &str,
) -> Result<Map<String, Value>, String> {
    let form = format!("token={}&token_type_hint=access_token", percent_encoded(token));
    let credentials = (own.client_id.as_str(), &own.client_secret);
    let answer = fetcher.post(endpoint, credentials, Zeroizing::new(form)).await?;
    members(&answer).ok_or_else(|| "its answer is no JSON object, or says something twice".to_owned())
}

//! Fetches documents: bounded in time and length, without redirects, without cookies.

use std::sync::OnceLock;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Client, RequestBuilder, redirect};
use zeroize::Zeroizing;

use crate::model::{SecretText, percent_encoded};

const CONNECT: Duration = Duration::from_secs(3);
const WHOLE: Duration = Duration::from_secs(5);
/// Longer than the keys of any issuer.
const MOST: usize = 512 << 10;

/// The client, which is made when the first token comes.
#[derive(Default)]
pub struct Fetcher(OnceLock<Result<Client, String>>);

impl Fetcher {
    pub async fn get(&self, url: &str) -> Result<Vec<u8>, String> {
        answer(self.client()?.get(url)).await
    }

    /// Sends a form as a client with a secret.
    pub async fn post(
        &self,
        url: &str,
        (id, secret): (&str, &SecretText),
        form: Zeroizing<String>,
    ) -> Result<Vec<u8>, String> {
        let both = Zeroizing::new(format!("{}:{}", percent_encoded(id), percent_encoded(secret.reveal())));
        let mut own = HeaderValue::from_str(&format!("Basic {}", BASE64_STANDARD.encode(&*both)))
            .map_err(|error| error.to_string())?;
        own.set_sensitive(true);
        let request = self.client()?.post(url).header(AUTHORIZATION, own);
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        answer(request.body(form.as_bytes().to_vec())).await
    }

    fn client(&self) -> Result<&Client, String> {
        self.0.get_or_init(client).as_ref().map_err(Clone::clone)
    }
}

fn client() -> Result<Client, String> {
    let builder = || {
        Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .connect_timeout(CONNECT)
            .timeout(WHOLE)
    };
    // A host without certificates can still ask what is on it.
    let made = builder().build().or_else(|_| builder().tls_certs_only([]).build());
    made.map_err(|error| root(&error))
}

async fn answer(request: RequestBuilder) -> Result<Vec<u8>, String> {
    let sent = request.header(ACCEPT, "application/json").send().await;
    let mut response = sent.map_err(|error| root(&error))?;
    if response.status().as_u16() != 200 {
        return Err(format!("HTTP status {}", response.status().as_u16()));
    }
    let mut body = Vec::new();
    while let Some(bytes) = response.chunk().await.map_err(|error| root(&error))? {
        if body.len() + bytes.len() > MOST {
            return Err(format!("its answer is longer than {} KiB", MOST >> 10));
        }
        body.extend_from_slice(&bytes);
    }
    Ok(body)
}

/// The innermost cause, which names no address of ours.
fn root(error: &(dyn std::error::Error + 'static)) -> String {
    let mut last = error;
    while let Some(next) = last.source() {
        last = next;
    }
    last.to_string()
}

//! A request with every hole filled. It holds secrets, so nothing of it is ever printed.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use reqwest::header::{
    ACCEPT, ACCEPT_LANGUAGE, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT,
};
use reqwest::{Method, Url};

use super::multipart::FilledPart;
use super::sign::sign;
use crate::plan::{HttpStep, PlannedAuth, PlannedBody};
use crate::runner::{SecretValues, StartError};

#[derive(Clone)]
pub struct Request {
    pub method: Method,
    pub url: Url,
    pub headers: HeaderMap,
    pub body: Option<RequestBody>,
}

#[derive(Clone)]
pub enum RequestBody {
    Bytes(Bytes),
    /// A form with files, which are opened each time it is sent.
    Parts(Arc<Vec<FilledPart>>),
}

impl Request {
    pub fn fill(call: &HttpStep, secrets: &SecretValues) -> Result<Self, StartError> {
        let url = Url::parse(&secrets.fill(&call.url)?)
            .map_err(|error| StartError::Request(format!("the URL is none: {error}")))?;
        let mut headers = HeaderMap::new();
        for (name, word) in &call.headers {
            headers.append(header_name(name)?, header_value(name, &secrets.fill(word)?)?);
        }
        if let Some(auth) = &call.auth
            && let Some((name, value)) = authorization(auth, secrets)?
        {
            headers.insert(name, value);
        }
        let body = match &call.body {
            Some(PlannedBody::Text(word)) => {
                Some(RequestBody::Bytes(Bytes::from(secrets.fill(word)?.into_owned())))
            }
            Some(PlannedBody::Parts(parts)) => {
                let parts: Result<Vec<_>, _> =
                    parts.iter().map(|part| FilledPart::fill(part, secrets)).collect();
                Some(RequestBody::Parts(Arc::new(parts?)))
            }
            None => None,
        };
        if let (Some(secret), Some(RequestBody::Bytes(body))) = (&call.signed, &body) {
            sign(&mut headers, &secrets.fill(secret)?, body)?;
        }
        let method = Method::from_bytes(call.method.as_str().as_bytes())
            .map_err(|error| StartError::Request(error.to_string()))?;
        Ok(Self { method, url, headers, body })
    }

    /// Takes away what is meant for the first host alone.
    pub fn keep_harmless_headers(&mut self) {
        let harmless = [ACCEPT, ACCEPT_LANGUAGE, USER_AGENT, CONTENT_TYPE];
        let mut kept = HeaderMap::new();
        for name in harmless {
            for value in self.headers.get_all(&name) {
                kept.append(name.clone(), value.clone());
            }
        }
        self.headers = kept;
    }

    pub fn drop_body(&mut self) {
        self.body = None;
        self.headers.remove(CONTENT_TYPE);
    }
}

/// The header that says who calls; a token that has to be fetched comes later.
fn authorization(
    auth: &PlannedAuth,
    secrets: &SecretValues,
) -> Result<Option<(HeaderName, HeaderValue)>, StartError> {
    let (written, text) = match auth {
        PlannedAuth::Bearer(token) => ("Authorization", format!("Bearer {}", secrets.fill(token)?)),
        PlannedAuth::Basic { username, password } => {
            let both = format!("{}:{}", secrets.fill(username)?, secrets.fill(password)?);
            ("Authorization", format!("Basic {}", STANDARD.encode(both)))
        }
        PlannedAuth::Header { name, value } => (name.as_str(), secrets.fill(value)?.into_owned()),
        PlannedAuth::OAuth2(_) => return Ok(None),
    };
    let mut value = header_value(written, &text)?;
    value.set_sensitive(true);
    Ok(Some((header_name(written)?, value)))
}

fn header_name(name: &str) -> Result<HeaderName, StartError> {
    HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| StartError::Request(format!("`{name}` is not the name of a header")))
}

/// The error names the header and never its value, which may be a secret.
fn header_value(name: &str, text: &str) -> Result<HeaderValue, StartError> {
    HeaderValue::from_bytes(text.as_bytes()).map_err(|_| {
        StartError::Request(format!("the value of the header `{name}` holds a character that no header can"))
    })
}

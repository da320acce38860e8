//! How requests of one call travel: what they may reach, with which certificates, through whom. Each
//! request is judged here, whoever asked for it: the file, a redirect, or a token that is needed.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use reqwest::{Response, Url};

use super::certificates::Certificates;
use super::client::{Clients, Reach, Route};
use super::failure::Failure;
use super::multipart;
use super::request::{Request, RequestBody};
use super::resolver;
use crate::model::is_public;

#[derive(Clone)]
pub struct Way {
    pub clients: Arc<Clients>,
    /// What the file names may be on this host and its network.
    pub allow_private: bool,
    pub certificates: Option<Arc<Certificates>>,
    pub proxy: Option<String>,
    pub connect: Duration,
}

impl Way {
    /// Sends a request and waits for the head of its answer. `is_named`: the file itself names the
    /// host, and did not leave it to a server.
    pub async fn send(&self, request: &Request, is_named: bool) -> Result<Response, Failure> {
        let Request { method, url, headers, body } = request;
        let host = host_of(url);
        let reach = if self.allow_private && is_named { Reach::Anywhere } else { Reach::Internet };
        if reach == Reach::Internet {
            self.judge(url, is_named).await?;
        }
        let route = Route {
            reach,
            certificates: self.certificates.clone().filter(|_| is_named),
            proxy: self.proxy.clone(),
            connect: self.connect,
        };
        let client = self.clients.of(&route, url.scheme() == "https")?;
        let mut builder = client.request(method.clone(), url.clone()).headers(headers.clone());
        match body {
            None => {}
            Some(RequestBody::Bytes(bytes)) => builder = builder.body(bytes.clone()),
            Some(RequestBody::Parts(parts)) => {
                let form = multipart::open(parts).await?;
                let content_type = HeaderValue::from_str(&form.content_type)
                    .map_err(|error| Failure::Request(error.to_string()))?;
                builder = builder
                    .header(CONTENT_TYPE, content_type)
                    .header(CONTENT_LENGTH, form.length)
                    .body(form.body);
            }
        }
        builder.send().await.map_err(|error| Failure::of_sending(error, &host))
    }

    /// An address is never looked up, and a proxy looks names up by itself: both are judged before.
    async fn judge(&self, url: &Url, is_named: bool) -> Result<(), Failure> {
        let host = host_of(url);
        if let Some(address) = address_of(url) {
            return match is_public(address) {
                true => Ok(()),
                false => Err(Failure::Private { host, address }),
            };
        }
        if self.proxy.is_none() {
            return Ok(());
        }
        let name = url.host_str().unwrap_or_default();
        match resolver::look_up(name).await {
            Ok(found) => match resolver::only_private(&found) {
                Some(address) => Err(Failure::Private { host, address }),
                None => Ok(()),
            },
            // Many networks know the names of the internet only at their proxy.
            Err(_) if is_named => Ok(()),
            Err(error) => Err(Failure::Connect { host, problem: error.to_string() }),
        }
    }
}

/// The host for messages: the rest of a URL may hold what is sensitive.
pub fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// The address, if the host is written as one: it is then never looked up.
fn address_of(url: &Url) -> Option<IpAddr> {
    let host = url.host_str()?;
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

//! Sends a request and follows its redirects. Every hop is judged as the first one was: where it
//! leads, and what of the request may go there.

use std::net::IpAddr;
use std::sync::Arc;

use reqwest::header::LOCATION;
use reqwest::{Method, Response, StatusCode, Url};

use super::client::{Clients, Reach};
use super::failure::Failure;
use super::request::Request;
use crate::model::is_public;

pub struct Exchange {
    pub clients: Arc<Clients>,
    pub request: Request,
    /// The first URL may lead to this host and its network.
    pub allow_private: bool,
    pub redirects: u32,
}

impl Exchange {
    /// The answer that is no redirect, or the first one if none is followed.
    pub async fn answer(mut self) -> Result<Response, Failure> {
        let home = self.request.url.origin();
        let mut followed = 0;
        loop {
            let is_home = self.request.url.origin() == home;
            let reach = if self.allow_private && is_home { Reach::Anywhere } else { Reach::Internet };
            let sent = self.send(reach).await;
            let response = sent.map_err(|failure| match followed {
                0 => failure,
                _ => failure.after_redirect(),
            })?;
            let Some(target) = self.target(&response)? else { return Ok(response) };
            if followed == self.redirects {
                return Err(Failure::TooManyRedirects { most: self.redirects, host: host_of(&target) });
            }
            followed += 1;
            self.turn_to(target, response.status())?;
        }
    }

    async fn send(&self, reach: Reach) -> Result<Response, Failure> {
        let Request { method, url, headers, body } = &self.request;
        let host = host_of(url);
        if let (Reach::Internet, Some(address)) = (reach, address_of(url))
            && !is_public(address)
        {
            return Err(Failure::Private { host, address });
        }
        let mut request = self
            .clients
            .of(reach, url.scheme() == "https")?
            .request(method.clone(), url.clone())
            .headers(headers.clone());
        if let Some(body) = body {
            request = request.body(body.clone());
        }
        request.send().await.map_err(|error| Failure::of_sending(error, &host))
    }

    /// Where an answer redirects to, if that is followed.
    fn target(&self, response: &Response) -> Result<Option<Url>, Failure> {
        let is_redirect = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
        if !is_redirect || self.redirects == 0 {
            return Ok(None);
        }
        let Some(location) = response.headers().get(LOCATION) else { return Ok(None) };
        let from = &self.request.url;
        let bad = || Failure::BadRedirect { host: host_of(from) };
        let text = std::str::from_utf8(location.as_bytes()).map_err(|_| bad())?;
        let target = from.join(text).map_err(|_| bad())?;
        if !matches!(target.scheme(), "http" | "https") || target.host().is_none() {
            return Err(bad());
        }
        if from.scheme() == "https" && target.scheme() == "http" {
            return Err(Failure::Downgrade { host: host_of(from) });
        }
        Ok(Some(target))
    }

    /// Makes of the request the one that a redirect asks for.
    fn turn_to(&mut self, mut target: Url, status: StatusCode) -> Result<(), Failure> {
        // Names in a URL would become credentials of whoever wrote the redirect.
        let _ = target.set_username("");
        let _ = target.set_password(None);
        let becomes_get = match status.as_u16() {
            303 => self.request.method != Method::HEAD,
            301 | 302 => self.request.method == Method::POST,
            _ => false,
        };
        if becomes_get {
            self.request.method = Method::GET;
            self.request.drop_body();
        }
        if target.origin() != self.request.url.origin() {
            if self.request.body.is_some() {
                let (from, host) = (host_of(&self.request.url), host_of(&target));
                return Err(Failure::BodyElsewhere { from, host });
            }
            self.request.keep_harmless_headers();
        }
        self.request.url = target;
        Ok(())
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

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};

    use super::*;

    fn exchange(method: Method, body: Option<&'static str>) -> Exchange {
        let names = ["authorization", "x-api-key", "cookie", "accept", "user-agent", "content-type"];
        let names = names.into_iter().map(HeaderName::from_static);
        let headers: HeaderMap = names.map(|name| (name, HeaderValue::from_static("x"))).collect();
        let url = Url::parse("https://a.example.com/x").unwrap();
        let request = Request { method, url, headers, body: body.map(Bytes::from) };
        Exchange { clients: Arc::default(), request, allow_private: false, redirects: 5 }
    }

    fn turned(mut exchange: Exchange, target: &str, status: u16) -> Result<Request, Failure> {
        exchange.turn_to(Url::parse(target).unwrap(), StatusCode::from_u16(status).unwrap())?;
        Ok(exchange.request)
    }

    #[test]
    fn credentials_stay_with_the_first_host() {
        let same = turned(exchange(Method::GET, None), "https://a.example.com/y", 302).ok().unwrap();
        assert_eq!(same.headers.len(), 6);
        for other in ["https://b.example.com/", "https://a.example.com:8443/", "https://me:pw@b.example.com/"]
        {
            let turned = turned(exchange(Method::GET, None), other, 302).ok().unwrap();
            let mut names: Vec<&str> = turned.headers.keys().map(|name| name.as_str()).collect();
            names.sort_unstable();
            assert_eq!(names, ["accept", "content-type", "user-agent"], "{other}");
            assert!(!turned.headers.contains_key(AUTHORIZATION));
            assert_eq!((turned.url.username(), turned.url.password()), ("", None));
        }
    }

    #[test]
    fn a_body_stays_with_the_first_host() {
        let turn = |status| turned(exchange(Method::POST, Some("secret")), "https://b.example.com/", status);
        assert!(matches!(turn(307), Err(Failure::BodyElsewhere { .. })));
        let turned = turn(303).ok().unwrap();
        assert_eq!((turned.method, turned.body), (Method::GET, None));
    }
}

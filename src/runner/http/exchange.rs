//! Sends a request and follows its redirects. Every hop is judged as the first one was: where it
//! leads, and what of the request may go there.

use std::sync::Arc;

use reqwest::header::{AUTHORIZATION, HeaderValue, LOCATION};
use reqwest::{Method, Response, StatusCode, Url};

use super::failure::Failure;
use super::oauth::{TokenRequest, Tokens};
use super::request::Request;
use super::way::{Way, host_of};
use crate::model::SecretText;

pub struct Exchange {
    pub way: Way,
    pub request: Request,
    pub redirects: u32,
    /// What is asked for a token first.
    pub token: Option<TokenRequest>,
    pub tokens: Arc<Tokens>,
    /// What came to be known on the way and must not be shown.
    pub hidden: Vec<SecretText>,
}

impl Exchange {
    /// The answer that is no redirect, or the first one if none is followed. A token that is refused
    /// though it was good before is exchanged once.
    pub async fn answer(&mut self) -> Result<Response, Failure> {
        let Some(asked) = &self.token else { return self.follow().await };
        let held = self.tokens.of(asked, &self.way, None).await?;
        self.carry(&held.token)?;
        let original = self.request.clone();
        let response = self.follow().await?;
        if response.status() != StatusCode::UNAUTHORIZED || held.is_fresh {
            return Ok(response);
        }
        let Some(asked) = &self.token else { return Ok(response) };
        let next = self.tokens.of(asked, &self.way, Some(&held.token)).await?;
        self.request = original;
        self.carry(&next.token)?;
        self.follow().await
    }

    fn carry(&mut self, token: &SecretText) -> Result<(), Failure> {
        self.hidden.push(token.clone());
        let mut value = HeaderValue::from_str(&format!("Bearer {}", token.reveal()))
            .map_err(|_| Failure::Request("the token holds a character that no header can".to_owned()))?;
        value.set_sensitive(true);
        self.request.headers.insert(AUTHORIZATION, value);
        Ok(())
    }

    async fn follow(&mut self) -> Result<Response, Failure> {
        let home = self.request.url.origin();
        let mut followed = 0;
        loop {
            let is_home = self.request.url.origin() == home;
            let sent = self.way.send(&self.request, is_home).await;
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use reqwest::header::{HeaderMap, HeaderName};

    use super::super::request::RequestBody;
    use super::*;

    fn exchange(method: Method, body: Option<&'static str>) -> Exchange {
        let names = ["authorization", "x-api-key", "cookie", "accept", "user-agent", "content-type"];
        let names = names.into_iter().map(HeaderName::from_static);
        let headers: HeaderMap = names.map(|name| (name, HeaderValue::from_static("x"))).collect();
        let url = Url::parse("https://a.example.com/x").unwrap();
        let body = body.map(|body| RequestBody::Bytes(Bytes::from(body)));
        let request = Request { method, url, headers, body };
        let way = Way {
            clients: Arc::default(),
            allow_private: false,
            certificates: None,
            proxy: None,
            connect: Duration::from_secs(1),
        };
        Exchange { way, request, redirects: 5, token: None, tokens: Arc::default(), hidden: Vec::new() }
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
        assert_eq!(turned.method, Method::GET);
        assert!(turned.body.is_none());
    }
}

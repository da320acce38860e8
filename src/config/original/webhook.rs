//! `webhook` of an original file. Nothing in it is templated; `${…}` is expanded, as the original
//! promises and does not do.
//!
//! The original calls whatever host the file names, so the host that is written may be one of the
//! own network; a redirect cannot lead from the internet into it.

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::lower::Place;
use crate::config::read::{Fields, Spanned};
use crate::config::shape;
use crate::config::source::Span;
use crate::config::syntax::{Kind, Node};
use crate::model::{
    ClientStyle, HttpAction, HttpAuth, HttpBody, HttpStream, HttpTimes, Method, OAuth2, Retry, StatusCodes,
    Template, UrlTemplate,
};

use super::retry::retry;

/// What the original's client follows.
const REDIRECTS: u32 = 10;

pub struct Webhook<'a> {
    place: &'a Place<'a>,
    /// Where `${…}` was expanded.
    pub expansions: Vec<Span>,
    /// How it is tried again.
    pub retry: Option<Retry>,
}

impl<'a> Webhook<'a> {
    pub fn new(place: &'a Place<'a>) -> Self {
        Self { place, expansions: Vec::new(), retry: None }
    }

    /// The call. `None` if it cannot be made; that has been reported.
    pub fn read(&mut self, node: &'a Node<'a>) -> Option<HttpAction> {
        let mut fields = Fields::open(self.place.reader, node, &shape::ORIGINAL_WEBHOOK)?;
        let url = self.text(&mut fields, "url").and_then(|url| self.url(url));
        let method = self.method(&mut fields);
        let mut headers = self.headers(&mut fields);
        let body = self.text(&mut fields, "body").filter(|body| !body.value.is_empty());
        let content_type = self.content_type(&mut fields, body.as_ref().map(|body| body.value.as_str()));
        let auth = self.auth(&mut fields);
        self.retry = fields.take("retry").and_then(|field| retry(self.place.reader, field.node));
        fields.close();
        let body = match body {
            Some(body) => HttpBody::Text { text: Template::literal(body.value), content_type },
            None => HttpBody::Empty,
        };
        headers.retain(|(name, _)| !name.eq_ignore_ascii_case("host"));
        Some(HttpAction {
            method,
            url: url?,
            query: Vec::new(),
            headers,
            auth: auth?,
            body,
            success: StatusCodes::default(),
            redirects: REDIRECTS,
            allow_private: true,
            tls: None,
            proxy: None,
            times: HttpTimes::default(),
            stream: HttpStream::Events { until: None },
            signed: None,
            folder: self.place.base.clone(),
        })
    }

    /// A text with its variables filled in.
    fn text(&mut self, fields: &mut Fields<'a>, key: &'static str) -> Option<Spanned<String>> {
        let written = fields.text(key)?;
        Some(Spanned { value: self.expanded(written), span: written.span })
    }

    fn expanded(&mut self, written: Spanned<&str>) -> String {
        if written.value.contains("${") {
            self.expansions.push(written.span);
        }
        let expanded = self.place.expander.expand(written);
        expanded.map_or_else(|_| written.value.to_owned(), |text| text.into_owned())
    }

    fn url(&self, written: Spanned<String>) -> Option<UrlTemplate> {
        let is_expanded = !self.place.host.as_written;
        let parse = if is_expanded { UrlTemplate::parse } else { UrlTemplate::parse_unexpanded };
        match parse(&Template::literal(written.value)) {
            Ok(url) => Some(url),
            Err(error) => {
                self.warn(Code::BadUrl, written.span, format!("{error}; this command is not offered"));
                None
            }
        }
    }

    fn method(&mut self, fields: &mut Fields<'a>) -> Method {
        let Some(written) = self.text(fields, "method").filter(|method| !method.value.is_empty()) else {
            return Method::Get;
        };
        let known = Method::ALL.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(&written.value));
        let Some((_, method)) = known else {
            let message = format!("`{}` is not a method; `GET` is used", written.value);
            self.warn(Code::BadValue, written.span, message);
            return Method::Get;
        };
        method
    }

    fn headers(&mut self, fields: &mut Fields<'a>) -> Vec<(String, Template)> {
        let Some(field) = fields.take("headers") else { return Vec::new() };
        if !matches!(field.node.kind, Kind::Map(_) | Kind::Null) {
            self.place.reader.wrong_type(field.node, "`headers`", "a map of names and values");
        }
        let mut headers = Vec::new();
        for entry in field.node.entries() {
            let Some(value) = self.place.reader.text(&entry.value, &entry.key.text) else { continue };
            let value = self.expanded(value);
            headers.push((entry.key.text.to_string(), Template::literal(value)));
        }
        headers
    }

    fn content_type(&mut self, fields: &mut Fields<'a>, body: Option<&str>) -> &'static str {
        const FORMATS: [(&str, &str); 4] = [
            ("json", "application/json"),
            ("xml", "application/xml"),
            ("form", "application/x-www-form-urlencoded"),
            ("text", "text/plain; charset=utf-8"),
        ];
        let format = self.text(fields, "body_format").filter(|format| !format.value.is_empty());
        let looks_like_json = body.is_some_and(|body| body.trim_start().starts_with(['{', '[']));
        let usual = if looks_like_json { "application/json" } else { "text/plain; charset=utf-8" };
        let Some(format) = format else { return usual };
        let known = FORMATS.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(&format.value));
        known.map(|(_, kind)| kind).unwrap_or_else(|| {
            let message = format!("`{}` is not a format of a body; `{usual}` is sent", format.value);
            self.warn(Code::BadValue, format.span, message);
            usual
        })
    }

    /// `None` outside: a type that is not built yet; sending the call without it would help nobody.
    fn auth(&mut self, fields: &mut Fields<'a>) -> Option<Option<HttpAuth>> {
        let reader = self.place.reader;
        let Some(mut fields) =
            fields.take("auth").and_then(|field| Fields::open(reader, field.node, &shape::ORIGINAL_AUTH))
        else {
            return Some(None);
        };
        let kind = self.text(&mut fields, "type");
        let mut part = |key| self.text(&mut fields, key).map_or_else(String::new, |text| text.value);
        let (token, key, header) = (part("token"), part("key"), part("header"));
        let (user, pass) = (part("user"), part("pass"));
        let (client_id, client_secret) = (part("client_id"), part("client_secret"));
        let token_url = self.text(&mut fields, "token_url");
        let scopes = self.scopes(&mut fields);
        let Some(kind) = kind.filter(|kind| !kind.value.is_empty()) else {
            fields.close();
            return Some(None);
        };
        let auth = match kind.value.to_ascii_lowercase().as_str() {
            "bearer" => HttpAuth::Bearer(Template::literal(token)),
            "api_key" => HttpAuth::Header {
                name: if header.is_empty() { "X-API-Key".to_owned() } else { header },
                value: Template::literal(key),
            },
            "basic" => {
                HttpAuth::Basic { username: Template::literal(user), password: Template::literal(pass) }
            }
            "oauth" | "oauth2" => {
                let written = token_url.unwrap_or(Spanned { value: String::new(), span: kind.span });
                HttpAuth::OAuth2(Box::new(OAuth2 {
                    token_url: self.url(written)?,
                    client_id: Template::literal(client_id),
                    client_secret: Template::literal(client_secret),
                    scopes,
                    audience: None,
                    style: ClientStyle::Header,
                }))
            }
            other => {
                let message = format!("there is no authentication `{other}`; this command is not offered");
                self.warn(Code::NotSupported, kind.span, message);
                return None;
            }
        };
        fields.close();
        Some(Some(auth))
    }

    /// A list, or words with spaces between.
    fn scopes(&mut self, fields: &mut Fields<'a>) -> Vec<String> {
        let Some(field) = fields.take("scopes") else { return Vec::new() };
        let written: Vec<Spanned<&str>> = match &field.node.kind {
            Kind::List(_) => self.place.reader.texts(field.node, "scopes").unwrap_or_default(),
            Kind::Null => Vec::new(),
            _ => self.place.reader.text(field.node, "scopes").into_iter().collect(),
        };
        let texts: Vec<String> = written.into_iter().map(|written| self.expanded(written)).collect();
        texts.iter().flat_map(|text| text.split_whitespace()).map(str::to_owned).collect()
    }

    fn warn(&self, code: Code, span: Span, message: String) {
        self.place.reader.problems.add(Diagnostic::warning(code, span, message));
    }
}

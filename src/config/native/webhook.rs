//! `webhook` of a command: a call of an HTTP interface.

use std::time::Duration;

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::read::{Field, Fields, Reader, Spanned};
use crate::config::shape;
use crate::config::source::Span;
use crate::config::syntax::{Kind, Node};
use crate::model::{ClientStyle, Method, StatusCodes};

use super::webhook_parts::Parts;
use super::webhook_way::{WebhookStream, WebhookTls};

pub struct Webhook<'n> {
    pub span: Span,
    pub url: Option<Spanned<&'n str>>,
    pub method: Option<Spanned<Method>>,
    /// Each value is a text or a list of texts.
    pub query: Vec<Pair<'n>>,
    pub headers: Vec<Pair<'n>>,
    pub body: Option<Field<'n>>,
    pub form: Option<Pairs<'n>>,
    pub multipart: Option<Parts<'n>>,
    pub auth: Option<WebhookAuth<'n>>,
    pub success: Option<StatusCodes>,
    pub follow_redirects: Option<bool>,
    pub max_redirects: Option<u32>,
    pub allow_private: Option<bool>,
    pub tls: Option<WebhookTls<'n>>,
    pub proxy: Option<Spanned<&'n str>>,
    pub connect_timeout: Option<Duration>,
    pub try_timeout: Option<Duration>,
    pub read_timeout: Option<Duration>,
    pub stream: Option<WebhookStream<'n>>,
}

/// A name and its values.
pub struct Pair<'n> {
    pub name: Spanned<&'n str>,
    pub values: Vec<Spanned<&'n str>>,
}

/// A map of names and values, with the place of its key.
pub struct Pairs<'n> {
    pub key_span: Span,
    pub list: Vec<Pair<'n>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthType {
    Bearer,
    Basic,
    ApiKey,
    OAuth2,
}

pub struct WebhookAuth<'n> {
    pub span: Span,
    pub kind: Option<AuthType>,
    pub token: Option<Spanned<&'n str>>,
    pub username: Option<Spanned<&'n str>>,
    pub password: Option<Spanned<&'n str>>,
    pub key: Option<Spanned<&'n str>>,
    pub header: Option<Spanned<&'n str>>,
    pub token_url: Option<Spanned<&'n str>>,
    pub client_id: Option<Spanned<&'n str>>,
    pub client_secret: Option<Spanned<&'n str>>,
    pub scopes: Option<(Span, Vec<Spanned<&'n str>>)>,
    pub audience: Option<Spanned<&'n str>>,
    pub style: Option<Spanned<ClientStyle>>,
}

/// More redirects than this are a mistake.
const MOST_REDIRECTS: i128 = 20;

impl<'n> Webhook<'n> {
    /// Reads the key `webhook`.
    pub fn read(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Option<Self> {
        let field = fields.take("webhook")?;
        let mut fields = Fields::open(reader, field.node, &shape::WEBHOOK)?;
        let webhook = Self {
            span: field.key_span,
            url: fields.required("url").and_then(|field| reader.text(field.node, "url")),
            method: method(reader, &mut fields),
            query: pairs(reader, &mut fields, "query").map(|pairs| pairs.list).unwrap_or_default(),
            headers: pairs(reader, &mut fields, "headers").map(|pairs| pairs.list).unwrap_or_default(),
            body: fields.take("body"),
            form: pairs(reader, &mut fields, "form"),
            multipart: Parts::read(reader, &mut fields),
            auth: WebhookAuth::read(reader, &mut fields),
            success: success(reader, &mut fields),
            follow_redirects: fields.boolean("follow_redirects"),
            max_redirects: fields
                .take("max_redirects")
                .and_then(|field| reader.integer(field.node, "max_redirects", 0..=MOST_REDIRECTS))
                .and_then(|count| u32::try_from(count).ok()),
            allow_private: fields.boolean("allow_private"),
            tls: WebhookTls::read(reader, &mut fields),
            proxy: fields.text("proxy"),
            connect_timeout: time(reader, &mut fields, "connect_timeout"),
            try_timeout: time(reader, &mut fields, "try_timeout"),
            read_timeout: time(reader, &mut fields, "read_timeout"),
            stream: WebhookStream::read(reader, &mut fields),
        };
        fields.close();
        Some(webhook)
    }
}

impl<'n> Webhook<'n> {
    /// A call of which nothing else is said.
    pub(super) fn of_url(span: Span, url: Option<Spanned<&'n str>>) -> Self {
        Self {
            span,
            url,
            method: None,
            query: Vec::new(),
            headers: Vec::new(),
            body: None,
            form: None,
            multipart: None,
            auth: None,
            success: None,
            follow_redirects: None,
            max_redirects: None,
            allow_private: None,
            tls: None,
            proxy: None,
            connect_timeout: None,
            try_timeout: None,
            read_timeout: None,
            stream: None,
        }
    }

    /// The keys of a webhook that somebody decides with.
    pub(super) fn read_approval(reader: &'n Reader<'n>, span: Span, fields: &mut Fields<'n>) -> Self {
        let url = fields.required("url").and_then(|field| reader.text(field.node, "url"));
        Self {
            headers: pairs(reader, fields, "headers").map(|pairs| pairs.list).unwrap_or_default(),
            allow_private: fields.boolean("allow_private"),
            tls: WebhookTls::read(reader, fields),
            proxy: fields.text("proxy"),
            ..Self::of_url(span, url)
        }
    }
}

/// Zero would end every call before it begins.
fn time<'n>(reader: &Reader<'_>, fields: &mut Fields<'n>, key: &'static str) -> Option<Duration> {
    let field = fields.take(key)?;
    let time = reader.duration(field.node, key)?;
    if time.is_zero() {
        let message = format!("`{key}` cannot be zero: every call would end before it begins");
        reader.problems.add(Diagnostic::error(Code::BadQuantity, field.node.span, message));
        return None;
    }
    Some(time)
}

fn style<'n>(reader: &Reader<'_>, fields: &mut Fields<'n>) -> Option<Spanned<ClientStyle>> {
    let field = fields.take("auth_style")?;
    let value = reader.one_of(field.node, "auth_style", &ClientStyle::ALL)?;
    Some(Spanned { value, span: field.node.span })
}

fn method<'n>(reader: &Reader<'_>, fields: &mut Fields<'n>) -> Option<Spanned<Method>> {
    let field = fields.take("method")?;
    let value = reader.one_of(field.node, "method", &Method::ALL)?;
    Some(Spanned { value, span: field.node.span })
}

/// A map of names, each with a text or a list of texts.
fn pairs<'n>(reader: &'n Reader<'n>, fields: &mut Fields<'n>, key: &'static str) -> Option<Pairs<'n>> {
    let field = fields.take(key)?;
    if !matches!(field.node.kind, Kind::Map(_)) {
        reader.wrong_type(field.node, &format!("`{key}`"), "a map of names and values");
        return None;
    }
    let list = field.node.entries().iter().map(|entry| Pair {
        name: Spanned { value: &*entry.key.text, span: entry.key.span },
        values: words(reader, &entry.value, &entry.key.text),
    });
    Some(Pairs { key_span: field.key_span, list: list.collect() })
}

pub(super) fn words<'n>(reader: &Reader<'_>, node: &'n Node<'n>, name: &str) -> Vec<Spanned<&'n str>> {
    match &node.kind {
        Kind::List(_) => reader.texts(node, name).unwrap_or_default(),
        Kind::Scalar(_) => reader.text(node, name).into_iter().collect(),
        _ => {
            reader.wrong_type(node, &format!("`{name}`"), "text or a list of texts");
            Vec::new()
        }
    }
}

/// `200-299`, `204`, or a list of such.
fn success<'n>(reader: &Reader<'_>, fields: &mut Fields<'n>) -> Option<StatusCodes> {
    let field = fields.take("success")?;
    let items = match &field.node.kind {
        Kind::List(items) => items.iter().collect(),
        Kind::Scalar(_) => vec![field.node],
        _ => {
            reader.wrong_type(field.node, "`success`", "a list of status codes such as `[200-299, 404]`");
            return None;
        }
    };
    let mut ranges = Vec::new();
    for item in items {
        match item.as_text().and_then(StatusCodes::parse_range) {
            Some(range) => ranges.push(range),
            None => {
                let message = "a status code has to be a number from 100 to 599, or a range of them";
                let problem = Diagnostic::error(Code::BadStatus, item.span, message);
                reader.problems.add(problem.help("write `[200, 204]` or `[200-299]`"));
            }
        }
    }
    (!ranges.is_empty()).then(|| StatusCodes::of(ranges))
}

impl<'n> WebhookAuth<'n> {
    fn read(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Option<Self> {
        const TYPES: [(&str, AuthType); 4] = [
            ("bearer", AuthType::Bearer),
            ("basic", AuthType::Basic),
            ("api_key", AuthType::ApiKey),
            ("oauth2", AuthType::OAuth2),
        ];
        let field = fields.take("auth")?;
        let mut fields = Fields::open(reader, field.node, &shape::WEBHOOK_AUTH)?;
        let kind = fields.required("type").and_then(|field| reader.one_of(field.node, "type", &TYPES));
        let auth = Self {
            span: field.key_span,
            kind,
            token: fields.text("token"),
            username: fields.text("username"),
            password: fields.text("password"),
            key: fields.text("key"),
            header: fields.text("header"),
            token_url: fields.text("token_url"),
            client_id: fields.text("client_id"),
            client_secret: fields.text("client_secret"),
            scopes: fields.take("scopes").map(|field| (field.key_span, words(reader, field.node, "scopes"))),
            audience: fields.text("audience"),
            style: style(reader, &mut fields),
        };
        fields.close();
        Some(auth)
    }
}

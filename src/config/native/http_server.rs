//! `server.http`, in both dialects.

use std::time::Duration;

use crate::config::read::{Fields, Reader, Spanned};
use crate::config::shape::{self, Shape};
use crate::config::source::Span;
use crate::config::syntax::{Kind, Node};
use crate::model::ByteSize;

#[derive(Default)]
pub struct HttpServer<'n> {
    pub host: Option<Spanned<&'n str>>,
    pub port: Option<u16>,
    pub socket: Option<Spanned<&'n str>>,
    pub allowed_hosts: Vec<Spanned<&'n str>>,
    pub allowed_origins: Vec<Spanned<&'n str>>,
    pub insecure: bool,
    pub auth: Option<Vec<Key<'n>>>,
    pub cors: Option<Cors<'n>>,
    pub limits: HttpLimits,
    pub headers: Vec<(Spanned<&'n str>, Spanned<&'n str>)>,
}

/// A caller's key. What is there and cannot be read has been reported.
pub struct Key<'n> {
    pub span: Span,
    pub name: Option<Spanned<&'n str>>,
    /// The key itself stands there, and is read or not.
    pub key: Option<Option<Spanned<&'n str>>>,
    pub key_hash: Option<Option<Spanned<&'n str>>>,
    pub permissions: Option<Vec<Spanned<&'n str>>>,
    pub expires: Option<Spanned<&'n str>>,
}

pub struct Cors<'n> {
    pub origins: Vec<Spanned<&'n str>>,
    pub methods: Option<Vec<Spanned<&'n str>>>,
    pub headers: Option<Vec<Spanned<&'n str>>>,
}

#[derive(Default)]
pub struct HttpLimits {
    pub body: Option<ByteSize>,
    pub headers: Option<ByteSize>,
    pub header_timeout: Option<Duration>,
    pub body_timeout: Option<Duration>,
    pub stall_timeout: Option<Duration>,
    pub connections: Option<u32>,
    pub sessions: Option<u32>,
    pub session_timeout: Option<Duration>,
}

/// The map under a key, opened.
fn open<'n>(
    reader: &'n Reader<'n>,
    fields: &mut Fields<'n>,
    key: &'static str,
    shape: &'static Shape,
) -> Option<Fields<'n>> {
    fields.take(key).and_then(|field| Fields::open(reader, field.node, shape))
}

fn texts<'n>(
    reader: &Reader<'_>,
    fields: &mut Fields<'n>,
    key: &'static str,
) -> Option<Vec<Spanned<&'n str>>> {
    fields.take(key).and_then(|field| reader.texts(field.node, key))
}

impl<'n> HttpServer<'n> {
    /// Reads the key `http`.
    pub fn read(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Self {
        let Some(mut fields) = open(reader, fields, "http", &shape::HTTP_SERVER) else {
            return Self::default();
        };
        let server = Self {
            host: fields.text("host"),
            port: fields
                .take("port")
                .and_then(|field| reader.integer(field.node, "port", 0..=i128::from(u16::MAX)))
                .and_then(|port| u16::try_from(port).ok()),
            socket: fields.text("socket"),
            allowed_hosts: texts(reader, &mut fields, "allowed_hosts").unwrap_or_default(),
            allowed_origins: texts(reader, &mut fields, "allowed_origins").unwrap_or_default(),
            insecure: fields.boolean("insecure").unwrap_or(false),
            auth: auth(reader, &mut fields),
            cors: Cors::read(reader, &mut fields),
            limits: HttpLimits::read(reader, &mut fields),
            headers: security_headers(reader, &mut fields),
        };
        fields.boolean("enabled");
        fields.close();
        server
    }
}

/// The keys of `auth`; `None` if nobody is asked.
fn auth<'n>(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Option<Vec<Key<'n>>> {
    let field = fields.take("auth")?;
    let Some(mut fields) = Fields::open(reader, field.node, &shape::HTTP_AUTH) else {
        // What cannot be read lets nobody in.
        return Some(Vec::new());
    };
    let mut keys = keys(reader, &mut fields);
    let is_on = fields.boolean("enabled").unwrap_or(true);
    fields.one_of("mode", &[("simple", ())]);
    if let Some(mut simple) = open(reader, &mut fields, "simple", &shape::SIMPLE_AUTH) {
        keys.extend(self::keys(reader, &mut simple));
        simple.close();
    }
    fields.close();
    is_on.then_some(keys)
}

fn keys<'n>(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Vec<Key<'n>> {
    let Some(field) = fields.take("api_keys") else { return Vec::new() };
    if !matches!(field.node.kind, Kind::Map(_)) {
        let items = reader.list(field.node, "api_keys").unwrap_or_default();
        return items.iter().filter_map(|item| Key::read(reader, item, None)).collect();
    }
    let entries = field.node.entries().iter();
    let key = |entry: &'n crate::config::syntax::Entry<'n>| {
        let key = Spanned { value: &*entry.key.text, span: entry.key.span };
        Key::read(reader, &entry.value, Some(key))
    };
    entries.filter_map(key).collect()
}

impl<'n> Key<'n> {
    /// Reads one; `key` is the one that it stands under, where they are a map.
    fn read(reader: &'n Reader<'n>, node: &'n Node<'n>, key: Option<Spanned<&'n str>>) -> Option<Self> {
        let span = node.span;
        let bare =
            Self { span, name: None, key: key.map(Some), key_hash: None, permissions: None, expires: None };
        match node.kind {
            Kind::Scalar(_) if key.is_none() => {
                return Some(Self { key: Some(reader.text(node, "key")), ..bare });
            }
            Kind::Broken => return None,
            _ => {}
        }
        let mut fields = Fields::open(reader, node, &shape::API_KEY)?;
        let read = Self {
            span,
            name: fields.text("name"),
            key: fields.take("key").map(|field| reader.text(field.node, "key")).or(bare.key),
            key_hash: fields.take("key_hash").map(|field| reader.text(field.node, "key_hash")),
            permissions: texts(reader, &mut fields, "permissions"),
            expires: fields.text("expires"),
        };
        fields.text("description");
        fields.close();
        Some(read)
    }
}

impl<'n> Cors<'n> {
    fn read(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Option<Self> {
        let mut fields = open(reader, fields, "cors", &shape::CORS)?;
        let is_on = fields.boolean("enabled").unwrap_or(true);
        let cors = Self {
            origins: texts(reader, &mut fields, "allowed_origins").unwrap_or_default(),
            methods: texts(reader, &mut fields, "allowed_methods"),
            headers: texts(reader, &mut fields, "allowed_headers"),
        };
        fields.close();
        is_on.then_some(cors)
    }
}

impl HttpLimits {
    fn read<'n>(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Self {
        let Some(mut fields) = open(reader, fields, "limits", &shape::HTTP_LIMITS) else {
            return Self::default();
        };
        let mut size = |key| fields.take(key).and_then(|field| reader.size(field.node, key));
        let (body, headers) = (size("body"), size("headers"));
        let limits = Self {
            body,
            headers,
            header_timeout: fields.duration("header_timeout"),
            body_timeout: fields.duration("body_timeout"),
            stall_timeout: fields.duration("stall_timeout"),
            connections: fields.count("connections"),
            sessions: fields.count("sessions"),
            session_timeout: fields.duration("session_timeout"),
        };
        fields.close();
        limits
    }
}

fn security_headers<'n>(
    reader: &'n Reader<'n>,
    fields: &mut Fields<'n>,
) -> Vec<(Spanned<&'n str>, Spanned<&'n str>)> {
    let Some(mut fields) = open(reader, fields, "security_headers", &shape::SECURITY_HEADERS) else {
        return Vec::new();
    };
    let is_on = fields.boolean("enabled").unwrap_or(true);
    let mut headers = Vec::new();
    if let Some(field) = fields.take("headers") {
        for entry in field.node.entries() {
            let name = Spanned { value: &*entry.key.text, span: entry.key.span };
            headers.extend(reader.text(&entry.value, name.value).map(|value| (name, value)));
        }
    }
    fields.close();
    if is_on { headers } else { Vec::new() }
}

//! `server.http`, in both dialects.

use std::time::Duration;

use super::oauth::Issuer;
use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::read::{Fields, Reader, Spanned};
use crate::config::shape;
use crate::config::source::Span;
use crate::config::syntax::{Kind, Node};
use crate::model::{ByteSize, ProxyHeaders};

use super::server_tls::{Mtls, ServerTls};

const PROXY_HEADERS: [(&str, ProxyHeaders); 2] =
    [("x-forwarded", ProxyHeaders::XForwarded), ("forwarded", ProxyHeaders::Forwarded)];

use super::access::{Access, Enterprise};

use super::basic::{CallerKeys, User};
use super::copies::Copies;
use super::quota::ServerQuota;
use super::rate_limit::{ConnectionPool, RateLimit, Tenant};
use super::server::toolset;

/// What the original calls the ways in that count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Simple,
    /// The issuer of `enterprise`, too.
    Enterprise,
}

const MODES: [(&str, Mode); 2] = [("simple", Mode::Simple), ("enterprise", Mode::Enterprise)];

#[derive(Default)]
pub struct HttpServer<'n> {
    pub host: Option<Spanned<&'n str>>,
    pub port: Option<u16>,
    pub socket: Option<Spanned<&'n str>>,
    pub allowed_hosts: Vec<Spanned<&'n str>>,
    pub allowed_origins: Vec<Spanned<&'n str>>,
    pub insecure: bool,
    pub auth: Option<Auth<'n>>,
    pub cors: Option<Cors<'n>>,
    /// The tags of what callers are offered.
    pub tools: Option<Vec<Spanned<&'n str>>>,
    pub limits: HttpLimits,
    pub legacy_sse: Option<bool>,
    pub copies: Copies<'n>,
    pub notice: Option<Duration>,
    pub headers: Vec<(Spanned<&'n str>, Spanned<&'n str>)>,
    pub rate_limit: Option<RateLimit<'n>>,
    pub quota: Option<ServerQuota<'n>>,
    /// Of the root of the file.
    pub tenants: Vec<Tenant<'n>>,
    pub connection_pool: ConnectionPool,
    pub tls: Option<ServerTls<'n>>,
    pub trusted_proxies: Vec<Spanned<&'n str>>,
    pub proxy_headers: Option<ProxyHeaders>,
}

/// Who is let in.
#[derive(Default)]
pub struct Auth<'n> {
    pub api_keys: Vec<Key<'n>>,
    pub issuers: Vec<Issuer<'n>>,
    pub users: Vec<User<'n>>,
    /// Roles where the original has them.
    pub rbac: Option<Access<'n>>,
    pub mtls: Option<Mtls<'n>>,
}

/// A caller's key. What is there and cannot be read has been reported.
pub struct Key<'n> {
    pub span: Span,
    pub name: Option<Spanned<&'n str>>,
    /// The key itself stands there, and is read or not.
    pub key: Option<Option<Spanned<&'n str>>>,
    pub key_hash: Option<Option<Spanned<&'n str>>>,
    pub caller: CallerKeys<'n>,
    /// The one that it replaced.
    pub previous: Option<Previous<'n>>,
    pub expires: Option<Spanned<&'n str>>,
}

/// A key that was replaced: its hash, and until when it lets in.
pub struct Previous<'n> {
    pub key_hash: Option<Spanned<&'n str>>,
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
    pub bodies: Option<ByteSize>,
    pub headers: Option<ByteSize>,
    pub header_timeout: Option<Duration>,
    pub body_timeout: Option<Duration>,
    pub stall_timeout: Option<Duration>,
    pub connections: Option<u32>,
    pub streams: Option<u32>,
    pub sessions: Option<u32>,
    pub session_timeout: Option<Duration>,
}

impl<'n> HttpServer<'n> {
    /// Reads the key `http`.
    pub fn read(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Self {
        let Some(mut fields) = fields.group("http", &shape::HTTP_SERVER) else {
            return Self::default();
        };
        let server = Self {
            host: fields.text("host"),
            port: fields
                .take("port")
                .and_then(|field| reader.integer(field.node, "port", 0..=i128::from(u16::MAX)))
                .and_then(|port| u16::try_from(port).ok()),
            socket: fields.text("socket"),
            allowed_hosts: fields.texts("allowed_hosts").unwrap_or_default(),
            allowed_origins: fields.texts("allowed_origins").unwrap_or_default(),
            insecure: fields.boolean("insecure").unwrap_or(false),
            auth: Auth::read(reader, &mut fields),
            cors: Cors::read(&mut fields),
            tools: toolset(reader, &mut fields),
            limits: HttpLimits::read(reader, &mut fields),
            legacy_sse: fields.boolean("legacy_sse"),
            copies: Copies::read(reader, &mut fields),
            notice: fields.duration("notice"),
            headers: security_headers(reader, &mut fields),
            rate_limit: RateLimit::read(reader, &mut fields),
            quota: ServerQuota::read(reader, &mut fields),
            tenants: Vec::new(),
            connection_pool: ConnectionPool::read(reader, &mut fields),
            tls: ServerTls::read(reader, &mut fields),
            trusted_proxies: fields.texts("trusted_proxies").unwrap_or_default(),
            proxy_headers: fields.one_of("proxy_headers", &PROXY_HEADERS),
        };
        fields.boolean("enabled");
        fields.close();
        server
    }
}

impl<'n> Auth<'n> {
    /// Reads the key `auth`; `None` if nobody is asked.
    fn read(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Option<Self> {
        let field = fields.take("auth")?;
        let Some(mut fields) = Fields::open(reader, field.node, &shape::HTTP_AUTH) else {
            // What cannot be read lets nobody in.
            return Some(Self::default());
        };
        let issuers = Issuer::read_all(reader, &mut fields);
        let mut auth = Self {
            api_keys: keys(reader, &mut fields),
            users: User::read_all(reader, &mut fields, "basic"),
            mtls: Mtls::read(reader, &mut fields),
            issuers,
            ..Self::default()
        };
        let is_on = fields.boolean("enabled").unwrap_or(true);
        let mode = fields.one_of("mode", &MODES);
        if let Some(mut simple) = fields.group("simple", &shape::SIMPLE_AUTH) {
            auth.api_keys.extend(keys(reader, &mut simple));
            auth.users.extend(User::read_all(reader, &mut simple, "basic_auth"));
            simple.close();
        }
        let Enterprise { rbac, oauth21 } = Enterprise::read(reader, &mut fields);
        auth.rbac = rbac;
        match mode {
            Some(Mode::Simple) => oauth21.iter().for_each(|issuer| not_trusted(reader, issuer.span)),
            Some(Mode::Enterprise) | None => auth.issuers.extend(oauth21),
        }
        fields.close();
        is_on.then_some(auth)
    }
}

/// Whoever writes `simple` trusts no issuer, though one may be written there for another day.
fn not_trusted(reader: &Reader<'_>, span: Span) {
    let message = "`oauth21` lets nobody in: `mode` is `simple`";
    let problem = Diagnostic::warning(Code::Pointless, span, message);
    reader.problems.add(problem.help("`mode: enterprise` trusts its issuer, beside keys and passwords"));
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
        let caller = CallerKeys::default();
        let bare = Self {
            span,
            name: None,
            key: key.map(Some),
            key_hash: None,
            caller,
            previous: None,
            expires: None,
        };
        match node.kind {
            Kind::Scalar(_) if key.is_none() => {
                return Some(Self { key: Some(reader.text(node, "key")), ..bare });
            }
            Kind::Scalar(_) => {
                let problem = Diagnostic::error(Code::WrongType, span, "a key has to be a map; found text");
                let help = "in a map the keys themselves stand on the left, each with what it may; to name them, write a list: `[{ name: ann, key: … }]`";
                reader.problems.add(problem.help(help));
                return None;
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
            expires: fields.text("expires"),
            previous: Previous::read(reader, &mut fields),
            caller: CallerKeys::read(reader, &mut fields),
        };
        fields.close();
        Some(read)
    }
}

impl<'n> Previous<'n> {
    fn read(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Option<Self> {
        let mut fields = fields.group("previous", &shape::PREVIOUS_KEY)?;
        let mut text = |key| fields.required(key).and_then(|field| reader.text(field.node, key));
        let previous = Self { key_hash: text("key_hash"), expires: text("expires") };
        fields.close();
        Some(previous)
    }
}

impl<'n> Cors<'n> {
    fn read(fields: &mut Fields<'n>) -> Option<Self> {
        let mut fields = fields.group("cors", &shape::CORS)?;
        let is_on = fields.boolean("enabled").unwrap_or(true);
        let cors = Self {
            origins: fields.texts("allowed_origins").unwrap_or_default(),
            methods: fields.texts("allowed_methods"),
            headers: fields.texts("allowed_headers"),
        };
        fields.close();
        is_on.then_some(cors)
    }
}

impl HttpLimits {
    fn read<'n>(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Self {
        let Some(mut fields) = fields.group("limits", &shape::HTTP_LIMITS) else {
            return Self::default();
        };
        let mut size = |key| fields.take(key).and_then(|field| reader.size(field.node, key));
        let (body, bodies, headers) = (size("body"), size("bodies"), size("headers"));
        let limits = Self {
            body,
            bodies,
            headers,
            header_timeout: fields.duration("header_timeout"),
            body_timeout: fields.duration("body_timeout"),
            stall_timeout: fields.duration("stall_timeout"),
            connections: fields.count("connections"),
            streams: fields.count("streams_per_caller"),
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
    let Some(mut fields) = fields.group("security_headers", &shape::SECURITY_HEADERS) else {
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

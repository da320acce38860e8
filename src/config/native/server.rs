//! `server`.

use std::time::Duration;

use crate::config::read::{Fields, Reader, Spanned};
use crate::config::shape;
use crate::model::{ByteSize, Search};

use super::Jobs;
use super::http_server::HttpServer;

#[derive(Default)]
pub struct Server<'n> {
    pub name: Option<Spanned<&'n str>>,
    pub instructions: Option<Spanned<&'n str>>,
    pub calls: Calls,
    pub drain: Option<Duration>,
    pub stdio: Caller<'n>,
    pub warm: Warm,
    pub http: HttpServer<'n>,
    pub cache: Caches,
    pub jobs: Jobs<'n>,
    pub discovery: DiscoveryKeys,
}

/// Whether tools are searched.
#[derive(Default)]
pub struct DiscoveryKeys {
    pub search: Option<Search>,
    pub above: Option<usize>,
}

/// How much is remembered.
#[derive(Default)]
pub struct Caches {
    pub memory: Option<ByteSize>,
    pub disk: Option<ByteSize>,
}

/// How many containers wait for calls.
#[derive(Default)]
pub struct Warm {
    pub max: Option<u32>,
    pub memory: Option<ByteSize>,
    pub stdio: Option<bool>,
}

#[derive(Default)]
pub struct Calls {
    pub max: Option<u32>,
    pub queue: Option<u32>,
    pub queue_timeout: Option<Duration>,
    pub per_caller: Option<u32>,
}

/// Who a caller on stdio is.
#[derive(Default)]
pub struct Caller<'n> {
    pub name: Option<Spanned<&'n str>>,
    pub roles: Option<Vec<Spanned<&'n str>>>,
    pub permissions: Option<Vec<Spanned<&'n str>>>,
    pub tools: Option<Vec<Spanned<&'n str>>>,
}

impl<'n> Server<'n> {
    /// Reads the key `server`.
    pub fn read(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Self {
        let Some(mut fields) =
            fields.take("server").and_then(|field| Fields::open(reader, field.node, &shape::SERVER))
        else {
            return Self::default();
        };
        let server = Self {
            name: fields.text("name"),
            instructions: fields.text("instructions"),
            calls: Calls::read(reader, &mut fields),
            drain: fields.duration("drain"),
            stdio: Caller::read(reader, &mut fields),
            warm: Warm::read(reader, &mut fields),
            http: HttpServer::read(reader, &mut fields),
            cache: Caches::read(reader, &mut fields),
            discovery: DiscoveryKeys::read(reader, &mut fields),
            jobs: Jobs::read(reader, &mut fields),
        };
        fields.close();
        server
    }
}

impl DiscoveryKeys {
    fn read<'n>(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Self {
        let Some(mut fields) = fields.group("discovery", &shape::DISCOVERY) else { return Self::default() };
        let search = fields.one_of("search", &Search::WORDS);
        let above = fields.take("above").and_then(|field| reader.integer(field.node, "above", 0..=1_000_000));
        fields.close();
        Self { search, above: above.and_then(|above| usize::try_from(above).ok()) }
    }
}

impl Calls {
    fn read<'n>(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Self {
        let Some(mut fields) =
            fields.take("calls").and_then(|field| Fields::open(reader, field.node, &shape::CALLS))
        else {
            return Self::default();
        };
        let calls = Self {
            max: fields.count("max"),
            queue: fields.take("queue").and_then(|field| {
                let count = reader.integer(field.node, "queue", 0..=i128::from(u32::MAX))?;
                u32::try_from(count).ok()
            }),
            queue_timeout: fields.duration("queue_timeout"),
            per_caller: fields.count("per_caller"),
        };
        fields.close();
        calls
    }
}

impl Warm {
    fn read<'n>(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Self {
        let Some(mut fields) =
            fields.take("warm").and_then(|field| Fields::open(reader, field.node, &shape::WARM))
        else {
            return Self::default();
        };
        let warm = Self {
            max: fields.take("max").and_then(|field| {
                let count = reader.integer(field.node, "max", 0..=i128::from(u32::MAX))?;
                u32::try_from(count).ok()
            }),
            memory: fields.take("memory").and_then(|field| reader.size(field.node, "memory")),
            stdio: fields.boolean("stdio"),
        };
        fields.close();
        warm
    }
}

impl Caches {
    fn read<'n>(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Self {
        let Some(mut fields) =
            fields.take("cache").and_then(|field| Fields::open(reader, field.node, &shape::SERVER_CACHE))
        else {
            return Self::default();
        };
        let caches = Self {
            memory: fields.take("memory").and_then(|field| reader.size(field.node, "memory")),
            disk: fields.take("disk").and_then(|field| reader.size(field.node, "disk")),
        };
        fields.close();
        caches
    }
}

impl<'n> Caller<'n> {
    fn read(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Self {
        let Some(mut fields) =
            fields.take("stdio").and_then(|field| Fields::open(reader, field.node, &shape::STDIO))
        else {
            return Self::default();
        };
        let caller = Self {
            name: fields.text("name"),
            // What is there and cannot be read lets nobody in.
            roles: fields.take("roles").map(|field| reader.texts(field.node, "roles").unwrap_or_default()),
            permissions: fields
                .take("permissions")
                .map(|field| reader.texts(field.node, "permissions").unwrap_or_default()),
            tools: toolset(reader, &mut fields),
        };
        fields.close();
        caller
    }
}

/// The tags of `tools`; what is there and cannot be read offers nothing.
pub fn toolset<'n>(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Option<Vec<Spanned<&'n str>>> {
    let field = fields.take("tools")?;
    let Some(mut fields) = Fields::open(reader, field.node, &shape::TOOLSET) else { return Some(Vec::new()) };
    let tags = fields.required("tags").and_then(|field| reader.texts(field.node, "tags"));
    fields.close();
    Some(tags.unwrap_or_default())
}

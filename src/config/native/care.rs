//! `retry`, `fallback`, `breaker` and `cache` of a command.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::read::{Field, Fields, Reader, Spanned};
use crate::config::shape;
use crate::config::source::Span;
use crate::config::syntax::{Entry, Kind};
use crate::model::{Breaker, ByteSize, CacheScope, CacheStore};

use super::{ConfirmKeys, RetryKeys};

#[derive(Default)]
pub struct CareKeys<'n> {
    pub retry: Option<RetryKeys>,
    pub fallback: Option<FallbackKeys<'n>>,
    pub breaker: Option<Breaker>,
    pub cache: Option<CacheKeys<'n>>,
    /// Boxed, since few commands have it.
    pub confirm: Option<Box<ConfirmKeys<'n>>>,
}

pub struct FallbackKeys<'n> {
    pub command: Spanned<&'n str>,
    /// `None`: it was named alone.
    pub with: Option<&'n [Entry<'n>]>,
}

pub struct CacheKeys<'n> {
    /// Of the key itself.
    pub span: Span,
    pub ttl: Duration,
    pub key: Option<Vec<Spanned<&'n str>>>,
    pub scope: CacheScope,
    pub files: Vec<Spanned<&'n str>>,
    pub commands: Vec<Spanned<&'n str>>,
    pub stale_while_revalidate: Duration,
    pub max_size: Option<ByteSize>,
    pub store: CacheStore,
}

impl<'n> CareKeys<'n> {
    pub fn read(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Self {
        Self {
            retry: RetryKeys::read(reader, fields),
            fallback: fields.take("fallback").and_then(|field| FallbackKeys::read(reader, field)),
            breaker: fields.take("breaker").and_then(|field| breaker(reader, field)),
            cache: fields.take("cache").and_then(|field| CacheKeys::read(reader, field)),
            confirm: ConfirmKeys::read(reader, fields).map(Box::new),
        }
    }
}

impl<'n> FallbackKeys<'n> {
    fn read(reader: &'n Reader<'n>, field: Field<'n>) -> Option<Self> {
        if !matches!(field.node.kind, Kind::Map(_)) {
            return reader.text(field.node, "fallback").map(|command| Self { command, with: None });
        }
        let mut fields = Fields::open(reader, field.node, &shape::FALLBACK)?;
        let command = fields.required("command").and_then(|field| reader.text(field.node, "command"));
        let with = fields.take("with");
        fields.close();
        let with = with.map(|with| match &with.node.kind {
            Kind::Map(entries) => entries.as_slice(),
            _ => {
                reader.wrong_type(with.node, "`with`", "a map of parameters and values");
                &[]
            }
        });
        Some(Self { command: command?, with })
    }
}

fn breaker<'n>(reader: &'n Reader<'n>, field: Field<'n>) -> Option<Breaker> {
    let mut fields = Fields::open(reader, field.node, &shape::BREAKER)?;
    let breaker = Breaker {
        failures: fields
            .count("failures")
            .and_then(NonZeroU32::new)
            .unwrap_or(NonZeroU32::MIN.saturating_add(4)),
        window: above_zero(reader, &mut fields, "window").unwrap_or(Duration::from_mins(1)),
        cooldown: above_zero(reader, &mut fields, "cooldown").unwrap_or(Duration::from_secs(30)),
    };
    fields.close();
    Some(breaker)
}

impl<'n> CacheKeys<'n> {
    fn read(reader: &'n Reader<'n>, field: Field<'n>) -> Option<Self> {
        const SCOPES: [(&str, CacheScope); 2] = [("caller", CacheScope::Caller), ("all", CacheScope::All)];
        const STORES: [(&str, CacheStore); 2] = [("memory", CacheStore::Memory), ("disk", CacheStore::Disk)];
        let mut fields = Fields::open(reader, field.node, &shape::CACHE)?;
        let ttl = fields.required("ttl").and_then(|field| not_zero(reader, field));
        let key = fields.take("key").and_then(|field| key(reader, field));
        let scope = fields.one_of("scope", &SCOPES).unwrap_or(CacheScope::Caller);
        let (files, commands) =
            fields.take("invalidate_on").map(|field| invalidate_on(reader, field)).unwrap_or_default();
        let keys = Self {
            span: field.key_span,
            ttl: ttl.unwrap_or_default(),
            key,
            scope,
            files,
            commands,
            stale_while_revalidate: fields.duration("stale_while_revalidate").unwrap_or_default(),
            max_size: fields.take("max_size").and_then(|field| reader.size(field.node, "max_size")),
            store: fields.one_of("store", &STORES).unwrap_or(CacheStore::Memory),
        };
        fields.close();
        Some(keys)
    }
}

fn key<'n>(reader: &Reader<'_>, field: Field<'n>) -> Option<Vec<Spanned<&'n str>>> {
    let parts = reader.texts(field.node, "key")?;
    if parts.is_empty() {
        let message = "`key` is empty: all calls would be one";
        let problem = Diagnostic::error(Code::BadCache, field.node.span, message);
        reader.problems.add(problem.help("name what makes calls differ, or remove it"));
        return None;
    }
    Some(parts)
}

type Names<'n> = Vec<Spanned<&'n str>>;

/// Files and commands.
fn invalidate_on<'n>(reader: &'n Reader<'n>, field: Field<'n>) -> (Names<'n>, Names<'n>) {
    if !matches!(field.node.kind, Kind::Map(_)) {
        return (Vec::new(), reader.texts(field.node, "invalidate_on").unwrap_or_default());
    }
    let Some(mut fields) = Fields::open(reader, field.node, &shape::INVALIDATE_ON) else {
        return Default::default();
    };
    let mut texts =
        |key| fields.take(key).and_then(|field: Field<'n>| reader.texts(field.node, key)).unwrap_or_default();
    let found = (texts("files"), texts("commands"));
    fields.close();
    found
}

fn above_zero<'n>(reader: &Reader<'_>, fields: &mut Fields<'n>, key: &'static str) -> Option<Duration> {
    fields.take(key).and_then(|field| not_zero(reader, field))
}

fn not_zero(reader: &Reader<'_>, field: Field<'_>) -> Option<Duration> {
    let duration = reader.duration(field.node, field.key)?;
    if duration.is_zero() {
        let message = format!("`{}` cannot be zero", field.key);
        reader.problems.add(Diagnostic::error(Code::BadQuantity, field.node.span, message));
        return None;
    }
    Some(duration)
}

//! `executors`: names of engines, and where each listens.

use crate::config::read::{Fields, Reader, Spanned};
use crate::config::shape;
use crate::config::source::Span;
use crate::config::syntax::{Entry, Kind};

pub struct ExecutorEntry<'n> {
    pub name: Spanned<&'n str>,
    /// `None` if it is of a kind that is not built yet, or cannot be read; that has been reported.
    pub docker: Option<DockerEntry<'n>>,
}

pub struct DockerEntry<'n> {
    pub host: Option<Spanned<&'n str>>,
    pub tls: Option<TlsEntry<'n>>,
}

pub struct TlsEntry<'n> {
    pub key_span: Span,
    pub ca: Option<Spanned<&'n str>>,
    pub cert: Option<Spanned<&'n str>>,
    pub key: Option<Spanned<&'n str>>,
}

impl<'n> ExecutorEntry<'n> {
    /// Reads the key `executors`.
    pub fn read_all(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Vec<Self> {
        let Some(field) = fields.take("executors") else { return Vec::new() };
        if !matches!(field.node.kind, Kind::Map(_) | Kind::Broken) {
            reader.wrong_type(field.node, "`executors`", "a map of names and engines");
        }
        field.node.entries().iter().map(|entry| Self::read(reader, entry)).collect()
    }

    fn read(reader: &'n Reader<'n>, entry: &'n Entry<'n>) -> Self {
        let name = Spanned { value: &*entry.key.text, span: entry.key.span };
        let is_later = entry.value.entries().iter().any(|key| shape::EXECUTOR.is_later(&key.key.text));
        let docker = Fields::open(reader, &entry.value, &shape::EXECUTOR).and_then(|mut fields| {
            // One of another kind is told as such, and lacks nothing.
            let field = if is_later { fields.take("docker") } else { fields.required("docker") };
            fields.close();
            Fields::open(reader, field?.node, &shape::DOCKER)
        });
        Self { name, docker: docker.map(|fields| DockerEntry::read(reader, fields)) }
    }
}

impl<'n> DockerEntry<'n> {
    fn read(reader: &'n Reader<'n>, mut fields: Fields<'n>) -> Self {
        let host = fields.required("host").and_then(|field| reader.text(field.node, "host"));
        let tls = fields.take("tls").and_then(|field| {
            let mut keys = Fields::open(reader, field.node, &shape::TLS)?;
            let tls = TlsEntry {
                key_span: field.key_span,
                ca: keys.required("ca").and_then(|field| reader.text(field.node, "ca")),
                cert: keys.text("cert"),
                key: keys.text("key"),
            };
            keys.close();
            Some(tls)
        });
        fields.close();
        Self { host, tls }
    }
}

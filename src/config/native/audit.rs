//! `audit`.

use crate::config::read::{Fields, Reader, Spanned};
use crate::config::shape;
use crate::config::source::Span;
use crate::config::syntax::{Kind, Node};
use crate::model::{AuditKind, ByteSize, OnUnrecorded};

pub struct AuditKeys<'n> {
    pub span: Span,
    pub file: Option<Spanned<&'n str>>,
    pub stdout: bool,
    pub syslog: Option<SyslogKeys<'n>>,
    pub chain: Option<bool>,
    pub on_failure: Option<OnUnrecorded>,
    pub sync: bool,
    pub rotate_size: Option<Spanned<ByteSize>>,
    pub rotate_keep: Option<u32>,
    pub include: Option<Vec<AuditKind>>,
    pub mask: Vec<Spanned<&'n str>>,
    pub every: Option<u32>,
    pub key: Option<Spanned<&'n str>>,
}

#[derive(Default)]
pub struct SyslogKeys<'n> {
    pub socket: Option<Spanned<&'n str>>,
    pub facility: Option<u8>,
    pub tag: Option<Spanned<&'n str>>,
}

const FAILURE: [(&str, OnUnrecorded); 2] = [("refuse", OnUnrecorded::Refuse), ("warn", OnUnrecorded::Warn)];

const KINDS: [(&str, AuditKind); 6] = [
    ("calls", AuditKind::Calls),
    ("steps", AuditKind::Steps),
    ("refusals", AuditKind::Refusals),
    ("reads", AuditKind::Reads),
    ("requests", AuditKind::Requests),
    ("server", AuditKind::Server),
];

const FACILITIES: [(&str, u8); 11] = [
    ("auth", 4),
    ("authpriv", 10),
    ("daemon", 3),
    ("local0", 16),
    ("local1", 17),
    ("local2", 18),
    ("local3", 19),
    ("local4", 20),
    ("local5", 21),
    ("local6", 22),
    ("local7", 23),
];

impl<'n> AuditKeys<'n> {
    /// Reads the key `audit`.
    pub fn read(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Option<Self> {
        let field = fields.take("audit")?;
        let mut fields = Fields::open(reader, field.node, &shape::AUDIT)?;
        let (rotate_size, rotate_keep) = rotation(reader, &mut fields);
        let (every, key) = checkpoint(reader, &mut fields);
        let keys = Self {
            span: field.key_span,
            file: fields.text("file"),
            stdout: fields.boolean("stdout").unwrap_or(false),
            syslog: fields.take("syslog").and_then(|field| SyslogKeys::read(reader, field.node)),
            chain: fields.boolean("chain"),
            on_failure: fields.one_of("on_failure", &FAILURE),
            sync: fields.boolean("sync").unwrap_or(false),
            rotate_size,
            rotate_keep,
            include: fields.take("include").and_then(|field| kinds(reader, field.node)),
            mask: fields.take("mask").and_then(|field| reader.texts(field.node, "mask")).unwrap_or_default(),
            every,
            key,
        };
        fields.close();
        Some(keys)
    }
}

fn kinds(reader: &Reader<'_>, node: &Node<'_>) -> Option<Vec<AuditKind>> {
    let items = reader.list(node, "include")?;
    Some(items.iter().filter_map(|item| reader.one_of(item, "include", &KINDS)).collect())
}

fn rotation<'n>(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> (Option<Spanned<ByteSize>>, Option<u32>) {
    let opened =
        fields.take("rotate").and_then(|field| Fields::open(reader, field.node, &shape::AUDIT_ROTATE));
    let Some(mut fields) = opened else { return (None, None) };
    let size = fields.take("size").and_then(|field| {
        reader.size(field.node, "size").map(|value| Spanned { value, span: field.node.span })
    });
    let keep = fields.count("keep");
    fields.close();
    (size, keep)
}

fn checkpoint<'n>(
    reader: &'n Reader<'n>,
    fields: &mut Fields<'n>,
) -> (Option<u32>, Option<Spanned<&'n str>>) {
    let opened = fields
        .take("checkpoint")
        .and_then(|field| Fields::open(reader, field.node, &shape::AUDIT_CHECKPOINT));
    let Some(mut fields) = opened else { return (None, None) };
    let read = (fields.count("every"), fields.text("key"));
    fields.close();
    read
}

impl<'n> SyslogKeys<'n> {
    fn read(reader: &'n Reader<'n>, node: &'n Node<'n>) -> Option<Self> {
        if !matches!(node.kind, Kind::Map(_)) {
            return reader.boolean(node, "syslog")?.then(Self::default);
        }
        let mut fields = Fields::open(reader, node, &shape::AUDIT_SYSLOG)?;
        let keys = Self {
            socket: fields.text("socket"),
            facility: fields.one_of("facility", &FACILITIES),
            tag: fields.text("tag"),
        };
        fields.close();
        Some(keys)
    }
}

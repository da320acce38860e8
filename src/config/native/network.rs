//! `container.network`: a word, or the list of what may be reached.

use crate::config::read::{Fields, Reader, Spanned};
use crate::config::shape;
use crate::config::source::Span;
use crate::config::syntax::{Kind, Node};

pub enum Network<'n> {
    Name(Spanned<&'n str>),
    Only(Allowed<'n>),
}

/// What may be reached, and nothing else.
pub struct Allowed<'n> {
    /// Of the key `allow`.
    pub key_span: Span,
    pub entries: Vec<DestinationEntry<'n>>,
    /// Some entry is none; it has been reported.
    pub is_broken: bool,
}

pub enum DestinationEntry<'n> {
    /// `HOST:PORT`
    Text(Spanned<&'n str>),
    Keys {
        host: Spanned<&'n str>,
        port: Spanned<i128>,
        private: Option<Spanned<bool>>,
    },
}

pub fn network<'n>(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Option<Network<'n>> {
    let field = fields.take("network")?;
    match field.node.kind {
        Kind::Map(_) => {}
        Kind::Scalar(_) => return reader.text(field.node, "network").map(Network::Name),
        _ => {
            reader.wrong_type(
                field.node,
                "`network`",
                "a word, or a map such as `{ allow: [\"HOST:PORT\"] }`",
            );
            return None;
        }
    }
    let mut fields = Fields::open(reader, field.node, &shape::NETWORK)?;
    let allow = fields.required("allow");
    fields.close();
    let allow = allow?;
    let items = reader.list(allow.node, "allow").unwrap_or_default();
    let entries: Vec<Option<DestinationEntry<'n>>> = items.iter().map(|item| entry(reader, item)).collect();
    let is_broken = !matches!(allow.node.kind, Kind::List(_)) || entries.iter().any(Option::is_none);
    let entries = entries.into_iter().flatten().collect();
    Some(Network::Only(Allowed { key_span: allow.key_span, entries, is_broken }))
}

fn entry<'n>(reader: &'n Reader<'n>, item: &'n Node<'n>) -> Option<DestinationEntry<'n>> {
    match item.kind {
        Kind::Map(_) => {}
        Kind::Scalar(_) => return reader.text(item, "allow").map(DestinationEntry::Text),
        _ => {
            reader.wrong_type(item, "an element of `allow`", "`\"HOST:PORT\"` in quotes, or a map");
            return None;
        }
    }
    let mut fields = Fields::open(reader, item, &shape::DESTINATION)?;
    let host = fields.required("host").and_then(|field| reader.text(field.node, "host"));
    let port = fields.required("port").and_then(|field| {
        Some(Spanned { value: reader.integer(field.node, "port", 1..=65535)?, span: field.node.span })
    });
    let private = fields.take("private").map(|field| {
        let value = reader.boolean(field.node, "private");
        value.map(|value| Spanned { value, span: field.node.span })
    });
    fields.close();
    let private = match private {
        Some(read) => Some(read?),
        None => None,
    };
    Some(DestinationEntry::Keys { host: host?, port: port?, private })
}

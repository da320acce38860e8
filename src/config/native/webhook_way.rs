//! How a webhook travels: `tls`, and what becomes of the answer: `stream`.

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::read::{Fields, Reader, Spanned};
use crate::config::shape;
use crate::config::source::Span;
use crate::config::syntax::Kind;
use crate::model::TlsVersion;

use super::webhook::words;

pub struct WebhookTls<'n> {
    pub key_span: Span,
    pub ca: Option<Vec<Spanned<&'n str>>>,
    pub client_cert: Option<Spanned<&'n str>>,
    pub client_key: Option<Spanned<&'n str>>,
    pub min_version: Option<TlsVersion>,
    /// Its place, if it is on.
    pub insecure: Option<Span>,
}

/// `true`, `false`, or what ends a stream.
pub enum WebhookStream<'n> {
    Switch(bool),
    Until(Option<Spanned<&'n str>>),
}

impl<'n> WebhookTls<'n> {
    pub fn read(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Option<Self> {
        let field = fields.take("tls")?;
        let mut fields = Fields::open(reader, field.node, &shape::WEBHOOK_TLS)?;
        let tls = Self {
            key_span: field.key_span,
            ca: fields.take("ca").map(|field| words(reader, field.node, "ca")),
            client_cert: fields.text("client_cert"),
            client_key: fields.text("client_key"),
            min_version: fields.one_of("min_version", &TlsVersion::ALL),
            insecure: fields.take("insecure").and_then(|field| {
                reader.boolean(field.node, "insecure").filter(|is_on| *is_on).map(|_| field.key_span)
            }),
        };
        fields.close();
        Some(tls)
    }
}

impl<'n> WebhookStream<'n> {
    pub fn read(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Option<Self> {
        let field = fields.take("stream")?;
        if !matches!(field.node.kind, Kind::Map(_)) {
            return reader.boolean(field.node, "stream").map(Self::Switch);
        }
        let mut fields = Fields::open(reader, field.node, &shape::WEBHOOK_STREAM)?;
        let until = fields.text("until").filter(|until| {
            if until.value.is_empty() {
                let message = "`until` is empty: no event has no data";
                let problem = Diagnostic::error(Code::BadValue, until.span, message);
                reader.problems.add(problem.help("write what the last event holds, such as `\"[DONE]\"`"));
            }
            !until.value.is_empty()
        });
        fields.close();
        Some(Self::Until(until))
    }
}

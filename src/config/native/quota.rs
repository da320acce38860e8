//! `quota` of all callers and of one, in both dialects.

use crate::config::read::{Fields, Reader, Spanned};
use crate::config::shape::{self, Shape};
use crate::config::source::Span;

#[derive(Clone, Copy)]
pub struct Quota {
    pub span: Span,
    pub per_hour: Option<u32>,
    pub per_day: Option<u32>,
}

/// That of all callers, and where what is used up is kept.
pub struct ServerQuota<'n> {
    pub quota: Quota,
    pub file: Option<Spanned<&'n str>>,
}

impl Quota {
    /// Reads the key `quota` of a caller.
    pub fn read<'n>(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Option<Self> {
        let fields = open(reader, fields, &shape::QUOTA)?;
        Some(Self::close(fields))
    }

    fn close(mut fields: Fields<'_>) -> Self {
        let span = fields.span;
        let quota =
            Self { span, per_hour: fields.count("calls_per_hour"), per_day: fields.count("calls_per_day") };
        fields.close();
        quota
    }
}

impl<'n> ServerQuota<'n> {
    /// Reads the key `quota` of the server.
    pub fn read(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Option<Self> {
        let mut fields = open(reader, fields, &shape::SERVER_QUOTA)?;
        let file = fields.text("file");
        Some(Self { quota: Quota::close(fields), file })
    }
}

fn open<'n>(reader: &'n Reader<'n>, fields: &mut Fields<'n>, shape: &'static Shape) -> Option<Fields<'n>> {
    fields.take("quota").and_then(|field| Fields::open(reader, field.node, shape))
}

//! What `container` says of where its image comes from and what it has to prove; its graphics cards.

use crate::config::read::{Field, Fields, Reader, Spanned};
use crate::config::shape;
use crate::config::source::Span;
use crate::config::syntax::Kind;
use crate::model::Scan;

type Text<'n> = Spanned<&'n str>;

#[derive(Default)]
pub struct Proof<'n> {
    pub build: Option<BuildKeys<'n>>,
    /// That, and where it says so.
    pub require_digest: Option<Spanned<bool>>,
    pub verify: Option<VerifyKeys<'n>>,
    /// What is asked for, and where the key stands.
    pub scan: Option<Spanned<Scan>>,
}

pub struct BuildKeys<'n> {
    /// Of the key.
    pub span: Span,
    pub context: Option<Text<'n>>,
    pub dockerfile: Option<Text<'n>>,
    pub args: Vec<(Text<'n>, Text<'n>)>,
    pub target: Option<Text<'n>>,
}

pub struct VerifyKeys<'n> {
    /// Of the key.
    pub span: Span,
    pub key: Option<Text<'n>>,
    pub identity: Option<Text<'n>>,
    pub issuer: Option<Text<'n>>,
    pub transparency_log: Option<Spanned<bool>>,
}

pub enum GpuKeys<'n> {
    /// `all`, or how many.
    Word(Text<'n>),
    Ids {
        span: Span,
        ids: Vec<Text<'n>>,
    },
}

impl<'n> Proof<'n> {
    pub fn read(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Self {
        Self {
            build: BuildKeys::read(reader, fields),
            require_digest: super::container::boolean(reader, fields, "require_digest"),
            verify: VerifyKeys::read(reader, fields),
            scan: super::scan::scan(reader, fields),
        }
    }
}

impl<'n> BuildKeys<'n> {
    fn read(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Option<Self> {
        let field = fields.take("build")?;
        match field.node.kind {
            Kind::Scalar(_) => Some(Self {
                span: field.key_span,
                context: reader.text(field.node, "build"),
                dockerfile: None,
                args: Vec::new(),
                target: None,
            }),
            Kind::Map(_) => Self::of_map(reader, field),
            _ => {
                reader.wrong_type(field.node, "`build`", "a folder with a Dockerfile, or a map");
                None
            }
        }
    }

    fn of_map(reader: &'n Reader<'n>, field: Field<'n>) -> Option<Self> {
        let mut fields = Fields::open(reader, field.node, &shape::BUILD)?;
        let build = Self {
            span: field.key_span,
            context: fields.required("context").and_then(|field| reader.text(field.node, "context")),
            dockerfile: fields.text("dockerfile"),
            args: super::container::pairs(reader, &mut fields, "args"),
            target: fields.text("target"),
        };
        fields.close();
        Some(build)
    }
}

impl<'n> VerifyKeys<'n> {
    fn read(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Option<Self> {
        let field = fields.take("verify")?;
        let mut fields = Fields::open(reader, field.node, &shape::VERIFY)?;
        let verify = Self {
            span: field.key_span,
            key: fields.text("key"),
            identity: fields.text("identity"),
            issuer: fields.text("issuer"),
            transparency_log: super::container::boolean(reader, &mut fields, "transparency_log"),
        };
        fields.close();
        Some(verify)
    }
}

impl<'n> GpuKeys<'n> {
    pub fn read(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Option<Self> {
        let field = fields.take("gpus")?;
        match field.node.kind {
            Kind::List(_) => {
                Some(Self::Ids { span: field.node.span, ids: reader.texts(field.node, "gpus")? })
            }
            _ => reader.text(field.node, "gpus").map(Self::Word),
        }
    }
}

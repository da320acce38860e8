//! `multipart` of a webhook: fields that are texts, files, or lists of both.

use crate::config::read::{Fields, Reader, Spanned};
use crate::config::shape;
use crate::config::source::Span;
use crate::config::syntax::{Kind, Node};

/// The fields, with the place of their key.
pub struct Parts<'n> {
    pub key_span: Span,
    pub list: Vec<Part<'n>>,
}

/// One value of a field.
pub struct Part<'n> {
    pub name: Spanned<&'n str>,
    pub span: Span,
    pub file: Option<Spanned<&'n str>>,
    pub text: Option<Spanned<&'n str>>,
    pub filename: Option<Spanned<&'n str>>,
    pub content_type: Option<Spanned<&'n str>>,
}

impl<'n> Parts<'n> {
    pub fn read(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Option<Self> {
        let field = fields.take("multipart")?;
        if !matches!(field.node.kind, Kind::Map(_)) {
            reader.wrong_type(field.node, "`multipart`", "a map of names and values");
            return None;
        }
        let mut list = Vec::new();
        for entry in field.node.entries() {
            let name = Spanned { value: &*entry.key.text, span: entry.key.span };
            match &entry.value.kind {
                Kind::List(items) => list.extend(items.iter().filter_map(|item| part(reader, name, item))),
                _ => list.extend(part(reader, name, &entry.value)),
            }
        }
        Some(Self { key_span: field.key_span, list })
    }
}

fn part<'n>(reader: &'n Reader<'n>, name: Spanned<&'n str>, node: &'n Node<'n>) -> Option<Part<'n>> {
    if !matches!(node.kind, Kind::Map(_)) {
        let text = reader.text(node, name.value)?;
        let none = (None, None, None);
        let (file, filename, content_type) = none;
        return Some(Part { name, span: node.span, file, text: Some(text), filename, content_type });
    }
    let mut fields = Fields::open(reader, node, &shape::WEBHOOK_PART)?;
    let part = Part {
        name,
        span: node.span,
        file: fields.text("file"),
        text: fields.text("text"),
        filename: fields.text("filename"),
        content_type: fields.text("content_type"),
    };
    fields.close();
    Some(part)
}

//! `prompts` and `resources` of a file, and `complete` of a parameter, as they are written.

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::read::{Field, Fields, Reader, Spanned};
use crate::config::shape::{self, Shape};
use crate::config::source::Span;
use crate::config::syntax::{Kind, Node};
use crate::model::PromptRole;

use super::Authorization;
use super::output::mime;

#[derive(Default)]
pub struct OfferKeys<'n> {
    pub prompts: Vec<PromptKeys<'n>>,
    pub resources: Vec<ResourceKeys<'n>>,
}

pub struct PromptKeys<'n> {
    pub span: Span,
    pub name: Option<Spanned<&'n str>>,
    pub title: Option<Spanned<&'n str>>,
    pub description: Option<Spanned<&'n str>>,
    pub arguments: Option<Field<'n>>,
    pub made_of: Vec<Made<'n>>,
    pub authorization: Option<Box<Authorization>>,
}

/// One of the keys of which there has to be exactly one.
pub struct Made<'n> {
    pub key_span: Span,
    pub key: &'static str,
    pub of: MadeOf<'n>,
}

pub enum MadeOf<'n> {
    Text(Spanned<&'n str>),
    File(Spanned<&'n str>),
    Directory(Spanned<&'n str>),
    Command(Spanned<&'n str>),
    Media(Spanned<&'n str>),
    Messages(Vec<MessageKeys<'n>>),
    Resource(Spanned<&'n str>),
    Embedded(EmbeddedKeys<'n>),
    /// What it is could not be read, which has been reported.
    Broken,
}

pub struct MessageKeys<'n> {
    pub span: Span,
    pub role: PromptRole,
    pub made_of: Vec<Made<'n>>,
}

pub struct EmbeddedKeys<'n> {
    pub span: Span,
    pub uri: Option<Spanned<&'n str>>,
    pub mime: Option<Spanned<&'n str>>,
    pub made_of: Vec<Made<'n>>,
}

pub struct ResourceKeys<'n> {
    pub span: Span,
    pub uri: Option<Spanned<&'n str>>,
    pub name: Option<Spanned<&'n str>>,
    pub title: Option<Spanned<&'n str>>,
    pub description: Option<Spanned<&'n str>>,
    pub mime: Option<Spanned<&'n str>>,
    pub params: Option<Field<'n>>,
    pub made_of: Vec<Made<'n>>,
    pub files: Option<Vec<Spanned<&'n str>>>,
    pub with: Option<Field<'n>>,
    pub authorization: Option<Box<Authorization>>,
}

pub struct SuggestKeys<'n> {
    pub span: Span,
    pub values: Option<Vec<Spanned<&'n str>>>,
    pub files: Option<Vec<Spanned<&'n str>>>,
    pub command: Option<Spanned<&'n str>>,
}

impl<'n> OfferKeys<'n> {
    /// Reads the keys at the root.
    pub fn read(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Self {
        Self {
            prompts: items(reader, fields, "prompts", PromptKeys::read),
            resources: items(reader, fields, "resources", ResourceKeys::read),
        }
    }
}

fn items<'n, T>(
    reader: &'n Reader<'n>,
    fields: &mut Fields<'n>,
    key: &'static str,
    read: impl Fn(&'n Reader<'n>, &'n Node<'n>) -> Option<T>,
) -> Vec<T> {
    let list = fields.take(key).and_then(|field| reader.list(field.node, key));
    list.unwrap_or_default().iter().filter_map(|node| read(reader, node)).collect()
}

/// A key, and what its text stands for.
type Maker<'n> = (&'static str, fn(Spanned<&'n str>) -> MadeOf<'n>);

/// Where one of several keys stands, read as a text.
fn texts<'n>(reader: &Reader<'_>, fields: &mut Fields<'n>, keys: &[Maker<'n>]) -> Vec<Made<'n>> {
    let read = |(key, made): &Maker<'n>| {
        let field = fields.take(key)?;
        let of = reader.text(field.node, key).map_or(MadeOf::Broken, made);
        Some(Made { key_span: field.key_span, key, of })
    };
    keys.iter().filter_map(read).collect()
}

impl<'n> PromptKeys<'n> {
    fn read(reader: &'n Reader<'n>, node: &'n Node<'n>) -> Option<Self> {
        let mut fields = Fields::open(reader, node, &shape::PROMPT)?;
        let name = fields.required("name").and_then(|field| reader.text(field.node, "name"));
        let title = fields.text("title");
        let description = fields.text("description");
        let arguments = fields.take("arguments");
        let mut made_of = texts(reader, &mut fields, &[("text", MadeOf::Text), ("file", MadeOf::File)]);
        made_of.extend(fields.take("messages").map(|field| {
            let list = reader.list(field.node, "messages");
            let read = |list: &'n [Node<'n>]| {
                MadeOf::Messages(list.iter().filter_map(|node| MessageKeys::read(reader, node)).collect())
            };
            Made { key_span: field.key_span, key: "messages", of: list.map_or(MadeOf::Broken, read) }
        }));
        let authorization = authorization(reader, &mut fields);
        let span = fields.span;
        fields.close();
        Some(Self { span, name, title, description, arguments, made_of, authorization })
    }
}

impl<'n> MessageKeys<'n> {
    fn read(reader: &'n Reader<'n>, node: &'n Node<'n>) -> Option<Self> {
        let mut fields = Fields::open(reader, node, &shape::MESSAGE)?;
        let roles = [PromptRole::User, PromptRole::Assistant].map(|role| (role.name(), role));
        let role = fields.one_of("role", &roles).unwrap_or(PromptRole::User);
        let keys: &[Maker<'n>] = &[
            ("text", MadeOf::Text),
            ("file", MadeOf::File),
            ("image", MadeOf::Media),
            ("audio", MadeOf::Media),
        ];
        let mut made_of = texts(reader, &mut fields, keys);
        made_of.extend(fields.take("resource").map(|field| {
            let of = match &field.node.kind {
                Kind::Map(_) => EmbeddedKeys::read(reader, field.node).map(MadeOf::Embedded),
                _ => reader.text(field.node, "resource").map(MadeOf::Resource),
            };
            Made { key_span: field.key_span, key: "resource", of: of.unwrap_or(MadeOf::Broken) }
        }));
        let span = fields.span;
        fields.close();
        Some(Self { span, role, made_of })
    }
}

impl<'n> EmbeddedKeys<'n> {
    fn read(reader: &'n Reader<'n>, node: &'n Node<'n>) -> Option<Self> {
        let mut fields = Fields::open(reader, node, &shape::EMBEDDED)?;
        let uri = fields.required("uri").and_then(|field| reader.text(field.node, "uri"));
        let made_of = texts(reader, &mut fields, &[("text", MadeOf::Text), ("file", MadeOf::File)]);
        let mime = fields.take("mime").and_then(|field| mime(reader, field));
        let span = fields.span;
        fields.close();
        Some(Self { span, uri, mime, made_of })
    }
}

impl<'n> ResourceKeys<'n> {
    fn read(reader: &'n Reader<'n>, node: &'n Node<'n>) -> Option<Self> {
        let mut fields = Fields::open(reader, node, &shape::RESOURCE)?;
        let keys: &[Maker<'n>] = &[
            ("text", MadeOf::Text),
            ("file", MadeOf::File),
            ("directory", MadeOf::Directory),
            ("command", MadeOf::Command),
        ];
        let resource = Self {
            span: fields.span,
            uri: fields.required("uri").and_then(|field| reader.text(field.node, "uri")),
            name: fields.text("name"),
            title: fields.text("title"),
            description: fields.text("description"),
            mime: fields.take("mime").and_then(|field| mime(reader, field)),
            params: fields.take("params"),
            made_of: texts(reader, &mut fields, keys),
            files: fields.texts("files"),
            with: fields.take("with"),
            authorization: authorization(reader, &mut fields),
        };
        fields.close();
        Some(resource)
    }
}

impl<'n> SuggestKeys<'n> {
    pub fn read(reader: &'n Reader<'n>, node: &'n Node<'n>) -> Option<Self> {
        let mut fields = Fields::open(reader, node, &shape::SUGGEST)?;
        let keys = Self {
            span: fields.span,
            values: fields.texts("values"),
            files: fields.texts("files"),
            command: fields.text("command"),
        };
        fields.close();
        Some(keys)
    }
}

fn authorization<'n>(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Option<Box<Authorization>> {
    let field = fields.take("authorization")?;
    let mut fields = Fields::open(reader, field.node, &shape::OFFER_AUTHORIZATION)?;
    let mut all = |key| {
        let texts = fields.texts(key).unwrap_or_default().into_iter();
        texts.map(|text| Spanned { value: text.value.to_owned(), span: text.span }).collect()
    };
    let (required_roles, required_permissions) = (all("required_roles"), all("required_permissions"));
    fields.close();
    Some(Box::new(Authorization { required_roles, required_permissions, ..Authorization::default() }))
}

/// The one of several keys that is there; anything else is reported, naming `keys`.
pub fn only<'m, 'n>(
    reader: &Reader<'_>,
    made_of: &'m [Made<'n>],
    (shape, keys): (&'static Shape, &[&str]),
    span: Span,
) -> Option<&'m Made<'n>> {
    let expected = keys.join("`, `");
    match made_of {
        [only] => Some(only),
        [] => {
            let message = format!("{} says nothing of what it is made of", shape.what);
            let problem = Diagnostic::error(Code::BadOffer, span, message);
            reader.problems.add(problem.help(format!("give it exactly one of `{expected}`")));
            None
        }
        [first, second, ..] => {
            let message = format!(
                "{} has exactly one of `{expected}`; found `{}` and `{}`",
                shape.what, first.key, second.key
            );
            let problem = Diagnostic::error(Code::BadOffer, second.key_span, message);
            reader.problems.add(problem.other(first.key_span, format!("`{}` is here", first.key)));
            None
        }
    }
}

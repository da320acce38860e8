//! `requires` of a command, as it is written.

use std::time::Duration;

use crate::config::read::{Fields, Reader, Spanned};
use crate::config::shape::{self, MACHINES, SYSTEMS};
use crate::config::source::Span;
use crate::config::syntax::{Kind, Node};
use crate::model::{ClientFeature, EngineKind};

pub struct Requires<'n> {
    pub systems: Option<OneOf<'n>>,
    pub machines: Option<OneOf<'n>>,
    pub executables: Vec<RequiredExecutable<'n>>,
    pub env: Vec<Spanned<&'n str>>,
    pub files: Vec<Spanned<&'n str>>,
    pub engine: Option<Spanned<EngineKind>>,
    pub commands: Vec<Spanned<&'n str>>,
    /// What the client of a call has to be able to do.
    pub client: Vec<ClientFeature>,
    pub recheck: Option<Spanned<Duration>>,
}

/// Words of which one will do.
pub struct OneOf<'n> {
    pub span: Span,
    pub words: Vec<&'n str>,
}

pub struct RequiredExecutable<'n> {
    pub name: Spanned<&'n str>,
    pub version: Option<Spanned<&'n str>>,
    pub args: Option<Vec<Spanned<&'n str>>>,
    pub pattern: Option<Spanned<&'n str>>,
}

impl<'n> Requires<'n> {
    /// Reads the key `requires`.
    pub fn read(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Option<Self> {
        let field = fields.take("requires")?;
        let mut keys = Fields::open(reader, field.node, &shape::REQUIRES)?;
        let requires = Self {
            systems: words(reader, &mut keys, "os", &SYSTEMS),
            machines: words(reader, &mut keys, "arch", &MACHINES),
            executables: executables(reader, &mut keys),
            env: keys.texts("env").unwrap_or_default(),
            files: keys.texts("files").unwrap_or_default(),
            engine: engine(reader, &mut keys),
            commands: keys.texts("commands").unwrap_or_default(),
            client: client(reader, &mut keys),
            recheck: recheck(reader, &mut keys),
        };
        keys.close();
        Some(requires)
    }
}

/// A word or a list of words, each one of these.
fn words<'n>(
    reader: &'n Reader<'n>,
    fields: &mut Fields<'n>,
    key: &'static str,
    known: &[&'static str],
) -> Option<OneOf<'n>> {
    let field = fields.take(key)?;
    let nodes = match &field.node.kind {
        Kind::List(items) => items,
        _ => std::slice::from_ref(field.node),
    };
    let choices: Vec<(&'static str, ())> = known.iter().map(|word| (*word, ())).collect();
    let read = |node: &'n Node<'_>| reader.one_of(node, key, &choices).and_then(|()| node.as_text());
    Some(OneOf { span: field.node.span, words: nodes.iter().filter_map(read).collect() })
}

fn executables<'n>(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Vec<RequiredExecutable<'n>> {
    const KEY: &str = "executables";
    let Some(field) = fields.take(KEY) else { return Vec::new() };
    match &field.node.kind {
        Kind::List(items) => items.iter().filter_map(|item| executable(reader, item)).collect(),
        Kind::Map(entries) => {
            let of = |entry: &'n crate::config::syntax::Entry<'n>| {
                let name = Spanned { value: &*entry.key.text, span: entry.key.span };
                let version = reader.text(&entry.value, &entry.key.text);
                RequiredExecutable { name, version, args: None, pattern: None }
            };
            entries.iter().map(of).collect()
        }
        _ => {
            reader.wrong_type(field.node, "`executables`", "a list, or a map such as `{ node: \">=18\" }`");
            Vec::new()
        }
    }
}

fn executable<'n>(reader: &'n Reader<'n>, node: &'n Node<'n>) -> Option<RequiredExecutable<'n>> {
    let bare = |name| RequiredExecutable { name, version: None, args: None, pattern: None };
    if !matches!(node.kind, Kind::Map(_)) {
        return reader.text(node, "executables").map(bare);
    }
    let mut keys = Fields::open(reader, node, &shape::REQUIRED_EXECUTABLE)?;
    let name = keys.required("name").and_then(|field| reader.text(field.node, "name"));
    let version = keys.text("version");
    let args = keys.take("args").and_then(|field| reader.texts(field.node, "args"));
    let pattern = keys.text("pattern");
    keys.close();
    Some(RequiredExecutable { version, args, pattern, ..bare(name?) })
}

fn engine<'n>(reader: &Reader<'_>, fields: &mut Fields<'n>) -> Option<Spanned<EngineKind>> {
    const KINDS: [EngineKind; 3] = [EngineKind::Any, EngineKind::Docker, EngineKind::Podman];
    let field = fields.take("engine")?;
    let kinds = KINDS.map(|kind| (kind.word(), kind));
    let kind = reader.one_of(field.node, "engine", &kinds)?;
    Some(Spanned { value: kind, span: field.node.span })
}

fn client(reader: &Reader<'_>, fields: &mut Fields<'_>) -> Vec<ClientFeature> {
    let items = fields.take("client").and_then(|field| reader.list(field.node, "client"));
    let known = ClientFeature::ALL.map(|feature| (feature.word(), feature));
    items.unwrap_or_default().iter().filter_map(|item| reader.one_of(item, "client", &known)).collect()
}

fn recheck(reader: &Reader<'_>, fields: &mut Fields<'_>) -> Option<Spanned<Duration>> {
    let field = fields.take("recheck")?;
    let value = reader.duration(field.node, "recheck")?;
    Some(Spanned { value, span: field.node.span })
}

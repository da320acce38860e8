//! `container` of a command: an image, or a map of what it runs and how far it is locked down.

use super::image::{GpuKeys, Proof};
use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::read::{Field, Fields, Reader, Spanned};
use crate::config::shape;
use crate::config::source::Span;
use crate::config::syntax::{Kind, Node};
use crate::model::{ByteSize, Pull, Reuse};

use super::network::{Network, network};

/// A text of the file.
type Text<'n> = Spanned<&'n str>;

#[derive(Default)]
pub struct Container<'n> {
    /// Of the key.
    pub span: Span,
    pub image: Option<Text<'n>>,
    pub proof: Proof<'n>,
    pub pull: Option<Spanned<Pull>>,
    pub platform: Option<Text<'n>>,
    pub entrypoint: Option<Entrypoint<'n>>,
    pub workdir: Option<Text<'n>>,
    /// By path in the container.
    pub files: Vec<(Text<'n>, Text<'n>)>,
    pub init: Option<bool>,
    pub warm: Option<Spanned<u32>>,
    pub reuse: Option<Spanned<Reuse>>,
    pub stop_signal: Option<Text<'n>>,
    pub labels: Vec<(Text<'n>, Text<'n>)>,
    pub mounts: Vec<MountEntry<'n>>,
    pub tmpfs: Option<Vec<TmpfsEntry<'n>>>,
    pub network: Option<Network<'n>>,
    pub extra_hosts: Vec<(Text<'n>, Text<'n>)>,
    pub dns: Vec<Text<'n>>,
    pub devices: Vec<Text<'n>>,
    pub gpus: Option<GpuKeys<'n>>,
    pub user: Option<Text<'n>>,
    pub read_only: Option<Spanned<bool>>,
    pub cap_drop: Option<Spanned<Vec<Text<'n>>>>,
    pub cap_add: Vec<Text<'n>>,
    pub no_new_privileges: Option<Spanned<bool>>,
}

/// The words in place of the image's entrypoint.
pub struct Entrypoint<'n> {
    pub key_span: Span,
    pub words: Vec<Text<'n>>,
}

pub struct MountEntry<'n> {
    pub source: Option<Text<'n>>,
    pub target: Option<Text<'n>>,
    pub read_only: bool,
    pub within: Option<Text<'n>>,
    /// Why it has to be, although it hands the host over.
    pub allow: Option<Text<'n>>,
}

pub struct TmpfsEntry<'n> {
    pub target: Text<'n>,
    pub size: Option<ByteSize>,
}

impl<'n> Container<'n> {
    /// Reads the key `container`.
    pub fn read(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Option<Self> {
        let field = fields.take("container")?;
        match field.node.kind {
            Kind::Scalar(_) => {
                let image = reader.text(field.node, "container");
                Some(Self { span: field.key_span, image, ..Self::default() })
            }
            Kind::Map(_) => {
                if field.node.get("image").or(field.node.get("build")).is_none() {
                    let message = "`container` has neither `image` nor `build`";
                    reader.problems.add(Diagnostic::error(Code::MissingKey, field.node.span, message));
                }
                Self::of_map(reader, field)
            }
            _ => {
                reader.wrong_type(field.node, "`container`", "the name of an image, or a map");
                None
            }
        }
    }

    /// Reads what `defaults` says of all containers, which need not be a whole one.
    pub fn read_base(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Option<Self> {
        let field = fields.take("container")?;
        Self::of_map(reader, field)
    }

    fn of_map(reader: &'n Reader<'n>, field: Field<'n>) -> Option<Self> {
        let mut fields = Fields::open(reader, field.node, &shape::CONTAINER)?;
        let container = Self {
            span: field.key_span,
            image: fields.text("image"),
            proof: Proof::read(reader, &mut fields),
            pull: pull(reader, &mut fields),
            platform: fields.text("platform"),
            entrypoint: entrypoint(reader, &mut fields),
            workdir: fields.text("workdir"),
            files: pairs(reader, &mut fields, "files"),
            init: fields.boolean("init"),
            stop_signal: fields.text("stop_signal"),
            warm: warm(reader, &mut fields),
            reuse: super::reuse::reuse(reader, &mut fields),
            labels: pairs(reader, &mut fields, "labels"),
            mounts: mounts(reader, &mut fields),
            tmpfs: tmpfs(reader, &mut fields),
            network: network(reader, &mut fields),
            extra_hosts: pairs(reader, &mut fields, "extra_hosts"),
            dns: fields.texts("dns").unwrap_or_default(),
            devices: fields.texts("devices").unwrap_or_default(),
            gpus: GpuKeys::read(reader, &mut fields),
            user: fields.text("user"),
            read_only: boolean(reader, &mut fields, "read_only"),
            cap_drop: cap_drop(reader, &mut fields),
            cap_add: fields.texts("cap_add").unwrap_or_default(),
            no_new_privileges: boolean(reader, &mut fields, "no_new_privileges"),
        };
        fields.close();
        Some(container)
    }
}

fn pull(reader: &Reader<'_>, fields: &mut Fields<'_>) -> Option<Spanned<Pull>> {
    const PULLS: [(&str, Pull); 3] =
        [("missing", Pull::Missing), ("always", Pull::Always), ("never", Pull::Never)];
    let field = fields.take("pull")?;
    Some(Spanned { value: reader.one_of(field.node, "pull", &PULLS)?, span: field.key_span })
}

/// A word, or several.
fn entrypoint<'n>(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Option<Entrypoint<'n>> {
    let field = fields.take("entrypoint")?;
    let words = match field.node.kind {
        Kind::List(_) => reader.texts(field.node, "entrypoint")?,
        _ => vec![reader.text(field.node, "entrypoint")?],
    };
    Some(Entrypoint { key_span: field.key_span, words })
}

/// A map of names, each with a text.
pub(super) fn pairs<'n>(
    reader: &'n Reader<'n>,
    fields: &mut Fields<'n>,
    key: &'static str,
) -> Vec<(Text<'n>, Text<'n>)> {
    let Some(field) = fields.take(key) else { return Vec::new() };
    if !matches!(field.node.kind, Kind::Map(_)) {
        reader.wrong_type(field.node, &format!("`{key}`"), "a map of names and texts");
    }
    let pairs = field.node.entries().iter().filter_map(|entry| {
        let value = reader.text(&entry.value, &entry.key.text)?;
        Some((Spanned { value: &*entry.key.text, span: entry.key.span }, value))
    });
    pairs.collect()
}

pub(super) fn boolean<'n>(
    reader: &Reader<'_>,
    fields: &mut Fields<'n>,
    key: &'static str,
) -> Option<Spanned<bool>> {
    let field = fields.take(key)?;
    Some(Spanned { value: reader.boolean(field.node, key)?, span: field.node.span })
}

fn warm(reader: &Reader<'_>, fields: &mut Fields<'_>) -> Option<Spanned<u32>> {
    let field = fields.take("warm")?;
    let count = reader.integer(field.node, "warm", 0..=i128::from(u32::MAX))?;
    Some(Spanned { value: u32::try_from(count).ok()?, span: field.key_span })
}

fn cap_drop<'n>(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Option<Spanned<Vec<Text<'n>>>> {
    let field = fields.take("cap_drop")?;
    let value = reader.texts(field.node, "cap_drop")?;
    Some(Spanned { value, span: field.node.span })
}

fn mounts<'n>(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Vec<MountEntry<'n>> {
    let items = fields.take("mounts").and_then(|field| reader.list(field.node, "mounts"));
    items.unwrap_or_default().iter().filter_map(|item| mount(reader, item)).collect()
}

fn mount<'n>(reader: &'n Reader<'n>, item: &'n Node<'n>) -> Option<MountEntry<'n>> {
    if let Kind::Scalar(_) = item.kind {
        let message = "a mount has to be a map; found text";
        let problem = Diagnostic::error(Code::WrongType, item.span, message);
        reader.problems.add(
            problem.help("write `{ source: ./data, target: /data }`; `read_only: false` makes it writable"),
        );
        return None;
    }
    let mut fields = Fields::open(reader, item, &shape::MOUNT)?;
    let mount = MountEntry {
        source: fields.required("source").and_then(|field| reader.text(field.node, "source")),
        target: fields.required("target").and_then(|field| reader.text(field.node, "target")),
        read_only: fields.boolean("read_only").unwrap_or(true),
        within: fields.text("within"),
        allow: fields.text("allow"),
    };
    fields.close();
    Some(mount)
}

fn tmpfs<'n>(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Option<Vec<TmpfsEntry<'n>>> {
    let items = fields.take("tmpfs").and_then(|field| reader.list(field.node, "tmpfs"))?;
    Some(items.iter().filter_map(|item| one_tmpfs(reader, item)).collect())
}

fn one_tmpfs<'n>(reader: &'n Reader<'n>, item: &'n Node<'n>) -> Option<TmpfsEntry<'n>> {
    if !matches!(item.kind, Kind::Map(_)) {
        return Some(TmpfsEntry { target: reader.text(item, "tmpfs")?, size: None });
    }
    let mut fields = Fields::open(reader, item, &shape::TMPFS)?;
    let target = fields.required("target").and_then(|field| reader.text(field.node, "target"));
    let size = fields.take("size").and_then(|field| reader.size(field.node, "size"));
    fields.close();
    Some(TmpfsEntry { target: target?, size })
}

//! `steps`, `finally` and `depends_on` of a command, as they are written.

use std::num::NonZeroUsize;
use std::time::Duration;

use crate::config::read::{Field, Fields, Reader, Spanned};
use crate::config::shape;
use crate::config::source::Span;
use crate::config::syntax::{Kind, Node};

use super::{Command, RetryKeys};

/// What makes a command one that runs others.
pub struct FlowKeys<'n> {
    /// Of the first of its keys.
    pub span: Span,
    /// Keys of the command that are for what takes a slot.
    pub slot_keys: Vec<Spanned<&'n str>>,
    pub steps: Option<Listed<'n, Step<'n>>>,
    pub finally: Option<Listed<'n, Step<'n>>>,
    pub cleanup_timeout: Option<Spanned<Duration>>,
    pub depends_on: Option<Listed<'n, Dependency<'n>>>,
}

/// The items of a list, with its key.
pub struct Listed<'n, T> {
    pub field: Field<'n>,
    pub items: Vec<T>,
}

pub struct Step<'n> {
    pub id: Option<Spanned<&'n str>>,
    pub work: Work<'n>,
    pub when: Option<Spanned<&'n str>>,
    pub otherwise: Option<Work<'n>>,
    pub after: Option<After<'n>>,
    pub each: Option<EachKeys<'n>>,
    pub retry: Option<RetryKeys>,
    pub on_error: Option<OnErrorKeys<'n>>,
}

/// What is done: a command of the file, or keys of one.
pub struct Work<'n> {
    pub span: Span,
    pub command: Option<Spanned<&'n str>>,
    /// There is the key, be it readable or not.
    pub names_command: bool,
    pub with: Option<Field<'n>>,
    /// What is written in place, with the keys that are there.
    pub inline: Command<'n>,
    pub inline_keys: Vec<Spanned<&'n str>>,
}

pub struct After<'n> {
    pub key_span: Span,
    pub ids: Vec<Spanned<&'n str>>,
}

pub struct EachKeys<'n> {
    pub items: Option<&'n Node<'n>>,
    pub concurrency: Option<NonZeroUsize>,
}

pub enum OnErrorKeys<'n> {
    Abort,
    Continue,
    Run(Box<Work<'n>>),
}

/// One entry of `depends_on`.
pub struct Dependency<'n> {
    pub span: Span,
    pub command: Option<Spanned<&'n str>>,
    pub name: Option<Spanned<&'n str>>,
    pub with: Option<Field<'n>>,
    pub on_error: Option<OnErrorKeys<'n>>,
}

impl<'n> FlowKeys<'n> {
    /// Reads the keys among those of a command; `None` if there is none.
    pub fn read(reader: &'n Reader<'n>, node: &'n Node<'n>, fields: &mut Fields<'n>) -> Option<Self> {
        let steps = fields.take("steps");
        let finally = fields.take("finally");
        let cleanup = fields.take("cleanup_timeout");
        let depends_on = fields.take("depends_on");
        let first = steps.or(depends_on).or(finally).or(cleanup)?;
        let all = |field: Field<'n>| {
            let items = reader.list(field.node, field.key).unwrap_or_default();
            Listed { field, items: items.iter().filter_map(|item| Step::read(reader, item)).collect() }
        };
        Some(Self {
            span: first.key_span,
            slot_keys: slot_keys(node),
            steps: steps.map(all),
            finally: finally.map(all),
            cleanup_timeout: cleanup.and_then(|field| {
                let value = reader.duration(field.node, "cleanup_timeout")?;
                Some(Spanned { value, span: field.key_span })
            }),
            depends_on: depends_on.map(|field| {
                let items = reader.list(field.node, "depends_on").unwrap_or_default();
                let items = items.iter().filter_map(|item| Dependency::read(reader, item)).collect();
                Listed { field, items }
            }),
        })
    }
}

impl<'n> FlowKeys<'n> {
    /// All that its steps may do, step by step in the order in which they are made.
    pub fn works(&self) -> impl Iterator<Item = &Work<'n>> {
        let of_dependencies = self.depends_on.iter().flat_map(|list| &list.items);
        let of_dependencies = of_dependencies.filter_map(|entry| OnErrorKeys::work(entry.on_error.as_ref()));
        let steps = self.steps.iter().chain(&self.finally).flat_map(|list| &list.items);
        of_dependencies.chain(steps.flat_map(|step| {
            std::iter::once(&step.work)
                .chain(&step.otherwise)
                .chain(OnErrorKeys::work(step.on_error.as_ref()))
        }))
    }
}

impl<'n> OnErrorKeys<'n> {
    fn work<'k>(keys: Option<&'k Self>) -> Option<&'k Work<'n>> {
        match keys {
            Some(Self::Run(work)) => Some(work),
            Some(Self::Abort | Self::Continue) | None => None,
        }
    }
}

impl<'n> Step<'n> {
    fn read(reader: &'n Reader<'n>, node: &'n Node<'n>) -> Option<Self> {
        let mut fields = Fields::open(reader, node, &shape::STEP)?;
        let step = Self {
            id: fields.text("id"),
            work: Work::read(reader, node, &mut fields),
            when: fields.text("when"),
            otherwise: fields.take("else").and_then(|field| Work::alternative(reader, field)),
            after: after(reader, &mut fields),
            each: each(reader, &mut fields),
            retry: RetryKeys::read(reader, &mut fields),
            on_error: on_error(reader, &mut fields),
        };
        fields.close();
        Some(step)
    }
}

impl<'n> Work<'n> {
    fn read(reader: &'n Reader<'n>, node: &'n Node<'n>, fields: &mut Fields<'n>) -> Self {
        Self {
            span: fields.span,
            names_command: node.get("command").is_some(),
            command: fields.text("command"),
            with: fields.take("with"),
            inline: Command::inline(reader, node, fields),
            inline_keys: inline_keys(node),
        }
    }

    /// What stands behind `else`: the name of a command, or a map.
    fn alternative(reader: &'n Reader<'n>, field: Field<'n>) -> Option<Self> {
        match field.node.kind {
            Kind::Scalar(_) => Some(Self {
                span: field.node.span,
                command: reader.text(field.node, field.key),
                names_command: true,
                with: None,
                inline: Command::default(),
                inline_keys: Vec::new(),
            }),
            Kind::Map(_) => Self::map(reader, field.node),
            _ => {
                reader.wrong_type(field.node, &format!("`{}`", field.key), "the name of a command, or a map");
                None
            }
        }
    }

    fn map(reader: &'n Reader<'n>, node: &'n Node<'n>) -> Option<Self> {
        let mut fields = Fields::open(reader, node, &shape::ALTERNATIVE)?;
        let work = Self::read(reader, node, &mut fields);
        fields.close();
        Some(work)
    }
}

impl<'n> Dependency<'n> {
    fn read(reader: &'n Reader<'n>, node: &'n Node<'n>) -> Option<Self> {
        if let Kind::Scalar(_) = node.kind {
            let command = reader.text(node, "depends_on");
            return Some(Self { span: node.span, command, name: None, with: None, on_error: None });
        }
        if let Kind::List(_) | Kind::Null = node.kind {
            reader.wrong_type(node, "an entry of `depends_on`", "the name of a command, or a map");
            return None;
        }
        let mut fields = Fields::open(reader, node, &shape::DEPENDENCY)?;
        let dependency = Self {
            span: fields.span,
            command: fields.required("command").and_then(|field| reader.text(field.node, "command")),
            name: fields.text("as"),
            with: fields.take("with"),
            on_error: on_error(reader, &mut fields),
        };
        fields.close();
        Some(dependency)
    }
}

fn slot_keys<'n>(node: &'n Node<'n>) -> Vec<Spanned<&'n str>> {
    const KEYS: [&str; 5] = ["concurrency", "lock", "limits", "limits_enforcement", "run_on"];
    let keys = node.entries().iter().map(|entry| Spanned { value: &*entry.key.text, span: entry.key.span });
    keys.filter(|key| KEYS.contains(&key.value)).collect()
}

/// The keys of a step that say what it does itself, in the order of the file.
fn inline_keys<'n>(node: &'n Node<'n>) -> Vec<Spanned<&'n str>> {
    let is_own = |key: &str| {
        matches!(key, "id" | "command" | "with" | "when" | "else" | "after" | "for_each")
            || matches!(key, "retry" | "timeout" | "on_error")
    };
    let keys = node.entries().iter().map(|entry| Spanned { value: &*entry.key.text, span: entry.key.span });
    keys.filter(|key| !is_own(key.value) && shape::ALTERNATIVE.has(key.value)).collect()
}

fn after<'n>(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Option<After<'n>> {
    let field = fields.take("after")?;
    Some(After { key_span: field.key_span, ids: reader.texts(field.node, "after")? })
}

fn each<'n>(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Option<EachKeys<'n>> {
    let field = fields.take("for_each")?;
    match field.node.kind {
        Kind::Map(_) => {
            let mut fields = Fields::open(reader, field.node, &shape::FOR_EACH)?;
            let items = fields.required("items").map(|field| field.node);
            let concurrency = fields.count("concurrency").and_then(|count| usize::try_from(count).ok());
            fields.close();
            let concurrency = concurrency.and_then(NonZeroUsize::new);
            Some(EachKeys { items, concurrency })
        }
        Kind::List(_) | Kind::Scalar(_) => Some(EachKeys { items: Some(field.node), concurrency: None }),
        _ => {
            let expected = "a list, a template that becomes one, or a map with `items`";
            reader.wrong_type(field.node, "`for_each`", expected);
            None
        }
    }
}

fn on_error<'n>(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Option<OnErrorKeys<'n>> {
    let field = fields.take("on_error")?;
    if let Kind::Map(_) = field.node.kind {
        return Work::map(reader, field.node).map(|work| OnErrorKeys::Run(Box::new(work)));
    }
    let is_continue = reader.one_of(field.node, "on_error", &[("abort", false), ("continue", true)])?;
    Some(if is_continue { OnErrorKeys::Continue } else { OnErrorKeys::Abort })
}

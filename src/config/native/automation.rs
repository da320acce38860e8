//! `schedule` and `triggers` of a command.

use std::time::Duration;

use crate::config::read::{Field, Fields, Reader, Spanned};
use crate::config::shape;
use crate::config::source::Span;
use crate::config::syntax::{Kind, Node};
use crate::model::{ByteSize, Change, Missed, Overlap, SignedBy};

/// What a command does by itself, as it is written.
pub struct AutomationKeys<'n> {
    pub schedules: Vec<ScheduleKeys<'n>>,
    pub triggers: Vec<TriggerKeys<'n>>,
}

pub struct ScheduleKeys<'n> {
    pub cron: Option<Spanned<&'n str>>,
    pub timezone: Option<Spanned<&'n str>>,
    pub acts_as: Option<Spanned<&'n str>>,
    pub with: Option<Field<'n>>,
    pub missed: Option<Missed>,
    pub jitter: Option<Duration>,
    pub overlap: Option<Overlap>,
    pub enabled: bool,
    pub span: Span,
}

pub struct TriggerKeys<'n> {
    pub on: Option<On>,
    pub paths: Option<Vec<Spanned<&'n str>>>,
    pub changes: Option<Vec<Change>>,
    pub debounce: Option<Duration>,
    pub path: Option<Spanned<&'n str>>,
    pub secret: Option<Spanned<&'n str>>,
    pub signed_by: Option<SignedBy>,
    pub max_body: Option<ByteSize>,
    pub tolerance: Option<Duration>,
    pub acts_as: Option<Spanned<&'n str>>,
    pub with: Option<Field<'n>>,
    pub enabled: bool,
    pub span: Span,
    /// The keys that are there, by which it is told what does not belong to its kind.
    pub keys: Vec<(&'static str, Span)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    File,
    Webhook,
}

/// Keys of one kind of trigger alone.
pub const OF_FILES: [&str; 3] = ["paths", "changes", "debounce"];
pub const OF_WEBHOOKS: [&str; 5] = ["path", "secret", "signed_by", "max_body", "tolerance"];

impl<'n> AutomationKeys<'n> {
    /// `None` if it does nothing by itself.
    pub fn read(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Option<Box<Self>> {
        let (schedule, triggers) = (fields.take("schedule"), fields.take("triggers"));
        if schedule.is_none() && triggers.is_none() {
            return None;
        }
        let schedules = schedule.map(|field| ScheduleKeys::read_all(reader, field)).unwrap_or_default();
        let triggers = triggers.and_then(|field| reader.list(field.node, "triggers")).unwrap_or_default();
        let triggers = triggers.iter().filter_map(|item| TriggerKeys::read(reader, item)).collect();
        Some(Box::new(Self { schedules, triggers }))
    }
}

impl<'n> ScheduleKeys<'n> {
    fn read_all(reader: &'n Reader<'n>, field: Field<'n>) -> Vec<Self> {
        match &field.node.kind {
            Kind::List(items) => items.iter().filter_map(|item| Self::read(reader, item)).collect(),
            _ => Self::read(reader, field.node).into_iter().collect(),
        }
    }

    fn read(reader: &'n Reader<'n>, node: &'n Node<'n>) -> Option<Self> {
        let mut fields = Fields::open(reader, node, &shape::SCHEDULE)?;
        let keys = Self {
            cron: fields.required("cron").and_then(|field| reader.text(field.node, "cron")),
            timezone: fields.text("timezone"),
            acts_as: fields.required("as").and_then(|field| reader.text(field.node, "as")),
            with: fields.take("with"),
            missed: fields.one_of("missed", &Missed::WORDS),
            jitter: fields.duration("jitter"),
            overlap: fields.one_of("overlap", &Overlap::WORDS),
            enabled: fields.boolean("enabled").unwrap_or(true),
            span: node.span,
        };
        fields.close();
        Some(keys)
    }
}

impl<'n> TriggerKeys<'n> {
    fn read(reader: &'n Reader<'n>, node: &'n Node<'n>) -> Option<Self> {
        const KINDS: [(&str, On); 2] = [("file", On::File), ("webhook", On::Webhook)];
        let mut fields = Fields::open(reader, node, &shape::TRIGGER)?;
        let keys = Self {
            on: fields.required("on").and_then(|field| reader.one_of(field.node, "on", &KINDS)),
            paths: fields.texts("paths"),
            changes: fields.take("changes").and_then(|field| changes(reader, field)),
            debounce: fields.duration("debounce"),
            path: fields.text("path"),
            secret: fields.text("secret"),
            signed_by: fields.one_of("signed_by", &SignedBy::WORDS),
            max_body: fields.take("max_body").and_then(|field| reader.size(field.node, "max_body")),
            tolerance: fields.duration("tolerance"),
            acts_as: fields.required("as").and_then(|field| reader.text(field.node, "as")),
            with: fields.take("with"),
            enabled: fields.boolean("enabled").unwrap_or(true),
            span: node.span,
            keys: keys(node),
        };
        fields.close();
        Some(keys)
    }
}

fn changes(reader: &Reader<'_>, field: Field<'_>) -> Option<Vec<Change>> {
    let items = reader.list(field.node, "changes")?;
    Some(items.iter().filter_map(|item| reader.one_of(item, "changes", &Change::WORDS)).collect())
}

fn keys(node: &Node<'_>) -> Vec<(&'static str, Span)> {
    let span =
        |key: &str| node.entries().iter().find(|entry| entry.key.text == key).map(|entry| entry.key.span);
    OF_FILES.into_iter().chain(OF_WEBHOOKS).filter_map(|key| Some((key, span(key)?))).collect()
}

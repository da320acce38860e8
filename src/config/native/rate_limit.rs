//! Rates, tenants and the pool of connections, in both dialects.

use std::time::Duration;

use crate::config::read::{Field, Fields, Reader, Spanned};
use crate::config::shape;
use crate::config::source::Span;
use crate::config::syntax::Kind;
use crate::model::RatePer;

/// So many in a minute, and so many at once.
#[derive(Clone, Copy)]
pub struct Rate {
    pub span: Span,
    pub per_minute: Option<u32>,
    pub burst: Option<u32>,
}

pub struct RateLimit<'n> {
    pub rate: Rate,
    pub per: Option<Vec<RatePer>>,
    pub tools: Vec<ToolRate<'n>>,
}

pub struct ToolRate<'n> {
    pub pattern: Spanned<&'n str>,
    pub rate: Rate,
    pub is_per_caller: bool,
}

pub struct Tenant<'n> {
    pub id: Spanned<&'n str>,
    pub commands: Option<Vec<Spanned<&'n str>>>,
    pub rate: Option<Rate>,
}

#[derive(Default)]
pub struct ConnectionPool {
    pub idle: Option<u32>,
    pub per_address: Option<u32>,
    pub idle_timeout: Option<Duration>,
}

impl Rate {
    fn read(fields: &mut Fields<'_>) -> Self {
        let span = fields.span;
        let (per_minute, burst) = (fields.count("requests_per_minute"), fields.count("burst_size"));
        Self { span, per_minute, burst }
    }

    /// Reads a map that holds nothing else.
    pub fn read_field<'n>(reader: &'n Reader<'n>, field: Option<Field<'n>>) -> Option<Self> {
        let mut fields = Fields::open(reader, field?.node, &shape::RATE)?;
        let rate = Self::read(&mut fields);
        fields.close();
        Some(rate)
    }
}

const PER: [(&str, RatePer); 6] = [
    ("address", RatePer::Address),
    ("caller", RatePer::Caller),
    ("key", RatePer::Key),
    ("user", RatePer::User),
    ("tenant", RatePer::Tenant),
    ("tool", RatePer::Tool),
];

impl<'n> RateLimit<'n> {
    /// Reads the key `rate_limit`; `None` if nothing is limited.
    pub fn read(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Option<Self> {
        let field = fields.take("rate_limit")?;
        let mut fields = Fields::open(reader, field.node, &shape::RATE_LIMIT)?;
        let is_on = fields.boolean("enabled").unwrap_or(true);
        let rate = Rate::read(&mut fields);
        let per = fields.take("per").map(|field| {
            let items = reader.list(field.node, "per").unwrap_or_default();
            items.iter().filter_map(|item| reader.one_of(item, "per", &PER)).collect()
        });
        let tools = fields.take("tools").map(|field| tools(reader, field)).unwrap_or_default();
        fields.close();
        is_on.then_some(Self { rate, per, tools })
    }
}

fn tools<'n>(reader: &'n Reader<'n>, field: Field<'n>) -> Vec<ToolRate<'n>> {
    if !matches!(field.node.kind, Kind::Map(_)) {
        reader.wrong_type(field.node, "`tools`", "a map of patterns and rates");
    }
    let entries = field.node.entries().iter();
    let read = entries.filter_map(|entry| {
        let mut fields = Fields::open(reader, &entry.value, &shape::TOOL_RATE)?;
        let rate = Rate::read(&mut fields);
        let is_per_caller = fields.one_of("per", &[("caller", true), ("all", false)]).unwrap_or(true);
        fields.close();
        let pattern = Spanned { value: &*entry.key.text, span: entry.key.span };
        Some(ToolRate { pattern, rate, is_per_caller })
    });
    read.collect()
}

impl<'n> Tenant<'n> {
    /// Reads the key `tenants`.
    pub fn read_all(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Vec<Self> {
        let Some(field) = fields.take("tenants") else { return Vec::new() };
        let items = reader.list(field.node, "tenants").unwrap_or_default();
        let read = items.iter().filter_map(|item| {
            let mut fields = Fields::open(reader, item, &shape::TENANT)?;
            let id = fields.required("id").and_then(|field| reader.text(field.node, "id"));
            fields.text("name");
            let commands = fields.take("commands").map(|field| {
                // What cannot be read is no tool at all.
                reader.texts(field.node, "commands").unwrap_or_default()
            });
            let rate = Rate::read_field(reader, fields.take("rate_limits"));
            fields.close();
            Some(Self { id: id?, commands, rate })
        });
        read.collect()
    }
}

impl ConnectionPool {
    /// Reads the key `connection_pool`.
    pub fn read<'n>(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Self {
        let field = fields.take("connection_pool");
        let Some(mut fields) =
            field.and_then(|field| Fields::open(reader, field.node, &shape::CONNECTION_POOL))
        else {
            return Self::default();
        };
        let pool = Self {
            idle: fields.count("max_idle_connections"),
            per_address: fields.count("max_connections_per_host"),
            idle_timeout: fields.duration("idle_timeout"),
        };
        fields.close();
        pool
    }
}

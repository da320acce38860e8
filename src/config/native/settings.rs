//! What a command and `defaults` can both say: times, limits, concurrency, inheritance.

use std::time::Duration;

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::read::{Field, Fields, Reader, Spanned};
use crate::config::shape;
use crate::config::syntax::{Kind, Node};
use crate::model::{ByteSize, Cores, Detach, Enforcement, EnvInherit};

use super::{Container, SandboxSetting, env};

#[derive(Debug, Clone, Default)]
pub struct Settings {
    pub timeout: Option<Duration>,
    pub kill_grace: Option<Duration>,
    /// Not of a step.
    pub detach: Option<Detach>,
    pub limits: LimitSettings,
    pub enforcement: Option<Enforcement>,
    pub concurrency: Option<usize>,
    /// Of one caller.
    pub per_caller: Option<usize>,
    pub inherit: Option<EnvInherit>,
    pub sandbox: Option<SandboxSetting>,
    /// The engine of its container, as it is written.
    pub run_on: Option<Spanned<String>>,
    /// Of `defaults`: a command says it in its `webhook`.
    pub proxy: Option<Spanned<String>>,
    /// Of `defaults`, for commands with steps.
    pub workflow_timeout: Option<Duration>,
    pub cleanup_timeout: Option<Duration>,
}

#[derive(Debug, Clone, Default)]
pub struct LimitSettings {
    pub memory: Option<Bound<ByteSize>>,
    pub cpu: Option<Bound<Cores>>,
    pub pids: Option<Bound<u32>>,
    pub files: Option<Bound<u64>>,
    pub disk: Option<ByteSize>,
    pub output: Option<ByteSize>,
}

/// A limit as it is written: `none` lifts one that would hold otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound<T> {
    None,
    At(T),
}

impl<T> Bound<T> {
    /// The limit that is set.
    pub fn limit(self) -> Option<T> {
        match self {
            Self::None => None,
            Self::At(limit) => Some(limit),
        }
    }
}

impl Settings {
    /// Reads the settings among the keys of a command.
    pub fn read<'n>(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Self {
        const ENFORCEMENTS: [(&str, Enforcement); 2] =
            [("best_effort", Enforcement::BestEffort), ("required", Enforcement::Required)];
        let (concurrency, per_caller) = concurrency(reader, fields);
        Self {
            timeout: timeout(reader, fields, "timeout"),
            kill_grace: fields.duration("kill_grace"),
            detach: None,
            limits: fields
                .take("limits")
                .and_then(|field| LimitSettings::read(reader, field.node))
                .unwrap_or_default(),
            enforcement: fields.one_of("limits_enforcement", &ENFORCEMENTS),
            concurrency,
            per_caller,
            inherit: fields.take("env_inherit").and_then(|field| env::inherit(reader, field.node)),
            sandbox: fields.take("sandbox").and_then(|field| SandboxSetting::read(reader, field.node)),
            run_on: fields
                .text("run_on")
                .map(|name| Spanned { value: name.value.to_owned(), span: name.span }),
            proxy: None,
            workflow_timeout: None,
            cleanup_timeout: None,
        }
    }

    /// Reads the key `defaults`.
    pub fn read_defaults<'n>(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Self {
        let Some(mut defaults) =
            fields.take("defaults").and_then(|field| Fields::open(reader, field.node, &shape::DEFAULTS))
        else {
            return Self::default();
        };
        let mut settings = Self {
            workflow_timeout: timeout(reader, &mut defaults, "workflow_timeout"),
            cleanup_timeout: defaults.duration("cleanup_timeout"),
            detach: detach(reader, &mut defaults),
            ..Self::read(reader, &mut defaults)
        };
        // Each container holds it by now; here its keys are looked at even if there is none.
        Container::read_base(reader, &mut defaults);
        settings.proxy =
            defaults.text("proxy").map(|proxy| Spanned { value: proxy.value.to_owned(), span: proxy.span });
        defaults.close();
        settings
    }

    /// These settings, and where they say nothing those of `defaults`.
    pub fn or(self, defaults: &Self) -> Self {
        Self {
            timeout: self.timeout.or(defaults.timeout),
            kill_grace: self.kill_grace.or(defaults.kill_grace),
            detach: self.detach.or(defaults.detach),
            limits: self.limits.or(&defaults.limits),
            enforcement: self.enforcement.or(defaults.enforcement),
            concurrency: self.concurrency.or(defaults.concurrency),
            per_caller: self.per_caller.or(defaults.per_caller),
            inherit: self.inherit.or_else(|| defaults.inherit.clone()),
            sandbox: match self.sandbox {
                Some(sandbox) => Some(sandbox.or(defaults.sandbox.as_ref())),
                None => defaults.sandbox.clone(),
            },
            run_on: self.run_on.or_else(|| defaults.run_on.clone()),
            proxy: self.proxy.or_else(|| defaults.proxy.clone()),
            workflow_timeout: self.workflow_timeout.or(defaults.workflow_timeout),
            cleanup_timeout: self.cleanup_timeout.or(defaults.cleanup_timeout),
        }
    }
}

/// `concurrency`: one number, or one for all and one for each caller.
fn concurrency<'n>(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> (Option<usize>, Option<usize>) {
    let Some(field) = fields.take("concurrency") else { return (None, None) };
    let size = |count: Option<u32>| count.and_then(|count| usize::try_from(count).ok());
    if !matches!(field.node.kind, Kind::Map(_)) {
        return (size(reader.count(field.node, "concurrency")), None);
    }
    let Some(mut fields) = Fields::open(reader, field.node, &shape::CONCURRENCY) else { return (None, None) };
    let read = (size(fields.count("max")), size(fields.count("per_caller")));
    fields.close();
    read
}

impl LimitSettings {
    pub fn read<'n>(reader: &'n Reader<'n>, node: &'n Node<'n>) -> Option<Self> {
        let mut fields = Fields::open(reader, node, &shape::LIMITS)?;
        let limits = Self {
            memory: bound(fields.take("memory"), |field| reader.size(field.node, "memory")),
            cpu: bound(fields.take("cpu"), |field| cores(reader, field.node)),
            pids: bound(fields.take("pids"), |field| reader.count(field.node, "pids")),
            files: bound(fields.take("files"), |field| reader.count(field.node, "files").map(u64::from)),
            disk: size(reader, &mut fields, "disk"),
            output: size(reader, &mut fields, "output"),
        };
        fields.close();
        Some(limits)
    }

    pub fn or(self, defaults: &Self) -> Self {
        Self {
            memory: self.memory.or(defaults.memory),
            cpu: self.cpu.or(defaults.cpu),
            pids: self.pids.or(defaults.pids),
            files: self.files.or(defaults.files),
            disk: self.disk.or(defaults.disk),
            output: self.output.or(defaults.output),
        }
    }
}

/// A time after which a call is left to itself, or `never`.
pub fn detach<'n>(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Option<Detach> {
    let field = fields.take("detach_after")?;
    if field.node.as_text() == Some("never") {
        return Some(Detach::Never);
    }
    reader.duration(field.node, "detach_after").map(Detach::After)
}

/// A timeout of zero would end every call before it begins.
pub fn timeout<'n>(reader: &Reader<'_>, fields: &mut Fields<'n>, key: &'static str) -> Option<Duration> {
    let field = fields.take(key)?;
    let timeout = reader.duration(field.node, key)?;
    if timeout.is_zero() {
        let message = format!("`{key}` cannot be zero: every call would end before it begins");
        reader.problems.add(Diagnostic::error(Code::BadQuantity, field.node.span, message));
        return None;
    }
    Some(timeout)
}

/// A quantity, or the word `none`.
fn bound<'n, T>(field: Option<Field<'n>>, read: impl FnOnce(Field<'n>) -> Option<T>) -> Option<Bound<T>> {
    let field = field?;
    match field.node.as_text() {
        Some("none") => Some(Bound::None),
        _ => read(field).map(Bound::At),
    }
}

fn size<'n>(reader: &Reader<'_>, fields: &mut Fields<'n>, key: &'static str) -> Option<ByteSize> {
    let field = fields.take(key)?;
    reader.size(field.node, key)
}

pub fn cores(reader: &Reader<'_>, node: &Node<'_>) -> Option<Cores> {
    let text = reader.quantity(node, "cpu", "a number of cores, such as `0.5`")?;
    match text.parse() {
        Ok(cores) => Some(cores),
        Err(error) => {
            reader.problems.add(Diagnostic::error(Code::BadQuantity, node.span, format!("`cpu`: {error}")));
            None
        }
    }
}

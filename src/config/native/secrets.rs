//! `secrets`: names, and where their values come from.

use std::time::Duration;

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::read::{Field, Fields, Reader, Spanned};
use crate::config::shape;
use crate::config::source::Span;
use crate::config::syntax::{Entry, Kind, Node};
use crate::model::EnvInherit;

use super::env::{Variable, inherit, variables_of};
use super::settings::timeout;

/// What a secret may say of its source, for helps.
pub const SOURCES: &str =
    "`{ env: NAME }`, `{ file: PATH }`, `{ script: PROGRAM, args: […] }` or `{ store: NAME }`";

pub struct SecretEntry<'n> {
    pub name: Spanned<&'n str>,
    pub env: Option<Spanned<&'n str>>,
    pub file: Option<Spanned<&'n str>>,
    pub store: Option<Spanned<&'n str>>,
    pub script: Option<SecretScript<'n>>,
    pub span: Span,
    /// Its source cannot be read, or is one that is not built yet; that has been reported.
    pub is_unclear: bool,
}

/// A program that prints the value.
pub struct SecretScript<'n> {
    pub script: Spanned<&'n str>,
    pub args: &'n [Node<'n>],
    pub env: Vec<Variable<'n>>,
    pub inherit: Option<EnvInherit>,
    pub timeout: Option<Duration>,
    pub ttl: Option<Duration>,
}

impl<'n> SecretEntry<'n> {
    /// Reads the key `secrets`.
    pub fn read_all(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Vec<Self> {
        let Some(field) = fields.take("secrets") else { return Vec::new() };
        if !matches!(field.node.kind, Kind::Map(_)) {
            reader.wrong_type(field.node, "`secrets`", "a map of names and sources");
        }
        field.node.entries().iter().filter_map(|entry| Self::read(reader, entry)).collect()
    }

    fn read(reader: &'n Reader<'n>, entry: &'n Entry<'n>) -> Option<Self> {
        if let Kind::Scalar(_) = entry.value.kind {
            let message = format!("the secret `{}` has to say where its value comes from", entry.key.text);
            let problem = Diagnostic::error(Code::BadSecretSource, entry.value.span, message);
            let help = format!("write {SOURCES}; a secret's value has no place in the file");
            reader.problems.add(problem.help(help));
            return None;
        }
        let name = Spanned { value: &*entry.key.text, span: entry.key.span };
        let span = entry.value.span;
        if let Some(command) = entry.value.entries().iter().find(|entry| entry.key.text == "command") {
            refuse_command(reader, command);
            return Some(Self {
                name,
                env: None,
                file: None,
                store: None,
                script: None,
                span,
                is_unclear: true,
            });
        }
        let mut fields = Fields::open(reader, &entry.value, &shape::SECRET)?;
        let sources = ["env", "file", "script", "store"];
        let is_source = |key: &str| sources.contains(&key) || shape::SECRET.is_later(key);
        let is_unclear = entry.value.entries().iter().any(|entry| is_source(&entry.key.text));
        let script = fields.text("script");
        let env = fields.take("env");
        // With a program it can be the program's environment.
        let is_environment = |env: &Field<'_>| script.is_some() && matches!(env.node.kind, Kind::Map(_));
        let secret = Self {
            name,
            env: env.filter(|env| !is_environment(env)).and_then(|env| reader.text(env.node, "env")),
            file: fields.text("file"),
            store: fields.take("store").and_then(|field| store(reader, field.node, name)),
            script: SecretScript::read(reader, &mut fields, script, env.filter(is_environment)),
            span,
            is_unclear,
        };
        fields.close();
        Some(secret)
    }
}

impl<'n> SecretScript<'n> {
    fn read(
        reader: &'n Reader<'n>,
        fields: &mut Fields<'n>,
        script: Option<Spanned<&'n str>>,
        env: Option<Field<'n>>,
    ) -> Option<Self> {
        let keys = ["args", "env_inherit", "timeout", "ttl"];
        let Some(script) = script else {
            for field in keys.into_iter().filter_map(|key| fields.take(key)) {
                let message = format!("`{}` goes with `script`", field.key);
                reader.problems.add(Diagnostic::error(Code::Pointless, field.key_span, message));
            }
            return None;
        };
        Some(Self {
            script,
            args: fields.take("args").and_then(|field| reader.list(field.node, "args")).unwrap_or_default(),
            env: env.map(|field| variables_of(reader, field.node)).unwrap_or_default(),
            inherit: fields.take("env_inherit").and_then(|field| inherit(reader, field.node)),
            timeout: timeout(reader, fields, "timeout"),
            ttl: fields.duration("ttl"),
        })
    }
}

/// The name in the store, or `true` for that of the secret.
fn store<'n>(reader: &Reader<'_>, node: &'n Node<'_>, own: Spanned<&'n str>) -> Option<Spanned<&'n str>> {
    let name = reader.text(node, "store")?;
    let is_own = matches!(&node.kind, Kind::Scalar(scalar) if scalar.plain && scalar.text == "true");
    Some(if is_own { Spanned { value: own.value, span: name.span } } else { name })
}

/// A program is `script` and `args` everywhere.
fn refuse_command(reader: &Reader<'_>, command: &Entry<'_>) {
    let message = "a secret has no `command`; a program that prints it is `script` and `args`";
    let problem = Diagnostic::error(Code::BadSecretSource, command.key.span, message);
    let words = match &command.value.kind {
        Kind::Scalar(scalar) => scalar.text.split_whitespace().map(str::to_owned).collect(),
        Kind::List(items) => items.iter().filter_map(|item| item.as_text().map(str::to_owned)).collect(),
        _ => Vec::new(),
    };
    reader.problems.add(match words.split_first() {
        Some((script, [])) => problem.help(format!("write `{{ script: {script} }}`")),
        Some((script, args)) => {
            problem.help(format!("write `{{ script: {script}, args: [{}] }}`", args.join(", ")))
        }
        None => problem.help("write what stands below `command` beside the other keys of the secret"),
    });
}

//! One element of `commands`.

use std::collections::BTreeMap;

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::read::{Field, Fields, Reader, Spanned};
use crate::config::shape;
use crate::config::source::Span;
use crate::config::syntax::{Kind, Node, scalar};
use crate::model::{Annotations, ExitCodes};

use super::env::{Variable, variables};
use super::settings::detach;
use super::{
    Authorization, AutomationKeys, CareKeys, Container, FlowKeys, Output, Requires, Settings, Webhook,
    WorkingDir,
};

/// In a step it is what stands there of it.
#[derive(Default)]
pub struct Command<'n> {
    pub span: Span,
    pub name: Option<Spanned<&'n str>>,
    pub title: Option<Spanned<&'n str>>,
    pub description: Option<Spanned<&'n str>>,
    pub script: Option<Spanned<&'n str>>,
    pub args: Option<Field<'n>>,
    pub shell: Option<Spanned<&'n str>>,
    pub run: Option<Spanned<&'n str>>,
    pub container: Option<Container<'n>>,
    pub webhook: Option<Webhook<'n>>,
    /// Boxed, since few commands have it.
    pub flow: Option<Box<FlowKeys<'n>>>,
    /// Keys of it that are for processes alone.
    pub process_keys: Vec<(&'static str, Span)>,
    pub params: Option<Field<'n>>,
    pub input_schema: Option<Field<'n>>,
    pub when: Option<Spanned<&'n str>>,
    pub requires: Option<Requires<'n>>,
    /// Boxed, since few commands have it.
    pub authorization: Option<Box<Authorization>>,
    pub env: Vec<Variable<'n>>,
    pub working_dir: Option<WorkingDir<'n>>,
    pub stdin: Option<Spanned<&'n str>>,
    /// What `defaults` can say too.
    pub settings: Settings,
    /// Nobody waits for it.
    pub background: bool,
    pub care: CareKeys<'n>,
    pub lock: Option<String>,
    pub exit_codes: ExitCodes,
    pub annotations: Annotations,
    pub output: Output<'n>,
    pub logging: bool,
    pub expose: bool,
    pub enabled: bool,
    pub tags: Vec<String>,
    pub scopes: Vec<String>,
    /// What it does by itself. Boxed, since few commands have it.
    pub automation: Option<Box<AutomationKeys<'n>>>,
    /// Read when tests are wanted: no server looks at them.
    pub tests: Option<Field<'n>>,
    /// It says what it does, even if not in a way that can be read or is supported yet.
    pub has_action: bool,
}

impl<'n> Command<'n> {
    pub fn read(reader: &'n Reader<'n>, node: &'n Node<'n>) -> Option<Self> {
        let mut fields = Fields::open(reader, node, &shape::COMMAND)?;
        let command = Self {
            span: fields.span,
            name: fields.required("name").and_then(|field| reader.text(field.node, "name")),
            title: fields.text("title"),
            description: fields.text("description"),
            script: fields.text("script"),
            args: fields.take("args"),
            shell: fields.text("shell"),
            run: fields.text("run"),
            container: Container::read(reader, &mut fields),
            webhook: Webhook::read(reader, &mut fields),
            flow: FlowKeys::read(reader, node, &mut fields).map(Box::new),
            process_keys: process_keys(node),
            params: fields.take("params"),
            input_schema: fields.take("input_schema"),
            when: fields.text("when"),
            requires: Requires::read(reader, &mut fields),
            authorization: Authorization::read(reader, &mut fields, &shape::AUTHORIZATION),
            env: variables(reader, &mut fields),
            working_dir: WorkingDir::read(reader, &mut fields),
            stdin: fields.text("stdin"),
            settings: Settings { detach: detach(reader, &mut fields), ..Settings::read(reader, &mut fields) },
            background: fields.boolean("background").unwrap_or(false),
            care: CareKeys::read(reader, &mut fields),
            lock: lock(reader, &mut fields),
            exit_codes: exit_codes(reader, &mut fields),
            annotations: annotations(reader, &mut fields),
            output: Output::read(reader, &mut fields),
            logging: fields.boolean("logging").unwrap_or_default(),
            expose: fields.boolean("expose").unwrap_or(true),
            enabled: fields.boolean("enabled").unwrap_or(true),
            tags: tags(reader, &mut fields),
            scopes: super::scopes(reader, &mut fields, "scopes").unwrap_or_default(),
            automation: AutomationKeys::read(reader, &mut fields),
            tests: fields.take("tests"),
            has_action: ["script", "run", "container", "webhook", "steps", "depends_on"]
                .iter()
                .any(|key| node.get(key).is_some()),
        };
        command.care.confirm.iter().for_each(|confirm| confirm.check_beside(reader, node));
        // Read when every warning has been given.
        fields.take("allow");
        // Nothing is left of it in a command that could be put together.
        fields.take("extends");
        fields.close();
        Some(command)
    }

    /// Reads what a step says of its own work.
    pub fn inline(reader: &'n Reader<'n>, node: &'n Node<'n>, fields: &mut Fields<'n>) -> Self {
        Self {
            span: fields.span,
            script: fields.text("script"),
            args: fields.take("args"),
            shell: fields.text("shell"),
            run: fields.text("run"),
            container: Container::read(reader, fields),
            webhook: Webhook::read(reader, fields),
            process_keys: process_keys(node),
            env: variables(reader, fields),
            working_dir: WorkingDir::read(reader, fields),
            stdin: fields.text("stdin"),
            settings: Settings::read(reader, fields),
            lock: lock(reader, fields),
            exit_codes: exit_codes(reader, fields),
            output: Output::read(reader, fields),
            expose: true,
            enabled: true,
            has_action: ["script", "run", "container", "webhook"].iter().any(|key| node.get(key).is_some()),
            ..Self::default()
        }
    }
}

/// Words without spaces and commas, so that a flag can name several.
fn tags<'n>(reader: &Reader<'_>, fields: &mut Fields<'n>) -> Vec<String> {
    let Some(field) = fields.take("tags") else { return Vec::new() };
    let tags = reader.texts(field.node, "tags").unwrap_or_default();
    let is_word = |tag: &str| !tag.is_empty() && !tag.contains(|c: char| c == ',' || c.is_whitespace());
    for tag in tags.iter().filter(|tag| !is_word(tag.value)) {
        let message = format!("`{}` cannot be a tag; expected a word without spaces and commas", tag.value);
        reader.problems.add(Diagnostic::error(Code::BadName, tag.span, message));
    }
    tags.into_iter().map(|tag| tag.value.to_owned()).collect()
}

fn process_keys(node: &Node<'_>) -> Vec<(&'static str, Span)> {
    const KEYS: [&str; 9] = [
        "args",
        "shell",
        "env",
        "env_inherit",
        "working_dir",
        "stdin",
        "exit_codes",
        "kill_grace",
        "sandbox",
    ];
    let span =
        |key: &str| node.entries().iter().find(|entry| entry.key.text == key).map(|entry| entry.key.span);
    KEYS.into_iter().filter_map(|key| Some((key, span(key)?))).collect()
}

fn lock<'n>(reader: &Reader<'_>, fields: &mut Fields<'n>) -> Option<String> {
    let name = fields.text("lock")?;
    if name.value.trim().is_empty() {
        reader.problems.add(Diagnostic::error(Code::BadName, name.span, "a lock needs a name"));
        return None;
    }
    Some(name.value.to_owned())
}

fn annotations<'n>(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Annotations {
    let cautious = Annotations::default();
    let Some(mut hints) =
        fields.take("annotations").and_then(|field| Fields::open(reader, field.node, &shape::ANNOTATIONS))
    else {
        return cautious;
    };
    let read_only = hints.boolean("read_only").unwrap_or(cautious.read_only);
    let annotations = Annotations {
        read_only,
        // What changes nothing destroys nothing.
        destructive: hints.boolean("destructive").unwrap_or(cautious.destructive && !read_only),
        idempotent: hints.boolean("idempotent").unwrap_or(cautious.idempotent),
        open_world: hints.boolean("open_world").unwrap_or(cautious.open_world),
    };
    hints.close();
    annotations
}

/// `{ 0: ok, 1: "no matches" }`, or a list of codes.
fn exit_codes<'n>(reader: &Reader<'_>, fields: &mut Fields<'n>) -> ExitCodes {
    let Some(field) = fields.take("exit_codes") else { return ExitCodes::default() };
    let mut codes = BTreeMap::new();
    let nothing = || {
        let message = "`exit_codes` names no code: every call would be an error";
        let problem = Diagnostic::error(Code::BadExitCode, field.node.span, message);
        reader.problems.add(problem.help("name those that are success, or remove it: then `0` is"));
    };
    match &field.node.kind {
        Kind::List(items) if items.is_empty() => nothing(),
        Kind::Map(entries) if entries.is_empty() => nothing(),
        Kind::List(items) => {
            for item in items.iter() {
                let code = item.as_text().unwrap_or_default();
                codes.extend(exit_code(reader, code, item.span).map(|code| (code, None)));
            }
        }
        Kind::Map(entries) => {
            for entry in entries.iter() {
                let code = exit_code(reader, &entry.key.text, entry.key.span);
                let text = reader.text(&entry.value, "exit_codes").map(|text| text.value);
                let text = text.filter(|text| *text != "ok").map(str::to_owned);
                codes.extend(code.map(|code| (code, text)));
            }
        }
        _ => reader.wrong_type(
            field.node,
            "`exit_codes`",
            "a map such as `{ 0: ok, 1: no matches }` or a list",
        ),
    }
    if codes.is_empty() { ExitCodes::default() } else { ExitCodes::new(codes) }
}

pub(super) fn exit_code(reader: &Reader<'_>, text: &str, span: Span) -> Option<i32> {
    let code = scalar::integer(text).and_then(|code| u8::try_from(code).ok());
    if code.is_none() {
        let message = "an exit code has to be a whole number from 0 to 255";
        reader.problems.add(Diagnostic::error(Code::BadExitCode, span, message));
    }
    code.map(i32::from)
}

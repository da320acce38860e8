//! `env` and `env_inherit`.

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::read::{Fields, Reader, Spanned};
use crate::config::source::Span;
use crate::config::syntax::{Kind, Node};
use crate::model::EnvInherit;

/// A variable that the file sets.
pub struct Variable<'n> {
    pub name: &'n str,
    pub value: Spanned<&'n str>,
}

/// Reads the key `env`.
pub fn variables<'n>(reader: &'n Reader<'n>, fields: &mut Fields<'n>) -> Vec<Variable<'n>> {
    fields.take("env").map(|field| variables_of(reader, field.node)).unwrap_or_default()
}

/// Reads the value of `env`.
pub fn variables_of<'n>(reader: &'n Reader<'n>, node: &'n Node<'n>) -> Vec<Variable<'n>> {
    if !matches!(node.kind, Kind::Map(_)) {
        reader.wrong_type(node, "`env`", "a map of names and values");
        return Vec::new();
    }
    let read = |entry: &'n crate::config::syntax::Entry<'n>| {
        let name = &entry.key.text;
        check_name(reader, name, entry.key.span);
        let value = reader.text(&entry.value, name)?;
        Some(Variable { name, value })
    };
    node.entries().iter().filter_map(read).collect()
}

fn check_name(reader: &Reader<'_>, name: &str, span: Span) {
    if !is_variable_name(name) {
        let message = format!(
            "`{name}` cannot be the name of a variable; expected letters, digits and `_`, not a digit first"
        );
        reader.problems.add(Diagnostic::error(Code::BadVariable, span, message));
    }
}

fn is_variable_name(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Reads the value of `env_inherit`: a word, or names of variables.
pub fn inherit(reader: &Reader<'_>, node: &Node<'_>) -> Option<EnvInherit> {
    if let Kind::List(_) = node.kind {
        let names = reader.texts(node, "env_inherit")?;
        return Some(EnvInherit::Also(names.into_iter().filter_map(|name| pattern(reader, name)).collect()));
    }
    const MINIMAL: u8 = 0;
    const ALL: u8 = 1;
    let choice = reader.one_of(node, "env_inherit", &[("minimal", MINIMAL), ("all", ALL), ("none", 2)])?;
    Some(match choice {
        MINIMAL => EnvInherit::Minimal,
        ALL => EnvInherit::All,
        _ => EnvInherit::None,
    })
}

fn pattern(reader: &Reader<'_>, name: Spanned<&str>) -> Option<String> {
    let stem = name.value.strip_suffix('*').unwrap_or(name.value);
    if is_variable_name(stem) {
        return Some(name.value.to_owned());
    }
    let message =
        format!("`{}` names no variable; expected a name, or the beginning of one and `*`", name.value);
    reader.problems.add(Diagnostic::error(Code::BadVariable, name.span, message));
    None
}

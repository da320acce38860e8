//! `secrets`: names, and where their values come from.

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::read::{Fields, Reader, Spanned};
use crate::config::shape;
use crate::config::source::Span;
use crate::config::syntax::{Entry, Kind};

pub struct SecretEntry<'n> {
    pub name: Spanned<&'n str>,
    pub env: Option<Spanned<&'n str>>,
    pub file: Option<Spanned<&'n str>>,
    pub span: Span,
    /// Its source is one that is not built yet.
    pub is_later: bool,
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
            reader.problems.add(problem.help(
                "write `{ env: NAME }` or `{ file: PATH }`; a secret's value has no place in the file",
            ));
            return None;
        }
        let mut fields = Fields::open(reader, &entry.value, &shape::SECRET)?;
        let secret = Self {
            name: Spanned { value: &entry.key.text, span: entry.key.span },
            env: fields.text("env"),
            file: fields.text("file"),
            span: entry.value.span,
            is_later: entry.value.entries().iter().any(|entry| shape::SECRET.is_later(&entry.key.text)),
        };
        fields.close();
        Some(secret)
    }
}

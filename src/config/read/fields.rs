//! One map, read key by key; what nobody asked for is reported at the end.

use std::time::Duration;

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::source::Span;
use crate::config::syntax::{Entry, Kind, Node};
use crate::model::Dialect;

use super::{Reader, Spanned, nearest};

/// A map that is being read.
pub struct Fields<'n> {
    reader: &'n Reader<'n>,
    /// What the map is, for sentences: "a command".
    what: &'static str,
    entries: &'n [Entry<'n>],
    pub span: Span,
    taken: Vec<bool>,
    known: Vec<&'static str>,
}

/// A key that is there, with its value.
#[derive(Clone, Copy)]
pub struct Field<'n> {
    pub key: &'static str,
    pub key_span: Span,
    pub node: &'n Node<'n>,
}

impl<'n> Fields<'n> {
    /// Begins to read a map. What is no map has been reported when this is `None`.
    pub fn open(reader: &'n Reader<'n>, node: &'n Node<'n>, what: &'static str) -> Option<Self> {
        let entries: &[Entry<'n>] = match &node.kind {
            Kind::Map(entries) => entries,
            Kind::Null if reader.dialect == Dialect::Original => &[],
            Kind::Broken => return None,
            _ => {
                reader.wrong_type(node, what, "a map");
                return None;
            }
        };
        Some(Self {
            reader,
            what,
            entries,
            span: node.span,
            taken: vec![false; entries.len()],
            known: Vec::with_capacity(32),
        })
    }

    /// The value of a key, which from now on is known.
    pub fn take(&mut self, key: &'static str) -> Option<Field<'n>> {
        self.known.push(key);
        let at = self.entries.iter().position(|entry| entry.key.text == key)?;
        if let Some(taken) = self.taken.get_mut(at) {
            *taken = true;
        }
        self.entries.get(at).map(|entry| Field { key, key_span: entry.key.span, node: &entry.value })
    }

    /// Like `take`; a missing key is an error.
    pub fn required(&mut self, key: &'static str) -> Option<Field<'n>> {
        let found = self.take(key);
        if found.is_none() {
            let message = format!("{} has no `{key}`", self.what);
            self.reader.problems.add(Diagnostic::error(Code::MissingKey, self.span, message));
        }
        found
    }

    pub fn text(&mut self, key: &'static str) -> Option<Spanned<&'n str>> {
        let field = self.take(key)?;
        self.reader.text(field.node, key)
    }

    pub fn boolean(&mut self, key: &'static str) -> Option<bool> {
        let field = self.take(key)?;
        self.reader.boolean(field.node, key)
    }

    pub fn duration(&mut self, key: &'static str) -> Option<Duration> {
        let field = self.take(key)?;
        self.reader.duration(field.node, key)
    }

    /// A whole number from 1 up.
    pub fn count(&mut self, key: &'static str) -> Option<u32> {
        let field = self.take(key)?;
        self.reader.integer(field.node, key, 1..=i128::from(u32::MAX)).and_then(|n| u32::try_from(n).ok())
    }

    pub fn one_of<T: Copy>(&mut self, key: &'static str, choices: &[(&'static str, T)]) -> Option<T> {
        let field = self.take(key)?;
        self.reader.one_of(field.node, key, choices)
    }

    /// Keys whose feature is not built yet: an error in a native file, a warning in an original one.
    pub fn later(&mut self, keys: &[&'static str]) {
        self.known.extend(keys);
        for (entry, taken) in self.entries.iter().zip(&mut self.taken) {
            if !*taken && keys.iter().any(|key| entry.key.text == *key) {
                *taken = true;
                self.reader.not_supported(entry.key.span, &format!("`{}`", entry.key.text));
            }
        }
    }

    /// Ends the reading: reports the keys that nothing asked for.
    pub fn close(self) {
        for (entry, taken) in self.entries.iter().zip(&self.taken) {
            if !taken {
                self.reader.problems.add(self.unknown(entry));
            }
        }
    }

    fn unknown(&self, entry: &Entry<'_>) -> Diagnostic {
        let key = &entry.key.text;
        let problem = match self.reader.dialect {
            Dialect::Native => {
                let message = format!("`{key}` is not a key of {}", self.what);
                Diagnostic::error(Code::UnknownKey, entry.key.span, message)
            }
            Dialect::Original => {
                let message = format!("`{key}` is not a key of {}; it is ignored", self.what);
                Diagnostic::warning(Code::UnknownKey, entry.key.span, message)
            }
        };
        match nearest(key, self.known.iter().copied()) {
            Some(nearest) => problem.help(format!("did you mean `{nearest}`?")),
            None if self.known.len() <= 8 => problem.help(format!("expected `{}`", self.known.join("`, `"))),
            None => problem,
        }
    }
}

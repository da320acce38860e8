//! One map, read key by key; what nobody asked for is reported at the end.

use std::time::Duration;

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::shape::Shape;
use crate::config::source::Span;
use crate::config::syntax::{Entry, Kind, Node};
use crate::model::Dialect;

use super::elsewhere::elsewhere;
use super::{Reader, Spanned, nearest};

/// A map that is being read.
pub struct Fields<'n> {
    reader: &'n Reader<'n>,
    shape: &'static Shape,
    entries: &'n [Entry<'n>],
    pub span: Span,
    taken: Vec<bool>,
    asked: Asked,
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
    pub fn open(reader: &'n Reader<'n>, node: &'n Node<'n>, shape: &'static Shape) -> Option<Self> {
        let entries: &[Entry<'n>] = match &node.kind {
            Kind::Map(entries) => entries,
            Kind::Null if reader.dialect == Dialect::Original => &[],
            Kind::Broken => return None,
            _ => {
                reader.wrong_type(node, shape.what, "a map");
                return None;
            }
        };
        Some(Self {
            reader,
            shape,
            entries,
            span: node.span,
            taken: vec![false; entries.len()],
            asked: Asked::default(),
        })
    }

    /// The value of a key of the shape.
    pub fn take(&mut self, key: &'static str) -> Option<Field<'n>> {
        self.asked.note(self.shape, key);
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
            let message = format!("{} has no `{key}`", self.shape.what);
            self.reader.problems.add(Diagnostic::error(Code::MissingKey, self.span, message));
        }
        found
    }

    pub fn text(&mut self, key: &'static str) -> Option<Spanned<&'n str>> {
        let field = self.take(key)?;
        self.reader.text(field.node, key)
    }

    pub fn texts(&mut self, key: &'static str) -> Option<Vec<Spanned<&'n str>>> {
        let field = self.take(key)?;
        self.reader.texts(field.node, key)
    }

    /// The map under a key, opened.
    pub fn group(&mut self, key: &'static str, shape: &'static Shape) -> Option<Self> {
        let field = self.take(key)?;
        Self::open(self.reader, field.node, shape)
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
        self.reader.count(field.node, key)
    }

    pub fn one_of<T: Copy>(&mut self, key: &'static str, choices: &[(&'static str, T)]) -> Option<T> {
        let field = self.take(key)?;
        self.reader.one_of(field.node, key, choices)
    }

    /// Ends the reading: reports the keys that nothing asked for. One whose feature is not built
    /// yet is an error in a native file and a warning in an original one.
    pub fn close(self) {
        self.asked.check(self.shape);
        for (entry, _) in self.entries.iter().zip(&self.taken).filter(|(_, taken)| !**taken) {
            if self.shape.is_later(&entry.key.text) {
                self.reader.not_supported(entry.key.span, &format!("`{}`", entry.key.text));
            } else {
                self.reader.problems.add(self.unknown(entry));
            }
        }
    }

    fn unknown(&self, entry: &Entry<'_>) -> Diagnostic {
        let key = &entry.key.text;
        let problem = match self.reader.dialect {
            Dialect::Native => {
                let message = format!("`{key}` is not a key of {}", self.shape.what);
                Diagnostic::error(Code::UnknownKey, entry.key.span, message)
            }
            Dialect::Original => {
                let message = format!("`{key}` is not a key of {}; it is ignored", self.shape.what);
                Diagnostic::warning(Code::UnknownKey, entry.key.span, message)
            }
        };
        let known: Vec<&str> = self.shape.names().collect();
        if let Some(nearest) = nearest(key, known.iter().copied()) {
            return problem.help(format!("did you mean `{nearest}`?"));
        }
        let elsewhere = elsewhere(key, self.shape).filter(|_| self.reader.dialect == Dialect::Native);
        match elsewhere {
            Some(place) => problem.help(format!("`{key}` stands {place}")),
            None if known.len() <= 8 => problem.help(format!("expected `{}`", known.join("`, `"))),
            None => problem,
        }
    }
}

/// What has been asked for: in debug builds it keeps readers and shapes together. A reader that
/// gives up before the end is not judged.
#[derive(Default)]
struct Asked {
    #[cfg(debug_assertions)]
    keys: Vec<&'static str>,
}

#[cfg(debug_assertions)]
impl Asked {
    fn note(&mut self, shape: &Shape, key: &'static str) {
        let is_built = shape.built().any(|known| known.name == key);
        assert!(is_built, "a reader asks for `{key}`, which is no built key of {}", shape.what);
        self.keys.push(key);
    }

    fn check(&self, shape: &Shape) {
        let forgotten: Vec<&str> =
            shape.built().map(|key| key.name).filter(|name| !self.keys.contains(name)).collect();
        assert!(forgotten.is_empty(), "no reader of {} asks for {forgotten:?}", shape.what);
    }
}

#[cfg(not(debug_assertions))]
impl Asked {
    fn note(&mut self, _: &Shape, _: &'static str) {}

    fn check(&self, _: &Shape) {}
}

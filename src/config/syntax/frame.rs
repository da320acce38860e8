//! Collections that are being read.

use std::collections::HashMap;
use std::rc::Rc;

use crate::config::code::Code;
use crate::config::diagnostic::{Diagnostic, Problems};
use crate::config::source::Span;

use super::node::{Entry, Key, Kind, Node};
use super::parse::{Oddity, Refused};

/// A list or a map whose end has not been seen.
pub(super) struct Frame<'s> {
    pub start: Span,
    /// The anchor on it, 0 if there is none.
    pub anchor: usize,
    pub content: Content<'s>,
}

pub(super) enum Content<'s> {
    List(Vec<Node<'s>>),
    Map(OpenMap<'s>),
}

#[derive(Default)]
pub(super) struct OpenMap<'s> {
    entries: Vec<Entry<'s>>,
    /// Where each key stands, once there are many.
    index: HashMap<String, usize>,
    merges: Vec<Entry<'s>>,
    key: Awaited<'s>,
    /// A key that is no text.
    bad_key: Option<Span>,
}

#[derive(Default)]
enum Awaited<'s> {
    #[default]
    Key,
    ValueOf(Key<'s>),
    /// The value of a key that is no text.
    Discarded,
}

/// Above this many keys a map is searched through its index.
const FEW: usize = 16;

impl<'s> OpenMap<'s> {
    /// Takes the next key or value.
    pub fn take(&mut self, mut node: Node<'s>, oddities: &mut Vec<Oddity>) {
        match std::mem::take(&mut self.key) {
            Awaited::Key => self.key = self.open(node),
            Awaited::Discarded => {}
            Awaited::ValueOf(key) => {
                if matches!(node.kind, Kind::Null) && node.span.start == node.span.end {
                    node.span = key.span;
                }
                self.insert(Entry { key, value: node }, oddities);
            }
        }
    }

    fn open(&mut self, node: Node<'s>) -> Awaited<'s> {
        let span = node.span;
        match node.kind {
            Kind::Scalar(scalar) => Awaited::ValueOf(Key { text: scalar.text, span }),
            Kind::Null => Awaited::ValueOf(Key { text: "null".into(), span }),
            Kind::List(_) | Kind::Map(_) | Kind::Broken => {
                self.bad_key = Some(span);
                Awaited::Discarded
            }
        }
    }

    fn insert(&mut self, entry: Entry<'s>, oddities: &mut Vec<Oddity>) {
        if entry.key.text == "<<" {
            self.merges.push(entry);
            return;
        }
        match self.position(&entry.key.text).and_then(|at| self.entries.get_mut(at)) {
            Some(earlier) => {
                oddities.push(Oddity::DuplicateKey {
                    key: entry.key.text.to_string(),
                    first: earlier.key.span,
                    second: entry.key.span,
                });
                *earlier = entry;
            }
            None => self.append(entry),
        }
    }

    fn append(&mut self, entry: Entry<'s>) {
        let at = self.entries.len();
        if at == FEW {
            let keys = self.entries.iter().enumerate().map(|(at, entry)| (entry.key.text.to_string(), at));
            self.index = keys.collect();
        }
        if at >= FEW {
            self.index.insert(entry.key.text.to_string(), at);
        }
        self.entries.push(entry);
    }

    fn position(&self, key: &str) -> Option<usize> {
        if self.entries.len() > FEW {
            self.index.get(key).copied()
        } else {
            self.entries.iter().position(|entry| entry.key.text == key)
        }
    }

    /// Closes the map: what `<<` names is added where the map itself says nothing.
    ///
    /// `spend` is told of each entry that is copied, and refuses when the budget is used up.
    pub fn close(
        mut self,
        span: Span,
        text: &str,
        problems: &Problems,
        spend: &mut dyn FnMut(&Node<'s>) -> Result<(), Refused>,
    ) -> Result<Kind<'s>, Refused> {
        if let Some(key) = self.bad_key {
            problems.add(bad_key(span, key, text));
            return Ok(Kind::Broken);
        }
        for merge in std::mem::take(&mut self.merges) {
            self.merge(&merge, problems, spend)?;
        }
        self.entries.shrink_to_fit();
        Ok(Kind::Map(Rc::new(self.entries)))
    }

    fn merge(
        &mut self,
        merge: &Entry<'s>,
        problems: &Problems,
        spend: &mut dyn FnMut(&Node<'s>) -> Result<(), Refused>,
    ) -> Result<(), Refused> {
        let maps = match &merge.value.kind {
            Kind::List(items) => items.as_slice(),
            _ => std::slice::from_ref(&merge.value),
        };
        for map in maps {
            match &map.kind {
                Kind::Map(entries) => {
                    for entry in entries.iter() {
                        spend(&entry.value)?;
                        if self.position(&entry.key.text).is_none() {
                            self.append(entry.clone());
                        }
                    }
                }
                Kind::Broken => {}
                _ => problems.add(Diagnostic::error(
                    Code::WrongType,
                    map.span,
                    format!("`<<` merges maps; expected a map, found {}", map.describe()),
                )),
            }
        }
        Ok(())
    }
}

/// `{{x}}` without quotes is a map whose key is a map; anything else is a mistake about YAML.
fn bad_key(map: Span, key: Span, text: &str) -> Diagnostic {
    let written = text.get(map.range()).unwrap_or_default();
    if written.starts_with("{{") {
        let problem =
            Diagnostic::error(Code::BareTemplate, map, "a template without quotes is a map in YAML");
        return match written.lines().next() {
            Some(line) if line.len() < 80 => problem.help(format!("quote the template: `\"{line}\"`")),
            _ => problem.help("quote the template"),
        };
    }
    Diagnostic::error(Code::WrongType, key, "a key has to be a text; found a list or a map")
}

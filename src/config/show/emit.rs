//! Nodes → YAML, in blocks, in the order of the file.

use crate::config::source::SourceId;
use crate::config::sources::Sources;
use crate::config::syntax::{Entry, Kind, Node};

use super::origin;
use super::plain;
use super::secret::Masks;

/// A list that fits into this stays on one line.
const WIDTH: usize = 80;

pub struct Emitter<'a> {
    sources: &'a Sources,
    masks: &'a Masks,
    origin: bool,
    text: String,
}

impl<'a> Emitter<'a> {
    pub fn new(sources: &'a Sources, masks: &'a Masks, origin: bool) -> Self {
        Self { sources, masks, origin, text: String::new() }
    }

    pub fn document(mut self, root: &Node<'_>) -> String {
        match &root.kind {
            Kind::Map(entries) => self.entries(entries, 0, false),
            _ => self.value(root, 0, ""),
        }
        self.text
    }

    /// The keys of a map; the first stands behind what is on the line if `is_begun`.
    fn entries(&mut self, entries: &[Entry<'_>], indent: usize, is_begun: bool) {
        for (at, entry) in entries.iter().enumerate() {
            let is_large = matches!(&entry.value.kind, Kind::Map(_) | Kind::List(_));
            if indent == 0 && at > 0 && is_large {
                self.text.push('\n');
            }
            if at > 0 || !is_begun {
                self.text.push_str(&" ".repeat(indent));
            }
            let key = plain::key(&self.masks.key(entry));
            self.value(&entry.value, indent, &format!("{key}:"));
        }
    }

    /// A value behind `lead`, which begins at `indent`.
    fn value(&mut self, node: &Node<'_>, indent: usize, lead: &str) {
        self.text.push_str(lead);
        match &node.kind {
            Kind::Null | Kind::Broken => self.finish("null", node),
            Kind::Map(entries) if entries.is_empty() => self.finish("{}", node),
            Kind::Map(entries) => {
                self.text.push('\n');
                self.entries(entries, indent + 2, false);
            }
            Kind::List(items) => match self.line(items) {
                Some(line) if indent + lead.len() + line.len() < WIDTH => self.finish(&line, node),
                _ => {
                    self.text.push('\n');
                    items.iter().for_each(|item| self.item(item, indent + 2));
                }
            },
            Kind::Scalar(scalar) => {
                let shown = self.masks.scalar(node, scalar);
                match plain::block(&shown.text) {
                    Some((sign, lines)) => {
                        self.finish(sign, node);
                        for line in lines {
                            let indent = if line.is_empty() { 0 } else { indent + 2 };
                            self.text.push_str(&format!("{:indent$}{line}\n", ""));
                        }
                    }
                    None => self.finish(&plain::written(&shown), node),
                }
            }
        }
    }

    fn item(&mut self, item: &Node<'_>, indent: usize) {
        self.text.push_str(&" ".repeat(indent));
        match &item.kind {
            Kind::Map(entries) if !entries.is_empty() => {
                self.text.push_str("- ");
                self.entries(entries, indent + 2, true);
            }
            _ => self.value(item, indent, "-"),
        }
    }

    /// A list on one line, if it holds nothing but short values of one place.
    fn line(&self, items: &[Node<'_>]) -> Option<String> {
        let words = items.iter().map(|item| match &item.kind {
            Kind::Scalar(scalar) => {
                let shown = self.masks.scalar(item, scalar);
                (!shown.text.contains('\n')).then(|| plain::written(&shown))
            }
            Kind::Null => Some("null".to_owned()),
            Kind::List(_) | Kind::Map(_) | Kind::Broken => None,
        });
        let words: Vec<String> = words.collect::<Option<_>>()?;
        let first: Option<SourceId> = items.first().map(|item| item.span.source);
        let is_one_place = !self.origin || items.iter().all(|item| Some(item.span.source) == first);
        is_one_place.then(|| format!("[{}]", words.join(", ")))
    }

    fn finish(&mut self, text: &str, node: &Node<'_>) {
        if !self.text.ends_with(['\n', ' ']) && !self.text.is_empty() {
            self.text.push(' ');
        }
        self.text.push_str(text);
        if self.origin {
            self.text.push_str(&format!("  # {}", origin(self.sources, node.span)));
        }
        self.text.push('\n');
    }
}

//! Anchors inside of what is taken out: whoever uses one gets what it names, written out.

use crate::config::source::Span;
use crate::config::syntax::{Entry, Kind, Node};

use super::edits::Edits;
use super::page::{Page, quoted};

/// Writes out every use of what stands below these keys of the root.
pub fn inline(page: &Page<'_>, root: &Node<'_>, keys: &[Span], edits: &mut Edits) {
    let leaving: Vec<Span> = root
        .entries()
        .iter()
        .filter(|entry| keys.contains(&entry.key.span))
        .map(|entry| Span { end: entry.value.span.end.max(entry.key.span.end), ..entry.key.span })
        .collect();
    let inliner = Inliner { page, leaving };
    for entry in root.entries().iter().filter(|entry| !keys.contains(&entry.key.span)) {
        inliner.value(entry, edits);
    }
}

struct Inliner<'a, 't> {
    page: &'a Page<'t>,
    leaving: Vec<Span>,
}

impl Inliner<'_, '_> {
    fn leaves(&self, span: Span) -> bool {
        self.leaving.iter().any(|place| place.contains(span))
    }

    fn value(&self, entry: &Entry<'_>, edits: &mut Edits) {
        if self.leaves(entry.value.span) {
            let from = entry.key.span.range().end;
            let end = self.page.entry_end(entry);
            let alias = self.page.text.get(from..end).and_then(|text| text.find('*'));
            if let Some(at) = alias {
                edits.replace(from + at..end, flow(&entry.value));
            }
            return;
        }
        self.node(&entry.value, edits);
    }

    fn node(&self, node: &Node<'_>, edits: &mut Edits) {
        match &node.kind {
            Kind::List(items) => items.iter().for_each(|item| self.node(item, edits)),
            Kind::Map(entries) => {
                self.merges(node, entries, edits);
                let own = entries.iter().filter(|entry| Page::is_own(node, entry));
                own.for_each(|entry| self.value(entry, edits));
            }
            Kind::Null | Kind::Scalar(_) | Kind::Broken => {}
        }
    }

    /// `<<: *name` becomes the entries that it brings.
    fn merges(&self, map: &Node<'_>, entries: &[Entry<'_>], edits: &mut Edits) {
        let foreign: Vec<&Entry<'_>> = entries.iter().filter(|entry| !Page::is_own(map, entry)).collect();
        if !foreign.iter().any(|entry| self.leaves(entry.key.span)) {
            return;
        }
        let written = self.page.text.get(map.span.range()).unwrap_or_default();
        let Some(at) = written.find("<<").map(|at| map.span.range().start + at) else { return };
        let is_flow = self.page.is_flow(map.span);
        let line = self.page.text.get(at..self.page.line_end(at)).unwrap_or_default();
        let length = match is_flow {
            true => line.find([',', '}']).unwrap_or(line.len()),
            false => line.split(" #").next().unwrap_or(line).trim_end().len(),
        };
        let written_here = |entry: &&Entry<'_>| {
            let key = entry.key.span.range().start;
            !Page::is_own(map, entry) || (at..at + length).contains(&key)
        };
        let foreign: Vec<&Entry<'_>> = entries.iter().filter(written_here).collect();
        let blanks = " ".repeat(at - self.page.line_start(at));
        let separator = if is_flow { ", ".to_owned() } else { format!("{}{blanks}", self.page.newline()) };
        let texts: Vec<String> =
            foreign.iter().map(|entry| format!("{}: {}", key(&entry.key.text), flow(&entry.value))).collect();
        edits.replace(at..at + length, texts.join(&separator));
    }
}

/// A value on one line.
pub fn flow(node: &Node<'_>) -> String {
    match &node.kind {
        Kind::Null | Kind::Broken => "null".to_owned(),
        Kind::Scalar(scalar) if scalar.plain && is_simple(&scalar.text) => scalar.text.to_string(),
        Kind::Scalar(scalar) => quoted(&scalar.text),
        Kind::List(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Kind::Map(entries) => {
            let entries =
                entries.iter().map(|entry| format!("{}: {}", key(&entry.key.text), flow(&entry.value)));
            format!("{{ {} }}", entries.collect::<Vec<_>>().join(", "))
        }
    }
}

fn key(text: &str) -> String {
    if is_simple(text) { text.to_owned() } else { quoted(text) }
}

fn is_simple(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-./".contains(c))
}

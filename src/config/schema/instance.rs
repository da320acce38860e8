//! Places of a file as JSON pointers name them, and YAML of our own tables as JSON.

use serde_json::Value;

use crate::config::diagnostic::Problems;
use crate::config::source::{SourceId, Span};
use crate::config::syntax::{Format, Kind, Node, parse, to_json};

/// A default or an example of a shape.
pub(super) fn value_of(yaml: &str) -> Value {
    parse(SourceId::default(), yaml, Format::Yaml, &Problems::default())
        .map_or_else(|| Value::from(yaml), |document| to_json(&document.root))
}

/// A value, with its key if it has one, and what holds it.
pub(super) struct Found<'n, 's> {
    pub node: &'n Node<'s>,
    pub holder: &'n Node<'s>,
    pub with_key: Span,
}

/// The value that a JSON pointer leads to.
pub(super) fn find<'n, 's>(root: &'n Node<'s>, pointer: &str) -> Found<'n, 's> {
    let mut found = Found { node: root, holder: root, with_key: root.span };
    for segment in pointer.split('/').skip(1) {
        let next = match &found.node.kind {
            Kind::Map(entries) => {
                let key = segment.replace("~1", "/").replace("~0", "~");
                // Of two equal keys the second counts.
                let entry = entries.iter().rev().find(|entry| entry.key.text == key);
                entry.map(|entry| (&entry.value, entry.key.span))
            }
            Kind::List(items) => {
                let item = segment.parse::<usize>().ok().and_then(|index| items.get(index));
                item.map(|item| (item, item.span))
            }
            _ => None,
        };
        let Some((node, start)) = next else { break };
        // The value of an alias stands before its key.
        let with_key = Span { start: start.start.min(node.span.start), ..node.span };
        found = Found { node, holder: found.node, with_key };
    }
    found
}

/// Where a key of a map stands.
pub(super) fn key_span(map: &Node<'_>, key: &str) -> Option<Span> {
    map.entries().iter().find(|entry| entry.key.text == key).map(|entry| entry.key.span)
}

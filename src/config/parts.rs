//! The maps of a command that say how something runs: its own, and those of its steps.

use super::syntax::{Kind, Node};

/// Keys of a command that hold steps.
pub const LISTS: [&str; 3] = ["steps", "finally", "depends_on"];
/// Keys of a step that hold work in its place.
pub const ALTERNATIVES: [&str; 2] = ["else", "on_error"];

/// The command itself, and whatever its steps say.
pub fn parts<'n, 's>(command: &'n Node<'s>) -> Vec<&'n Node<'s>> {
    let mut parts = vec![command];
    for entry in command.entries().iter().filter(|entry| LISTS.contains(&&*entry.key.text)) {
        for step in entry.value.as_list().unwrap_or_default() {
            let inner = step.entries().iter().filter(|entry| ALTERNATIVES.contains(&&*entry.key.text));
            let inner = inner.map(|entry| &entry.value);
            let maps = std::iter::once(step).chain(inner);
            parts.extend(maps.filter(|node| matches!(node.kind, Kind::Map(_))));
        }
    }
    parts
}

/// Whether a command runs others or has steps.
pub fn is_flow(command: &Node<'_>) -> bool {
    LISTS.iter().any(|key| command.get(key).is_some())
}

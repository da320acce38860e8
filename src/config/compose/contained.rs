//! `defaults.container`: the keys that every container of the file begins with.
//!
//! A container is laid over them as a command over what it extends: maps are joined, lists replaced.

use std::borrow::Cow;
use std::rc::Rc;

use crate::config::diagnostic::Problems;
use crate::config::parts::{ALTERNATIVES, LISTS};
use crate::config::syntax::{Entry, Key, Kind, Node, is_too_heavy, too_large};

use super::merge::Overlay;

/// What holds for every container of the file, if it is a map.
pub fn defaults<'n, 's>(root: &'n Node<'s>) -> Option<&'n Node<'s>> {
    let container = root.get("defaults")?.get("container")?;
    matches!(container.kind, Kind::Map(_)).then_some(container)
}

/// The commands of a file, each container with what holds for all.
pub fn fill<'s>(problems: &Problems, root: &Node<'s>) -> Node<'s> {
    let Some(base) = defaults(root) else { return root.clone() };
    let mut whole = root.clone();
    if let Kind::Map(entries) = &mut whole.kind
        && let Some(commands) = Rc::make_mut(entries).iter_mut().find(|entry| entry.key.text == "commands")
        && let Kind::List(items) = &commands.value.kind
    {
        let mut filled = Vec::with_capacity(items.len());
        let mut weight: u32 = 0;
        for command in items.iter() {
            let command = with_base(command, base);
            weight = weight.saturating_add(command.weight());
            if is_too_heavy(weight) {
                problems.add(too_large(command.span));
                break;
            }
            filled.push(command);
        }
        commands.value = Node::new(commands.value.span, Kind::List(Rc::new(filled)));
    }
    whole
}

/// A command, a step, or work in place of one.
fn with_base<'s>(command: &Node<'s>, base: &Node<'s>) -> Node<'s> {
    let Kind::Map(entries) = &command.kind else { return command.clone() };
    let entries = entries.iter().map(|entry| match (&*entry.key.text, own(entry)) {
        ("container", Some(own)) => {
            let whole = Overlay { guard: None }.root(&beside(base, &own), &own);
            // It stands where the command has it.
            Entry { key: entry.key.clone(), value: Node::new(own.span, whole.kind) }
        }
        (key, _) if LISTS.contains(&key) || ALTERNATIVES.contains(&key) => {
            Entry { key: entry.key.clone(), value: steps(&entry.value, base) }
        }
        _ => entry.clone(),
    });
    Node::new(command.span, Kind::Map(Rc::new(entries.collect())))
}

/// The steps of a list, or one alone.
fn steps<'s>(node: &Node<'s>, base: &Node<'s>) -> Node<'s> {
    match &node.kind {
        Kind::List(items) => {
            let items = items.iter().map(|step| with_base(step, base)).collect();
            Node::new(node.span, Kind::List(Rc::new(items)))
        }
        _ => with_base(node, base),
    }
}

/// What holds for all, without another way to come by an image than the command has: what is built
/// here must not get the name of an image from elsewhere, and is signed by nobody.
fn beside<'s>(base: &Node<'s>, own: &Node<'s>) -> Node<'s> {
    match (own.get("build"), own.get("image")) {
        (Some(_), _) => base.without("image").without("pull").without("verify"),
        (None, Some(_)) => base.without("build"),
        (None, None) => base.clone(),
    }
}

/// What a command says of its container, as a map.
fn own<'s>(container: &Entry<'s>) -> Option<Node<'s>> {
    let value = &container.value;
    match &value.kind {
        Kind::Map(_) => Some(value.clone()),
        // The image alone.
        Kind::Scalar(_) => {
            let key = Key { text: Cow::Borrowed("image"), span: container.key.span };
            let image = Entry { key, value: value.clone() };
            Some(Node::new(value.span, Kind::Map(Rc::new(vec![image]))))
        }
        Kind::Null | Kind::List(_) | Kind::Broken => None,
    }
}

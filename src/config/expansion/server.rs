//! Expands every value below `server`, before anything there is read: a number or a duration is
//! then read out of the expanded text. Keys of callers that are the keys of a map are values, too.

use std::borrow::Cow;
use std::rc::Rc;

use crate::config::read::Spanned;
use crate::config::syntax::{Kind, Node, Scalar};

use super::expander::Expander;

/// The same file with the values of `server` expanded.
pub fn expand_server<'s>(expander: &Expander<'_>, root: &Node<'s>) -> Node<'s> {
    let mut root = root.clone();
    if let Kind::Map(entries) = &mut root.kind
        && let Some(at) = entries.iter().position(|entry| &*entry.key.text == "server")
        && entries.get(at).is_some_and(|entry| holds_variable(&entry.value))
        && let Some(entry) = Rc::make_mut(entries).get_mut(at)
    {
        match expander.variables.as_written {
            true => keep_texts(&mut entry.value),
            false => expand_all(expander, &mut entry.value),
        }
    }
    root
}

/// Where no variable is known, what has to be a text stays, and nobody asks for the rest.
fn keep_texts(server: &mut Node<'_>) {
    let Kind::Map(entries) = &mut server.kind else { return };
    for entry in Rc::make_mut(entries) {
        let is_text = matches!(&*entry.key.text, "name" | "instructions");
        if !is_text && holds_variable(&entry.value) {
            entry.value.kind = Kind::Broken;
        }
    }
}

fn expand_all<'s>(expander: &Expander<'_>, node: &mut Node<'s>) {
    if !holds_variable(node) {
        return;
    }
    let span = node.span;
    match &mut node.kind {
        Kind::Scalar(scalar) => {
            node.kind = match expander.expand(Spanned { value: &*scalar.text, span }) {
                // Plain, so that a number is one even if the `${…}` had to be quoted.
                Ok(text) => Kind::Scalar(Scalar { text: Cow::Owned(text.into_owned()), plain: true }),
                Err(_) => Kind::Broken,
            };
        }
        Kind::List(items) => Rc::make_mut(items).iter_mut().for_each(|item| expand_all(expander, item)),
        Kind::Map(entries) => {
            for entry in Rc::make_mut(entries) {
                if &*entry.key.text == "api_keys" {
                    expand_names(expander, &mut entry.value);
                }
                expand_all(expander, &mut entry.value);
            }
        }
        Kind::Null | Kind::Broken => {}
    }
}

/// Keys of callers may be the keys of a map: what stands there is a value like any other. One that cannot be
/// expanded lets nobody in.
fn expand_names(expander: &Expander<'_>, node: &mut Node<'_>) {
    let Kind::Map(entries) = &mut node.kind else { return };
    for entry in Rc::make_mut(entries) {
        let written = Spanned { value: &*entry.key.text, span: entry.key.span };
        match expander.expand(written).map(Cow::into_owned) {
            Ok(text) => entry.key.text = Cow::Owned(text),
            Err(_) => entry.value.kind = Kind::Broken,
        }
    }
}

fn holds_variable(node: &Node<'_>) -> bool {
    match &node.kind {
        Kind::Scalar(scalar) => scalar.text.contains('$'),
        Kind::List(items) => items.iter().any(holds_variable),
        Kind::Map(entries) => {
            entries.iter().any(|entry| entry.key.text.contains('$') || holds_variable(&entry.value))
        }
        Kind::Null | Kind::Broken => false,
    }
}

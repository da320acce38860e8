//! Secrets that are declared and that nothing in the file uses.

use std::collections::BTreeSet;

use crate::config::code::Code;
use crate::config::diagnostic::{Diagnostic, Problems};
use crate::config::syntax::{Entry, Kind, Node};

/// Looks at all files at once: what one declares another may use.
pub fn check(problems: &Problems, documents: &[&Node<'_>]) {
    let declared = || documents.iter().flat_map(|document| declared(document));
    if declared().next().is_none() {
        return;
    }
    let mut used = BTreeSet::new();
    // The program of one secret may be handed another one.
    documents.iter().flat_map(|document| document.entries()).for_each(|entry| walk(entry, &mut used));
    for secret in declared() {
        let name = &*secret.key.text;
        if used.contains(name) || problems.has_error_in(&[secret.value.span]) {
            continue;
        }
        let message = format!("the secret `{name}` is never used");
        let problem = Diagnostic::warning(Code::UnusedSecret, secret.key.span, message);
        problems.add(problem.help(format!(
            "hand it over where it is needed, `env: {{ NAME: \"{{{{secrets.{name}}}}}\" }}`, or remove it"
        )));
    }
}

/// What a file declares, and what its profiles add.
fn declared<'n, 's>(document: &'n Node<'s>) -> impl Iterator<Item = &'n Entry<'s>> {
    let profiles = document.get("profiles").map(Node::entries).unwrap_or_default();
    let parts = std::iter::once(document).chain(profiles.iter().map(|profile| &profile.value));
    parts.filter_map(|part| part.get("secrets")).flat_map(Node::entries)
}

fn walk<'n>(entry: &'n Entry<'_>, used: &mut BTreeSet<&'n str>) {
    walk_value(&entry.value, used);
}

fn walk_value<'n>(node: &'n Node<'_>, used: &mut BTreeSet<&'n str>) {
    match &node.kind {
        Kind::Scalar(scalar) => used.extend(names(&scalar.text)),
        Kind::List(items) => items.iter().for_each(|item| walk_value(item, used)),
        Kind::Map(entries) => entries.iter().for_each(|entry| walk(entry, used)),
        Kind::Null | Kind::Broken => {}
    }
}

/// What stands behind `secrets.` in a text.
fn names(text: &str) -> impl Iterator<Item = &str> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.split("secrets.").skip(1).map(move |rest| {
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        rest.get(..end).unwrap_or_default()
    })
}

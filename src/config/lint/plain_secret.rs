//! Secrets that stand in the file for everybody who may read it.

use std::collections::BTreeSet;

use crate::config::code::Code;
use crate::config::diagnostic::{Diagnostic, Problems};
use crate::config::source::Span;
use crate::config::syntax::{Kind, Node, could_be_secret, is_sensitive_key, known_secret, option_values};

/// Texts that look like a secret by themselves, wherever they stand.
pub fn check_all(problems: &Problems, root: &Node<'_>) {
    walk(root, &mut BTreeSet::new(), problems);
}

/// An alias stands for one place of the file, which is told once.
fn walk(node: &Node<'_>, told: &mut BTreeSet<Span>, problems: &Problems) {
    match &node.kind {
        Kind::Scalar(scalar) => {
            if let Some(what) = known_secret(&scalar.text)
                && told.insert(node.span)
            {
                problems.add(problem(node.span, &format!("{what} stands in the file")));
            }
        }
        Kind::List(items) => {
            for value in option_values(items) {
                if known_secret(value.as_text().unwrap_or_default()).is_none() && told.insert(value.span) {
                    let message = "the value of an option that names a secret stands in the file";
                    problems.add(problem(value.span, message));
                }
            }
            items.iter().for_each(|item| walk(item, told, problems));
        }
        Kind::Map(entries) => entries.iter().for_each(|entry| walk(&entry.value, told, problems)),
        Kind::Null | Kind::Broken => {}
    }
}

/// Variables whose name says that they are secret, with a value that could be one.
pub fn check_env(problems: &Problems, command: &Node<'_>) {
    for entry in command.get("env").map(Node::entries).unwrap_or_default() {
        let Some(text) = entry.value.as_text() else { continue };
        if is_sensitive_key(&entry.key.text) && could_be_secret(text) && known_secret(text).is_none() {
            let message = format!("the value of `{}` stands in the file", entry.key.text);
            problems.add(problem(entry.value.span, &message));
        }
    }
}

/// Variables of the file in the same way.
pub fn check_vars(problems: &Problems, root: &Node<'_>) {
    for entry in root.get("vars").map(Node::entries).unwrap_or_default() {
        let Some(text) = entry.value.as_text() else { continue };
        if is_sensitive_key(&entry.key.text) && could_be_secret(text) && known_secret(text).is_none() {
            let message = format!("the value of `{}` stands in the file", entry.key.text);
            problems.add(problem(entry.value.span, &message));
        }
    }
}

/// Credentials and headers of an HTTP call, in the same way.
pub fn check_webhook(problems: &Problems, command: &Node<'_>) {
    let webhook = command.get("webhook");
    let parts = ["auth", "headers"].into_iter().filter_map(|key| webhook.and_then(|map| map.get(key)));
    for entry in parts.flat_map(Node::entries) {
        let Some(text) = entry.value.as_text() else { continue };
        if is_sensitive_key(&entry.key.text) && could_be_secret(text) && known_secret(text).is_none() {
            let message = format!("the value of `{}` stands in the file", entry.key.text);
            problems.add(problem(entry.value.span, &message));
        }
    }
}

fn problem(span: Span, message: &str) -> Diagnostic {
    let message = format!("{message}, where everybody who gets the file reads it");
    Diagnostic::warning(Code::PlainSecret, span, message).help(
        "declare it at the root, `secrets: { name: { env: NAME } }`, and hand `{{secrets.name}}` over in `env` or `stdin`; replace what has been shared",
    )
}

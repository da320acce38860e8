//! `${NAME}` in the words of a command, where nothing expands it: no shell reads them.

use crate::config::code::Code;
use crate::config::diagnostic::{Diagnostic, Problems};
use crate::config::lower::Interpreter;
use crate::config::syntax::{Kind, Node};

pub fn check(problems: &Problems, command: &Node<'_>) {
    let Some(args) = command.get("args") else { return };
    // The words of a program that takes code, or starts another one, may well mean a shell's `${…}`.
    let script = command.get("script").and_then(Node::as_text).unwrap_or_default();
    let name = script.rsplit('/').next().unwrap_or(script);
    if STARTERS.contains(&name) || Interpreter::of(script).is_some() {
        return;
    }
    check_words(problems, args);
}

fn check_words(problems: &Problems, node: &Node<'_>) {
    match &node.kind {
        Kind::Scalar(scalar) => {
            if scalar.text.contains('$')
                && let Some(name) = variable(&scalar.text)
            {
                problems.add(problem(node, name));
            }
        }
        Kind::List(items) => items.iter().for_each(|item| check_words(problems, item)),
        // `{ if: …, args: […] }`; what `literal` says is meant as it is written.
        Kind::Map(_) => {
            if let Some(args) = node.get("args") {
                check_words(problems, args);
            }
        }
        Kind::Null | Kind::Broken => {}
    }
}

fn problem(node: &Node<'_>, name: &str) -> Diagnostic {
    let message = format!("`${{{name}}}` is passed as it is written: nothing expands it in `args`");
    let var = name.to_ascii_lowercase();
    Diagnostic::warning(Code::Unexpanded, node.span, message).help(format!(
        "declare `vars: {{ {var}: \"${{{name}}}\" }}` at the root and write `{{{{vars.{var}}}}}`; `{{ literal: … }}` says that it is meant"
    ))
}

/// Programs that hand their words on to others.
const STARTERS: [&str; 10] =
    ["env", "xargs", "find", "ssh", "docker", "podman", "kubectl", "sudo", "awk", "envsubst"];

/// The first environment variable that a text names as files do.
fn variable(text: &str) -> Option<&str> {
    text.match_indices("${").find_map(|(at, _)| {
        let rest = text.get(at + 2..)?;
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')?;
        let (name, after) = rest.split_at_checked(end)?;
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        let is_form = ["}", ":-", ":?"].iter().any(|form| after.starts_with(form));
        (is_name && is_form).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_forms_that_files_know_are_meant() {
        for (text, name) in [("${A}", "A"), ("--x=${A_1:-b}", "A_1"), ("$$ ${ } ${b:?no}", "b")] {
            assert_eq!(variable(text), Some(name), "{text}");
        }
        for text in ["$A", "${", "${}", "${1}", "${A", "${A%.*}", "{{a}}"] {
            assert_eq!(variable(text), None, "{text}");
        }
    }
}

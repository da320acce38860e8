//! Texts that mean something else in a native file: written so that they mean what they did.

use crate::config::expansion;
use crate::config::syntax::Node;
use crate::model::Template;

use super::page::quoted;

/// An element of `args`, if it has to be written otherwise: braces are templates now.
pub fn word(node: &Node<'_>) -> Option<String> {
    let text = node.as_text()?;
    let is_same = Template::parse(text).is_ok_and(|template| template.as_literal() == Some(text));
    (!is_same).then(|| format!("{{ literal: {} }}", quoted(text)))
}

/// A value of `env`, if it has to be written otherwise. In a file of the original `$$` alone is
/// text, and so is a `${…}` in a form that does not exist.
pub fn variable(text: &str) -> Option<String> {
    let is_expanded = text.contains("${") && expansion::is_form(text);
    let dollars = if is_expanded { text.to_owned() } else { escaped_dollars(text) };
    let braces = escaped_braces(&dollars);
    (braces != text).then(|| quoted(&braces))
}

/// A text of a webhook that holds no variable: only its braces are in question.
pub fn literal(text: &str) -> String {
    escaped_braces(text)
}

/// A single `$` is text in both; it is doubled where something would be read into it.
fn escaped_dollars(text: &str) -> String {
    if text.contains("$$") || text.contains("${") { text.replace('$', "$$") } else { text.to_owned() }
}

/// `\{{` stands for the braces themselves.
fn escaped_braces(text: &str) -> String {
    let is_same = Template::parse(text).is_ok_and(|template| template.as_literal() == Some(text));
    if is_same { text.to_owned() } else { text.replace("{{", "\\{{") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_native_file_would_read_otherwise_is_escaped() {
        for (text, expected) in [
            ("plain", None),
            ("a $HOME b", None),
            ("${A}/x", None),
            ("${A:-b} $$", None),
            ("pa$$word", Some("\"pa$$$$word\"")),
            ("${X-y}", Some("\"$${X-y}\"")),
            ("${", Some("\"$${\"")),
            ("{{x}}", Some("\"\\\\{{x}}\"")),
        ] {
            assert_eq!(variable(text).as_deref(), expected, "{text}");
        }
    }
}

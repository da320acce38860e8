//! A text with `${…}` in it → the text that it stands for.
//!
//! Knows the four forms `${VAR}`, `${VAR:-default}`, `${VAR:?message}` and `$$`; every other `$` is
//! text. Variables are handed in as a function.

use std::borrow::Cow;

/// Why a text cannot be expanded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadExpansion {
    #[error("this `${{` is never closed; expected `}}` after the name")]
    Unclosed,
    #[error("`{0}` is not the name of a variable; expected letters, digits and `_`, not a digit first")]
    Name(String),
    #[error(
        "`{0}` is followed by something unknown; expected `${{{0}}}`, `${{{0}:-default}}` or `${{{0}:?message}}`"
    )]
    Form(String),
    #[error("defaults are nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
    #[error("the environment variable `{0}` is not set")]
    Missing(String),
    #[error("the environment variable `{name}` is not set: {message}")]
    Demanded { name: String, message: String },
}

/// Nobody writes more defaults of defaults.
const MAX_DEPTH: usize = 16;

#[derive(Debug)]
enum Part<'t> {
    Text(&'t str),
    Variable { name: &'t str, otherwise: Otherwise<'t> },
}

/// What holds when a variable is not set; for the last two also when it is empty.
#[derive(Debug)]
enum Otherwise<'t> {
    Missing,
    Default(Vec<Part<'t>>),
    Message(&'t str),
}

/// Expands a text. Its whole form is checked, also the defaults that are not needed here.
pub fn expand<'t, 'v>(
    text: &'t str,
    lookup: &dyn Fn(&str) -> Option<&'v str>,
) -> Result<Cow<'t, str>, BadExpansion> {
    if !text.contains('$') {
        return Ok(Cow::Borrowed(text));
    }
    let (parts, _) = parts(text, 0)?;
    let mut expanded = String::with_capacity(text.len());
    put(&parts, lookup, &mut expanded)?;
    Ok(Cow::Owned(expanded))
}

/// The first variable that a text still names, in whatever form: for texts in which nothing of that should be
/// left.
pub fn named(text: &str) -> Option<&str> {
    text.match_indices("${").find_map(|(at, opening)| {
        let (inside, _) = text.get(at + opening.len()..)?.split_once('}')?;
        let end = inside.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(inside.len());
        inside.get(..end).filter(|name| !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit()))
    })
}

/// Whether every `${…}` in a text has a form that exists.
pub fn is_form(text: &str) -> bool {
    parts(text, 0).is_ok()
}

/// The parts of a text and what is left of it: inside of `${…}`, whatever begins at the `}`.
fn parts(text: &str, depth: usize) -> Result<(Vec<Part<'_>>, &str), BadExpansion> {
    let mut parts = Vec::new();
    let mut rest = text;
    loop {
        let is_end = |c: char| c == '$' || (depth > 0 && c == '}');
        let (before, tail) = rest.split_at(rest.find(is_end).unwrap_or(rest.len()));
        if !before.is_empty() {
            parts.push(Part::Text(before));
        }
        if let Some(inside) = tail.strip_prefix("${") {
            let (part, after) = variable(inside, depth + 1)?;
            parts.push(part);
            rest = after;
        } else if let Some(after) = tail.strip_prefix('$') {
            parts.push(Part::Text("$"));
            rest = after.strip_prefix('$').unwrap_or(after);
        } else {
            return Ok((parts, tail));
        }
    }
}

/// Reads what follows `${`, up to and with its `}`.
fn variable(text: &str, depth: usize) -> Result<(Part<'_>, &str), BadExpansion> {
    if depth > MAX_DEPTH {
        return Err(BadExpansion::TooDeep);
    }
    let is_in_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let (name, tail) = text.split_at(text.find(|c| !is_in_name(c)).unwrap_or(text.len()));
    if tail.is_empty() {
        return Err(BadExpansion::Unclosed);
    }
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        let end = text.find('}').ok_or(BadExpansion::Unclosed)?;
        return Err(BadExpansion::Name(text.get(..end).unwrap_or_default().chars().take(60).collect()));
    }
    let (otherwise, tail) = if let Some(default) = tail.strip_prefix(":-") {
        let (parts, tail) = parts(default, depth)?;
        (Otherwise::Default(parts), tail)
    } else if let Some(message) = tail.strip_prefix(":?") {
        let (message, tail) = message.split_at(message.find('}').ok_or(BadExpansion::Unclosed)?);
        (Otherwise::Message(message), tail)
    } else {
        (Otherwise::Missing, tail)
    };
    match tail.strip_prefix('}') {
        Some(after) => Ok((Part::Variable { name, otherwise }, after)),
        None if tail.contains('}') => Err(BadExpansion::Form(name.to_owned())),
        None => Err(BadExpansion::Unclosed),
    }
}

fn put<'v>(
    parts: &[Part<'_>],
    lookup: &dyn Fn(&str) -> Option<&'v str>,
    into: &mut String,
) -> Result<(), BadExpansion> {
    for part in parts {
        match part {
            Part::Text(text) => into.push_str(text),
            Part::Variable { name, otherwise } => match (lookup(name), otherwise) {
                (Some(value), Otherwise::Missing) => into.push_str(value),
                (Some(value), _) if !value.is_empty() => into.push_str(value),
                (_, Otherwise::Default(parts)) => put(parts, lookup, into)?,
                (None, Otherwise::Missing) => return Err(BadExpansion::Missing((*name).to_owned())),
                (_, Otherwise::Message(message)) => return Err(demanded(name, message)),
            },
        }
    }
    Ok(())
}

fn demanded(name: &str, message: &str) -> BadExpansion {
    match message.trim() {
        "" => BadExpansion::Missing(name.to_owned()),
        message => BadExpansion::Demanded { name: name.to_owned(), message: message.to_owned() },
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lookup(name: &str) -> Option<&'static str> {
        match name {
            "A" => Some("one"),
            "EMPTY" => Some(""),
            "ODD" => Some("${A} {{x}} $$"),
            _ => None,
        }
    }

    fn expanded(text: &str) -> Result<String, BadExpansion> {
        expand(text, &lookup).map(Cow::into_owned)
    }

    #[test]
    fn a_variable_that_is_still_named_is_found_in_any_form() {
        for (text, name) in [
            ("${A}", Some("A")),
            ("key-${A_1:-b}", Some("A_1")),
            ("${} ${1} ${b%.*}", Some("b")),
            ("${A", None),
            ("$A", None),
            ("a{A}", None),
            ("", None),
        ] {
            assert_eq!(named(text), name, "{text}");
        }
    }

    #[test]
    fn each_form_stands_for_its_value() {
        for (text, value) in [
            ("", ""),
            ("plain {x}", "plain {x}"),
            ("${A}", "one"),
            ("<${A}${A}>", "<oneone>"),
            ("${EMPTY}", ""),
            ("${NONE:-two}", "two"),
            ("${EMPTY:-two}", "two"),
            ("${A:-two}", "one"),
            ("${NONE:-}", ""),
            ("${NONE:-${EMPTY:-${A}}}!", "one!"),
            ("${A:-${NONE}}", "one"),
            ("${A:?say it}", "one"),
            ("$$", "$"),
            ("$${A}", "${A}"),
            ("$$$$", "$$"),
            ("${NONE:-$$5}", "$5"),
            ("$A $ $5", "$A $ $5"),
            ("${ODD}", "${A} {{x}} $$"),
        ] {
            assert_eq!(expanded(text).as_deref(), Ok(value), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let missing = |name: &str| BadExpansion::Missing(name.to_owned());
        for (text, error) in [
            ("${", BadExpansion::Unclosed),
            ("${A", BadExpansion::Unclosed),
            ("${A:-x", BadExpansion::Unclosed),
            ("${A:?x", BadExpansion::Unclosed),
            ("${A:-${B}", BadExpansion::Unclosed),
            ("${}", BadExpansion::Name(String::new())),
            ("${1}", BadExpansion::Name("1".to_owned())),
            ("${ A }", BadExpansion::Name(" A ".to_owned())),
            ("${A-x}", BadExpansion::Form("A".to_owned())),
            ("${A:+x}", BadExpansion::Form("A".to_owned())),
            ("${NONE}", missing("NONE")),
            ("${NONE:?}", missing("NONE")),
            ("${NONE:-${B}}", missing("B")),
            ("${EMPTY:?m}", demanded("EMPTY", "m")),
            (&"${A:-".repeat(40), BadExpansion::TooDeep),
        ] {
            assert_eq!(expanded(text), Err(error), "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(text in "([$${}:?-]|[A-Z]|é| ){0,40}") {
            let _ = expanded(&text);
        }

        #[test]
        fn a_doubled_dollar_protects_any_text(text in "\\PC{0,40}") {
            prop_assert_eq!(expanded(&text.replace('$', "$$")), Ok(text));
        }
    }
}

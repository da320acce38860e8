//! Single values: text, numbers, booleans, units, lists, in the way of the file's dialect.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::config::code::Code;
use crate::config::diagnostic::{Diagnostic, Problems};
use crate::config::source::Span;
use crate::config::sources::Sources;
use crate::config::syntax::{Kind, Node, scalar};
use crate::model::{ByteSize, Dialect, parse_duration};

use super::{Spanned, nearest};

/// How values of one file are read, and where its problems go.
pub struct Reader<'a> {
    pub dialect: Dialect,
    pub problems: &'a Problems,
    /// The texts, for places inside of a value.
    pub sources: &'a Sources,
}

impl Reader<'_> {
    /// A text as it was written. In an original file nothing is the empty text.
    pub fn text<'n>(&self, node: &'n Node<'_>, key: &str) -> Option<Spanned<&'n str>> {
        match &node.kind {
            Kind::Scalar(scalar) => Some(Spanned { value: &scalar.text, span: node.span }),
            Kind::Null if self.dialect == Dialect::Original => Some(Spanned { value: "", span: node.span }),
            _ => {
                self.wrong_type(node, &format!("`{key}`"), "text");
                None
            }
        }
    }

    pub fn boolean(&self, node: &Node<'_>, key: &str) -> Option<bool> {
        let text = match &node.kind {
            Kind::Scalar(scalar) if scalar.plain => &scalar.text,
            _ => {
                self.wrong_type(node, &format!("`{key}`"), "`true` or `false`");
                return None;
            }
        };
        let value = match self.dialect {
            Dialect::Native => scalar::core_boolean(text),
            Dialect::Original => scalar::old_boolean(text),
        };
        if value.is_none() {
            let message = format!("`{key}` has to be `true` or `false`");
            let problem = Diagnostic::error(Code::WrongType, node.span, message);
            self.problems.add(match scalar::old_boolean(text) {
                Some(meant) => problem.help(format!("write `{meant}`; `{text}` is a text here")),
                None => problem,
            });
        }
        value
    }

    /// A whole number within a range.
    pub fn integer(&self, node: &Node<'_>, key: &str, range: RangeInclusive<i128>) -> Option<i128> {
        let text = match &node.kind {
            Kind::Scalar(scalar) if scalar.plain => &scalar.text,
            _ => {
                let problem = self.type_problem(node, &format!("`{key}`"), "a whole number");
                let is_quoted = node.as_text().and_then(scalar::integer).is_some();
                self.problems.add(if is_quoted { problem.help("remove the quotes") } else { problem });
                return None;
            }
        };
        let value = scalar::integer(text);
        if let Some(value) = value
            && range.contains(&value)
        {
            return Some(value);
        }
        let expected = match (*range.start(), *range.end()) {
            (start, end) if end >= i128::from(u32::MAX) => format!("a whole number from {start} up"),
            (start, end) => format!("a whole number from {start} to {end}"),
        };
        let message = format!("`{key}` has to be {expected}");
        self.problems.add(Diagnostic::error(Code::WrongType, node.span, message));
        None
    }

    /// A whole number from 1 up.
    pub fn count(&self, node: &Node<'_>, key: &str) -> Option<u32> {
        self.integer(node, key, 1..=i128::from(u32::MAX)).and_then(|number| u32::try_from(number).ok())
    }

    pub fn duration(&self, node: &Node<'_>, key: &str) -> Option<Duration> {
        let text = self.quantity(node, key, "a duration, such as `30s`")?;
        match parse_duration(text) {
            Ok(duration) => Some(duration),
            Err(error) => {
                let message = format!("`{key}`: {error}");
                let problem = Diagnostic::error(Code::BadQuantity, node.span, message);
                self.problems.add(match scalar::integer(text) {
                    _ if text.contains("${") => problem.help(UNEXPANDED),
                    Some(number) if (1..=1_000_000).contains(&number) => problem
                        .help(format!("write `{number}s` for seconds or `{number}ms` for milliseconds")),
                    _ => problem,
                });
                None
            }
        }
    }

    /// A number of bytes above zero.
    pub fn size(&self, node: &Node<'_>, key: &str) -> Option<ByteSize> {
        let text = self.quantity(node, key, "a size, such as `512MiB`")?;
        let problem = match text.parse::<ByteSize>() {
            Ok(ByteSize(0)) => format!("`{key}` cannot be zero"),
            Ok(size) => return Some(size),
            Err(error) => format!("`{key}`: {error}"),
        };
        let problem = Diagnostic::error(Code::BadQuantity, node.span, problem);
        self.problems.add(if text.contains("${") { problem.help(UNEXPANDED) } else { problem });
        None
    }

    /// The text of a scalar that is read with its unit.
    pub fn quantity<'n>(&self, node: &'n Node<'_>, key: &str, expected: &str) -> Option<&'n str> {
        let text = node.as_text();
        if text.is_none() {
            self.wrong_type(node, &format!("`{key}`"), expected);
        }
        text
    }

    /// The items of a list. In an original file nothing is the empty list.
    pub fn list<'n, 's>(&self, node: &'n Node<'s>, key: &str) -> Option<&'n [Node<'s>]> {
        match &node.kind {
            Kind::List(items) => Some(items),
            Kind::Null if self.dialect == Dialect::Original => Some(&[]),
            Kind::Scalar(scalar) => {
                let problem = self.type_problem(node, &format!("`{key}`"), "a list");
                self.problems.add(problem.help(format!("write `[{}]`", quoted_item(&scalar.text))));
                None
            }
            _ => {
                self.wrong_type(node, &format!("`{key}`"), "a list");
                None
            }
        }
    }

    /// A list of texts.
    pub fn texts<'n>(&self, node: &'n Node<'_>, key: &str) -> Option<Vec<Spanned<&'n str>>> {
        let items = self.list(node, key)?;
        Some(items.iter().filter_map(|item| self.text(item, key)).collect())
    }

    pub fn one_of<T: Copy>(&self, node: &Node<'_>, key: &str, choices: &[(&'static str, T)]) -> Option<T> {
        let text = self.text(node, key)?.value;
        if let Some((_, value)) = choices.iter().find(|(name, _)| *name == text) {
            return Some(*value);
        }
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        let message = format!("`{key}` cannot be `{}`; expected `{}`", shortened(text), names.join("`, `"));
        let problem = Diagnostic::error(Code::BadValue, node.span, message);
        self.problems.add(match nearest(text, names.iter().copied()) {
            Some(nearest) => problem.help(format!("did you mean `{nearest}`?")),
            None => problem,
        });
        None
    }

    /// Where a piece of a value stands in the source; the whole value if it is written otherwise
    /// there.
    pub fn span_within(&self, value: Span, piece: &str) -> Span {
        let found = self.sources.slice(value).find(piece);
        found.map_or(value, |at| {
            let start = value.range().start + at;
            Span::new(value.source, start..start + piece.len())
        })
    }

    /// Says that a feature is known and not built yet.
    pub fn not_supported(&self, span: Span, what: &str) {
        let message = format!("{what} is not supported yet");
        self.problems.add(match self.dialect {
            Dialect::Native => Diagnostic::error(Code::NotSupported, span, message),
            Dialect::Original => Diagnostic::warning(Code::NotSupported, span, message),
        });
    }

    pub fn wrong_type(&self, node: &Node<'_>, what: &str, expected: &str) {
        if !matches!(node.kind, Kind::Broken) {
            self.problems.add(self.type_problem(node, what, expected));
        }
    }

    fn type_problem(&self, node: &Node<'_>, what: &str, expected: &str) -> Diagnostic {
        let message = format!("{what} has to be {expected}; found {}", node.describe());
        let problem = Diagnostic::error(Code::WrongType, node.span, message);
        match &node.kind {
            Kind::Null if expected == "text" => problem.help("write `\"\"` for an empty text, or remove it"),
            Kind::Null => problem.help("give it a value, or remove it"),
            _ => problem,
        }
    }
}

const UNEXPANDED: &str = "`${…}` is expanded in `vars`, `secrets`, `env`, `server` and paths only; for other values there are `profiles`";

fn quoted_item(text: &str) -> String {
    let shown = shortened(text);
    let is_simple = shown.chars().all(|c| c.is_ascii_alphanumeric() || "-_./=".contains(c));
    if is_simple { shown } else { serde_json::Value::String(shown).to_string() }
}

/// A value of the file, short enough for a message.
pub(super) fn shortened(text: &str) -> String {
    const MAX: usize = 60;
    let line = text.lines().next().unwrap_or_default();
    match line.char_indices().nth(MAX) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line.to_owned(),
    }
}

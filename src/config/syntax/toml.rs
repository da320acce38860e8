//! TOML text → nodes. Texts are like quoted ones of YAML, numbers and booleans like plain ones.

use std::borrow::Cow;
use std::ops::Range;
use std::rc::Rc;

use toml_edit::{Document as Tree, Item, Key as TomlKey, TableLike, TomlError, Value};

use crate::config::code::Code;
use crate::config::diagnostic::{Diagnostic, Problems};
use crate::config::source::{SourceId, Span};

use super::builder::{MAX_DEPTH, is_too_large, too_deep, too_large};
use super::node::{Entry, Key, Kind, Node, Scalar};
use super::parse::Document;

/// Reads a text. `None` if it is no TOML, or too much of it; that has been reported.
pub fn parse(source: SourceId, text: &str, problems: &Problems) -> Option<Document<'static>> {
    let tree = match Tree::parse(text) {
        Ok(tree) => tree,
        Err(error) => {
            problems.add(syntax_error(source, text, &error));
            return None;
        }
    };
    let reading = Reading { source, text, problems };
    let root = reading.table(tree.as_table(), 0..text.len(), 0)?;
    if is_too_large(root.size) {
        problems.add(*too_large(root.span));
        return None;
    }
    Some(Document { root, oddities: Vec::new() })
}

struct Reading<'t> {
    source: SourceId,
    text: &'t str,
    problems: &'t Problems,
}

impl Reading<'_> {
    /// A table reaches from its first to its last value, wherever its headers stand.
    fn table(&self, table: &dyn TableLike, own: Range<usize>, depth: usize) -> Option<Node<'static>> {
        let mut span = Span::new(self.source, own);
        if depth >= MAX_DEPTH {
            self.problems.add(*too_deep(span));
            return None;
        }
        let mut entries = Vec::with_capacity(table.len());
        for (name, _) in table.iter() {
            let Some((key, item)) = table.get_key_value(name) else { continue };
            let key = self.key(key, item);
            let value = self.item(item, key.span.range(), depth + 1)?;
            span = joined(span, value.span);
            entries.push(Entry { key, value });
        }
        Some(Node::new(span, Kind::Map(Rc::new(entries))))
    }

    fn key(&self, key: &TomlKey, item: &Item) -> Key<'static> {
        let range = key.span().or_else(|| item.span()).unwrap_or_default();
        Key { text: Cow::Owned(key.get().to_owned()), span: Span::new(self.source, range) }
    }

    fn item(&self, item: &Item, key: Range<usize>, depth: usize) -> Option<Node<'static>> {
        match item {
            Item::None => Some(Node::new(Span::new(self.source, key), Kind::Null)),
            Item::Value(value) => self.value(value, key, depth),
            Item::Table(table) => self.table(table, table.span().unwrap_or(key), depth),
            Item::ArrayOfTables(tables) => {
                let read = |table: &toml_edit::Table| {
                    self.table(table, table.span().unwrap_or_else(|| key.clone()), depth + 1)
                };
                let items: Vec<Node<'static>> = tables.iter().map(read).collect::<Option<_>>()?;
                let span = items.iter().map(|item| item.span).reduce(joined);
                let span = span.unwrap_or_else(|| Span::new(self.source, key));
                Some(Node::new(span, Kind::List(Rc::new(items))))
            }
        }
    }

    fn value(&self, value: &Value, key: Range<usize>, depth: usize) -> Option<Node<'static>> {
        let range = value.span().unwrap_or(key);
        let span = Span::new(self.source, range.clone());
        let written = self.text.get(range.clone()).unwrap_or_default();
        let plain = |text: String| Kind::Scalar(Scalar { text: Cow::Owned(text), plain: true });
        let kind = match value {
            Value::String(text) => {
                Kind::Scalar(Scalar { text: Cow::Owned(text.value().clone()), plain: false })
            }
            Value::Integer(number) => {
                plain(as_written(written).unwrap_or_else(|| number.value().to_string()))
            }
            Value::Float(number) => plain(float(written, *number.value())),
            Value::Boolean(truth) => plain(truth.value().to_string()),
            Value::Datetime(_) => {
                self.problems.add(date(span, written));
                Kind::Broken
            }
            Value::Array(items) if depth < MAX_DEPTH => {
                let read = |item| self.value(item, range.clone(), depth + 1);
                Kind::List(Rc::new(items.iter().map(read).collect::<Option<_>>()?))
            }
            Value::Array(_) => {
                self.problems.add(*too_deep(span));
                return None;
            }
            Value::InlineTable(table) => return self.table(table, range, depth),
        };
        Some(Node::new(span, kind))
    }
}

fn joined(one: Span, other: Span) -> Span {
    Span { start: one.start.min(other.start), end: one.end.max(other.end), ..one }
}

/// The text of a decimal number, so that `1.10` stays that where a text is wanted.
fn as_written(written: &str) -> Option<String> {
    let is_decimal = written.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    (is_decimal && !written.is_empty()).then(|| written.to_owned())
}

fn float(written: &str, value: f64) -> String {
    match as_written(written) {
        Some(text) => text,
        None if value.is_nan() => ".nan".to_owned(),
        None if value.is_infinite() => if value > 0.0 { ".inf" } else { "-.inf" }.to_owned(),
        None => value.to_string(),
    }
}

fn date(span: Span, written: &str) -> Diagnostic {
    let problem = Diagnostic::error(Code::TomlDate, span, "no key here takes a date");
    problem.help(format!("if a text is meant, quote it: `\"{written}\"`"))
}

fn syntax_error(source: SourceId, text: &str, error: &TomlError) -> Diagnostic {
    let range = error.span().unwrap_or(text.len()..text.len());
    let first = error.message().lines().next().unwrap_or_default();
    let problem = Diagnostic::error(
        Code::Syntax,
        Span::new(source, range.clone()),
        format!("this is not TOML: {first}"),
    );
    let line_start = text.get(..range.start).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let line = text.get(line_start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    // The usual mistake of whoever comes from YAML.
    let is_yaml = line.split_once(": ").is_some_and(|(key, _)| !key.contains(['=', '"', '\'']));
    if is_yaml { problem.help("in TOML a key and its value stand as `key = value`") } else { problem }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Node<'static> {
        let problems = Problems::default();
        let document = parse(SourceId::default(), text, &problems);
        document.unwrap_or_else(|| panic!("{text}: {:?}", problems.into_parts().0)).root
    }

    #[test]
    fn values_keep_their_text_and_their_place() {
        let text = "a = 1.10\nb = 0x1F\nc = \"x\\ty\"\nd = true\ne = [1, 'two']\nf = -inf\n";
        let root = read(text);
        for (key, value, plain, written) in [
            ("a", "1.10", true, "1.10"),
            ("b", "31", true, "0x1F"),
            ("c", "x\ty", false, "\"x\\ty\""),
            ("d", "true", true, "true"),
            ("f", "-.inf", true, "-inf"),
        ] {
            let node = root.get(key).unwrap();
            let Kind::Scalar(scalar) = &node.kind else { panic!("{key}") };
            assert_eq!((&*scalar.text, scalar.plain, &text[node.span.range()]), (value, plain, written));
        }
    }

    #[test]
    fn a_place_in_a_table_has_the_path_of_its_key() {
        let text = "version = 1\n[[commands]]\nname = \"a\"\n[commands.params]\nx = \"string\"\n\n[server]\nname = \"s\"\n[[commands]]\nname = \"b\"\nenv = { K = \"v\" }\n";
        let root = read(text);
        for (piece, path) in [
            ("\"string\"", "commands[0].params.x"),
            ("\"b\"", "commands[1].name"),
            ("\"s\"", "server.name"),
            ("\"v\"", "commands[1].env.K"),
            ("1", "version"),
        ] {
            let at = text.find(piece).unwrap();
            assert_eq!(root.path_to(Span::new(SourceId::default(), at..at + piece.len())), path);
        }
    }

    #[test]
    fn what_nests_too_deep_is_refused() {
        let problems = Problems::default();
        let text = format!("a = {}1{}", "[".repeat(70), "]".repeat(70));
        assert!(parse(SourceId::default(), &text, &problems).is_none());
        assert_eq!(problems.into_parts().0.len(), 1);
    }
}

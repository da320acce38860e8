//! Puts a member into an object, in the style of the file. `remove` undoes it to the byte.

use serde::Serialize;
use serde_json::ser::{PrettyFormatter, Serializer};
use serde_json::{Map, Value};

use crate::clients::text::{indent_of_line, newline, replaced, slice};

use super::Comments;
use super::scan::{self, Node, is_empty, skip_blanks};

const INDENT: &str = "  ";

/// Puts `name: entry` into the container, which is made if it is not there.
pub fn insert(text: &str, container: &str, name: &str, entry: &Value) -> Option<String> {
    let whole = || Value::Object(Map::from_iter([(name.to_owned(), entry.clone())]));
    if is_empty(text) {
        let root = Value::Object(Map::from_iter([(container.to_owned(), whole())]));
        return Some(format!("{}\n", pretty(&root, INDENT)?));
    }
    let root = scan::scan(text, Comments::Allowed).ok()?;
    let style = Style::of(text, &root);
    match root.member(container) {
        Some(member) => style.member(&member.value, name, entry),
        None => style.member(&root, container, &whole()),
    }
}

struct Style<'t> {
    text: &'t str,
    newline: &'static str,
    /// One level of indentation.
    unit: &'t str,
    /// The whole file stands in one line.
    one_line: bool,
}

impl<'t> Style<'t> {
    fn of(text: &'t str, root: &Node) -> Self {
        let first = root.members().first();
        let unit = first.map(|member| indent_of_line(text, member.start)).filter(|unit| !unit.is_empty());
        let one_line = !slice(text, root.span.clone()).contains('\n') && !root.members().is_empty();
        Self { text, newline: newline(text), unit: unit.unwrap_or(INDENT), one_line }
    }

    fn member(&self, object: &Node, key: &str, value: &Value) -> Option<String> {
        if !matches!(object.kind, scan::Kind::Object(_)) {
            return None;
        }
        match object.members().last() {
            Some(_) => self.after_the_last(object, key, value),
            None => self.as_the_first(object, key, value),
        }
    }

    fn after_the_last(&self, object: &Node, key: &str, value: &Value) -> Option<String> {
        let (first, last) = (object.members().first()?, object.members().last()?);
        let (end, comma) = match last.comma {
            Some(comma) => (comma + 1, ","),
            None => (last.value.span.end, ""),
        };
        let mut edits = Vec::new();
        let inline = !slice(self.text, object.span.start..first.start).contains('\n');
        let new = match inline {
            true => format!(" {}{comma}", member_in_line(key, value)?),
            false => {
                let indent = indent_of_line(self.text, first.start);
                format!("{}{indent}{}{comma}", self.newline, self.lines(key, value, indent)?)
            }
        };
        let place = if inline { end } else { self.end_of_comment(end) };
        match last.comma {
            None if place == end => edits.push((end..end, format!(",{new}"))),
            None => edits.extend([(end..end, ",".to_owned()), (place..place, new)]),
            Some(_) => edits.push((place..place, new)),
        }
        Some(replaced(self.text, edits))
    }

    fn as_the_first(&self, object: &Node, key: &str, value: &Value) -> Option<String> {
        let (start, end) = (object.span.start + 1, object.span.end - 1);
        let inside = slice(self.text, start..end);
        let place = start + inside.trim_end().len();
        if self.one_line || !(inside.is_empty() || inside.contains('\n') || place > start) {
            return Some(replaced(self.text, vec![(place..place, member_in_line(key, value)?)]));
        }
        let outer = indent_of_line(self.text, object.span.start);
        let indent = format!("{outer}{}", self.unit);
        let lines = self.lines(key, value, &indent)?;
        // A comment keeps the bracket where it is, and so does an empty line.
        let after = match (inside.is_empty(), place > start) {
            (true, _) => format!("{}{outer}", self.newline),
            (false, true) => String::new(),
            (false, false) => self.newline.to_owned(),
        };
        Some(replaced(self.text, vec![(place..place, format!("{}{indent}{lines}{after}", self.newline))]))
    }

    /// Behind the comments that stand in the same line.
    fn end_of_comment(&self, at: usize) -> usize {
        let rest = slice(self.text, at..self.text.len());
        let line = slice(rest, 0..rest.find(['\r', '\n']).unwrap_or(rest.len()));
        let is_comment = skip_blanks(line, 0).is_ok_and(|end| end == line.len()) && !line.trim().is_empty();
        if is_comment { at + line.len() } else { at }
    }

    fn lines(&self, key: &str, value: &Value, indent: &str) -> Option<String> {
        let value = pretty(value, self.unit)?.replace('\n', &format!("{}{indent}", self.newline));
        Some(format!("{}: {value}", Value::from(key)))
    }
}

fn member_in_line(key: &str, value: &Value) -> Option<String> {
    Some(format!("{}: {}", Value::from(key), serde_json::to_string(value).ok()?))
}

fn pretty(value: &Value, unit: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let formatter = PrettyFormatter::with_indent(unit.as_bytes());
    value.serialize(&mut Serializer::with_formatter(&mut bytes, formatter)).ok()?;
    String::from_utf8(bytes).ok()
}

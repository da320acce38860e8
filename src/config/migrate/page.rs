//! A YAML text by lines and columns: where an entry or an item begins and ends, how it is taken out
//! or commented out, where a new key goes. Knows no key by name.

use std::ops::Range;

use crate::config::source::Span;
use crate::config::syntax::{Entry, Kind, Node};

use super::edits::Edits;

pub struct Page<'t> {
    pub text: &'t str,
}

/// One of the things in a collection: an entry of a map or an item of a list.
struct Part {
    start: usize,
    end: usize,
    is_flow: bool,
}

impl<'t> Page<'t> {
    pub fn line_start(&self, at: usize) -> usize {
        self.text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1)
    }

    /// Without the line's end.
    pub fn line_end(&self, at: usize) -> usize {
        let end =
            self.text.get(at..).and_then(|rest| rest.find('\n')).map_or(self.text.len(), |end| at + end);
        if end > at && self.text.get(..end).is_some_and(|line| line.ends_with('\r')) { end - 1 } else { end }
    }

    pub fn newline(&self) -> &'static str {
        if self.text.contains("\r\n") { "\r\n" } else { "\n" }
    }

    /// The blanks that a line begins with.
    pub fn indent(&self, at: usize) -> &'t str {
        let line = self.text.get(self.line_start(at)..).unwrap_or_default();
        line.get(..line.len() - line.trim_start_matches(' ').len()).unwrap_or_default()
    }

    pub fn is_flow(&self, span: Span) -> bool {
        self.text.get(span.range()).is_some_and(|text| text.starts_with(['{', '[']))
    }

    /// Whether an entry is written in this map and not merged into it.
    pub fn is_own(map: &Node<'_>, entry: &Entry<'_>) -> bool {
        map.span.contains(entry.key.span)
    }

    /// Whether a value is written beside its key and is no alias.
    pub fn is_beside(entry: &Entry<'_>) -> bool {
        entry.value.span.start >= entry.key.span.start
    }

    /// Puts a line above the one in which something stands.
    pub fn comment_above(&self, edits: &mut Edits, at: usize, comment: &str) {
        let (indent, newline) = (self.indent(at), self.newline());
        edits.insert(self.line_start(at), format!("{indent}# {comment}{newline}"));
    }

    /// Takes an entry out: in lines it becomes a comment, in brackets it is gone.
    pub fn drop_entry(&self, edits: &mut Edits, map: &Node<'_>, entry: &Entry<'_>, why: &str) {
        let start = entry.key.span.range().start;
        self.drop_part(
            edits,
            &Part { start, end: self.entry_end(entry), is_flow: self.is_flow(map.span) },
            why,
        );
    }

    /// Takes what stands from a key up to another place out.
    pub fn drop_until(&self, edits: &mut Edits, key: Span, limit: usize, why: &str) {
        let before = self.text.get(..limit).unwrap_or_default();
        let end = before.trim_end().len().max(key.range().end);
        self.drop_part(edits, &Part { start: key.range().start, end, is_flow: false }, why);
    }

    pub fn drop_item(&self, edits: &mut Edits, list: &Node<'_>, item: &Node<'_>, why: &str) {
        let is_flow = self.is_flow(list.span);
        let start = item.span.range().start;
        let start = if is_flow { start } else { self.dash_before(start) };
        self.drop_part(edits, &Part { start, end: item.span.range().end, is_flow }, why);
    }

    fn drop_part(&self, edits: &mut Edits, part: &Part, why: &str) {
        if part.is_flow {
            self.comment_above(edits, part.start, &format!("{why}: {}", self.on_one_line(part)));
            return edits.remove(self.with_comma(part.start, part.end));
        }
        self.comment_out(edits, part.start, part.end.max(self.block_end(part.start)), why);
    }

    fn on_one_line(&self, part: &Part) -> String {
        let written = self.text.get(part.start..part.end).unwrap_or_default();
        written.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The lines from one place to another as comments, in their columns, with the reason above.
    fn comment_out(&self, edits: &mut Edits, start: usize, end: usize, why: &str) {
        let column = start - self.line_start(start);
        let newline = self.newline();
        let blanks = " ".repeat(column);
        edits.insert(start, format!("# {why}{newline}{blanks}# "));
        let mut line = self.line_end(start);
        while let Some(next) =
            self.text.get(line..).and_then(|rest| rest.find('\n')).map(|found| line + found + 1)
        {
            if next >= end {
                break;
            }
            let indent = self.indent(next).len().min(column);
            line = self.line_end(next);
            if self.text.get(next..line).is_some_and(|text| !text.trim().is_empty()) {
                edits.insert(next + indent, "# ");
            }
        }
    }

    /// The whole of a scalar, with the mark of a block.
    pub fn scalar(&self, node: &Node<'_>) -> Range<usize> {
        let Range { start, end } = node.span.range();
        let is_block = match &node.kind {
            Kind::Scalar(scalar) => {
                !scalar.plain && !self.text.get(start..).is_some_and(|text| text.starts_with(['"', '\'']))
            }
            _ => false,
        };
        if !is_block {
            return start..end;
        }
        let before = self.text.get(..start).unwrap_or_default();
        let mark = before.rfind(['|', '>']).unwrap_or(start);
        mark..self.text.get(..end).map_or(end, |text| text.trim_end().len())
    }

    /// Where the lines end that belong to what begins here: those further to the right, and the items
    /// of a list below its key. Comments behind the last of them belong to what follows.
    pub fn block_end(&self, start: usize) -> usize {
        let column = start - self.line_start(start);
        let is_key = !self.text.get(start..).is_some_and(|text| text.starts_with('-'));
        let mut end = self.line_end(start);
        let mut at = end;
        while let Some(next) =
            self.text.get(at..).and_then(|rest| rest.find('\n')).map(|found| at + found + 1)
        {
            at = self.line_end(next);
            let line = self.text.get(next..at).unwrap_or_default();
            let (indent, bare) = (self.indent(next).len(), line.trim());
            if bare.is_empty() || bare.starts_with('#') {
                continue;
            }
            let is_item = is_key && indent == column && (bare == "-" || bare.starts_with("- "));
            if indent <= column && !is_item {
                break;
            }
            end = at;
        }
        end
    }

    /// Where an entry ends, whatever its value is.
    pub fn entry_end(&self, entry: &Entry<'_>) -> usize {
        let key = entry.key.span.range();
        if Self::is_beside(entry) && entry.value.span != entry.key.span {
            let end = entry.value.span.range().end;
            return self.text.get(..end).map_or(end, |text| text.trim_end().len()).max(key.end);
        }
        // An alias, or nothing: what is left of the line, or of the place in brackets.
        let rest = self.text.get(key.end..self.line_end(key.end)).unwrap_or_default();
        let rest = rest.split(" #").next().unwrap_or(rest);
        let stop = rest.find([',', '}']).filter(|_| rest.contains('*') || self.in_brackets(key.start));
        let rest = stop.map_or(rest, |stop| rest.get(..stop).unwrap_or(rest));
        key.end + rest.trim_end().len()
    }

    fn in_brackets(&self, at: usize) -> bool {
        let line = self.text.get(self.line_start(at)..at).unwrap_or_default();
        line.contains('{')
    }

    /// A place in brackets with the comma that goes with it.
    pub fn with_comma(&self, start: usize, end: usize) -> Range<usize> {
        let after = self.text.get(end..).unwrap_or_default();
        let blanks = after.len() - after.trim_start().len();
        if after.trim_start().starts_with(',') {
            let tail = after.get(blanks + 1..).unwrap_or_default();
            let more = tail.len() - tail.trim_start_matches(' ').len();
            return start..end + blanks + 1 + more;
        }
        let before = self.text.get(..start).unwrap_or_default().trim_end();
        let start = before.strip_suffix(',').map_or(start, str::len);
        start..end
    }

    /// Where the item of a list in lines begins that holds this place.
    pub fn dash_before(&self, at: usize) -> usize {
        let mut line = self.line_start(at);
        loop {
            let begin = line + self.indent(line).len();
            if self.text.get(begin..).is_some_and(|text| text.starts_with('-')) && begin < at {
                return begin;
            }
            if line == 0 {
                return at;
            }
            line = self.line_start(line - 1);
        }
    }

    /// Whether a comma, or nothing at all, is left in front of the end of a map in brackets.
    fn ends_open(edits: &Edits, map: &Node<'_>) -> bool {
        let own: Vec<&Entry<'_>> = map.entries().iter().filter(|entry| Self::is_own(map, entry)).collect();
        let goes = |entry: &&&Entry<'_>| edits.removes(entry.key.span.range().start);
        let gone = own.iter().rev().take_while(goes).count();
        gone == own.len() || gone > 1
    }

    /// Puts keys at the end of a map. Each is a line of YAML, with a comment for readers.
    pub fn add_keys(&self, edits: &mut Edits, map: &Node<'_>, keys: &[(String, &str)]) {
        if keys.is_empty() {
            return;
        }
        let span = map.span.range();
        if self.is_flow(map.span) {
            let inside = self.text.get(span.start..span.end.saturating_sub(1)).unwrap_or_default().trim_end();
            let texts: Vec<&str> = keys.iter().map(|(key, _)| key.as_str()).collect();
            let gap = if inside.ends_with([',', '{']) || Self::ends_open(edits, map) { " " } else { ", " };
            return edits.insert(span.start + inside.len(), format!("{gap}{}", texts.join(", ")));
        }
        let first = map.entries().iter().find(|entry| Self::is_own(map, entry));
        let start = first.map_or(span.start, |entry| entry.key.span.range().start).min(span.start.max(1));
        let start = start.max(span.start);
        let blanks = " ".repeat(start - self.line_start(start));
        let last = map.entries().iter().filter(|entry| Self::is_own(map, entry));
        let last = last.map(|entry| self.entry_end(entry)).max().unwrap_or(span.end);
        let at = self.line_end(last.max(self.text.get(..span.end).map_or(0, |text| text.trim_end().len())));
        let newline = self.newline();
        for (key, comment) in keys {
            let comment = if comment.is_empty() { String::new() } else { format!("  # {comment}") };
            edits.insert(at, format!("{newline}{blanks}{key}{comment}"));
        }
    }
}

/// A text in double quotes, as both JSON and YAML read it.
pub fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

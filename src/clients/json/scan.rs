//! A reader of JSON that remembers where everything stands. It allows comments and trailing commas
//! where the client does. A key that stands twice in an object is a problem: clients differ in
//! which of the two counts.

use std::ops::Range;

use serde_json::Value;

use crate::clients::edit::Refusal;
use crate::clients::text::{position, slice};

use super::Comments;

/// Deeper files are not read.
const MAX_DEPTH: usize = 128;
const BOM: &str = "\u{feff}";

/// A value and its bytes.
#[derive(Debug)]
pub struct Node {
    pub span: Range<usize>,
    pub kind: Kind,
}

#[derive(Debug)]
pub enum Kind {
    Object(Vec<Member>),
    Array(Vec<Node>),
    Scalar(Value),
}

#[derive(Debug)]
pub struct Member {
    pub key: String,
    /// Where the key begins.
    pub start: usize,
    pub value: Node,
    /// Where the comma behind it is.
    pub comma: Option<usize>,
}

impl Node {
    pub fn members(&self) -> &[Member] {
        match &self.kind {
            Kind::Object(members) => members,
            _ => &[],
        }
    }

    pub fn member(&self, key: &str) -> Option<&Member> {
        self.members().iter().find(|member| member.key == key)
    }
}

/// Whether there is nothing in a file.
pub fn is_empty(text: &str) -> bool {
    text.trim_start_matches(BOM).trim().is_empty()
}

/// Reads a whole file.
pub fn scan(text: &str, comments: Comments) -> Result<Node, Refusal> {
    let start = if text.starts_with(BOM) { BOM.len() } else { 0 };
    let mut scanner = Scanner { text, at: start, depth: 0, comments };
    let parsed = scanner.document();
    parsed.map_err(|problem| {
        let (line, column) = position(text, scanner.at);
        Refusal::Broken { line, column, problem }
    })
}

/// The end of blanks and comments that begin here; where an unclosed comment begins, if one does.
pub fn skip_blanks(text: &str, mut at: usize) -> Result<usize, usize> {
    loop {
        let rest = slice(text, at..text.len());
        at = text.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
        let rest = slice(text, at..text.len());
        if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
        } else if rest.starts_with("/*") {
            at += rest.find("*/").ok_or(at)? + 2;
        } else {
            return Ok(at);
        }
    }
}

struct Scanner<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
    comments: Comments,
}

type Scanned<T> = Result<T, String>;

impl Scanner<'_> {
    fn document(&mut self) -> Scanned<Node> {
        self.blanks()?;
        let root = self.value()?;
        self.blanks()?;
        if self.at < self.text.len() {
            return Err("expected the end of the file".to_owned());
        }
        Ok(root)
    }

    fn rest(&self) -> &str {
        slice(self.text, self.at..self.text.len())
    }

    fn blanks(&mut self) -> Scanned<()> {
        let start = self.at;
        self.at = skip_blanks(self.text, start).map_err(|at| {
            self.at = at;
            "this comment is never closed".to_owned()
        })?;
        if self.comments == Comments::Refused {
            let skipped = slice(self.text, start..self.at);
            if let Some(comment) = skipped.find('/') {
                self.at = start + comment;
                return Err("a comment; this client reads plain JSON".to_owned());
            }
        }
        Ok(())
    }

    fn take(&mut self, character: char) -> bool {
        let there = self.rest().starts_with(character);
        self.at += if there { character.len_utf8() } else { 0 };
        there
    }

    fn value(&mut self) -> Scanned<Node> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(format!("values are nested more than {MAX_DEPTH} deep"));
        }
        let start = self.at;
        let kind = match self.rest().chars().next() {
            Some('{') => self.object()?,
            Some('[') => self.array()?,
            Some('"') => Kind::Scalar(Value::String(self.string()?)),
            Some(_) => Kind::Scalar(self.word()?),
            None => return Err("expected a value, found the end of the file".to_owned()),
        };
        self.depth -= 1;
        Ok(Node { span: start..self.at, kind })
    }

    fn object(&mut self) -> Scanned<Kind> {
        self.take('{');
        let mut members: Vec<Member> = Vec::new();
        loop {
            self.blanks()?;
            if self.take('}') {
                return Ok(Kind::Object(members));
            }
            self.separated(members.last().is_none_or(|member| member.comma.is_some()), '}')?;
            members.push(self.entry(&members)?);
        }
    }

    fn entry(&mut self, before: &[Member]) -> Scanned<Member> {
        let start = self.at;
        if !self.rest().starts_with('"') {
            return Err("expected a key in double quotes or `}`".to_owned());
        }
        let key = self.string()?;
        if before.iter().any(|member| member.key == key) {
            self.at = start;
            return Err(format!("the key `{key}` stands here for the second time"));
        }
        self.blanks()?;
        if !self.take(':') {
            return Err(format!("expected `:` after the key `{key}`"));
        }
        self.blanks()?;
        let value = self.value()?;
        self.blanks()?;
        let comma = self.comma('}')?;
        Ok(Member { key, start, value, comma })
    }

    fn array(&mut self) -> Scanned<Kind> {
        self.take('[');
        let (mut items, mut comma) = (Vec::new(), true);
        loop {
            self.blanks()?;
            if self.take(']') {
                return Ok(Kind::Array(items));
            }
            self.separated(comma, ']')?;
            items.push(self.value()?);
            self.blanks()?;
            comma = self.comma(']')?.is_some();
        }
    }

    fn separated(&self, comma: bool, end: char) -> Scanned<()> {
        if comma { Ok(()) } else { Err(format!("expected `,` or `{end}`")) }
    }

    /// Takes a comma; one before the end is for clients that read more than JSON.
    fn comma(&mut self, end: char) -> Scanned<Option<usize>> {
        let at = self.at;
        if !self.take(',') {
            return Ok(None);
        }
        self.blanks()?;
        if self.comments == Comments::Refused && self.rest().starts_with(end) {
            self.at = at;
            return Err(format!("a comma before `{end}`; this client reads plain JSON"));
        }
        Ok(Some(at))
    }

    fn string(&mut self) -> Scanned<String> {
        let rest = self.rest();
        let mut escaped = false;
        let end = rest.char_indices().skip(1).find_map(|(at, character)| {
            let closes = character == '"' && !escaped;
            escaped = character == '\\' && !escaped;
            closes.then_some(at + 1)
        });
        let end = end.ok_or("this text is never closed")?;
        let text =
            serde_json::from_str(slice(rest, 0..end)).map_err(|_| "this text is no valid JSON string")?;
        self.at += end;
        Ok(text)
    }

    fn word(&mut self) -> Scanned<Value> {
        let rest = self.rest();
        let end = rest.find(|c: char| !(c.is_alphanumeric() || "+-._".contains(c))).unwrap_or(rest.len());
        let word = slice(rest, 0..end);
        let value = serde_json::from_str(word).map_err(|_| match word {
            "" => "expected a value".to_owned(),
            word => format!("`{word}` is no value; a text stands in double quotes"),
        })?;
        self.at += end;
        Ok(value)
    }
}

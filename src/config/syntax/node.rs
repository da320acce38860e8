//! What a YAML text says, with the place of everything and each scalar as it was written.

use std::borrow::Cow;
use std::rc::Rc;

use crate::config::source::Span;

/// A value. Cheap to clone: an alias shares what it names.
#[derive(Debug, Clone)]
pub struct Node<'s> {
    /// Of a collection, from its first to its last character.
    pub span: Span,
    pub kind: Kind<'s>,
    /// What the value would take if every alias were written out.
    pub(super) size: Size,
}

#[derive(Debug, Clone)]
pub enum Kind<'s> {
    /// Nothing, `~` or `null`; quoted, these are texts.
    Null,
    Scalar(Scalar<'s>),
    List(Rc<Vec<Node<'s>>>),
    Map(Rc<Vec<Entry<'s>>>),
    /// Already reported; readers pass over it in silence.
    Broken,
}

/// A text. Whether a plain one means a number or a boolean is for the reader to say.
#[derive(Debug, Clone)]
pub struct Scalar<'s> {
    /// The source text of a plain scalar, the decoded text of a quoted one.
    pub text: Cow<'s, str>,
    /// Neither quoted nor a block.
    pub plain: bool,
}

/// A key with its value.
#[derive(Debug, Clone)]
pub struct Entry<'s> {
    pub key: Key<'s>,
    pub value: Node<'s>,
}

#[derive(Debug, Clone)]
pub struct Key<'s> {
    pub text: Cow<'s, str>,
    pub span: Span,
}

/// How large a value is with its aliases written out.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Size {
    pub nodes: u32,
    pub bytes: u32,
    pub height: u32,
}

impl Size {
    /// Adds a child.
    pub fn hold(&mut self, child: Self) {
        self.nodes = self.nodes.saturating_add(child.nodes);
        self.bytes = self.bytes.saturating_add(child.bytes);
        self.height = self.height.max(child.height + 1);
    }
}

impl<'s> Node<'s> {
    pub fn new(span: Span, kind: Kind<'s>) -> Self {
        let mut size = Size { nodes: 1, bytes: 0, height: 0 };
        match &kind {
            Kind::Null | Kind::Broken => {}
            Kind::Scalar(scalar) => size.bytes = length(&scalar.text),
            Kind::List(items) => items.iter().for_each(|item| size.hold(item.size)),
            Kind::Map(entries) => entries.iter().for_each(|entry| {
                size.hold(entry.value.size);
                size.bytes = size.bytes.saturating_add(length(&entry.key.text));
            }),
        }
        Self { span, kind, size }
    }

    /// How many values this is with its aliases written out.
    pub fn weight(&self) -> u32 {
        self.size.nodes
    }

    pub fn entries(&self) -> &[Entry<'s>] {
        match &self.kind {
            Kind::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The value of a key, if this is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Node<'s>> {
        self.entries().iter().find(|entry| entry.key.text == key).map(|entry| &entry.value)
    }

    /// The same map without a key.
    pub fn without(&self, key: &str) -> Self {
        let Kind::Map(entries) = &self.kind else { return self.clone() };
        let kept = entries.iter().filter(|entry| entry.key.text != key).cloned().collect();
        Self::new(self.span, Kind::Map(Rc::new(kept)))
    }

    /// The text, if this is a scalar.
    pub fn as_text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Scalar(scalar) => Some(&scalar.text),
            _ => None,
        }
    }

    /// The items, if this is a list.
    pub fn as_list(&self) -> Option<&[Node<'s>]> {
        match &self.kind {
            Kind::List(items) => Some(items),
            _ => None,
        }
    }

    /// What it is, for a sentence that begins with "found".
    pub fn describe(&self) -> &'static str {
        match &self.kind {
            Kind::Null => "nothing",
            Kind::Scalar(scalar) if scalar.plain => plain_kind(&scalar.text),
            Kind::Scalar(_) => "text",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a map",
            Kind::Broken => "something unreadable",
        }
    }

    /// The same, borrowing from nothing.
    pub fn into_owned(self) -> Node<'static> {
        let kind = match self.kind {
            Kind::Null => Kind::Null,
            Kind::Broken => Kind::Broken,
            Kind::Scalar(Scalar { text, plain }) => {
                Kind::Scalar(Scalar { text: Cow::Owned(text.into_owned()), plain })
            }
            Kind::List(items) => {
                Kind::List(Rc::new(items.iter().map(|item| item.clone().into_owned()).collect()))
            }
            Kind::Map(entries) => Kind::Map(Rc::new(entries.iter().map(Entry::to_owned).collect())),
        };
        Node { span: self.span, kind, size: self.size }
    }

    /// Where it was written: its own place, and those of what was merged into it.
    pub fn places(&self) -> Vec<Span> {
        let mut places = vec![self.span];
        self.push_places(&mut places);
        places
    }

    fn push_places(&self, places: &mut Vec<Span>) {
        let children: Vec<&Self> = match &self.kind {
            Kind::Map(entries) => entries.iter().map(|entry| &entry.value).collect(),
            Kind::List(items) => items.iter().collect(),
            Kind::Null | Kind::Scalar(_) | Kind::Broken => Vec::new(),
        };
        for child in children {
            if !places.iter().any(|place| place.contains(child.span)) {
                places.push(child.span);
            }
            child.push_places(places);
        }
    }

    /// Where the innermost key, item or value that holds a whole span stands, as
    /// `commands[2].args[0]`.
    pub fn path_to(&self, span: Span) -> String {
        let mut path = String::new();
        self.push_path(span, &mut path);
        path
    }

    fn push_path(&self, wanted: Span, path: &mut String) {
        match &self.kind {
            Kind::Map(entries) => {
                // Tables of TOML may lie around each other: the smallest is meant.
                let found = entries.iter().filter_map(|entry| Some((entry.size_round(wanted)?, entry)));
                if let Some((_, entry)) = found.min_by_key(|(size, _)| *size) {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(&entry.key.text);
                    entry.value.push_path(wanted, path);
                }
            }
            Kind::List(items) => {
                let index = items.partition_point(|item| item.span.end <= wanted.start);
                let near = items.iter().enumerate().skip(index.saturating_sub(1)).take(3);
                let mut near = near.chain(items.iter().enumerate());
                if let Some((index, item)) = near.find(|(_, item)| item.span.contains(wanted)) {
                    path.push_str(&format!("[{index}]"));
                    item.push_path(wanted, path);
                }
            }
            Kind::Null | Kind::Scalar(_) | Kind::Broken => {}
        }
    }
}

impl Entry<'_> {
    fn to_owned(&self) -> Entry<'static> {
        let key = Key { text: Cow::Owned(self.key.text.to_string()), span: self.key.span };
        Entry { key, value: self.value.clone().into_owned() }
    }

    /// How many bytes of this lie round a place, if it lies in the key or the value.
    fn size_round(&self, wanted: Span) -> Option<u32> {
        let spans = [self.key.span, self.value.span].into_iter();
        spans.filter(|span| span.contains(wanted)).map(|span| span.end - span.start).min()
    }
}

pub(super) fn length(text: &str) -> u32 {
    u32::try_from(text.len()).unwrap_or(u32::MAX)
}

fn plain_kind(text: &str) -> &'static str {
    match super::scalar::core_json(text) {
        Ok(serde_json::Value::Bool(_)) => "a boolean",
        Ok(serde_json::Value::Number(_)) | Err(_) => "a number",
        Ok(_) => "text",
    }
}

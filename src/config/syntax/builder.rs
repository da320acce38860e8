//! Parser events → nodes, within budgets that count every alias as if it were written out.

use std::collections::HashMap;
use std::rc::Rc;

use serde_yaml::granit_parser::{Event, ScalarStyle, Span as RawSpan, Tag};

use crate::config::code::Code;
use crate::config::diagnostic::{Diagnostic, Problems};
use crate::config::source::{SourceId, Span};

use super::frame::{Content, Frame, OpenMap};
use super::node::{Kind, Node, Scalar, Size, length};
use super::parse::{Document, Oddity, Refused};

pub(super) const MAX_DEPTH: usize = 64;
pub(super) const MAX_NODES: u32 = 400_000;
const MAX_BYTES: u32 = 16 << 20;

pub(super) struct Builder<'s, 'p> {
    source: SourceId,
    text: &'s str,
    problems: &'p Problems,
    stack: Vec<Frame<'s>>,
    anchors: HashMap<usize, Node<'s>>,
    root: Option<Node<'s>>,
    oddities: Vec<Oddity>,
    spent: Size,
    /// Where the last thing that was written ended; the parser does not say where blocks end.
    last_end: u32,
}

impl<'s, 'p> Builder<'s, 'p> {
    pub fn new(source: SourceId, text: &'s str, problems: &'p Problems) -> Self {
        Self {
            source,
            text,
            problems,
            stack: Vec::new(),
            anchors: HashMap::new(),
            root: None,
            oddities: Vec::new(),
            spent: Size::default(),
            last_end: 0,
        }
    }

    pub fn is_complete(&self) -> bool {
        self.root.is_some()
    }

    pub fn second_document(&mut self, span: RawSpan) {
        let span = self.span(span);
        self.oddities.push(Oddity::SecondDocument(span));
    }

    pub fn finish(self) -> Document<'s> {
        let empty = Node::new(Span::new(self.source, 0..0), Kind::Null);
        Document { root: self.root.unwrap_or(empty), oddities: self.oddities }
    }

    pub fn take(&mut self, event: Event<'s>, raw: RawSpan) -> Result<(), Refused> {
        let span = self.span(raw);
        let tag_span = raw.tag_span().map_or(span, |tag| self.span(tag));
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let plain = self.is_plain(style, tag.as_deref(), tag_span);
                let is_null = plain && matches!(&*text, "" | "~" | "null" | "Null" | "NULL");
                let kind = if is_null { Kind::Null } else { Kind::Scalar(Scalar { text, plain }) };
                self.complete(Node::new(span, kind), anchor)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.note_tag(tag.as_deref(), "seq", tag_span);
                self.open(span, anchor, Content::List(Vec::new()))
            }
            Event::MappingStart(_, anchor, tag) => {
                self.note_tag(tag.as_deref(), "map", tag_span);
                self.open(span, anchor, Content::Map(OpenMap::default()))
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            Event::Alias(anchor) => self.alias(anchor, span),
            _ => Ok(()),
        }
    }

    fn span(&self, raw: RawSpan) -> Span {
        Span::new(self.source, raw.byte_range().unwrap_or_default())
    }

    fn open(&mut self, start: Span, anchor: usize, content: Content<'s>) -> Result<(), Refused> {
        if self.stack.len() >= MAX_DEPTH {
            return Err(too_deep(start));
        }
        self.last_end = self.last_end.max(start.end);
        self.stack.push(Frame { start, anchor, content });
        Ok(())
    }

    fn close(&mut self, end: Span) -> Result<(), Refused> {
        let Some(Frame { start, anchor, content }) = self.stack.pop() else { return Ok(()) };
        // The end of a block has no width of its own and stands where the next thing begins.
        let is_flow = end.end > end.start;
        let end = if is_flow { end.end } else { self.last_end };
        let span = Span { end: end.max(start.end), ..start };
        let kind = match content {
            Content::List(mut items) => {
                items.shrink_to_fit();
                Kind::List(Rc::new(items))
            }
            Content::Map(map) => {
                let Self { problems, text, spent, .. } = self;
                map.close(span, text, problems, &mut |node| spend(spent, node.size, span))?
            }
        };
        self.complete(Node::new(span, kind), anchor)
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<(), Refused> {
        let Some(named) = self.anchors.get(&anchor).cloned() else {
            let message = "this alias stands inside of what it names";
            return Err(Box::new(Diagnostic::error(Code::Syntax, span, message)));
        };
        if self.stack.len().saturating_add(named.size.height as usize) >= MAX_DEPTH {
            return Err(too_deep(span));
        }
        spend(&mut self.spent, named.size, span)?;
        self.last_end = self.last_end.max(span.end);
        self.place(named);
        Ok(())
    }

    /// Takes a value whose end has been seen.
    fn complete(&mut self, node: Node<'s>, anchor: usize) -> Result<(), Refused> {
        let own = match &node.kind {
            Kind::Scalar(scalar) => Size { nodes: 1, bytes: length(&scalar.text), height: 0 },
            _ => Size { nodes: 1, bytes: 0, height: 0 },
        };
        spend(&mut self.spent, own, node.span)?;
        if node.span.end > node.span.start {
            self.last_end = self.last_end.max(node.span.end);
        }
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        self.place(node);
        Ok(())
    }

    fn place(&mut self, node: Node<'s>) {
        match self.stack.last_mut().map(|frame| &mut frame.content) {
            Some(Content::List(items)) => items.push(node),
            Some(Content::Map(map)) => map.take(node, &mut self.oddities),
            None => self.root = Some(node),
        }
    }

    /// Whether a scalar is neither quoted nor made text by its tag.
    fn is_plain(&mut self, style: ScalarStyle, tag: Option<&Tag>, span: Span) -> bool {
        let plain = style == ScalarStyle::Plain;
        match tag {
            None => plain,
            Some(tag) if tag.is_yaml_core_schema() => match tag.suffix() {
                "str" => false,
                "int" | "float" | "bool" | "null" => true,
                _ => {
                    self.note_tag(Some(tag), "", span);
                    plain
                }
            },
            Some(tag) => {
                self.note_tag(Some(tag), "", span);
                plain
            }
        }
    }

    fn note_tag(&mut self, tag: Option<&Tag>, expected: &str, span: Span) {
        if let Some(tag) = tag
            && !(tag.is_yaml_core_schema() && tag.suffix() == expected)
        {
            self.oddities.push(Oddity::Tag { tag: tag.original(), span });
        }
    }
}

pub(super) fn too_deep(span: Span) -> Refused {
    let message = format!("this is nested deeper than {MAX_DEPTH} levels");
    Box::new(Diagnostic::error(Code::TooDeep, span, message))
}

fn spend(spent: &mut Size, cost: Size, span: Span) -> Result<(), Refused> {
    spent.nodes = spent.nodes.saturating_add(cost.nodes);
    spent.bytes = spent.bytes.saturating_add(cost.bytes);
    if is_too_large(*spent) { Err(too_large(span)) } else { Ok(()) }
}

pub(super) fn is_too_large(size: Size) -> bool {
    size.nodes > MAX_NODES || size.bytes > MAX_BYTES
}

pub(super) fn too_large(span: Span) -> Refused {
    let message = format!(
        "the file is too large with its aliases written out; at most {MAX_NODES} values and {} MiB fit",
        MAX_BYTES >> 20
    );
    Box::new(Diagnostic::error(Code::TooLarge, span, message))
}

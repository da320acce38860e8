//! The lines of places that are asked for in the order of the text, each counted from the last.

use std::cell::Cell;

use crate::config::source::Span;

use super::Reader;

/// Remembers the last place, so that asking for all of a file reads it once.
#[derive(Debug, Default)]
pub struct Lines {
    /// The last place, and the line on which it begins, from 0.
    last: Cell<(Span, usize)>,
}

impl Lines {
    /// The line on which a place begins, from 1.
    pub fn of(&self, reader: &Reader<'_>, span: Span) -> usize {
        let (last, line) = self.last.get();
        let is_ahead = last.source == span.source && last.start <= span.start;
        let (from, line) = if is_ahead { (last.range().start, line) } else { (0, 0) };
        let between = Span::new(span.source, from..span.range().start);
        let between = reader.sources.slice(between);
        let line = line + between.bytes().filter(|byte| *byte == b'\n').count();
        self.last.set((span, line));
        line + 1
    }
}

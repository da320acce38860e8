//! The few lines round a place, with secrets masked.

use std::ops::Range;

use crate::config::source::{Source, SourceId};
use crate::config::syntax::masked_in_line;

use super::Report;

/// Lines of a source, ready to be shown.
pub(super) struct Excerpt {
    pub text: String,
    /// The number of the first line.
    pub first_line: usize,
    /// The lines in the source.
    window: Range<usize>,
    /// What was masked: ranges of the source, in its order.
    masked: Vec<Range<usize>>,
}

/// A line longer than this is not shown; generated files have lines of megabytes.
const MAX_LINE: usize = 2000;
const MASK: &str = "***";

impl Excerpt {
    /// The lines that hold all of `spans`. `None` if a line is too long to be shown.
    pub fn of(report: &Report, id: SourceId, source: &Source, spans: &[Range<usize>]) -> Option<Self> {
        let text: &str = &source.text;
        let start = spans.iter().map(|span| span.start).min()?.min(text.len());
        let end = spans.iter().map(|span| span.end).max()?.min(text.len());
        let start = text.get(..start)?.rfind('\n').map_or(0, |at| at + 1);
        let end = text.get(end..)?.find('\n').map_or(text.len(), |at| end + at);
        let lines = text.get(start..end)?;
        if lines.lines().any(|line| line.len() > MAX_LINE) {
            return None;
        }
        let window = start..end;
        let masked = masked(report, id, lines, &window);
        let mut excerpt =
            Self { text: String::new(), first_line: source.position(start).line, window, masked };
        excerpt.text = excerpt.shown(text);
        Some(excerpt)
    }

    fn shown(&self, text: &str) -> String {
        let mut shown = String::with_capacity(self.window.len());
        let mut from = self.window.start;
        for range in &self.masked {
            shown.push_str(text.get(from..range.start).unwrap_or_default());
            shown.push_str(MASK);
            // A masked block keeps its lines, so that the numbers beside them stay right.
            let lines = text.get(range.clone()).unwrap_or_default().matches('\n').count();
            shown.push_str(&"\n".repeat(lines));
            from = range.end;
        }
        shown.push_str(text.get(from..self.window.end).unwrap_or_default());
        shown
    }

    /// Where a range of the source stands in what is shown.
    pub fn place(&self, range: Range<usize>, text: &str) -> Range<usize> {
        let start = self.offset(range.start, text);
        start..self.offset(range.end, text).max(start)
    }

    fn offset(&self, at: usize, text: &str) -> usize {
        let mut shown = at.clamp(self.window.start, self.window.end) - self.window.start;
        for range in self.masked.iter().filter(|range| range.start < at) {
            let lines = text.get(range.clone()).unwrap_or_default().matches('\n').count();
            // Inside of the mask means at its end.
            let hidden = at.min(range.end) - range.start;
            shown = shown - hidden + MASK.len() + lines;
        }
        shown
    }
}

/// The secrets in a window, clipped to it.
fn masked(report: &Report, id: SourceId, lines: &str, window: &Range<usize>) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    if report.raw.contains(&id) {
        let mut start = window.start;
        for line in lines.split('\n') {
            found
                .extend(masked_in_line(line).into_iter().map(|range| start + range.start..start + range.end));
            start += line.len() + 1;
        }
    } else {
        let first =
            report.sensitive.partition_point(|span| (span.source, span.range().end) < (id, window.start + 1));
        let known = report.sensitive.iter().skip(first).take_while(|span| span.source == id);
        found.extend(known.map(|span| span.range()).take_while(|range| range.start < window.end));
    }
    found
        .into_iter()
        .map(|range| range.start.max(window.start)..range.end.min(window.end))
        .filter(|range| !range.is_empty())
        .collect()
}

//! Text that is edited by byte ranges: slices that cannot panic, lines, columns, line endings.

use std::ops::Range;

/// A part of a text; nothing where the range is not within it.
pub fn slice(text: &str, range: Range<usize>) -> &str {
    text.get(range).unwrap_or_default()
}

/// The text with each range replaced. Ranges must not overlap.
pub fn replaced(text: &str, mut edits: Vec<(Range<usize>, String)>) -> String {
    edits.sort_by_key(|(range, _)| (range.start, range.end));
    let mut changed = text.to_owned();
    for (range, new) in edits.into_iter().rev() {
        changed.replace_range(range, &new);
    }
    changed
}

/// The line and the column of a byte, both from 1.
pub fn position(text: &str, at: usize) -> (usize, usize) {
    let before = slice(text, 0..at.min(text.len()));
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, slice(before, line_start..before.len()).chars().count() + 1)
}

/// How the lines of a text end.
pub fn newline(text: &str) -> &'static str {
    match text.find('\n') {
        Some(at) if slice(text, 0..at).ends_with('\r') => "\r\n",
        _ => "\n",
    }
}

/// The blanks at the beginning of the line that a byte is in.
pub fn indent_of_line(text: &str, at: usize) -> &str {
    let start = slice(text, 0..at).rfind('\n').map_or(0, |newline| newline + 1);
    let line = slice(text, start..text.len());
    let width = line.len() - line.trim_start_matches([' ', '\t']).len();
    slice(line, 0..width)
}

//! The end of an output, small enough to be kept of a thousand steps.

use crate::engine::Sanitizer;
use crate::engine::capture::Output;

/// So many bytes, and so many lines of them.
const BYTES: usize = 2 << 10;
const LINES: usize = 20;

pub fn tail(output: &Output) -> String {
    let mut taken: Vec<&[u8]> = Vec::new();
    let mut room = BYTES;
    let all: Vec<&[u8]> = output.chunks().map(|chunk| chunk.bytes.as_ref()).collect();
    for bytes in all.into_iter().rev() {
        let from = bytes.len().saturating_sub(room);
        taken.extend(bytes.get(from..));
        room -= bytes.len() - from;
        if room == 0 {
            break;
        }
    }
    taken.reverse();
    last_lines(&Sanitizer::clean(&taken.concat()))
}

/// The end of a text that is clean.
pub fn of_text(text: &str) -> String {
    let from = text.len().saturating_sub(BYTES);
    let from = (from..=text.len()).find(|&at| text.is_char_boundary(at)).unwrap_or_default();
    last_lines(text.get(from..).unwrap_or_default())
}

/// The end of several, one after the other.
pub fn of_all<'t>(tails: impl DoubleEndedIterator<Item = &'t str>) -> String {
    let filled = tails.rev().filter(|tail| !tail.is_empty());
    // More lines than these are not shown anyway.
    let mut last: Vec<&str> = filled.take(LINES).collect();
    last.reverse();
    of_text(&last.join("\n"))
}

fn last_lines(text: &str) -> String {
    let text = text.trim_end();
    let lines: Vec<&str> = text.lines().collect();
    lines.get(lines.len().saturating_sub(LINES)..).unwrap_or_default().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_text_is_a_few_lines() {
        assert_eq!(of_text("a\nb\n\n"), "a\nb");
        let many: String = (0..100).map(|number| format!("{number}\n")).collect();
        assert_eq!((of_text(&many).lines().count(), of_text(&many).lines().last()), (LINES, Some("99")));
        assert!(of_text(&"é".repeat(5000)).len() <= BYTES);
        assert_eq!(of_all(["a", "", "b\nc"].into_iter()), "a\nb\nc");
    }
}

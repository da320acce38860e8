//! What a notification says: one short, clean line.

use crate::engine::{Sanitizer, Stream};

use super::tap::News;

/// The longest message, in characters.
const LONGEST: usize = 200;

/// The news as one short line.
pub(super) fn headline(news: &News) -> String {
    match &news.line {
        Some((Stream::Stdout, line)) => readable("", line),
        Some((Stream::Stderr, line)) => readable("stderr: ", line),
        None if news.started => "started".to_owned(),
        None => "waiting to start".to_owned(),
    }
}

/// Clean text on one line, cut to the longest message.
fn readable(prefix: &str, line: &[u8]) -> String {
    let mut message = prefix.to_owned();
    for (index, word) in Sanitizer::clean(line).split_whitespace().enumerate() {
        if index > 0 {
            message.push(' ');
        }
        message.push_str(word);
    }
    if let Some((cut, _)) = message.char_indices().nth(LONGEST) {
        let start = message.char_indices().nth(LONGEST - 1).map_or(cut, |(start, _)| start);
        message.truncate(start);
        message.push('…');
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_short_line() {
        assert_eq!(readable("stderr: ", b"  a \t b  "), "stderr: a b");
        let long = readable("", "é".repeat(300).as_bytes());
        assert_eq!((long.chars().count(), long.ends_with('…')), (200, true));
    }
}

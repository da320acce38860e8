//! Output as text that is safe to show: lossy UTF-8 without terminal sequences, control characters
//! or characters that hide or reorder text.

use std::borrow::Cow;

/// Works on a stream: a sequence or a character may be split between two chunks.
#[derive(Debug, Default)]
pub struct Sanitizer {
    state: State,
    /// The begun bytes of a character.
    partial: Vec<u8>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Ground,
    /// After ESC.
    Escape,
    /// In a control sequence: `ESC [ … final`.
    Control,
    /// In a text that ends with BEL or `ESC \` (titles, links, device strings).
    Text,
    /// In such a text, after ESC.
    TextEscape,
    /// After a carriage return, which a newline may follow.
    Return,
}

impl Sanitizer {
    /// The next chunk, cleaned. Plain ASCII passes through without a copy.
    pub fn push<'a>(&mut self, bytes: &'a [u8]) -> Cow<'a, str> {
        if self.state == State::Ground
            && self.partial.is_empty()
            && plain_prefix(bytes) == bytes.len()
            && let Ok(text) = std::str::from_utf8(bytes)
        {
            return Cow::Borrowed(text);
        }
        let mut clean = String::with_capacity(bytes.len());
        if self.partial.is_empty() {
            self.decode(bytes, &mut clean);
        } else {
            let mut joined = std::mem::take(&mut self.partial);
            joined.extend_from_slice(bytes);
            self.decode(&joined, &mut clean);
        }
        Cow::Owned(clean)
    }

    /// What is left at the end: a character that was begun and never ended.
    pub fn finish(&mut self) -> Cow<'static, str> {
        let mut rest = String::new();
        if self.state == State::Return {
            rest.push('\n');
        }
        if !self.partial.is_empty() {
            rest.push(char::REPLACEMENT_CHARACTER);
        }
        *self = Self::default();
        Cow::Owned(rest)
    }

    /// Cleans a whole text at once.
    pub fn clean(bytes: &[u8]) -> String {
        let mut sanitizer = Self::default();
        let mut text = sanitizer.push(bytes).into_owned();
        text.push_str(&sanitizer.finish());
        text
    }

    fn decode(&mut self, bytes: &[u8], clean: &mut String) {
        let mut chunks = bytes.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            self.text(chunk.valid(), clean);
            let invalid = chunk.invalid();
            if invalid.is_empty() {
                continue;
            }
            if chunks.peek().is_none() && may_be_continued(invalid) {
                self.partial = invalid.to_vec();
            } else {
                self.character(char::REPLACEMENT_CHARACTER, clean);
            }
        }
    }

    fn text(&mut self, mut text: &str, clean: &mut String) {
        loop {
            if self.state == State::Ground {
                // Plain bytes are ASCII, so this is the border of a character.
                let (plain, rest) =
                    text.split_at_checked(plain_prefix(text.as_bytes())).unwrap_or(("", text));
                clean.push_str(plain);
                text = rest;
            }
            let mut characters = text.chars();
            let Some(c) = characters.next() else { return };
            self.character(c, clean);
            text = characters.as_str();
        }
    }

    fn character(&mut self, c: char, clean: &mut String) {
        self.state = match (self.state, c) {
            (State::Return, '\n') => {
                clean.push('\n');
                State::Ground
            }
            (State::Return, _) => {
                clean.push('\n');
                self.state = State::Ground;
                return self.character(c, clean);
            }
            (State::Ground, '\r') => State::Return,
            (State::Ground | State::Escape | State::Control, '\u{1b}') => State::Escape,
            (State::Ground, c) => {
                if is_shown(c) {
                    clean.push(c);
                }
                State::Ground
            }
            (State::Escape, '[') => State::Control,
            (State::Escape, ']' | 'P' | 'X' | '^' | '_') => State::Text,
            // An intermediate byte: the sequence goes on.
            (State::Escape, ' '..='/') => State::Escape,
            (State::Escape, _) => State::Ground,
            (State::Control, '@'..='~') => State::Ground,
            // Newlines are no part of a control sequence: it was cut off.
            (State::Control, '\n') => {
                clean.push('\n');
                State::Ground
            }
            (State::Control, _) => State::Control,
            (State::Text, '\u{7}' | '\u{9c}') => State::Ground,
            (State::Text, '\u{1b}') => State::TextEscape,
            (State::Text, _) => State::Text,
            (State::TextEscape, '\\') => State::Ground,
            (State::TextEscape, _) => State::Text,
        };
    }
}

/// How many bytes from the start are plain ASCII, found a block at a time: outputs are large.
fn plain_prefix(bytes: &[u8]) -> usize {
    const BLOCK: usize = 32;
    let is_plain = |byte: u8| matches!(byte, b' '..=b'~' | b'\n' | b'\t');
    let mut plain = 0;
    for block in bytes.chunks_exact(BLOCK) {
        // A fold without an early exit becomes a few vector instructions.
        if !block.iter().fold(true, |all, &byte| all & is_plain(byte)) {
            break;
        }
        plain += BLOCK;
    }
    let tail = bytes.get(plain..).unwrap_or_default();
    plain + tail.iter().position(|&byte| !is_plain(byte)).unwrap_or(tail.len())
}

/// Whether a broken character may be whole once more bytes come.
fn may_be_continued(invalid: &[u8]) -> bool {
    let wanted = match invalid.first() {
        Some(0xC2..=0xDF) => 2,
        Some(0xE0..=0xEF) => 3,
        Some(0xF0..=0xF4) => 4,
        _ => return false,
    };
    invalid.len() < wanted
}

fn is_shown(c: char) -> bool {
    match c {
        '\n' | '\t' => true,
        c if c.is_control() => false,
        // Marks that reorder text, and characters without width.
        '\u{ad}' | '\u{61c}' | '\u{180e}' => false,
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' => false,
        '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}' => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_are_taken_out_wherever_chunks_are_cut() {
        let raw = "a\u{1b}[31mred\u{1b}[0m\u{1b}]0;title\u{7}b\u{1b}]8;;http://x\u{1b}\\link\u{200b}\u{202e}é\r\nx\ry\u{9b}z";
        let clean = "aredblinké\nx\nyz";
        for cut in 0..raw.len() {
            let (left, right) = raw.as_bytes().split_at(cut);
            let mut sanitizer = Sanitizer::default();
            let mut text = sanitizer.push(left).into_owned();
            text.push_str(&sanitizer.push(right));
            text.push_str(&sanitizer.finish());
            assert_eq!(text, clean, "cut at {cut}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_marked() {
        assert_eq!(Sanitizer::clean(b"a\xffb\xe2\x82"), "a\u{fffd}b\u{fffd}");
        assert_eq!(Sanitizer::clean(b"\xe2\x82\xac"), "€");
        assert_eq!(Sanitizer::clean(b"\xe2(\xa1"), "\u{fffd}(\u{fffd}");
    }

    #[test]
    fn plain_text_is_not_copied() {
        assert!(matches!(Sanitizer::default().push(b"plain\n\ttext"), Cow::Borrowed(_)));
    }
}

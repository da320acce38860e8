//! The text of a configuration file, and places in it.
//!
//! Bytes come in, text that YAML may hold goes out; what is no such text is refused with the place
//! of the first wrong byte. Knows nothing of YAML.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Larger files are refused before they are read.
pub const MAX_FILE_BYTES: usize = 4 << 20;

/// A file that was read, or as much of it as could be.
#[derive(Debug, Clone)]
pub struct Source {
    /// As the user named it; what diagnostics show.
    pub name: String,
    pub path: PathBuf,
    pub text: Arc<str>,
}

/// Which file a place is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SourceId(pub u16);

/// A range of bytes in a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    pub source: SourceId,
    pub start: u32,
    pub end: u32,
}

/// A line and a column, both from 1; columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    pub line: usize,
    pub column: usize,
}

/// Why the bytes of a file are no text for us.
#[derive(Debug)]
pub enum BadSource {
    Unreadable(io::Error),
    TooLarge,
    /// The first byte that is wrong, and what it is.
    NotText {
        at: usize,
        problem: String,
        help: &'static str,
    },
}

impl Span {
    pub fn new(source: SourceId, range: Range<usize>) -> Self {
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Self { source, start: offset(range.start), end: offset(range.end.max(range.start)) }
    }

    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    pub fn contains(self, other: Self) -> bool {
        self.source == other.source && self.start <= other.start && other.end <= self.end
    }
}

impl Source {
    /// Reads a file, from a folder if its path is relative. What could be decoded comes back even
    /// beside an error, for the excerpt.
    pub fn read(path: &Path, cwd: &Path) -> (Self, Result<(), BadSource>) {
        match read_capped(&cwd.join(path)) {
            Ok(bytes) => Self::decode(path, bytes),
            Err(error) => (Self::new(path, ""), Err(error)),
        }
    }

    /// Makes a source from bytes that are already there.
    pub fn decode(path: &Path, bytes: Vec<u8>) -> (Self, Result<(), BadSource>) {
        if let Some(problem) = wide_encoding(&bytes) {
            let error = BadSource::NotText { at: 0, problem, help: SAVE_AS_UTF8 };
            return (Self::new(path, ""), Err(error));
        }
        match String::from_utf8(bytes) {
            Ok(text) => {
                let checked = check_characters(&text);
                (Self::new(path, &text), checked)
            }
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                let byte = error.as_bytes().get(at).copied().unwrap_or_default();
                let problem = format!("the file is not UTF-8 text: byte 0x{byte:02x} begins no character");
                let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                (Self::new(path, &text), Err(BadSource::NotText { at, problem, help: SAVE_AS_UTF8 }))
            }
        }
    }

    /// What could not be read at all.
    pub fn nothing(path: &Path) -> Self {
        Self::new(path, "")
    }

    /// What was typed at a shell instead of being written in a file.
    pub fn typed(origin: &str, text: &str) -> Self {
        Self { name: origin.to_owned(), path: PathBuf::new(), text: Arc::from(text) }
    }

    pub fn is_typed(&self) -> bool {
        self.path.as_os_str().is_empty()
    }

    fn new(path: &Path, text: &str) -> Self {
        Self { name: path.display().to_string(), path: path.to_path_buf(), text: Arc::from(text) }
    }

    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or_default()
    }

    pub fn position(&self, offset: usize) -> Position {
        let before = self.text.get(..offset).unwrap_or(&self.text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let in_line = before.get(line_start..).unwrap_or_default().trim_start_matches(BYTE_ORDER_MARK);
        Position {
            line: 1 + before.bytes().filter(|&byte| byte == b'\n').count(),
            column: 1 + in_line.chars().count(),
        }
    }
}

/// Some editors put it at the start of a file; it is no part of the text.
const BYTE_ORDER_MARK: char = '\u{feff}';

const SAVE_AS_UTF8: &str = "save it as UTF-8";
const REMOVE_IT: &str = "remove it; in double quotes `\\0` and `\\x07` stand for such characters";

fn read_capped(path: &Path) -> Result<Vec<u8>, BadSource> {
    let file = File::open(path).map_err(BadSource::Unreadable)?;
    if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
        return Err(BadSource::Unreadable(io::Error::from(io::ErrorKind::IsADirectory)));
    }
    let mut bytes = Vec::new();
    let limit = MAX_FILE_BYTES as u64 + 1;
    file.take(limit).read_to_end(&mut bytes).map_err(BadSource::Unreadable)?;
    if bytes.len() > MAX_FILE_BYTES { Err(BadSource::TooLarge) } else { Ok(bytes) }
}

/// Recognises UTF-16 and UTF-32 by their byte order mark, or by the zero bytes among ASCII.
fn wide_encoding(bytes: &[u8]) -> Option<String> {
    let name = match bytes {
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => "UTF-32",
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "UTF-16",
        [0, 0, 0, first, ..] | [first, 0, 0, 0, ..] if first.is_ascii_graphic() => "UTF-32",
        [0, first, ..] | [first, 0, ..] if first.is_ascii_graphic() => "UTF-16",
        _ => return None,
    };
    Some(format!("the file is {name}, not UTF-8"))
}

/// YAML is text: no NUL and no other control character but tab and line ends.
fn check_characters(text: &str) -> Result<(), BadSource> {
    let is_wrong = |byte: u8| byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r');
    // A piece is looked at without a way out in between, so that many bytes are compared at once.
    let has_wrong = |piece: &[u8]| piece.iter().fold(false, |found, byte| found | is_wrong(*byte));
    if !text.as_bytes().chunks(256).any(has_wrong) {
        return Ok(());
    }
    match text.bytes().position(is_wrong) {
        None => Ok(()),
        Some(at) => {
            let byte = text.as_bytes().get(at).copied().unwrap_or_default();
            let problem = match byte {
                0 => "the file is not text: there is a NUL byte".to_owned(),
                byte => format!("the file is not text: there is a control character (U+{byte:04X})"),
            };
            Err(BadSource::NotText { at, problem, help: REMOVE_IT })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(bytes: &[u8]) -> Option<(usize, String)> {
        match Source::decode(Path::new("f"), bytes.to_vec()).1 {
            Err(BadSource::NotText { at, problem, .. }) => Some((at, problem)),
            _ => None,
        }
    }

    #[test]
    fn what_is_no_text_is_refused_at_its_byte() {
        for (bytes, at, expected) in [
            (&b"\xff\xfea\0"[..], 0, "the file is UTF-16, not UTF-8"),
            (b"a\0b\0", 0, "the file is UTF-16, not UTF-8"),
            (b"a\0\0\0", 0, "the file is UTF-32, not UTF-8"),
            (b"ab\xffc", 2, "the file is not UTF-8 text: byte 0xff begins no character"),
            (b"abc\0", 3, "the file is not text: there is a NUL byte"),
            (b"a\x07", 1, "the file is not text: there is a control character (U+0007)"),
        ] {
            assert_eq!(problem(bytes), Some((at, expected.to_owned())));
        }
        for bytes in [&b""[..], "\u{feff}a: é\r\n\tb".as_bytes()] {
            assert_eq!(problem(bytes), None);
        }
    }

    #[test]
    fn positions_count_lines_and_characters_from_one() {
        let (source, _) = Source::decode(Path::new("f"), "\u{feff}é: 1\nbc: 2\n".as_bytes().to_vec());
        assert_eq!(source.position(3), Position { line: 1, column: 1 });
        assert_eq!(source.position(5), Position { line: 1, column: 2 });
        assert_eq!(source.position(12), Position { line: 2, column: 4 });
        assert_eq!(source.position(999), Position { line: 3, column: 1 });
    }
}

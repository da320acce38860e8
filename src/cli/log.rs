//! How the log is written: one event, one line, whatever a caller has said.
//!
//! Names, ids and versions come from clients, and libraries log them as they are. A line end in one would
//! be a line that nobody wrote, an escape would speak to the terminal of who reads it.

use std::fmt::{self, Debug, Write};
use std::io::{self, IsTerminal};

use tracing::field::Field;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::field::MakeExt;
use tracing_subscriber::fmt::format::{Writer, debug_fn};

/// What is logged without `MCPFIER_LOG`: `ours` is more of it.
pub fn init(ours: &str) {
    let usual = format!("warn,rmcp=error,mcpfier::serve::reload=info,mcpfier::runner::container=info{ours}");
    let filter = EnvFilter::try_from_env("MCPFIER_LOG").unwrap_or_else(|_| EnvFilter::new(usual));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_target(false)
        .fmt_fields(debug_fn(write_field).delimited(" "))
        .init();
}

fn write_field(writer: &mut Writer<'_>, field: &Field, value: &dyn Debug) -> fmt::Result {
    match field.name() {
        // Our own words, some of which are many lines.
        "message" => write!(Harmless { out: writer, lines: true }, "{value:?}"),
        name => {
            write!(writer, "{name}=")?;
            write!(Harmless { out: writer, lines: false }, "{value:?}")
        }
    }
}

/// Writes what steers a terminal, or ends a line, as what it is called.
struct Harmless<'a, W> {
    out: &'a mut W,
    /// Whether there may be more than one.
    lines: bool,
}

impl<W: Write> Write for Harmless<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut plain = 0;
        for (at, letter) in text.char_indices() {
            if is_harmless(letter) || letter == '\n' && self.lines {
                continue;
            }
            self.out.write_str(text.get(plain..at).unwrap_or_default())?;
            write!(self.out, "{}", letter.escape_default())?;
            plain = at + letter.len_utf8();
        }
        self.out.write_str(text.get(plain..).unwrap_or_default())
    }
}

fn is_harmless(letter: char) -> bool {
    let turns_text = matches!(letter,
        '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    letter == '\t' || !letter.is_control() && !turns_text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str, lines: bool) -> String {
        let mut out = String::new();
        write!(Harmless { out: &mut out, lines }, "{text}").unwrap();
        out
    }

    #[test]
    fn what_a_caller_says_neither_ends_a_line_nor_speaks_to_a_terminal() {
        assert_eq!(
            written("a\r\n2026 INFO b\u{1b}[2J\u{9b}\u{202e}é\t", false),
            "a\\r\\n2026 INFO b\\u{1b}[2J\\u{9b}\\u{202e}é\t"
        );
        assert_eq!(written("help:\n  more\u{7}", true), "help:\n  more\\u{7}");
    }
}

//! Progress that a command itself announces in its output.
//!
//! Two notations are understood: a line `::progress 3/7 text::`, and the terminal sequence OSC 9;4
//! (`ESC ] 9 ; 4 ; 1 ; PERCENT`), which many build tools write.

/// How far a command says it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Mark {
    pub done: f64,
    pub total: f64,
}

impl Mark {
    pub(super) fn new(done: f64, total: f64) -> Option<Self> {
        let valid = done.is_finite() && total.is_finite() && total > 0.0 && (0.0..=total).contains(&done);
        valid.then_some(Self { done, total })
    }
}

/// Reads a `::progress n/m text::` line: the mark and the text.
pub(super) fn in_line(line: &[u8]) -> Option<(Mark, &[u8])> {
    let inside = line.trim_ascii().strip_prefix(b"::progress ")?.strip_suffix(b"::")?.trim_ascii();
    let end = inside.iter().position(|&byte| byte == b' ').unwrap_or(inside.len());
    let (numbers, text) = inside.split_at(end);
    let (done, total) = std::str::from_utf8(numbers).ok()?.split_once('/')?;
    Some((Mark::new(done.parse().ok()?, total.parse().ok()?)?, text.trim_ascii()))
}

/// Finds the last OSC 9;4 that states a percentage.
pub(super) fn in_terminal_sequence(bytes: &[u8]) -> Option<Mark> {
    const OPEN: &[u8] = b"\x1b]9;4;1;";
    let mut end = bytes.len();
    loop {
        let start = bytes.get(..end)?.iter().rposition(|&byte| byte == 0x1b)?;
        let digits: &[u8] = match bytes.get(start..)?.strip_prefix(OPEN) {
            Some(rest) => rest.split(|byte| !byte.is_ascii_digit()).next()?,
            None => b"",
        };
        let percent = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
        if let Some(mark) = percent.and_then(|percent| Mark::new(percent, 100.0)) {
            return Some(mark);
        }
        end = start;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_progress_line_has_numbers_and_perhaps_a_text() {
        for (line, expected) in [
            ("::progress 3/7 linking::", Some((3.0, 7.0, "linking"))),
            ("  ::progress 0/1::\r", Some((0.0, 1.0, ""))),
            ("::progress 1.5/2.5  a b ::", Some((1.5, 2.5, "a b"))),
            ("::progress 8/7 x::", None),
            ("::progress -1/7 x::", None),
            ("::progress NaN/7 x::", None),
            ("::progress 1/0 x::", None),
            ("::progress 1 x::", None),
            ("::progress 1/2 x", None),
            ("see ::progress 1/2 x::", None),
        ] {
            let found = in_line(line.as_bytes());
            let found = found.map(|(mark, text)| (mark.done, mark.total, std::str::from_utf8(text).unwrap()));
            assert_eq!(found, expected, "{line}");
        }
    }

    #[test]
    fn the_last_percentage_counts() {
        for (text, expected) in [
            ("\x1b]9;4;1;20\x07 \x1b]9;4;1;55\x1b\\ x", Some(55.0)),
            ("\x1b]9;4;1;20\x07\x1b[2K\x1b]9;4;0;\x07", Some(20.0)),
            ("\x1b]9;4;3;\x07", None),
            ("\x1b]9;4;1;500\x07", None),
            ("\x1b]0;title\x07", None),
            ("", None),
        ] {
            assert_eq!(in_terminal_sequence(text.as_bytes()).map(|mark| mark.done), expected, "{text:?}");
        }
    }
}

//! Lines of a program's output as a person can read them: nothing in them is invisible.

use std::fmt::Write;

/// A longer line is cut.
const LONGEST: usize = 400;

/// A line with control characters, invisible ones and blanks at its end written out.
pub fn visible(line: &str) -> String {
    let text = line.trim_end_matches(' ');
    let mut shown = String::with_capacity(line.len());
    for c in text.chars().take(LONGEST) {
        // Writing to a text cannot fail.
        let _ = match c {
            '\n' => write!(shown, r"\n"),
            '\t' => write!(shown, r"\t"),
            '\r' => write!(shown, r"\r"),
            c if is_hidden(c) => write!(shown, r"\u{{{:x}}}", u32::from(c)),
            c => write!(shown, "{c}"),
        };
    }
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    } else {
        shown.extend(std::iter::repeat_n('·', (line.len() - text.len()).min(LONGEST)));
    }
    shown
}

fn is_hidden(c: char) -> bool {
    match c {
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}' | '\u{fffd}' => true,
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => true,
        '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}' => true,
        c => c.is_control(),
    }
}

/// The last lines of a text, each marked; a note if there were more, or none.
pub fn excerpt(text: &str) -> Vec<String> {
    const MOST: usize = 12;
    if text.is_empty() {
        return vec!["(it is empty)".to_owned()];
    }
    let lines: Vec<&str> = text.trim_end_matches('\n').split('\n').collect();
    let skipped = lines.len().saturating_sub(MOST);
    let note = (skipped > 0).then(|| format!("… {skipped} lines before"));
    let shown = lines.iter().skip(skipped).map(|line| format!("| {}", visible(line)));
    note.into_iter().chain(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_is_written_out() {
        for (line, expected) in [
            ("plain é", "plain é"),
            ("a\tb\r", r"a\tb\r"),
            ("\u{1b}[1mbold", r"\u{1b}[1mbold"),
            ("safe\u{202e}fdp", r"safe\u{202e}fdp"),
            ("end  ", "end··"),
            ("", ""),
        ] {
            assert_eq!(visible(line), expected);
        }
        assert_eq!(visible(&"x".repeat(500)).chars().count(), LONGEST + 1);
    }

    #[test]
    fn an_excerpt_is_the_end_of_a_text() {
        assert_eq!(excerpt(""), ["(it is empty)"]);
        assert_eq!(excerpt("a\nb\n"), ["| a", "| b"]);
        let long: String = (0..20).map(|number| format!("{number}\n")).collect();
        let shown = excerpt(&long);
        assert_eq!(shown.first().map(String::as_str), Some("… 8 lines before"));
        assert_eq!(shown.last().map(String::as_str), Some("| 19"));
    }
}

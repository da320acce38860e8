//! A word as a shell reads it back, and as a person reads it: nothing in it is hidden.
//!
//! Knows the quotes of shells; not what the word is for.

use std::fmt::Write;

/// Up to this many characters a text with line breaks is easier to read on one line.
const SHORT: usize = 80;

/// Quotes one word. What would be invisible, or would move what stands beside it, is escaped.
pub fn quoted(word: &str) -> String {
    if is_plain(word) {
        return word.to_owned();
    }
    let has_break = word.contains(['\n', '\t']);
    if word.chars().any(is_hidden) || has_break && word.chars().count() <= SHORT {
        return escaped(word);
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// Whether every shell takes the word as it is, whatever place it has in a line.
fn is_plain(word: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:,@%+=".contains(c);
    !word.is_empty() && !word.starts_with('=') && word.chars().all(plain)
}

/// Characters that a terminal does not show as themselves, line breaks and tabs aside.
fn is_hidden(c: char) -> bool {
    match c {
        '\n' | '\t' => false,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}' => true,
        '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => true,
        '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}' => true,
        c => c.is_control(),
    }
}

/// The form `$'…'`, which bash, zsh and newer versions of others know.
fn escaped(word: &str) -> String {
    let mut text = String::from("$'");
    for c in word.chars() {
        // Writing to a text cannot fail.
        let _ = match c {
            '\n' => write!(text, r"\n"),
            '\t' => write!(text, r"\t"),
            '\\' | '\'' => write!(text, r"\{c}"),
            c if is_hidden(c) && c.is_ascii() => write!(text, r"\x{:02x}", u32::from(c)),
            c if is_hidden(c) => write!(text, r"\U{:08x}", u32::from(c)),
            c => write!(text, "{c}"),
        };
    }
    text.push('\'');
    text
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_word_is_quoted_only_where_a_shell_wants_it() {
        for (word, expected) in [
            ("", "''"),
            ("plain", "plain"),
            ("--max-count=20", "--max-count=20"),
            ("=ls", "'=ls'"),
            ("~", "'~'"),
            ("two words", "'two words'"),
            ("it's", r"'it'\''s'"),
            ("$(id)", "'$(id)'"),
            ("a\nb", r"$'a\nb'"),
            ("a\\b\t'c'", r"$'a\\b\t\'c\''"),
            ("\u{1b}[2J", r"$'\x1b[2J'"),
            ("safe\u{202e}fdp.exe", r"$'safe\U0000202efdp.exe'"),
            ("é", "'é'"),
        ] {
            assert_eq!(quoted(word), expected);
        }
    }

    #[test]
    fn a_long_script_keeps_its_lines() {
        let script = "echo 'one'\n".repeat(20);
        assert_eq!(quoted(&script), format!("'{}'", script.replace('\'', r"'\''")));
    }
}

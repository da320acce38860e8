//! Quotes of shells: what a half-typed word means, and how a text is written.

/// A word as a program would get it, and the quote that is still open at its end.
#[derive(Debug, PartialEq, Eq)]
pub struct Unquoted {
    pub text: String,
    pub open: Option<char>,
}

/// Reads a word of a POSIX shell or of fish. Variables are left as they are.
pub fn unquoted(word: &str) -> Unquoted {
    let (mut text, mut open) = (String::new(), None);
    let mut characters = word.chars();
    while let Some(character) = characters.next() {
        match (open, character) {
            (None, '\'' | '"') => open = Some(character),
            (Some(quote), _) if quote == character => open = None,
            (None, '\\') => text.extend(characters.next()),
            (Some('"'), '\\') => text.push_str(&in_double_quotes(characters.next())),
            _ => text.push(character),
        }
    }
    Unquoted { text, open }
}

/// In double quotes a backslash is one, except before what it protects.
fn in_double_quotes(next: Option<char>) -> String {
    match next {
        Some(protected @ ('"' | '\\' | '$' | '`')) => protected.to_string(),
        Some(other) => format!("\\{other}"),
        None => String::new(),
    }
}

/// Writes a text for bash where `open` is the quote that stands before it.
pub fn for_bash(text: &str, open: Option<char>) -> String {
    match open {
        Some('"') => protected(text, |character| "\"\\$`".contains(character)),
        Some(_) => text.replace('\'', "'\\''"),
        None => protected(text, |character| character.is_ascii() && !is_plain(character)),
    }
}

/// Writes a text as one word of PowerShell.
pub fn for_powershell(text: &str) -> String {
    match text.chars().all(|character| is_plain(character) && !"~@#%".contains(character)) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', "''")),
    }
}

fn protected(text: &str, needs: impl Fn(char) -> bool) -> String {
    let mut written = String::with_capacity(text.len());
    for character in text.chars() {
        if needs(character) {
            written.push('\\');
        }
        written.push(character);
    }
    written
}

fn is_plain(character: char) -> bool {
    character.is_alphanumeric() || "_-+=:./,@%~^".contains(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_half_typed_word_is_read_as_the_shell_would() {
        for (word, text, open) in [
            ("mode=fast", "mode=fast", None),
            ("mode=\"fa", "mode=fa", Some('"')),
            ("'mode=fa st", "mode=fa st", Some('\'')),
            ("a\\ b", "a b", None),
            ("\"a\\\"b\\n\"c", "a\"b\\nc", None),
            ("a\\", "a", None),
            ("", "", None),
        ] {
            assert_eq!(unquoted(word), Unquoted { text: text.to_owned(), open }, "{word}");
        }
    }

    #[test]
    fn what_is_written_for_bash_is_read_as_it_was() {
        for text in ["plain", "two words", "it's", "a\"b", "$HOME `x` \\", "*?[]{}()<>|&;!#", "ä ö"] {
            assert_eq!(unquoted(&for_bash(text, None)).text, text);
            assert_eq!(unquoted(&format!("\"{}\"", for_bash(text, Some('"')))).text, text);
            assert_eq!(unquoted(&format!("'{}'", for_bash(text, Some('\'')))).text, text);
        }
    }
}

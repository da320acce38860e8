//! Texts that a model reads: too long to be of use, or with characters that nobody sees.

use crate::config::code::Code;
use crate::config::diagnostic::{Diagnostic, Problems};
use crate::config::syntax::Node;

/// Clients cut longer descriptions off, and every call of the model pays for them.
const MAX_BYTES: usize = 2048;

pub fn check(problems: &Problems, command: &Node<'_>) {
    let params = command.get("params").into_iter().flat_map(|params| params.entries());
    let params = params.filter_map(|entry| entry.value.get("description"));
    let own = ["title", "description"].into_iter().filter_map(|key| command.get(key));
    for node in own.chain(params) {
        check_text(problems, node);
    }
}

fn check_text(problems: &Problems, node: &Node<'_>) {
    let Some(text) = node.as_text() else { return };
    if text.len() > MAX_BYTES {
        let message =
            format!("this description has {} bytes; clients may cut it off after {MAX_BYTES}", text.len());
        let problem = Diagnostic::warning(Code::LongDescription, node.span, message);
        problems.add(problem.help("say what it does and when to use it, and leave the rest to the results"));
    }
    if let Some(character) = text.chars().find(|c| is_invisible(*c)) {
        let message = format!(
            "there is an invisible character (U+{:04X}) in this text: a model reads what people do not see",
            u32::from(character)
        );
        problems.add(Diagnostic::warning(Code::InvisibleText, node.span, message).help("remove it"));
    }
}

/// Joiners are left out: emoji and many scripts need them.
fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{115f}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{3164}' | '\u{feff}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

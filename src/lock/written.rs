//! Templates and arguments the way a user writes them.

use std::path::Path;

use serde_json::{Value, json};

use crate::model::{Argument, Piece, Template};

/// A template as text. Braces that are no template are told apart from those that are.
pub(super) fn template(template: &Template) -> String {
    pieces(template.pieces())
}

pub(super) fn pieces(pieces: &[Piece]) -> String {
    let pieces = pieces.iter().map(|piece| match piece {
        Piece::Text(text) => text.replace("{{", "\\{{"),
        Piece::Value(found) => format!("{{{{{}}}}}", found),
        Piece::Json(found) => format!("{{{{json {}}}}}", found),
    });
    pieces.collect()
}

/// An element of `args`: a word, a group as a list, a condition as a map.
fn argument(argument: &Argument) -> Value {
    match argument {
        Argument::Word(word) => Value::String(template(word)),
        Argument::If { param, args } => json!({ "if": param.as_str(), "args": arguments(args) }),
        Argument::Group(args) => arguments(args),
    }
}

pub(super) fn arguments(list: &[Argument]) -> Value {
    list.iter().map(argument).collect()
}

/// A path as every host has it: below the folder of the file it is relative to that.
pub(super) fn path(path: &Path, folder: &Path) -> String {
    match path.strip_prefix(folder) {
        Ok(below) if below.as_os_str().is_empty() => ".".to_owned(),
        Ok(below) => format!("./{}", below.display()),
        Err(_) => path.display().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_template_is_told_from_what_looks_like_one() {
        let parsed = |text: &str| template(&Template::parse(text).unwrap());
        assert_eq!(
            parsed("--max={{limit}}{{json a.b}}{{secrets.t}}"),
            "--max={{limit}}{{json a.b}}{{secrets.t}}"
        );
        assert_eq!(template(&Template::literal("{{.Names}}")), "\\{{.Names}}");
        assert_ne!(template(&Template::literal("{{x}}")), parsed("{{x}}"));
    }

    #[test]
    fn paths_below_the_file_are_relative_to_it() {
        let of = |text: &str| path(Path::new(text), Path::new("/home/me/project"));
        assert_eq!(of("/home/me/project"), ".");
        assert_eq!(of("/home/me/project/a/b"), "./a/b");
        assert_eq!(of("/home/me/projects"), "/home/me/projects");
    }
}

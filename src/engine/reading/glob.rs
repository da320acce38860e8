//! Whether the path of a file below a folder fits a pattern.

use crate::model::{FileGlob, name_matches};

/// A path of plain names: nothing in it leads up, or is hidden without the pattern saying so.
pub fn fits(globs: &[FileGlob], path: &str) -> bool {
    let names: Vec<&str> = path.split('/').collect();
    let is_plain = names.iter().all(|name| !matches!(*name, "" | "." | "..") && !name.contains('\\'));
    is_plain && globs.iter().any(|glob| matches(glob.parts(), &names))
}

fn matches(parts: &[String], names: &[&str]) -> bool {
    match (parts.split_first(), names.split_first()) {
        (None, None) => true,
        (Some((part, rest)), Some((name, further))) if part == "**" => {
            let is_open = !name.starts_with('.');
            // Alone it is any file at any depth.
            let ends_here = if rest.is_empty() { further.is_empty() } else { matches(rest, names) };
            (ends_here && (is_open || !rest.is_empty())) || (is_open && matches(parts, further))
        }
        (Some((part, rest)), Some((name, further))) => name_matches(part, name) && matches(rest, further),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_fit_patterns_and_lead_nowhere_else() {
        for (glob, path, expected) in [
            ("**", "a.md", true),
            ("**", "a/b.md", true),
            ("**", "a/.b.md", false),
            ("**", ".git/config", false),
            ("**", "../a.md", false),
            ("**", "a/../../b", false),
            ("**", "/etc/passwd", false),
            ("**", "a//b", false),
            ("**", "a/./b", false),
            ("**", "", false),
            ("*", "a.md", true),
            ("*", "a/b.md", false),
            ("**/*.md", "a.md", true),
            ("**/*.md", "a/b/c.md", true),
            ("**/*.md", "a/b/c.txt", false),
            ("**/*.md", ".a/c.md", false),
            ("docs/*.md", "docs/a.md", true),
            ("docs/*.md", "a.md", false),
            (".github/*", ".github/x.yml", true),
        ] {
            assert_eq!(fits(&[FileGlob::read(glob).unwrap()], path), expected, "{glob} {path}");
        }
    }
}

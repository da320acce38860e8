//! `.dockerignore`: which files of a context are not handed to the engine, by Docker's own rules.

use regex::Regex;

/// The patterns of a file, in their order. The last one that matches decides.
#[derive(Default)]
pub struct Ignored {
    patterns: Vec<Pattern>,
}

struct Pattern {
    /// `!`: what it matches is handed over all the same.
    keeps: bool,
    regex: Regex,
}

/// Which patterns match a folder, and so all that is in it.
pub type Above = Vec<bool>;

impl Ignored {
    pub fn parse(text: &str) -> Result<Self, String> {
        let lines = text.trim_start_matches('\u{feff}').lines();
        let lines = lines.filter(|line| !line.starts_with('#')).map(str::trim);
        let patterns = lines.filter(|line| !line.is_empty()).map(Pattern::parse);
        Ok(Self { patterns: patterns.collect::<Result<_, _>>()? })
    }

    /// What holds for the context itself: nothing.
    pub fn above(&self) -> Above {
        vec![false; self.patterns.len()]
    }

    /// Whether a path below the context is left out, and what holds for what is below it.
    pub fn judge(&self, path: &str, above: &Above) -> (bool, Above) {
        let matched = |(pattern, above): (&Pattern, &bool)| *above || pattern.regex.is_match(path);
        let here: Above = self.patterns.iter().zip(above).map(matched).collect();
        let last = self.patterns.iter().zip(&here).rev().find(|(_, matches)| **matches);
        (last.is_some_and(|(pattern, _)| !pattern.keeps), here)
    }

    /// Whether something in a folder that is left out may be handed over.
    pub fn may_keep(&self) -> bool {
        self.patterns.iter().any(|pattern| pattern.keeps)
    }
}

impl Pattern {
    fn parse(line: &str) -> Result<Self, String> {
        let (keeps, rest) = match line.strip_prefix('!') {
            Some(rest) => (true, rest.trim()),
            None => (false, line),
        };
        let clean = clean(rest);
        let regex = Regex::new(&expression(&clean));
        let regex = regex.map_err(|_| format!("`{line}` in `.dockerignore` is no pattern"))?;
        Ok(Self { keeps, regex })
    }
}

/// Without what means nothing in a path: `.`, doubled slashes, a slash at either end.
fn clean(pattern: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in pattern.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// `*` and `?` stay within a name, `**` is any number of folders.
fn expression(pattern: &str) -> String {
    let mut text = String::from("^");
    let mut letters = pattern.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '*' if letters.next_if_eq(&'*').is_some() => {
                letters.next_if_eq(&'/');
                text.push_str(if letters.peek().is_none() { ".*" } else { "(.*/)?" });
            }
            '*' => text.push_str("[^/]*"),
            '?' => text.push_str("[^/]"),
            '[' | ']' | '-' | '^' => text.push(letter),
            '\\' => {
                if let Some(next) = letters.next() {
                    text.push_str(&regex::escape(next.encode_utf8(&mut [0; 4])));
                }
            }
            letter => text.push_str(&regex::escape(letter.encode_utf8(&mut [0; 4]))),
        }
    }
    text.push('$');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a path is left out, judged from the top down.
    fn is_ignored(text: &str, path: &str) -> bool {
        let ignored = Ignored::parse(text).unwrap();
        let mut above = ignored.above();
        let mut is_ignored = false;
        let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
        for end in ends {
            (is_ignored, above) = ignored.judge(&path[..end], &above);
        }
        is_ignored
    }

    #[test]
    fn patterns_mean_what_they_mean_to_docker() {
        for (patterns, path, expected) in [
            ("target", "target", true),
            ("target", "target/debug/x", true),
            ("target", "src/target", false),
            ("/target/", "target/x", true),
            ("**/target", "src/target/x", true),
            ("**/target", "target", true),
            ("*.md", "README.md", true),
            ("*.md", "docs/a.md", false),
            ("**/*.md", "docs/b/a.md", true),
            ("docs/**", "docs/b/a.md", true),
            ("*/temp*", "a/temporary", true),
            ("*/temp*", "a/b/temporary", false),
            ("temp?", "tempa", true),
            ("temp?", "temp", false),
            ("[ab].txt", "a.txt", true),
            ("[^ab].txt", "a.txt", false),
            ("*.md\n!README.md", "README.md", false),
            ("!README.md\n*.md", "README.md", true),
            ("*\n!src\n", "src/main.rs", false),
            ("*\n!src/main.rs\n", "src/other.rs", true),
            ("# target\n\n  x  ", "x", true),
            ("# target", "target", false),
            ("a.b", "axb", false),
            ("./a/../b", "b", true),
        ] {
            assert_eq!(is_ignored(patterns, path), expected, "{patterns:?} {path}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_told() {
        let told = Ignored::parse("a\n[b").err().unwrap();
        assert!(told.contains("`[b`"), "{told}");
    }
}

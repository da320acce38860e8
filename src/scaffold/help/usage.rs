//! The usage line of a help text → what stands there without dashes.

use regex::Regex;

/// An argument without a name of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Positional {
    /// Without brackets: `FILE`.
    pub name: String,
    pub optional: bool,
    pub many: bool,
}

/// What a usage line tells.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Usage {
    pub positionals: Vec<Positional>,
    /// It wants the name of a subcommand.
    pub subcommands: bool,
}

/// Reads the first form of the usage; `words` are the program and its subcommands.
pub fn usage(help: &str, words: &[String]) -> Option<Usage> {
    let line = first_form(help)?;
    let lower_too = help.contains("positional arguments:");
    let mut usage = Usage::default();
    let tokens = tokens(&line);
    let rest = tokens.get(program_words(&tokens, words)..).unwrap_or_default();
    usage.take(rest, false, lower_too);
    Some(usage)
}

/// The usage with its continuation lines, without other forms.
fn first_form(help: &str) -> Option<String> {
    let heading = Regex::new(r"(?i)^\s*usage:?\s*").expect("the pattern is written here");
    let mut lines = help.lines().skip_while(|line| !heading.is_match(line));
    let mut form = heading.replace(lines.next()?, "").trim().to_owned();
    let mut indent = 0;
    for line in lines {
        if form.is_empty() {
            form = line.trim().to_owned();
            indent = indent_of(line);
        } else if indent_of(line) > indent && !begins_another_form(line, &form) {
            form = format!("{form} {}", line.trim());
        } else {
            break;
        }
    }
    (!form.is_empty()).then_some(form)
}

fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Another form begins with the program's name, or says so. An option is no part of the usage.
fn begins_another_form(line: &str, form: &str) -> bool {
    let first = line.split_whitespace().next().unwrap_or_default();
    first == "or:" || first.starts_with('-') || form.split_whitespace().next() == Some(first)
}

/// Splits at blanks outside of brackets.
fn tokens(line: &str) -> Vec<String> {
    let (mut tokens, mut token, mut depth) = (Vec::new(), String::new(), 0_usize);
    for c in line.chars() {
        match c {
            '[' | '{' | '(' | '<' => depth += 1,
            ']' | '}' | ')' | '>' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if c.is_whitespace() && depth == 0 {
            tokens.push(std::mem::take(&mut token));
        } else {
            token.push(c);
        }
    }
    tokens.push(token);
    tokens.retain(|token| !token.is_empty());
    tokens
}

/// The program, under whatever name, and the subcommands that were asked for.
fn program_words(tokens: &[String], words: &[String]) -> usize {
    let subcommands = words.iter().skip(1).filter(|word| !word.starts_with('-'));
    let named = subcommands.zip(tokens.iter().skip(1)).take_while(|(word, token)| word == token).count();
    1 + named
}

impl Usage {
    fn take(&mut self, tokens: &[String], optional: bool, lower_too: bool) {
        let mut tokens = tokens.iter().peekable();
        while let Some(token) = tokens.next() {
            let token = token.as_str();
            if token == "|" {
                // What follows is another way to write the same.
                tokens.next();
            } else if token == "..." {
                self.positionals.last_mut().into_iter().for_each(|last| last.many = true);
            } else if let Some(inner) = token.strip_prefix('[') {
                self.take_optional(inner, lower_too);
            } else if token.starts_with('-') {
                tokens.next_if(|next| !token.contains('=') && next.starts_with('<'));
            } else if is_name(token, optional || lower_too) {
                self.add(token, optional);
            }
        }
    }

    /// `[FILE]...`, `[[--] <path>...]`, `[PATTERN [PATH ...]]`; not `[-b ADDRESS]` and `[OPTIONS]`.
    fn take_optional(&mut self, inner: &str, lower_too: bool) {
        let Some((inner, tail)) = inner.rsplit_once(']') else { return };
        let name = inner.trim_matches(['<', '>', '.', ' ', '-']).to_ascii_lowercase();
        if inner.starts_with('-') || ["option", "options", "flags", "opts"].contains(&name.as_str()) {
            return;
        }
        let words = tokens(inner);
        if is_prose(&words) {
            return;
        }
        let before = self.positionals.len();
        self.take(&words, true, lower_too);
        if tail.starts_with("...") {
            self.positionals.iter_mut().skip(before).for_each(|added| added.many = true);
        }
    }

    fn add(&mut self, token: &str, optional: bool) {
        let many = token.ends_with("...");
        let name = token.trim_end_matches("...").trim_matches(['<', '>']).to_owned();
        if ["command", "subcommand", "cmd"].contains(&name.to_ascii_lowercase().as_str()) {
            self.subcommands = true;
        } else if !self.subcommands {
            // After a subcommand everything is its own.
            match self.positionals.iter_mut().find(|known| known.name == name) {
                Some(known) => known.many = true,
                None => self.positionals.push(Positional { name, optional, many }),
            }
        }
    }
}

/// Words that explain, as in `[ignored command line arguments]`.
fn is_prose(words: &[impl AsRef<str>]) -> bool {
    let is_word = |word: &str| word.bytes().all(|byte| byte.is_ascii_lowercase());
    words.len() > 2 && words.iter().all(|word| is_word(word.as_ref()))
}

/// A word that stands for a value: in angles, in braces, or shouted. Small ones only where they are
/// surely no literal words.
fn is_name(token: &str, lower_too: bool) -> bool {
    let bare = token.trim_end_matches("...");
    let word = bare.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
    let shouted = word && bare.len() > 1 && !bare.contains(|c: char| c.is_ascii_lowercase());
    let bracketed =
        (bare.starts_with('<') && bare.ends_with('>')) || (bare.starts_with('{') && bare.ends_with('}'));
    bracketed || shouted || (word && lower_too && bare.starts_with(|c: char| c.is_ascii_alphabetic()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_lines_tell_what_stands_without_dashes() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        for (help, program, expected) in [
            ("Usage: grep [OPTION]... PATTERNS [FILE]...", "grep", "PATTERNS FILE?*"),
            ("usage: server.py [-h] [-b ADDRESS] [port]", "python3 -m http.server", "port?"),
            ("Usage: cargo build [OPTIONS]", "cargo build", ""),
            (
                "usage: git log [<options>] [<revision-range>] [[--] <path>...]\n   or: git show",
                "git log",
                "revision-range? path?*",
            ),
            (
                "usage: git grep [<options>] [-e] <pattern> [<rev>...] [[--] <path>...]",
                "git grep",
                "pattern rev?* path?*",
            ),
            (
                "USAGE:\n  rg [OPTIONS] PATTERN [PATH ...]\n  rg [OPTIONS] -e PATTERN ...",
                "rg",
                "PATTERN PATH?*",
            ),
            ("Usage:\n  naval_fate ship new <name>...", "naval_fate", "name*"),
            ("Usage:\tjq [options] <jq filter> [file...]", "jq", "jq filter file?*"),
            (
                "usage: x [-a]\n         [-b]\n         file [to ...]\n\npositional arguments:",
                "x",
                "file to?*",
            ),
            ("usage: x [-h] {a,b} file [file ...]\n\npositional arguments:\n", "x", "{a,b} file*"),
        ] {
            let usage = usage(help, &words(program)).unwrap();
            let told: Vec<String> = usage
                .positionals
                .iter()
                .map(|p| {
                    format!(
                        "{}{}{}",
                        p.name,
                        if p.optional { "?" } else { "" },
                        if p.many { "*" } else { "" }
                    )
                })
                .collect();
            assert_eq!(told.join(" "), expected, "{help}");
        }
        let cargo = usage("Usage: cargo [OPTIONS] [COMMAND]", &words("cargo")).unwrap();
        assert!(cargo.subcommands && cargo.positionals.is_empty());
        let prose = usage("Usage: true [ignored command line arguments]\n  or:  true OPTION", &words("true"))
            .unwrap();
        assert!(!prose.subcommands && prose.positionals.is_empty());
        assert_eq!(usage("nothing", &words("x")), None);
    }
}

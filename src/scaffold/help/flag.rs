//! The left column of an option: its names and its value.

use regex::Regex;

use super::entry::Entry;

/// An option of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// As it is passed: `--ignore-case`, or `-i` if it has no longer name.
    pub word: String,
    pub value: Option<FlagValue>,
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlagValue {
    /// What the help calls it.
    pub name: String,
    /// Whether it is passed in the same word, behind `=`.
    pub joined: bool,
}

impl Flag {
    /// `None` if the entry is no option, or none that has a name.
    pub fn parse(entry: &Entry) -> Option<Self> {
        let term = entry.term.trim_end_matches("...").replace("[no-]", "");
        if !term.starts_with('-') {
            return None;
        }
        let names = names(&term);
        let word =
            names.iter().max_by_key(|(name, _)| name.starts_with("--")).map(|(name, _)| name.clone())?;
        let named = names.iter().rev().find(|(_, value)| !value.is_empty()).map(|(_, value)| value.as_str());
        let value = named.and_then(|value| FlagValue::parse(value, &word));
        let valid = word.trim_start_matches('-').starts_with(|c: char| c.is_ascii_alphabetic());
        let shouted =
            !word.starts_with("--") && word.len() > 2 && word.chars().all(|c| !c.is_ascii_lowercase());
        (valid && !shouted).then(|| Self { word, value, text: entry.text.clone() })
    }

    /// Like `-name` of `find`.
    pub fn is_long_with_one_dash(&self) -> bool {
        !self.word.starts_with("--") && self.name().len() > 1
    }

    /// Its name without dashes.
    pub fn name(&self) -> &str {
        self.word.trim_start_matches('-')
    }
}

/// Each name with what follows it, up to the next name.
fn names(term: &str) -> Vec<(String, String)> {
    let name =
        Regex::new(r"(?:^|[\s,|/(])(--?[A-Za-z0-9?][A-Za-z0-9_-]*)").expect("the pattern is written here");
    let found: Vec<(usize, usize, &str)> = name
        .captures_iter(term)
        .filter_map(|captures| captures.get(1))
        .map(|name| (name.start(), name.end(), name.as_str()))
        .collect();
    let next = found.iter().skip(1).map(|(start, _, _)| *start).chain([term.len()]);
    found
        .iter()
        .zip(next)
        .map(|((_, end, name), next)| {
            let rest = term.get(*end..next).unwrap_or_default();
            ((*name).to_owned(), rest.trim_end_matches([',', ' ', '|', '/']).to_owned())
        })
        .collect()
}

impl FlagValue {
    /// `=NUM`, ` <FILE>`, `[=WHEN]`, ` string`, and `=false:` as kubectl writes a default.
    fn parse(text: &str, word: &str) -> Option<Self> {
        let joined = text.starts_with('=') || text.starts_with("[=");
        if let Some(default) = text.strip_suffix(':') {
            return Self::of_default(default.trim_start_matches('='));
        }
        let name = text.trim_matches(['=', '[', ']', ' ']).trim_end_matches("...").trim();
        let joined = joined && word.starts_with("--");
        (!name.is_empty()).then(|| Self { name: name.trim_matches(['<', '>']).to_owned(), joined })
    }

    fn of_default(default: &str) -> Option<Self> {
        let name = match default {
            "true" | "false" => return None,
            number if number.parse::<i64>().is_ok() => "NUM",
            _ => "string",
        };
        Some(Self { name: name.to_owned(), joined: true })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_left_column_tells_names_and_values() {
        for (term, word, value) in [
            ("-i, --ignore-case", "--ignore-case", None),
            ("-m, --max-count=NUM", "--max-count", Some(("NUM", true))),
            ("-m NUM, --max-count=NUM", "--max-count", Some(("NUM", true))),
            ("--color[=WHEN],", "--color", Some(("WHEN", true))),
            ("-b ADDRESS, --bind ADDRESS", "--bind", Some(("ADDRESS", false))),
            ("-p, --package [<SPEC>]", "--package", Some(("SPEC", false))),
            ("--format string", "--format", Some(("string", false))),
            ("-d {a,b}, --direction {a,b}", "--direction", Some(("{a,b}", false))),
            ("-h --help", "--help", None),
            ("-v, --verbose...", "--verbose", None),
            ("-q, --[no-]quiet", "--quiet", None),
            ("-A, --all-namespaces=false:", "--all-namespaces", None),
            ("--chunk-size=500:", "--chunk-size", Some(("NUM", true))),
            ("--speed=<kn>", "--speed", Some(("kn", true))),
            ("-I", "-I", None),
            ("-C <n>", "-C", Some(("n", false))),
            ("-maxdepth LEVELS", "-maxdepth", Some(("LEVELS", false))),
        ] {
            let flag = Flag::parse(&Entry { term: term.into(), text: String::new() }).unwrap();
            let found = flag.value.as_ref().map(|value| (value.name.as_str(), value.joined));
            assert_eq!((flag.word.as_str(), found), (word, value), "{term}");
        }
        for term in ["-NUM", "PATTERN", "-", "--"] {
            assert_eq!(Flag::parse(&Entry { term: term.into(), text: String::new() }), None, "{term}");
        }
    }
}

//! The words before the cursor, read with clap's description of our command line but as leniently
//! as a line has to be that is not finished.

use clap::{Arg, Command};

/// What a line has said so far.
#[derive(Debug)]
pub struct Line<'c> {
    root: &'c Command,
    /// The verb, and one of its own behind it.
    verbs: Vec<&'c Command>,
    /// What is neither an option nor the value of one; without the verb.
    pub words: Vec<String>,
    options: Vec<Given<'c>>,
    /// The option whose value comes next.
    pub waiting: Option<&'c Arg>,
    /// Behind `--` nothing is an option.
    pub only_words: bool,
}

#[derive(Debug)]
struct Given<'c> {
    option: &'c Arg,
    value: Option<String>,
}

impl<'c> Line<'c> {
    /// `root` has to be built, or options of all verbs are not known to each.
    pub fn read(root: &'c Command, words: &[String]) -> Self {
        let mut line = Self {
            root,
            verbs: Vec::new(),
            words: Vec::new(),
            options: Vec::new(),
            waiting: None,
            only_words: false,
        };
        words.iter().for_each(|word| line.take(word));
        line
    }

    /// The verb, if the line has one; else what is said without one.
    pub fn command(&self) -> &'c Command {
        self.verbs.last().copied().unwrap_or(self.root)
    }

    pub fn verb(&self) -> Option<&'c str> {
        self.verbs.first().map(|verb| verb.get_name())
    }

    /// The verbs that follow a verb.
    pub fn further_verbs(&self) -> impl Iterator<Item = &'c Command> {
        self.command().get_subcommands().filter(|verb| !verb.is_hide_set())
    }

    pub fn verbs(&self) -> impl Iterator<Item = &'c Command> {
        self.root.get_subcommands().filter(|verb| !verb.is_hide_set())
    }

    /// The options of the line.
    pub fn given(&self) -> impl Iterator<Item = &'c Arg> {
        self.options.iter().map(|given| given.option)
    }

    pub fn has(&self, id: &str) -> bool {
        self.options.iter().any(|given| given.option.get_id() == id)
    }

    pub fn value_of(&self, id: &str) -> Option<&str> {
        let given = self.options.iter().rev().find(|given| given.option.get_id() == id)?;
        given.value.as_deref()
    }

    /// The tool that the line is about, and the words behind it.
    pub fn tool(&self) -> Option<(&str, &[String])> {
        if !matches!(self.verb(), None | Some("call")) {
            return None;
        }
        let (tool, arguments) = self.words.split_first()?;
        Some((tool, arguments))
    }

    /// The option of a long name.
    pub fn long(&self, name: &str) -> Option<&'c Arg> {
        self.command().get_arguments().find(|option| {
            option.get_long() == Some(name) || option.get_all_aliases().unwrap_or_default().contains(&name)
        })
    }

    fn short(&self, letter: char) -> Option<&'c Arg> {
        self.command().get_arguments().find(|option| option.get_short() == Some(letter))
    }

    fn take(&mut self, word: &str) {
        if let Some(option) = self.waiting.take() {
            self.options.push(Given { option, value: Some(word.to_owned()) });
        } else if self.only_words {
            self.words.push(word.to_owned());
        } else if word == "--" {
            self.only_words = true;
        } else if let Some(long) = word.strip_prefix("--") {
            self.take_long(long);
        } else if let Some(letters) = word.strip_prefix('-').filter(|letters| !letters.is_empty()) {
            self.take_short(letters);
        } else {
            self.take_word(word);
        }
    }

    fn take_long(&mut self, written: &str) {
        let (name, value) = match written.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (written, None),
        };
        if let Some(option) = self.long(name) {
            self.give(option, value);
        }
    }

    fn take_short(&mut self, letters: &str) {
        for (at, letter) in letters.char_indices() {
            let Some(option) = self.short(letter) else { continue };
            let rest = letters.get(at + letter.len_utf8()..).filter(|rest| !rest.is_empty());
            if takes_value(option) {
                return self.give(option, rest.map(|rest| rest.trim_start_matches('=').to_owned()));
            }
            self.give(option, None);
        }
    }

    fn give(&mut self, option: &'c Arg, value: Option<String>) {
        match takes_value(option) && value.is_none() {
            true => self.waiting = Some(option),
            false => self.options.push(Given { option, value }),
        }
    }

    fn take_word(&mut self, word: &str) {
        let verb = self.command().get_subcommands().find(|verb| verb.get_name() == word);
        match verb.filter(|_| self.words.is_empty()) {
            Some(verb) => self.verbs.push(verb),
            None => self.words.push(word.to_owned()),
        }
    }
}

pub fn takes_value(option: &Arg) -> bool {
    option.get_action().takes_values()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T>(words: &str, look: impl Fn(&Line<'_>) -> T) -> T {
        let mut root = crate::cli::command();
        root.build();
        let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
        look(&Line::read(&root, &words))
    }

    #[test]
    fn the_file_is_found_however_it_is_named() {
        for words in [
            "-c a.yaml",
            "-ca.yaml",
            "-c=a.yaml",
            "--config a.yaml",
            "--config=a.yaml",
            "call -c a.yaml search",
            "search --config=b.yaml x=1 -c a.yaml",
        ] {
            let named = read(words, |line| line.value_of("config").map(str::to_owned));
            assert_eq!(named.as_deref(), Some("a.yaml"), "{words}");
        }
        assert_eq!(read("search -- -c a.yaml", |line| line.value_of("config").map(str::to_owned)), None);
        assert!(read("list --config", |line| line.waiting.is_some()));
    }

    #[test]
    fn a_tool_is_the_first_word_or_follows_call() {
        for (words, expected) in [
            ("search a=1 b=2", Some(("search", 2))),
            ("--dry-run search", Some(("search", 0))),
            ("call --json search a=1", Some(("search", 1))),
            ("call call", Some(("call", 0))),
            ("list", None),
            ("secret set x", None),
            ("list search", None),
            ("", None),
            ("-- list", Some(("list", 0))),
        ] {
            let found = read(words, |line| line.tool().map(|(tool, rest)| (tool.to_owned(), rest.len())));
            assert_eq!(found.as_ref().map(|(tool, rest)| (tool.as_str(), *rest)), expected, "{words}");
        }
    }
}

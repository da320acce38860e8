//! The words before the cursor, as clap reads them: leniently, since the line is not finished.

use std::collections::BTreeMap;
use std::ffi::OsString;

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use crate::config::{Choice, Host};

/// Stands for the word at the cursor; nobody can type it.
const CURSOR: &str = "\0";

/// What a line has said so far.
#[derive(Debug, Default)]
pub struct Line {
    /// The verb that the line has, or its own verb; what is said without one if it has none.
    pub command: Command,
    /// The words that lead to it.
    pub verbs: Vec<String>,
    /// What is neither an option nor the value of one; without the verbs.
    pub words: Vec<String>,
    /// The options that are given, by their names for clap, with their values.
    given: BTreeMap<String, Vec<String>>,
    /// The option whose value comes next.
    pub waiting: Option<Arg>,
    /// Behind `--` nothing is an option.
    pub only_words: bool,
}

impl Line {
    /// `None` if nothing can be made of it.
    pub fn read(before: &[String]) -> Option<Self> {
        let mut root = lenient(crate::cli::command()).disable_version_flag(true).arg(flag("version", 'V'));
        root.build();
        let words = ["mcpfier"].into_iter().chain(before.iter().map(String::as_str)).chain([CURSOR]);
        let matches = root.try_get_matches_from_mut(words).ok()?;
        let mut line = Self { only_words: before.iter().any(|word| word == "--"), ..Self::default() };
        line.take(&root, &matches);
        Some(line)
    }

    pub fn has(&self, id: &str) -> bool {
        self.given.contains_key(id)
    }

    pub fn value_of(&self, id: &str) -> Option<&str> {
        self.values_of(id).last().map(String::as_str)
    }

    fn values_of(&self, id: &str) -> &[String] {
        self.given.get(id).map(Vec::as_slice).unwrap_or_default()
    }

    /// What is chosen beside the file.
    pub fn choice(&self, host: &Host) -> Choice {
        Choice::of(self.values_of("profile"), self.values_of("set"), self.values_of("tags"), host)
    }

    /// The options of the line.
    pub fn given(&self) -> impl Iterator<Item = &Arg> {
        self.command.get_arguments().filter(|option| self.has(option.get_id().as_str()))
    }

    /// The tool that the line is about, and the words behind it.
    pub fn tool(&self) -> Option<(&str, &[String])> {
        if !matches!(self.verbs.first().map(String::as_str), None | Some("call")) {
            return None;
        }
        let (tool, arguments) = self.words.split_first()?;
        Some((tool, arguments))
    }

    fn take(&mut self, command: &Command, matches: &ArgMatches) {
        self.words.clear();
        for argument in command.get_arguments() {
            let id = argument.get_id().as_str();
            if matches.value_source(id) == Some(ValueSource::CommandLine) {
                self.take_values(argument, values(matches, id));
            }
        }
        match matches.subcommand().map(|(name, inner)| (name, inner, command.find_subcommand(name))) {
            Some((name, inner, Some(verb))) => {
                self.verbs.push(name.to_owned());
                return self.take(verb, inner);
            }
            Some((name, _, None)) if name != CURSOR => self.words.push(name.to_owned()),
            _ => {}
        }
        self.command = command.clone();
    }

    fn take_values(&mut self, argument: &Arg, mut values: Vec<String>) {
        let at_cursor = values.pop_if(|last| last == CURSOR).is_some();
        if argument.is_positional() {
            return self.words.append(&mut values);
        }
        if at_cursor {
            self.waiting = Some(argument.clone());
        }
        if !at_cursor || !values.is_empty() {
            self.given.insert(argument.get_id().to_string(), values);
        }
    }
}

fn values(matches: &ArgMatches, id: &str) -> Vec<String> {
    let values = matches.try_get_raw(id).ok().flatten().into_iter().flatten();
    values.map(|value| value.to_string_lossy().into_owned()).collect()
}

/// The same command line, but whatever stands in it is taken: wrong values, options given twice.
fn lenient(command: Command) -> Command {
    let taken = |argument: Arg| match argument.get_action().takes_values() {
        true => argument.value_parser(value_parser!(OsString)),
        false => argument,
    };
    // The flag of clap would end the reading.
    let command = command.disable_help_flag(true).arg(flag("help", 'h'));
    command.ignore_errors(true).args_override_self(true).mut_args(taken).mut_subcommands(lenient)
}

fn flag(name: &'static str, letter: char) -> Arg {
    Arg::new(name).long(name).short(letter).action(ArgAction::SetTrue)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &str) -> Line {
        let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
        Line::read(&words).expect("something is made of it")
    }

    #[test]
    fn the_file_is_found_however_it_is_named() {
        for words in [
            "-c a.yaml",
            "-ca.yaml",
            "-c=a.yaml",
            "--config a.yaml",
            "--config=a.yaml",
            "-c b.yaml -c a.yaml",
            "call -c a.yaml search",
            "--help call -c a.yaml",
            "test --jobs many -c a.yaml",
            "search --config=b.yaml x=1 -c a.yaml",
        ] {
            assert_eq!(read(words).value_of("config"), Some("a.yaml"), "{words}");
        }
        assert_eq!(read("search -- -c a.yaml").value_of("config"), None);
    }

    #[test]
    fn what_is_chosen_beside_the_file_is_read_like_the_program_reads_it() {
        let line = read("--tags a,b --profile one call --dry-run --profile=two search --set x=1 --set");
        let choice = line.choice(&Host::default());
        let words = choice.words();
        assert_eq!(words, ["--profile", "two", "--set", "x=1", "--tags", "a,b"]);
        assert!(line.waiting.is_some());
        assert_eq!(read("--profile one --profile two").values_of("profile"), ["one", "two"]);
    }

    #[test]
    fn a_wrong_line_means_what_stands_before_the_mistake() {
        let line = read("-c a.yaml call search x=1 --nowhere -c b.yaml y=2");
        assert_eq!(line.value_of("config"), Some("a.yaml"));
        assert_eq!(line.tool().map(|(tool, rest)| (tool, rest.len())), Some(("search", 1)));
    }

    #[test]
    fn an_option_waits_for_its_value() {
        for (words, waiting) in [
            ("list --config", Some("config")),
            ("-c", Some("config")),
            ("init --template", Some("templates")),
            ("--env-file", Some("env_file")),
            ("init --template git", None),
            ("--config=", None),
            ("--dry-run", None),
        ] {
            let line = read(words);
            let id = line.waiting.as_ref().map(|option| option.get_id().as_str());
            assert_eq!(id, waiting, "{words}");
        }
    }

    #[test]
    fn a_tool_is_the_first_word_or_follows_call() {
        for (words, expected) in [
            ("search a=1 b=2", Some(("search", 2))),
            ("--dry-run search", Some(("search", 0))),
            ("call --json search a=1", Some(("search", 1))),
            ("call call", Some(("call", 0))),
            ("-c list search", Some(("search", 0))),
            ("search list", Some(("search", 1))),
            ("list", None),
            ("secret set x", None),
            ("list search", None),
            ("", None),
            ("-- list", Some(("list", 0))),
        ] {
            let line = read(words);
            let found = line.tool().map(|(tool, rest)| (tool, rest.len()));
            assert_eq!(found, expected, "{words}");
        }
    }
}

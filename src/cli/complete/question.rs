//! What is asked: a line, the word at its cursor, and how the engine of `clap_complete` is asked.

use std::ffi::OsString;

use clap::Arg;
use clap_complete::engine::CompletionCandidate;

use super::line::Line;
use super::menu::Menu;

pub struct Question {
    pub line: Line,
    /// The word at the cursor, as far as it is typed.
    current: String,
    /// Where in it the value of an option begins: behind `--config=`.
    begins: usize,
    /// How much of it stays as it is: `mode=`, `--config=`, `git,`.
    stays: usize,
    pub menu: Menu,
}

impl Question {
    pub fn new(line: Line, current: String, menu: Menu) -> Self {
        let (begins, stays) = staying(&line, &current);
        Self { line, current, begins, stays, menu }
    }

    /// The part of the word that stays as it is.
    pub fn prefix(&self) -> &str {
        self.current.get(..self.stays).unwrap_or_default()
    }

    /// The part of the value that stays as it is.
    pub fn stands(&self) -> &str {
        self.current.get(self.begins..self.stays).unwrap_or_default()
    }

    /// Values behind the part of theirs that stays.
    pub fn continued(&self, values: Vec<CompletionCandidate>) -> Vec<CompletionCandidate> {
        values.into_iter().map(|value| value.add_prefix(self.stands())).collect()
    }

    /// The part that is completed.
    pub fn typed(&self) -> &str {
        self.current.get(self.stays..).unwrap_or_default()
    }

    /// Whether the name of an option is typed.
    pub fn wants_option(&self) -> bool {
        self.stays == 0 && self.is_in_option() && !self.current.contains('=')
    }

    /// Whether the name of an option is typed, or its value in the same word.
    pub fn is_in_option(&self) -> bool {
        is_in_option(&self.line, &self.current)
    }

    /// The line for the engine, which completes its last word.
    ///
    /// What is typed behind the part that stays is left out: some shells choose more kindly among all
    /// offers than by their beginnings. Options that have their values are left out, and words stand
    /// for themselves only as verbs, since the engine sees a verb in every word that is spelled so.
    pub fn words(&self) -> Vec<OsString> {
        let line = &self.line;
        let mut words = vec!["mcpfier".to_owned()];
        words.extend(line.verbs.iter().cloned());
        words.extend(line.only_words.then(|| "--".to_owned()));
        words.extend(line.words.iter().map(|_| "word".to_owned()));
        words.extend(line.waiting.as_ref().and_then(Arg::get_long).map(|long| format!("--{long}")));
        // For a lone dash the engine would give letters, and no name of an option that has one.
        words.push(if self.wants_option() { "--" } else { self.prefix() }.to_owned());
        words.into_iter().map(OsString::from).collect()
    }
}

/// Where a value begins in the word, and where the part of it that is completed does.
fn staying(line: &Line, current: &str) -> (usize, usize) {
    let (begins, option) = match &line.waiting {
        Some(option) => (0, option),
        None if is_in_option(line, current) => match option_of(line, current) {
            Some(found) => found,
            None => return (0, 0),
        },
        None if line.tool().is_some() && !line.has("validate") => {
            return (0, current.find('=').map_or(0, |at| at + 1));
        }
        None => return (0, 0),
    };
    let value = current.get(begins..).unwrap_or_default();
    (begins, begins + done(option, value))
}

/// How much of the value of an option is not completed any more: items of a list, keys of a path.
fn done(option: &Arg, value: &str) -> usize {
    let last = match option.get_id().as_str() {
        "set" => value.find('=').or_else(|| value.rfind('.')),
        "tags" => value.rfind(','),
        _ => option.get_value_delimiter().and_then(|delimiter| value.rfind(delimiter)),
    };
    last.map_or(0, |at| at + 1)
}

fn is_in_option(line: &Line, current: &str) -> bool {
    line.waiting.is_none() && !line.only_words && current.starts_with('-')
}

/// The option whose value is typed in the same word, and where that begins.
fn option_of<'l>(line: &'l Line, current: &str) -> Option<(usize, &'l Arg)> {
    let mut options = line.command.get_arguments().filter(|option| option.get_action().takes_values());
    match current.strip_prefix("--") {
        Some(long) => {
            let (name, _) = long.split_once('=')?;
            Some(("--=".len() + name.len(), options.find(|option| option.get_long() == Some(name))?))
        }
        None => {
            let letter = current.chars().nth(1)?;
            let option = options.find(|option| option.get_short() == Some(letter))?;
            let named = '-'.len_utf8() + letter.len_utf8();
            let is_equal = current.get(named..).is_some_and(|rest| rest.starts_with('='));
            Some((named + usize::from(is_equal), option))
        }
    }
}

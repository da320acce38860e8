//! What is offered at the cursor.

use std::path::PathBuf;

use clap::{Arg, ArgAction, Command, ValueHint};

use crate::model::Dialect;

use crate::cli::arguments::CHECKING;

use super::line::{Line, takes_value};
use super::menu::Menu;
use super::{parameters, values};

/// What may be put at the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    pub kind: Kind,
    pub text: String,
    /// One line; may be empty.
    pub description: String,
}

/// What an offer is; shells that group call their groups so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Verb,
    Tool,
    Option,
    Parameter,
    Value,
    File,
}

/// Offers for what follows a part of the word that stays as it is: `mode=`, `--config=`.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Offers {
    pub prefix: String,
    pub list: Vec<Offer>,
}

/// Offers, or that files are wanted, which somebody else has to look for.
#[derive(Debug, PartialEq, Eq)]
pub enum Choice {
    Offers(Offers),
    /// Files below `base`, or below the current folder.
    Files {
        prefix: String,
        base: Option<PathBuf>,
    },
}

/// Verbs that show what they would do.
const PREVIEWED: [&str; 3] = ["call", "setup", "bundle"];

impl Offer {
    pub fn new(kind: Kind, text: impl Into<String>, description: &str) -> Self {
        Self { kind, text: text.into(), description: one_line(description) }
    }
}

impl Choice {
    pub fn of(list: Vec<Offer>) -> Self {
        Self::behind(String::new(), list)
    }

    pub fn behind(prefix: String, list: Vec<Offer>) -> Self {
        Self::Offers(Offers { prefix, list })
    }
}

/// What can stand where `current` is being typed.
pub fn choice(line: &Line<'_>, current: &str, menu: &Menu<'_>) -> Choice {
    if let Some(option) = line.waiting {
        return value(line, option, "", current, menu);
    }
    if line.only_words || !current.starts_with('-') {
        return word(line, current, menu);
    }
    match current.split_once('=') {
        Some((written, typed)) => {
            match line.long(written.trim_start_matches('-')).filter(|option| takes_value(option)) {
                Some(option) => value(line, option, &format!("{written}="), typed, menu),
                None => Choice::of(Vec::new()),
            }
        }
        None => Choice::of(options(line)),
    }
}

/// Options that can still be given.
fn options(line: &Line<'_>) -> Vec<Offer> {
    let command = line.command();
    let is_left = |option: &&Arg| {
        let repeats = matches!(option.get_action(), ArgAction::Append);
        // Either may be the one that names the other.
        let excludes = |one: &Arg, other: &Arg| command.get_arg_conflicts_with(one).contains(&other);
        let excluded = line.given().any(|other| excludes(option, other) || excludes(other, option));
        let waits = option.get_help_heading() == Some(CHECKING) && option.get_id() != "validate";
        let is_hidden =
            option.is_hide_set() || option.is_hide_short_help_set() || waits && !line.has("validate");
        !is_hidden && (repeats || !line.has(option.get_id().as_str())) && !excluded
    };
    let options = command.get_arguments().filter(is_left);
    let named = options.filter_map(|option| {
        let help = option.get_help().map(ToString::to_string).unwrap_or_default();
        Some(Offer::new(Kind::Option, format!("--{}", option.get_long()?), &help))
    });
    named.collect()
}

/// A word that is no option.
fn word(line: &Line<'_>, current: &str, menu: &Menu<'_>) -> Choice {
    if line.verb().is_some() {
        if line.words.is_empty() && line.command().has_subcommands() {
            return Choice::of(line.further_verbs().map(offer_of_verb).collect());
        }
        return match positional(line.command(), line.words.len()) {
            Some(argument) => value(line, argument, "", current, menu),
            None => Choice::of(Vec::new()),
        };
    }
    if line.has("validate") {
        return Choice::Files { prefix: String::new(), base: None };
    }
    if ["setup", "mcp"].iter().any(|flag| line.has(flag)) {
        return Choice::of(Vec::new());
    }
    match line.words.is_empty() {
        true => Choice::of(first_words(line, menu)),
        false => argument(line, current, menu),
    }
}

/// The argument of a verb that the next word is.
fn positional(verb: &Command, place: usize) -> Option<&Arg> {
    let all: Vec<&Arg> = verb.get_positionals().filter(|argument| !argument.is_hide_set()).collect();
    let repeats = |argument: &&Arg| matches!(argument.get_action(), ArgAction::Append);
    all.get(place).or_else(|| all.last().filter(|last| repeats(last))).copied()
}

/// Verbs and tools. Where both have a name, the one that the line would mean.
fn first_words(line: &Line<'_>, menu: &Menu<'_>) -> Vec<Offer> {
    let (mut offers, dialect) = (menu.tools(), menu.dialect());
    let verbs: Vec<&Command> = line
        .verbs()
        .filter(|verb| !line.has("dry_run") || PREVIEWED.contains(&verb.get_name()))
        .filter(|verb| dialect == Dialect::Native || offers.iter().all(|tool| tool.text != verb.get_name()))
        .collect();
    offers
        .retain(|tool| dialect == Dialect::Original || line.verbs().all(|verb| verb.get_name() != tool.text));
    offers.extend(verbs.into_iter().map(offer_of_verb));
    offers
}

fn offer_of_verb(verb: &Command) -> Offer {
    let about = verb.get_about().map(ToString::to_string).unwrap_or_default();
    Offer::new(Kind::Verb, verb.get_name(), &about)
}

fn argument(line: &Line<'_>, current: &str, menu: &Menu<'_>) -> Choice {
    let found = line.tool().and_then(|(name, given)| Some((menu.tool(name)?, given)));
    match found {
        Some((tool, given)) => parameters::choice(&tool, given, current),
        None => Choice::of(Vec::new()),
    }
}

/// The value of an option, or a verb's own word. What it is called says what it can be.
fn value(line: &Line<'_>, of: &Arg, prefix: &str, typed: &str, menu: &Menu<'_>) -> Choice {
    let name = of.get_value_names().and_then(|names| names.first()).map_or("", |name| name.as_str());
    let list = match name {
        "ARGUMENT=VALUE" => return argument(line, typed, menu),
        "TOOL" => menu.tools(),
        "SECRET" => menu.secrets(),
        "TOPIC" => first_words(line, menu),
        _ => values::named(name, typed).unwrap_or_else(|| possible(of)),
    };
    let wants_files = matches!(
        of.get_value_hint(),
        ValueHint::AnyPath | ValueHint::FilePath | ValueHint::DirPath | ValueHint::ExecutablePath
    );
    if list.is_empty() && wants_files {
        return Choice::Files { prefix: prefix.to_owned(), base: None };
    }
    let listed = of.get_value_delimiter().and_then(|delimiter| typed.rfind(delimiter)).map_or(0, |at| at + 1);
    Choice::behind(format!("{prefix}{}", typed.get(..listed).unwrap_or_default()), list)
}

fn possible(of: &Arg) -> Vec<Offer> {
    let values = of.get_possible_values();
    let offered = values.iter().filter(|value| !value.is_hide_set());
    let named = offered.map(|value| {
        let help = value.get_help().map(ToString::to_string).unwrap_or_default();
        Offer::new(Kind::Value, value.get_name(), &help)
    });
    named.collect()
}

/// The first line, without what would be an order to a terminal.
fn one_line(text: &str) -> String {
    let line = text.trim().lines().next().unwrap_or_default();
    line.chars().filter(|character| !character.is_control()).collect()
}

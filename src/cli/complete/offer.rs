//! What is offered at the cursor: what the engine found, without what makes no sense there.

use clap::{Arg, ArgAction};
use clap_complete::engine::CompletionCandidate;

use crate::cli::arguments::CHECKING;
use crate::model::Dialect;

use super::line::Line;
use super::question::Question;

/// What may be put at the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    pub kind: Kind,
    pub text: String,
    /// One line; may be empty.
    pub description: String,
}

/// What an offer is; shells that group call their groups so. In the order in which they are offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Parameter,
    Value,
    Tool,
    Verb,
    Option,
    File,
}

/// Offers for what follows a part of the word that stays as it is: `mode=`, `--config=`.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Offers {
    pub prefix: String,
    pub list: Vec<Offer>,
}

/// Verbs that show what they would do.
const PREVIEWED: [&str; 3] = ["call", "setup", "bundle"];

impl Kind {
    const ALL: [Self; 6] = [Self::Parameter, Self::Value, Self::Tool, Self::Verb, Self::Option, Self::File];

    pub fn name(self) -> &'static str {
        match self {
            Self::Parameter => "parameters",
            Self::Value => "values",
            Self::Tool => "tools",
            Self::Verb => "verbs",
            Self::Option => "options",
            Self::File => "files",
        }
    }

    /// One of us for the engine.
    pub fn candidate(self, text: impl Into<String>, description: &str) -> CompletionCandidate {
        let candidate = CompletionCandidate::new(text.into()).tag(Some(self.name().into()));
        candidate.help(Some(one_line(description).into()))
    }

    /// Ours are tagged; the engine says by an id which of its own are verbs and options.
    fn of(candidate: &CompletionCandidate) -> Self {
        match candidate.get_id().and_then(|id| id.split("::").next()) {
            Some("arg") => return Self::Option,
            Some("command") => return Self::Verb,
            _ => {}
        }
        let tag = candidate.get_tag().map(ToString::to_string).unwrap_or_default();
        Self::ALL.into_iter().find(|kind| kind.name() == tag).unwrap_or(Self::Value)
    }
}

/// What of the `found` can stand at the cursor.
pub fn offers(question: &Question, found: &[CompletionCandidate]) -> Offers {
    let (line, prefix) = (&question.line, question.prefix().to_owned());
    let shown = found.iter().filter(|candidate| !candidate.is_hide_set());
    let mut list: Vec<Offer> = shown.filter_map(|candidate| offer(candidate, &prefix)).collect();
    list.retain(|offer| match offer.kind {
        Kind::Option => {
            question.wants_option() && option(&offer.text, line).is_some_and(|it| is_left(it, line))
        }
        _ => !question.is_in_option() || !prefix.is_empty(),
    });
    one_of_each_name(&mut list, question);
    list.retain(|offer| offer.kind != Kind::Verb || may_follow(&offer.text, line));
    list.sort_by_key(|offer| (offer.kind, place(offer, line)));
    Offers { prefix, list }
}

fn offer(candidate: &CompletionCandidate, prefix: &str) -> Option<Offer> {
    let text = candidate.get_value().to_str()?.strip_prefix(prefix)?.to_owned();
    let description = candidate.get_help().map(|help| one_line(&help.to_string())).unwrap_or_default();
    Some(Offer { kind: Kind::of(candidate), text, description })
}

fn option<'l>(text: &str, line: &'l Line) -> Option<&'l Arg> {
    let long = text.strip_prefix("--")?;
    line.command.get_arguments().find(|option| option.get_long() == Some(long))
}

/// Whether an option can still be given. The engine offers all that the verb has.
fn is_left(option: &Arg, line: &Line) -> bool {
    let repeats = matches!(option.get_action(), ArgAction::Append);
    // Either may be the one that names the other.
    let excludes = |one: &Arg, other: &Arg| line.command.get_arg_conflicts_with(one).contains(&other);
    let excluded = line.given().any(|other| excludes(option, other) || excludes(other, option));
    let waits = option.get_help_heading() == Some(CHECKING) && option.get_id() != "validate";
    let hidden = option.is_hide_set() || option.is_hide_short_help_set() || waits && !line.has("validate");
    !hidden && (repeats || !line.has(option.get_id().as_str())) && !excluded
}

/// The engine mixes the options of a verb with those of the whole program; they come behind those of
/// the verb, and what every program has comes last.
fn place(offer: &Offer, line: &Line) -> (bool, usize) {
    let is_own = |option: &Arg| option.get_long() == offer.text.strip_prefix("--");
    let at = line.command.get_arguments().position(is_own).filter(|_| offer.kind == Kind::Option);
    (["--help", "--version"].contains(&offer.text.as_str()), at.unwrap_or_default())
}

/// Where a verb and a tool have a name, only what the line would mean is offered.
fn one_of_each_name(list: &mut Vec<Offer>, question: &Question) {
    let named = |kind: Kind| -> Vec<String> {
        list.iter().filter(|offer| offer.kind == kind).map(|offer| offer.text.clone()).collect()
    };
    let (tools, verbs) = (named(Kind::Tool), named(Kind::Verb));
    let both: Vec<&String> = tools.iter().filter(|tool| verbs.contains(tool)).collect();
    if both.is_empty() {
        return;
    }
    let tool_wins = question.line.only_words || question.menu.dialect() == Dialect::Original;
    let loser = if tool_wins { Kind::Verb } else { Kind::Tool };
    list.retain(|offer| offer.kind != loser || !both.contains(&&offer.text));
}

/// Whether a verb makes sense behind the rest of the line.
fn may_follow(verb: &str, line: &Line) -> bool {
    let serves = ["validate", "setup", "mcp"].iter().any(|flag| line.has(flag));
    let previewed = !line.has("dry_run") || !line.verbs.is_empty() || PREVIEWED.contains(&verb);
    line.words.is_empty() && !line.only_words && !serves && previewed
}

/// The first line, without what would be an order to a terminal.
fn one_line(text: &str) -> String {
    let line = text.trim().lines().next().unwrap_or_default();
    line.chars().filter(|character| !character.is_control()).collect()
}

//! Tells clap's description of our command line what it cannot know: which tools, parameters, files
//! and codes there are. What an argument is called in the help says what it can be.

use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;

use clap::{Arg, Command, ValueHint};
use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};

use super::offer::Kind;
use super::parameters::{self, Choice};
use super::question::Question;
use super::{files, values};

/// What an argument can be.
type Answer = fn(&Question) -> Vec<CompletionCandidate>;

/// The command line with our completers; all of them answer one question.
pub fn completers(root: Command, question: &Arc<Question>) -> Command {
    root.mut_args(|argument| attach(argument, question)).mut_subcommands(|verb| completers(verb, question))
}

fn attach(argument: Arg, question: &Arc<Question>) -> Arg {
    let Some(answer) = answer(&argument) else { return argument };
    let (question, is_word) = (Arc::clone(question), argument.is_positional());
    // The engine also asks what a word can be where an option is typed.
    argument.add(ArgValueCompleter::new(move |_: &OsStr| match is_word && question.is_in_option() {
        true => Vec::new(),
        false => answer(&question),
    }))
}

fn answer(argument: &Arg) -> Option<Answer> {
    Some(match name(argument) {
        "WORDS" => words,
        "TOOL" => |question| question.menu.tools(),
        "ARGUMENT=VALUE" => arguments,
        "SECRET" => |question| question.menu.secrets(),
        "TOPIC" => topics,
        "CODE" => |question| values::codes(question.typed()),
        "TEMPLATE" => |_| values::templates(),
        "TAG,…" => |question| question.continued(question.menu.tags(question.stands())),
        "PATH=VALUE" => |question| question.continued(question.menu.settings(question.stands())),
        _ if argument.get_id() == "profile" => |question| question.menu.profiles(),
        "FORMAT" => |_| values::formats(),
        _ if wants_files(argument) => |question| files(question, None),
        _ => return None,
    })
}

fn name(argument: &Arg) -> &str {
    argument.get_value_names().and_then(|names| names.first()).map_or("", |name| name.as_str())
}

fn wants_files(argument: &Arg) -> bool {
    use ValueHint::{AnyPath, DirPath, ExecutablePath, FilePath};
    matches!(argument.get_value_hint(), AnyPath | FilePath | DirPath | ExecutablePath)
}

/// What stands on a line without a verb: a tool and its arguments, or files to be checked.
fn words(question: &Question) -> Vec<CompletionCandidate> {
    let line = &question.line;
    match line.words.is_empty() {
        // Verbs have words, too, which only a command of their name can have.
        _ if !line.verbs.is_empty() => Vec::new(),
        _ if line.has("validate") => files(question, None),
        _ if line.has("setup") || line.has("mcp") => Vec::new(),
        true => question.menu.tools(),
        false => arguments(question),
    }
}

fn arguments(question: &Question) -> Vec<CompletionCandidate> {
    let found = question.line.tool().and_then(|(name, given)| Some((question.menu.tool(name)?, given)));
    let Some((tool, given)) = found else { return Vec::new() };
    let offers = match parameters::choice(&tool, given, question.prefix()) {
        Choice::These(offers) => offers,
        Choice::Files { base } => files(question, base.as_deref()),
    };
    question.continued(offers)
}

/// Verbs and tools.
fn topics(question: &Question) -> Vec<CompletionCandidate> {
    let root = crate::cli::command();
    let verbs = root.get_subcommands().filter(|verb| !verb.is_hide_set()).map(|verb| {
        let about = verb.get_about().map(ToString::to_string).unwrap_or_default();
        Kind::Verb.candidate(verb.get_name(), &about)
    });
    question.menu.tools().into_iter().chain(verbs).collect()
}

fn files(question: &Question, base: Option<&Path>) -> Vec<CompletionCandidate> {
    files::below(base.unwrap_or(question.menu.folder()), question.typed())
}

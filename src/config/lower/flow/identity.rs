//! By which names the steps of a flow are known.

use std::collections::BTreeSet;

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::native::{Command, FlowKeys};
use crate::config::read::{Reader, Spanned};
use crate::config::source::Span;
use crate::model::StepId;

use super::super::command::own_action;
use super::sight::Names;

/// The names of all steps, and which of them are what. They stand in this order: dependencies, steps, the
/// command itself, and what is done in the end.
pub struct Identities {
    pub names: Names,
    pub steps: usize,
    pub own: Option<usize>,
    pub finally: usize,
}

/// What a step says of its name.
struct Candidate<'n> {
    written: Option<Spanned<&'n str>>,
    command: Option<&'n str>,
}

impl Identities {
    pub fn of(reader: &Reader<'_>, command: &Command<'_>, keys: &FlowKeys<'_>) -> Self {
        let mut all: Vec<Candidate<'_>> = Vec::new();
        let value = |text: &Spanned<_>| text.value;
        for entry in keys.depends_on.iter().flat_map(|list| &list.items) {
            all.push(Candidate { written: entry.name, command: entry.command.as_ref().map(value) });
        }
        let steps = all.len();
        for step in keys.steps.iter().flat_map(|list| &list.items) {
            all.push(Candidate { written: step.id, command: step.work.command.as_ref().map(value) });
        }
        let own = (keys.steps.is_none() && own_action(command).is_some()).then_some(all.len());
        if own.is_some() {
            all.push(Candidate { written: None, command: command.name.as_ref().map(value) });
        }
        let finally = all.len();
        for step in keys.finally.iter().flat_map(|list| &list.items) {
            all.push(Candidate { written: step.id, command: step.work.command.as_ref().map(value) });
        }
        Self { names: names(reader, &all), steps, own, finally }
    }

    /// The name of a step as others are told it. What cannot be one has been reported.
    pub fn id(&self, at: usize) -> Option<StepId> {
        self.names.name(at).parse().ok()
    }
}

fn names(reader: &Reader<'_>, all: &[Candidate<'_>]) -> Names {
    // What is written goes before what is made up.
    let written: BTreeSet<&str> = all.iter().filter_map(|candidate| Some(candidate.written?.value)).collect();
    let mut names = Names::default();
    let mut places: Vec<Option<Span>> = Vec::with_capacity(all.len());
    for (at, candidate) in all.iter().enumerate() {
        places.push(candidate.written.map(|written| written.span));
        let chosen = candidate.written.filter(|written| is_good(reader, *written));
        let Some(chosen) = chosen else {
            let _ = names.push(&made_up(&names, &written, at, candidate.command));
            if let Some(command) = candidate.command.filter(|command| command.contains('-')) {
                names.note_nameless(command);
            }
            continue;
        };
        if let Err(taken) = names.push(chosen.value) {
            let message = format!("there are two steps of the name `{}`", chosen.value);
            let problem = Diagnostic::error(Code::DuplicateStep, chosen.span, message);
            let first = places.get(taken).copied().flatten();
            reader.problems.add(match first {
                Some(first) => problem.other(first, "the first is here"),
                None => problem,
            });
        }
    }
    names
}

fn is_good(reader: &Reader<'_>, written: Spanned<&str>) -> bool {
    match written.value.parse::<StepId>() {
        Ok(_) => true,
        Err(error) => {
            let problem = Diagnostic::error(Code::BadName, written.span, error.to_string());
            reader.problems.add(problem.label("the name of a step"));
            false
        }
    }
}

/// The name of its command if that can be one, else its number.
fn made_up(names: &Names, written: &BTreeSet<&str>, at: usize, command: Option<&str>) -> String {
    let is_free = |name: &str| !names.has(name) && !written.contains(name);
    if let Some(command) = command.filter(|command| command.parse::<StepId>().is_ok() && is_free(command)) {
        return command.to_owned();
    }
    let mut name = format!("step_{}", at + 1);
    while !is_free(&name) {
        name.push('_');
    }
    name
}

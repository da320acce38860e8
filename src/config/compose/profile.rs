//! `profiles`: parts of a file that are laid over it when they are chosen.

use crate::config::choice::Typed;
use crate::config::code::Code;
use crate::config::diagnostic::{Diagnostic, Problems};
use crate::config::read::nearest;
use crate::config::shape;
use crate::config::source::Span;
use crate::config::syntax::{Entry, Kind, Node};

/// What is settled before a profile is laid over the file.
const SETTLED: [&str; 3] = ["version", "include", "profiles"];

/// More than these would be validated for a long time.
const MAX_PROFILES: usize = 64;

/// Checks the map as a whole, whatever is chosen.
pub fn check(problems: &Problems, profiles: &Node<'_>) {
    match &profiles.kind {
        Kind::Map(entries) if entries.len() > MAX_PROFILES => {
            let message = format!("at most {MAX_PROFILES} profiles fit; found {}", entries.len());
            problems.add(Diagnostic::error(Code::TooLarge, profiles.span, message));
        }
        Kind::Map(_) | Kind::Broken => {}
        _ => {
            let message = format!("`profiles` has to be a map; found {}", profiles.describe());
            let problem = Diagnostic::error(Code::WrongType, profiles.span, message);
            problems.add(problem.help("write `profiles: { prod: { … } }`"));
        }
    }
}

/// The names of all profiles of a file, as many as are allowed.
pub fn names<'n>(root: &'n Node<'_>) -> impl Iterator<Item = &'n str> + Clone {
    let entries = root.get("profiles").map(Node::entries).unwrap_or_default();
    entries.iter().map(|entry| &*entry.key.text).take(MAX_PROFILES)
}

/// The profile that was chosen; `place` is where its name was typed.
pub fn chosen<'n, 's>(
    problems: &Problems,
    root: &'n Node<'s>,
    typed: &Typed,
    place: Span,
) -> Option<&'n Node<'s>> {
    let Some(profile) = root.get("profiles").and_then(|profiles| profiles.get(&typed.text)) else {
        problems.add(unknown(root, typed, place));
        return None;
    };
    match &profile.kind {
        Kind::Map(entries) => {
            for entry in entries.iter().filter(|entry| SETTLED.contains(&&*entry.key.text)) {
                let message = format!("a profile cannot change `{}`", entry.key.text);
                let problem = Diagnostic::error(Code::Fixed, entry.key.span, message);
                problems.add(problem.help(match &*entry.key.text {
                    "include" => "include the files in the root, and say `enabled: false` of what a profile does without",
                    _ => "it belongs to the root of the file",
                }));
            }
            let unknown = entries.iter().filter(|entry| !is_known(&entry.key.text));
            unknown.for_each(|entry| problems.add(unknown_key(entry)));
            Some(profile)
        }
        Kind::Broken => None,
        _ => {
            let message = format!("a profile has to be a map; found {}", profile.describe());
            problems.add(Diagnostic::error(Code::WrongType, profile.span, message));
            None
        }
    }
}

/// A profile without the keys that no file has.
pub fn without_unknown<'s>(profile: &Node<'s>) -> Node<'s> {
    let unknown = profile.entries().iter().filter(|entry| !is_known(&entry.key.text));
    unknown.fold(profile.clone(), |profile, entry| profile.without(&entry.key.text))
}

fn is_known(key: &str) -> bool {
    shape::ROOT.find(key).is_some() || key.starts_with("x-")
}

fn unknown_key(entry: &Entry<'_>) -> Diagnostic {
    let key = &*entry.key.text;
    let problem =
        Diagnostic::error(Code::UnknownKey, entry.key.span, format!("`{key}` is not a key of a profile"));
    match nearest(key, shape::ROOT.names().filter(|name| !SETTLED.contains(name))) {
        Some(nearest) => problem.help(format!("did you mean `{nearest}`?")),
        None => problem.help("a profile holds keys of the file, such as `vars`, `defaults` and `commands`"),
    }
}

fn unknown(root: &Node<'_>, typed: &Typed, place: Span) -> Diagnostic {
    let message = format!("there is no profile `{}`", typed.text);
    let problem = Diagnostic::error(Code::UnknownProfile, place, message);
    let names: Vec<&str> = names(root).collect();
    match nearest(&typed.text, names.iter().copied()) {
        Some(nearest) => problem.help(format!("did you mean `{nearest}`?")),
        None if names.is_empty() => problem.help("the file has no `profiles`"),
        None => problem.help(format!("there are `{}`", names.join("`, `"))),
    }
}

//! What can be chosen of a file: its profiles, its tags, and the paths of `--set`. For completion,
//! which has no time to load a file, and has an answer even where something is wrong in it.

use std::collections::BTreeMap;
use std::path::Path;

use super::choice::Choice;
use super::compose::{self, name_of, tags_of};
use super::host::Host;
use super::load::glance;
use super::shape::{COMMAND, Kind as Shaped, PARAM, ROOT, Shape};
use super::syntax::{Kind, Node};
use crate::model::counted;

/// What can be chosen, and a few words on it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Outlined {
    pub text: String,
    pub description: String,
}

impl Outlined {
    fn new(text: impl Into<String>, description: impl Into<String>) -> Self {
        Self { text: text.into(), description: description.into() }
    }
}

/// The profiles of a file, in its order, with the keys that they change.
pub fn profiles(path: &Path, host: &Host) -> Vec<Outlined> {
    let found = glance(path, host, &Choice::default(), |root| {
        let Some(profiles) = root.get("profiles") else { return Vec::new() };
        let keys = |name: &str| -> Vec<String> {
            let keys = profiles.get(name).map(Node::entries).unwrap_or_default();
            keys.iter().map(|entry| entry.key.text.to_string()).collect()
        };
        compose::profile_names(root).map(|name| Outlined::new(name, keys(name).join(", "))).collect()
    });
    found.unwrap_or_default()
}

/// The tags that commands of a file have, with how many have them.
pub fn tags(path: &Path, host: &Host, choice: &Choice) -> Vec<Outlined> {
    let choice = Choice { tags: Vec::new(), ..choice.clone() };
    let found = glance(path, host, &choice, |root| {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for tag in commands(root).iter().flat_map(tags_of).filter(|tag| !tag.is_empty()) {
            *counts.entry(tag).or_default() += 1;
        }
        counts.into_iter().map(|(tag, count)| Outlined::new(tag, counted(count, "command"))).collect()
    });
    found.unwrap_or_default()
}

/// What can follow the beginning of a `--set`, which ends in `.` or `=` or is empty: keys, each with
/// its own `.` or `=`, or the values that a key knows.
pub fn settings(path: &Path, host: &Host, choice: &Choice, before: &str) -> Vec<Outlined> {
    let found = glance(path, host, choice, |root| {
        let (keys, is_value) = before.strip_suffix('=').map_or((before, false), |keys| (keys, true));
        let keys = keys.strip_suffix('.').unwrap_or(keys);
        let mut spot = Spot { of: Of::Root, node: Some(root) };
        for key in keys.split('.').filter(|key| !key.is_empty()) {
            let Some(next) = spot.below(key) else { return Vec::new() };
            spot = next;
        }
        if is_value { spot.values() } else { spot.keys() }
    });
    found.unwrap_or_default()
}

fn commands<'n, 's>(root: &'n Node<'s>) -> &'n [Node<'s>] {
    match root.get("commands").map(|commands| &commands.kind) {
        Some(Kind::List(commands)) => commands,
        _ => &[],
    }
}

/// A place in a file: what may stand there, and what does.
#[derive(Clone, Copy)]
struct Spot<'n, 's> {
    of: Of,
    node: Option<&'n Node<'s>>,
}

#[derive(Clone, Copy)]
enum Of {
    Root,
    Commands,
    Keys(&'static Shape),
    /// The file chooses the keys.
    Names(&'static Shaped),
    Value(&'static Shaped),
}

impl<'n, 's> Spot<'n, 's> {
    fn shaped(kind: &'static Shaped, node: Option<&'n Node<'s>>) -> Self {
        let of = match kind {
            Shaped::Group(shape) => Of::Keys(shape),
            Shaped::Parameter => Of::Keys(&PARAM),
            Shaped::MapOf(_, kind) => Of::Names(kind),
            _ => Of::Value(kind),
        };
        Self { of, node }
    }

    fn below(self, key: &str) -> Option<Self> {
        let node = || self.node.and_then(|node| node.get(key));
        match self.of {
            Of::Root if key == "commands" => Some(Self { of: Of::Commands, node: self.node }),
            Of::Root => Some(Self::shaped(&ROOT.find(key)?.kind, node())),
            Of::Commands => {
                let named = self.commands().iter().find(|command| name_of(command) == Some(key))?;
                Some(Self { of: Of::Keys(&COMMAND), node: Some(named) })
            }
            Of::Keys(shape) => Some(Self::shaped(&shape.find(key)?.kind, node())),
            Of::Names(kind) => Some(Self::shaped(kind, node())),
            Of::Value(_) => None,
        }
    }

    fn commands(self) -> &'n [Node<'s>] {
        self.node.map(commands).unwrap_or_default()
    }

    fn keys(self) -> Vec<Outlined> {
        match self.of {
            Of::Root => Self::keys_of(&ROOT, &compose::SETTLED),
            Of::Commands => {
                let named = self.commands().iter().filter_map(|command| Some((name_of(command)?, command)));
                named.map(|(name, command)| Outlined::new(format!("{name}."), description(command))).collect()
            }
            // Another name would be another command.
            Of::Keys(shape) if shape.name == COMMAND.name => Self::keys_of(shape, &["name"]),
            Of::Keys(shape) => Self::keys_of(shape, &[]),
            Of::Names(kind) => {
                let entries = self.node.map(Node::entries).unwrap_or_default();
                let names = entries.iter().map(|entry| format!("{}{}", entry.key.text, sign(kind)));
                names.map(|name| Outlined::new(name, "")).collect()
            }
            Of::Value(_) => Vec::new(),
        }
    }

    fn keys_of(shape: &'static Shape, without: &[&str]) -> Vec<Outlined> {
        let keys = shape.built().filter(|key| !without.contains(&key.name));
        keys.map(|key| Outlined::new(format!("{}{}", key.name, sign(&key.kind)), key.description)).collect()
    }

    /// The values that the language knows.
    fn values(self) -> Vec<Outlined> {
        let Of::Value(kind) = self.of else { return Vec::new() };
        let either = if let Shaped::Either(kinds) = kind { kinds } else { std::slice::from_ref(kind) };
        let words = either.iter().flat_map(|kind| match kind {
            Shaped::Choice(words) => *words,
            Shaped::Boolean => &["true", "false"],
            _ => &[],
        });
        words.map(|word| Outlined::new(*word, "")).collect()
    }
}

/// What follows a key: others below it, or its value.
fn sign(kind: &Shaped) -> &'static str {
    match kind {
        Shaped::Group(_) | Shaped::MapOf(..) | Shaped::Parameter => ".",
        // Commands are found by their name; no other list is entered.
        Shaped::ListOf(Shaped::Group(shape)) if shape.name == COMMAND.name => ".",
        _ => "=",
    }
}

fn description<'n>(command: &'n Node<'_>) -> &'n str {
    command.get("description").and_then(Node::as_text).unwrap_or_default()
}

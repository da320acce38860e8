//! A root file and the files that it includes → one value.
//!
//! Lists follow one another; a name in a map belongs to one file.

use std::collections::HashMap;
use std::rc::Rc;

use crate::config::code::Code;
use crate::config::diagnostic::{Diagnostic, Problems};
use crate::config::read::nearest;
use crate::config::source::Span;
use crate::config::syntax::{Entry, Kind, Node};

/// Keys of an included file whose lists are joined.
const LISTS: [&str; 3] = ["commands", "prompts", "resources"];
/// And those whose maps are.
const MAPS: [&str; 2] = ["vars", "secrets"];

/// A root that grows file by file.
pub struct Joined<'s, 'p> {
    problems: &'p Problems,
    root: Node<'s>,
    entries: Vec<Entry<'s>>,
    lists: [Vec<Node<'s>>; 3],
    maps: [Vec<Entry<'s>>; 2],
    /// Where each name in a map stands.
    names: HashMap<(&'static str, String), Span>,
}

impl<'s, 'p> Joined<'s, 'p> {
    pub fn new(root: &Node<'s>, problems: &'p Problems) -> Self {
        let mut joined = Self {
            problems,
            root: root.clone(),
            entries: root.entries().to_vec(),
            lists: Default::default(),
            maps: Default::default(),
            names: HashMap::new(),
        };
        for key in MAPS {
            for entry in root.get(key).map(Node::entries).unwrap_or_default() {
                joined.names.insert((key, entry.key.text.to_string()), entry.key.span);
            }
        }
        joined
    }

    /// Adds an included file.
    pub fn add(&mut self, file: &Node<'s>) {
        for entry in file.entries() {
            let key = &*entry.key.text;
            if let Some(at) = LISTS.iter().position(|list| *list == key) {
                self.add_list(at, entry);
            } else if let Some(at) = MAPS.iter().position(|map| *map == key) {
                self.add_map(at, entry);
            } else if key == "version" {
                self.check_version(&entry.value);
            } else {
                self.problems.add(strange(entry));
            }
        }
    }

    fn add_list(&mut self, at: usize, entry: &Entry<'s>) {
        let Kind::List(items) = &entry.value.kind else {
            // Whoever reads the root says what is wrong with its value; here it is said at once.
            if !matches!(entry.value.kind, Kind::Broken) {
                let message =
                    format!("`{}` has to be a list; found {}", entry.key.text, entry.value.describe());
                self.problems.add(Diagnostic::error(Code::WrongType, entry.value.span, message));
            }
            return;
        };
        self.root_entry(entry);
        if let Some(list) = self.lists.get_mut(at) {
            list.extend(items.iter().cloned());
        }
    }

    fn add_map(&mut self, at: usize, entry: &Entry<'s>) {
        let (Some(key), Kind::Map(_)) = (MAPS.get(at), &entry.value.kind) else {
            if !matches!(entry.value.kind, Kind::Broken) {
                let message =
                    format!("`{}` has to be a map; found {}", entry.key.text, entry.value.describe());
                self.problems.add(Diagnostic::error(Code::WrongType, entry.value.span, message));
            }
            return;
        };
        self.root_entry(entry);
        for named in entry.value.entries() {
            let name = (*key, named.key.text.to_string());
            if let Some(first) = self.names.get(&name) {
                let message = format!("`{}` stands in `{key}` of two files", named.key.text);
                let problem = Diagnostic::error(Code::DuplicateKey, named.key.span, message);
                self.problems.add(problem.other(*first, "the first is here"));
                continue;
            }
            self.names.insert(name, named.key.span);
            if let Some(map) = self.maps.get_mut(at) {
                map.push(named.clone());
            }
        }
    }

    /// What the root does not have, it now has empty.
    fn root_entry(&mut self, entry: &Entry<'s>) {
        if !self.entries.iter().any(|known| known.key.text == entry.key.text) {
            let kind = match entry.value.kind {
                Kind::List(_) => Kind::List(Rc::default()),
                _ => Kind::Map(Rc::default()),
            };
            let value = Node::new(entry.value.span, kind);
            self.entries.push(Entry { key: entry.key.clone(), value });
        }
    }

    fn check_version(&self, version: &Node<'_>) {
        let is_known = matches!(&version.kind, Kind::Scalar(scalar) if scalar.plain && scalar.text == "1");
        if !is_known {
            let message = "an included file has the version of its root: 1";
            self.problems.add(
                Diagnostic::error(Code::Version, version.span, message)
                    .help("write `version: 1`, or remove it"),
            );
        }
    }

    pub fn finish(self) -> Node<'s> {
        let Self { root, mut entries, lists, maps, .. } = self;
        for (key, added) in LISTS.into_iter().zip(lists).filter(|(_, added)| !added.is_empty()) {
            let known = entries.iter_mut().find(|entry| entry.key.text == key);
            if let Some(Entry { value, .. }) = known
                && let Kind::List(items) = &value.kind
            {
                let items = items.iter().cloned().chain(added).collect();
                *value = Node::new(value.span, Kind::List(Rc::new(items)));
            }
        }
        for (key, added) in MAPS.into_iter().zip(maps).filter(|(_, added)| !added.is_empty()) {
            let known = entries.iter_mut().find(|entry| entry.key.text == key);
            if let Some(Entry { value, .. }) = known
                && let Kind::Map(named) = &value.kind
            {
                let named = named.iter().cloned().chain(added).collect();
                *value = Node::new(value.span, Kind::Map(Rc::new(named)));
            }
        }
        match root.kind {
            Kind::Map(_) => Node::new(root.span, Kind::Map(Rc::new(entries))),
            _ => root,
        }
    }
}

fn strange(entry: &Entry<'_>) -> Diagnostic {
    let key = &*entry.key.text;
    let message = format!("`{key}` cannot stand in an included file");
    let problem = Diagnostic::error(Code::NotInInclude, entry.key.span, message);
    let known = LISTS.into_iter().chain(MAPS);
    match (key, nearest(key, known)) {
        ("include", _) => problem.help("include that file from the root file too"),
        (_, Some(nearest)) => problem.help(format!("did you mean `{nearest}`?")),
        (_, None) => problem.help(
            "it belongs into the root file; an included one holds `commands`, `prompts`, `resources`, `vars` and `secrets`",
        ),
    }
}

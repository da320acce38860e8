//! `templates` and `extends`: keys that several commands share.
//!
//! A command is laid over what it extends: its own keys win, maps are joined, lists replaced.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::read::{Reader, Spanned, nearest};
use crate::config::syntax::{Entry, Kind, Node, is_too_heavy, too_large};

use super::merge::Overlay;

/// Nobody follows longer chains.
const MAX_CHAIN: usize = 16;

/// The commands of a file with what they extend.
pub fn extend<'s>(reader: &Reader<'_>, root: &Node<'s>) -> Node<'s> {
    let templates = Templates::new(reader, root);
    let mut root = root.clone();
    if let Kind::Map(entries) = &mut root.kind
        && let Some(commands) = Rc::make_mut(entries).iter_mut().find(|entry| entry.key.text == "commands")
    {
        commands.value = templates.commands(&commands.value);
    }
    templates.note_profiles(&root);
    templates.report_unused();
    root
}

struct Templates<'r, 's> {
    reader: &'r Reader<'r>,
    written: BTreeMap<String, Entry<'s>>,
    /// What each stands for with all that it extends; `None` if that is nothing.
    whole: RefCell<BTreeMap<String, Option<Node<'s>>>>,
    used: RefCell<BTreeSet<String>>,
}

impl<'r, 's> Templates<'r, 's> {
    fn new(reader: &'r Reader<'r>, root: &Node<'s>) -> Self {
        let written = match root.get("templates") {
            Some(node) => {
                if !matches!(node.kind, Kind::Map(_)) {
                    reader.wrong_type(node, "`templates`", "a map of names and keys of commands");
                }
                node.entries().iter().map(|entry| (entry.key.text.to_string(), entry.clone())).collect()
            }
            None => BTreeMap::new(),
        };
        Self { reader, written, whole: RefCell::default(), used: RefCell::default() }
    }

    fn commands(&self, commands: &Node<'s>) -> Node<'s> {
        let Kind::List(items) = &commands.kind else { return commands.clone() };
        let mut extended = Vec::with_capacity(items.len());
        let mut weight: u32 = 0;
        for item in items.iter() {
            let item = self.extended(item, &mut Vec::new());
            weight = weight.saturating_add(item.weight());
            if is_too_heavy(weight) {
                self.reader.problems.add(too_large(item.span));
                break;
            }
            extended.push(item);
        }
        Node::new(commands.span, Kind::List(Rc::new(extended)))
    }

    /// A command or a template over all that it extends.
    fn extended(&self, node: &Node<'s>, chain: &mut Vec<String>) -> Node<'s> {
        let Some(names) = node.get("extends") else { return node.clone() };
        let mut base: Option<Node<'s>> = None;
        for name in self.names(names) {
            let Some(next) = self.template(name, chain) else { continue };
            base = Some(match base {
                Some(base) => Overlay { guard: None }.root(&base, &next),
                None => next,
            });
        }
        let own = node.without("extends");
        match base {
            Some(base) => lay(&base, &own),
            None => own,
        }
    }

    fn names<'n>(&self, node: &'n Node<'s>) -> Vec<Spanned<&'n str>> {
        match &node.kind {
            Kind::List(_) => self.reader.texts(node, "extends").unwrap_or_default(),
            Kind::Broken => Vec::new(),
            _ => self.reader.text(node, "extends").into_iter().collect(),
        }
    }

    fn template(&self, name: Spanned<&str>, chain: &mut Vec<String>) -> Option<Node<'s>> {
        self.used.borrow_mut().insert(name.value.to_owned());
        if chain.iter().any(|known| known == name.value) || chain.len() >= MAX_CHAIN {
            self.reader.problems.add(circle(name, chain));
            return None;
        }
        let Some(written) = self.written.get(name.value) else {
            self.reader.problems.add(self.unknown(name));
            return None;
        };
        if let Some(known) = self.whole.borrow().get(name.value) {
            return known.clone();
        }
        chain.push(name.value.to_owned());
        let whole = self.checked(written).then(|| self.extended(&written.value, chain));
        chain.pop();
        self.whole.borrow_mut().insert(name.value.to_owned(), whole.clone());
        whole
    }

    fn checked(&self, written: &Entry<'s>) -> bool {
        if let Some(name) = written.value.entries().iter().find(|entry| entry.key.text == "name") {
            let message = "a template has no `name`: each command that extends it has its own";
            self.reader
                .problems
                .add(Diagnostic::error(Code::UnknownKey, name.key.span, message).help("remove it"));
        }
        let is_map = matches!(written.value.kind, Kind::Map(_));
        if !is_map {
            self.reader.wrong_type(&written.value, "a template", "a map of keys of commands");
        }
        is_map
    }

    fn unknown(&self, name: Spanned<&str>) -> Diagnostic {
        let message = format!("there is no template `{}`", name.value);
        let problem = Diagnostic::error(Code::UnknownTemplate, name.span, message);
        let names: Vec<&str> = self.written.keys().map(String::as_str).collect();
        match nearest(name.value, names.iter().copied()) {
            Some(nearest) => problem.help(format!("did you mean `{nearest}`?")),
            None if names.is_empty() => {
                problem.help(format!("declare it at the root: `templates: {{ {}: {{ … }} }}`", name.value))
            }
            None => problem.help(format!("there are `{}`", names.join("`, `"))),
        }
    }

    /// What only a profile uses is used as well.
    fn note_profiles(&self, root: &Node<'s>) {
        for profile in root.get("profiles").map(Node::entries).unwrap_or_default() {
            let commands = match profile.value.get("commands").map(|commands| &commands.kind) {
                Some(Kind::List(commands)) => commands.as_slice(),
                _ => &[],
            };
            for names in commands.iter().filter_map(|command| command.get("extends")) {
                let listed = match &names.kind {
                    Kind::List(names) => names.as_slice(),
                    _ => std::slice::from_ref(names),
                };
                self.used.borrow_mut().extend(listed.iter().filter_map(Node::as_text).map(str::to_owned));
            }
        }
    }

    fn report_unused(&self) {
        let used = self.used.borrow();
        for entry in self.written.values().filter(|entry| !used.contains(&*entry.key.text)) {
            let message = format!("nothing extends `{}`", entry.key.text);
            let problem = Diagnostic::warning(Code::Pointless, entry.key.span, message);
            self.reader.problems.add(problem.help("remove it, or write `extends` in a command"));
        }
    }
}

fn circle(name: Spanned<&str>, chain: &[String]) -> Diagnostic {
    let from = chain.iter().position(|known| known == name.value);
    let message = match from.and_then(|from| chain.get(from..)) {
        Some(circle) => {
            let circle: Vec<String> = circle
                .iter()
                .map(String::as_str)
                .chain([name.value])
                .map(|name| format!("`{name}`"))
                .collect();
            format!("templates extend each other in a circle: {}", circle.join(" → "))
        }
        None => format!("templates extend each other through more than {MAX_CHAIN} steps"),
    };
    Diagnostic::error(Code::TemplateCycle, name.span, message).help("take one of them out of it")
}

/// Lays a command over the keys that it has in common with others.
pub fn lay<'s>(base: &Node<'s>, command: &Node<'s>) -> Node<'s> {
    in_place_of(command, &Overlay { guard: None }.root(base, command))
}

/// The whole in the place of what extends, the name first.
fn in_place_of<'s>(own: &Node<'s>, whole: &Node<'s>) -> Node<'s> {
    let mut entries = whole.entries().to_vec();
    if let Some(at) = entries.iter().position(|entry| entry.key.text == "name") {
        let name = entries.remove(at);
        entries.insert(0, name);
    }
    Node::new(own.span, Kind::Map(Rc::new(entries)))
}

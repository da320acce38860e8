//! Laying one value over another: maps deep, everything else as a whole, `commands` by name.

use std::collections::HashMap;
use std::rc::Rc;

use crate::config::code::Code;
use crate::config::diagnostic::{Diagnostic, Problems};
use crate::config::syntax::{Entry, Kind, Node};

/// What a profile adds to, and takes nothing from: who may do what, and what is recorded.
const GUARDED: [&[&str]; 3] = [&["server", "http", "auth"], &["policies"], &["audit"]];

/// Lays a part of a file over a file.
pub struct Overlay<'p> {
    /// Where it is told that a guarded value would be replaced; without it nothing is guarded.
    pub guard: Option<&'p Problems>,
}

impl Overlay<'_> {
    pub fn root<'s>(&self, base: &Node<'s>, over: &Node<'s>) -> Node<'s> {
        self.lay(base, over, &mut Vec::new())
    }

    fn lay<'s, 'n>(&self, base: &Node<'s>, over: &'n Node<'s>, path: &mut Vec<&'n str>) -> Node<'s> {
        let guarded = self.guard.filter(|_| is_guarded(base, path));
        match (&base.kind, &over.kind) {
            (Kind::Map(below), Kind::Map(above)) => {
                let entries = self.maps(below, above, path);
                Node::new(base.span, Kind::Map(Rc::new(entries)))
            }
            (Kind::List(below), Kind::List(above)) if *path == ["commands"] => {
                Node::new(base.span, Kind::List(Rc::new(self.by_name(below, above, path))))
            }
            (Kind::List(below), Kind::List(above)) if guarded.is_some() => {
                Node::new(base.span, Kind::List(Rc::new(below.iter().chain(above.iter()).cloned().collect())))
            }
            (Kind::Scalar(below), Kind::Scalar(above))
                if below.text == above.text
                    && (below.plain == above.plain || *path == ["commands", "", "name"]) =>
            {
                base.clone()
            }
            _ => match guarded {
                Some(problems) => {
                    problems.add(cannot_replace(base, over, path));
                    base.clone()
                }
                None => over.clone(),
            },
        }
    }

    fn maps<'s, 'n>(
        &self,
        below: &[Entry<'s>],
        above: &'n [Entry<'s>],
        path: &mut Vec<&'n str>,
    ) -> Vec<Entry<'s>> {
        let mut entries = below.to_vec();
        let index: HashMap<String, usize> = index_of(below.iter().map(|entry| Some(&*entry.key.text)));
        for entry in above {
            match index.get(&*entry.key.text).and_then(|at| entries.get_mut(*at)) {
                Some(known) => {
                    path.push(&entry.key.text);
                    known.value = self.lay(&known.value, &entry.value, path);
                    path.pop();
                    if known.value.span == entry.value.span {
                        known.key.span = entry.key.span;
                    }
                }
                None => entries.push(entry.clone()),
            }
        }
        entries
    }

    /// A command of a name that is known changes that one; others are added.
    fn by_name<'s, 'n>(
        &self,
        below: &[Node<'s>],
        above: &'n [Node<'s>],
        path: &mut Vec<&'n str>,
    ) -> Vec<Node<'s>> {
        let mut items = below.to_vec();
        let index = index_of(below.iter().map(name_of));
        for item in above {
            match name_of(item).and_then(|name| index.get(name)).and_then(|at| items.get_mut(*at)) {
                Some(known) => {
                    path.push("");
                    *known = self.lay(known, item, path);
                    path.pop();
                }
                None => items.push(item.clone()),
            }
        }
        items
    }
}

/// Whether a value is one of the guarded ones, or holds one.
fn is_guarded(base: &Node<'_>, path: &[&str]) -> bool {
    GUARDED.iter().any(|guarded| match guarded.strip_prefix(path) {
        Some(below) => below.iter().try_fold(base, |node, key| node.get(key)).is_some(),
        None => path.starts_with(guarded),
    })
}

/// The name of a command.
pub fn name_of<'n>(command: &'n Node<'_>) -> Option<&'n str> {
    command.get("name").and_then(Node::as_text)
}

/// Where each name stands for the first time.
fn index_of<'n>(names: impl Iterator<Item = Option<&'n str>>) -> HashMap<String, usize> {
    let mut index = HashMap::new();
    for (at, name) in names.enumerate() {
        if let Some(name) = name {
            index.entry(name.to_owned()).or_insert(at);
        }
    }
    index
}

fn cannot_replace(base: &Node<'_>, over: &Node<'_>, path: &[&str]) -> Diagnostic {
    let message = format!("a profile adds to `{}` and cannot replace what is there", path.join("."));
    let problem = Diagnostic::error(Code::Fixed, over.span, message).other(base.span, "this is there");
    problem.help("change it in the file itself, or give it to each profile and not to the file")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::source::SourceId;
    use crate::config::syntax::{Format, parse};

    fn shown(node: &Node<'_>) -> String {
        match &node.kind {
            Kind::Map(entries) => {
                let entries =
                    entries.iter().map(|entry| format!("{}:{}", entry.key.text, shown(&entry.value)));
                format!("{{{}}}", entries.collect::<Vec<_>>().join(" "))
            }
            Kind::List(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(" ")),
            _ => node.as_text().unwrap_or("~").to_owned(),
        }
    }

    fn laid(base: &str, over: &str) -> (String, usize) {
        let problems = Problems::default();
        let read = |text| parse(SourceId::default(), text, Format::Yaml, &problems).unwrap().root;
        let laid = Overlay { guard: Some(&problems) }.root(&read(base), &read(over));
        (shown(&laid), problems.into_parts().0.len())
    }

    #[test]
    fn maps_join_lists_replace_and_commands_go_by_name() {
        for (base, over, expected) in [
            ("{a: {x: 1, y: 2}}", "{a: {y: 3, z: 4}}", "{a:{x:1 y:3 z:4}}"),
            ("{a: [1, 2]}", "{a: [3]}", "{a:[3]}"),
            ("{a: {x: 1}}", "{a: 2}", "{a:2}"),
            ("{a: 1}", "{b: 2}", "{a:1 b:2}"),
            (
                "{commands: [{name: a, t: 1}, {name: b}]}",
                "{commands: [{name: b, t: 2}, {name: c}]}",
                "{commands:[{name:a t:1} {name:b t:2} {name:c}]}",
            ),
            ("{a: {commands: [{name: a}]}}", "{a: {commands: [{name: b}]}}", "{a:{commands:[{name:b}]}}"),
        ] {
            assert_eq!(laid(base, over), (expected.to_owned(), 0), "{base} {over}");
        }
    }

    #[test]
    fn who_may_do_what_is_added_to_and_never_taken_from() {
        for (base, over, expected, problems) in [
            ("{policies: [a]}", "{policies: [b]}", "{policies:[a b]}", 0),
            ("{audit: {file: a}}", "{audit: {file: b, chain: true}}", "{audit:{file:a chain:true}}", 1),
            ("{audit: {file: a}}", "{audit: {file: a}}", "{audit:{file:a}}", 0),
            ("{audit: {file: a}}", "{audit: ~}", "{audit:{file:a}}", 1),
            (
                "{server: {http: {port: 1, auth: {keys: [a]}}}}",
                "{server: {http: {port: 2, auth: {keys: [b]}}}}",
                "{server:{http:{port:2 auth:{keys:[a b]}}}}",
                0,
            ),
            ("{server: {http: {auth: {a: 1}}}}", "{server: {http: ~}}", "{server:{http:{auth:{a:1}}}}", 1),
            ("{server: {http: {auth: {a: 1}}}}", "{server: []}", "{server:{http:{auth:{a:1}}}}", 1),
        ] {
            assert_eq!(laid(base, over), (expected.to_owned(), problems), "{base} {over}");
        }
    }
}

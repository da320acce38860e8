//! Paths made to hold from the folder of the root file, and, if wanted, everything filled in that is
//! known when the file is loaded.

use std::borrow::Cow;
use std::path::Path;
use std::rc::Rc;

use crate::config::compose::lay;
use crate::config::diagnostic::Problems;
use crate::config::executable::is_path;
use crate::config::expansion::Expander;
use crate::config::lower::{Place, Var};
use crate::config::parts::{ALTERNATIVES, LISTS};
use crate::config::read::{Reader, Spanned};
use crate::config::syntax::{Entry, Kind, Node, Scalar};

use super::Wanted;

pub struct Rewriting<'a> {
    pub place: &'a Place<'a>,
    pub wanted: Wanted,
}

/// Keys whose values are paths, wherever they stand in a command or a secret.
const PATHS: [&str; 7] = ["script", "shell", "working_dir", "within", "file", "env_file", "source"];
/// Of these only what is written as a path is one.
const PROGRAMS: [&str; 2] = ["script", "shell"];
/// What `defaults` says for commands.
const SETTINGS: [&str; 9] = [
    "timeout",
    "detach_after",
    "kill_grace",
    "limits",
    "limits_enforcement",
    "concurrency",
    "env_inherit",
    "sandbox",
    "run_on",
];

impl Rewriting<'_> {
    pub fn file<'s>(&self, root: &Node<'s>) -> Node<'s> {
        let root = self.node(root, &mut Vec::new());
        if self.wanted.resolved { self.with_defaults(&root) } else { root }
    }

    fn node<'s, 'n>(&self, node: &'n Node<'s>, path: &mut Vec<&'n str>) -> Node<'s> {
        let kind = match &node.kind {
            Kind::Null => Kind::Null,
            Kind::Broken => Kind::Broken,
            Kind::Scalar(scalar) => Kind::Scalar(self.scalar(node, scalar, path)),
            Kind::List(items) => {
                Kind::List(Rc::new(items.iter().flat_map(|item| self.items(item, path)).collect()))
            }
            Kind::Map(entries) => {
                let mut rewritten = Vec::with_capacity(entries.len());
                // A program in a container is one of its image.
                let is_work = matches!(
                    path.as_slice(),
                    ["commands"] | ["commands", .., "steps" | "finally" | "else" | "on_error"]
                );
                let is_contained = is_work && node.get("container").is_some();
                for entry in entries.iter() {
                    if is_contained && PROGRAMS.contains(&&*entry.key.text) {
                        rewritten.push(entry.clone());
                        continue;
                    }
                    path.push(&entry.key.text);
                    rewritten.push(Entry { key: entry.key.clone(), value: self.node(&entry.value, path) });
                    path.pop();
                }
                Kind::Map(Rc::new(rewritten))
            }
        };
        Node::new(node.span, kind)
    }

    /// One item of a list; in `args` a variable that is a list becomes as many words.
    fn items<'s, 'n>(&self, item: &'n Node<'s>, path: &mut Vec<&'n str>) -> Vec<Node<'s>> {
        if self.wanted.resolved
            && path.last() == Some(&"args")
            && let Some(words) = item.as_text().and_then(|text| self.place.filling(false).words_of(text))
        {
            let word = |word: &String| Scalar { text: Cow::Owned(word.clone()), plain: false };
            return words.iter().map(|text| Node::new(item.span, Kind::Scalar(word(text)))).collect();
        }
        vec![self.node(item, path)]
    }

    fn scalar<'s>(&self, node: &Node<'s>, scalar: &Scalar<'s>, path: &[&str]) -> Scalar<'s> {
        let written = Spanned { value: &*scalar.text, span: node.span };
        let based = if is_path_key(path) { self.based(written, path) } else { None };
        let text = based.as_deref().unwrap_or(&scalar.text);
        let filled =
            if self.wanted.resolved { self.filled(Spanned { value: text, ..written }, path) } else { None };
        match filled.or(based) {
            Some(text) => {
                // A number stays one where the server's settings are read out of the environment.
                let plain = scalar.plain || path.first() == Some(&"server");
                Scalar { text: Cow::Owned(text), plain }
            }
            None => scalar.clone(),
        }
    }

    /// A relative path of an included file, as the root file would have to write it.
    fn based(&self, written: Spanned<&str>, path: &[&str]) -> Option<String> {
        let sources = self.place.reader.sources;
        let (own, root) = (sources.folder(written.span), sources.root_folder());
        let is_program = path.last().is_some_and(|key| PROGRAMS.contains(key));
        if own == root || written.value.starts_with('~') || (is_program && !is_path(written.value)) {
            return None;
        }
        let value = self.filled_text(written, true).unwrap_or_else(|| written.value.to_owned());
        // What callers choose is judged from the folder of the root file.
        let is_chosen = path.contains(&"multipart") && value.contains("{{");
        if value.starts_with('~') || Path::new(&value).is_absolute() || is_chosen {
            return None;
        }
        let folder = own.strip_prefix(root).unwrap_or(own).display().to_string();
        let rest = written.value.trim_start_matches("./");
        Some(if matches!(rest, "" | ".") { folder } else { format!("{folder}/{rest}") })
    }

    fn filled(&self, written: Spanned<&str>, path: &[&str]) -> Option<String> {
        let expands = is_expanded(path);
        let text = self.filled_text(written, expands)?;
        // What is expanded once more has to come out the same.
        Some(if expands && (text.contains("${") || text.contains("$$")) {
            text.replace('$', "$$")
        } else {
            text
        })
    }

    /// The text with what is known; `None` if nothing changes, or if it cannot be known.
    fn filled_text(&self, written: Spanned<&str>, expands: bool) -> Option<String> {
        let mut text = written.value.to_owned();
        if expands && text.contains('$') {
            // Whoever loaded the file has reported what is wrong.
            let problems = Problems::default();
            let reader = Reader { problems: &problems, ..*self.place.reader };
            let expander = Expander { reader: &reader, variables: self.place.expander.variables };
            text = expander.expand(Spanned { value: &text, span: written.span }).ok()?.into_owned();
        }
        if text.contains("vars.") {
            text = self.with_vars(&text);
        }
        (text != written.value).then_some(text)
    }

    fn with_vars(&self, text: &str) -> String {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(open) = rest.find("{{") {
            let (before, tail) = rest.split_at(open);
            filled.push_str(before);
            let Some(end) = tail.find("}}").map(|end| end + 2) else { break };
            let (hole, after) = tail.split_at(end);
            let value = self.var(hole).filter(|value| !value.contains("{{"));
            filled.push_str(value.as_deref().unwrap_or(hole));
            rest = after;
        }
        filled.push_str(rest);
        filled
    }

    /// The value of `{{vars.name}}` or `{{json vars.name}}`.
    fn var(&self, hole: &str) -> Option<String> {
        let inside = hole.trim_start_matches('{').trim_end_matches('}').trim();
        let (is_json, name) = match inside.strip_prefix("json ") {
            Some(name) => (true, name.trim()),
            None => (false, inside),
        };
        match (self.place.vars.get(name.strip_prefix("vars.")?)?, is_json) {
            (Var::Text { json, .. } | Var::List { json, .. }, true) => Some(json.to_string()),
            (Var::Text { text, .. }, false) => Some(text.clone()),
            (Var::List { .. } | Var::Unset(_), _) => None,
        }
    }

    /// Each command with the settings that `defaults` gives it.
    fn with_defaults<'s>(&self, root: &Node<'s>) -> Node<'s> {
        let Some(defaults) = root.get("defaults").filter(|defaults| !defaults.entries().is_empty()) else {
            return root.clone();
        };
        let is_setting = |entry: &&Entry<'s>| SETTINGS.contains(&&*entry.key.text);
        let (settings, others): (Vec<&Entry<'s>>, Vec<&Entry<'s>>) =
            // What holds for all containers is in each of them.
            defaults.entries().iter().filter(|entry| entry.key.text != "container").partition(is_setting);
        let map = |entries: Vec<&Entry<'s>>| {
            Node::new(defaults.span, Kind::Map(Rc::new(entries.into_iter().cloned().collect())))
        };
        let (settings, others) = (map(settings), map(others));
        let entries = root.entries().iter().filter_map(|entry| match (&*entry.key.text, &entry.value.kind) {
            ("defaults", _) if others.entries().is_empty() => None,
            ("defaults", _) => Some(Entry { value: others.clone(), ..entry.clone() }),
            ("commands", Kind::List(commands)) => {
                let commands = commands.iter().map(|command| with_settings(&settings, command));
                let commands = commands.collect();
                let value = Node::new(entry.value.span, Kind::List(Rc::new(commands)));
                Some(Entry { value, ..entry.clone() })
            }
            _ => Some(entry.clone()),
        });
        Node::new(root.span, Kind::Map(Rc::new(entries.collect())))
    }
}

/// A command with its settings, and those of its steps that do something themselves.
fn with_settings<'s>(settings: &Node<'s>, command: &Node<'s>) -> Node<'s> {
    let Kind::Map(entries) = &command.kind else { return command.clone() };
    let entries = entries.iter().map(|entry| match (&*entry.key.text, &entry.value.kind) {
        ("steps" | "finally" | "depends_on", Kind::List(steps)) => {
            let settings = settings.without("concurrency");
            let steps = steps.iter().map(|step| with_settings(&settings, step)).collect();
            Entry { value: Node::new(entry.value.span, Kind::List(Rc::new(steps))), ..entry.clone() }
        }
        ("else" | "on_error", Kind::Map(_)) => {
            Entry { value: with_settings(settings, &entry.value), ..entry.clone() }
        }
        _ => entry.clone(),
    });
    let whole = Node::new(command.span, Kind::Map(Rc::new(entries.collect())));
    let is_work = ["script", "run", "webhook", "container"].iter().any(|key| command.get(key).is_some());
    if is_work { lay(&settings_of(settings, command), &whole) } else { whole }
}

/// The settings that mean something for a command: a container inherits nothing, a call is no process at
/// all, and what waits for others has a timeout of its own kind.
fn settings_of<'s>(settings: &Node<'s>, command: &Node<'s>) -> Node<'s> {
    let settings =
        if command.get("depends_on").is_some() { settings.without("timeout") } else { settings.clone() };
    match (command.get("container"), command.get("webhook")) {
        (Some(_), _) => settings.without("env_inherit"),
        (None, Some(_)) => settings.without("env_inherit").without("kill_grace").without("run_on"),
        (None, None) => settings.without("run_on"),
    }
}

/// The same place in a command, for one in its steps.
fn as_of_command<'p>(path: &[&'p str]) -> Vec<&'p str> {
    let is_step = |key: &&&str| LISTS.contains(*key) || ALTERNATIVES.contains(*key);
    match path.split_first() {
        Some((first @ &"commands", rest)) => {
            let steps = rest.iter().take_while(is_step).count();
            std::iter::once(*first).chain(rest.iter().skip(steps).copied()).collect()
        }
        _ => path.to_vec(),
    }
}

fn is_path_key(path: &[&str]) -> bool {
    match as_of_command(path).as_slice() {
        // Values for another command, or of a test.
        ["commands", "with" | "for_each", ..] | ["commands", "tests", "with", ..] => false,
        ["env_file"] | ["commands", .., "working_dir", "per_caller"] => true,
        ["commands" | "defaults" | "templates", .., "sandbox", "read" | "write"] => true,
        [.., "container", "build"] | [.., "container", "build", "context" | "dockerfile"] => true,
        [.., "container", "verify", "key"] => true,
        ["commands", "webhook", rest @ ..] => is_path_of_call(rest),
        ["commands" | "secrets", .., key] if path.len() > 1 => {
            // A parameter or a variable may have any name.
            let is_name =
                matches!(path, [.., "params" | "env" | "secrets" | "files" | "labels" | "extra_hosts", _]);
            PATHS.contains(key) && !is_name
        }
        _ => false,
    }
}

/// Anything else in a call is data, whatever it is called.
fn is_path_of_call(path: &[&str]) -> bool {
    matches!(path, ["tls", "ca" | "client_cert" | "client_key"] | ["multipart", _, "file"])
}

fn is_expanded(path: &[&str]) -> bool {
    matches!(
        as_of_command(path).as_slice(),
        ["vars" | "server" | "env_file", ..]
            | ["secrets", _, "env" | "file" | "script" | "store"]
            | ["commands", "env", _]
            | ["commands", .., "working_dir" | "within"]
            | ["commands", .., "working_dir", "per_caller"]
            | ["commands", "container"]
            | ["commands", "container", "image" | "build"]
            | ["commands", "container", "build", "context" | "dockerfile"]
            | ["commands", "container", "verify", "key"]
            | ["commands", "container", "mounts", "source"]
            | ["commands", "webhook", "proxy"]
            | ["commands", "webhook", "tls", "ca" | "client_cert" | "client_key"]
            | ["commands", "webhook", "multipart", _, "file"]
            | ["defaults", "proxy"]
            | ["executors", _, "docker", "host"]
            | ["executors", _, "docker", "tls", _]
    )
}

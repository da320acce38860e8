//! `--set PATH=VALUE`: one value laid over a file. Commands are found by their name.

use std::borrow::Cow;
use std::rc::Rc;

use crate::config::code::Code;
use crate::config::diagnostic::{Diagnostic, Problems};
use crate::config::read::nearest;
use crate::config::source::{SourceId, Span};
use crate::config::syntax::{self, Entry, Format, Key, Kind, Node, Scalar, is_sensitive_key};
use crate::config::unreadable::judge;
use crate::model::Dialect;

use super::merge::{Overlay, name_of};

/// What a flag cannot change any more when it is read.
pub const SETTLED: [&str; 3] = ["version", "include", "profiles"];
/// No key is deeper.
const MAX_SEGMENTS: usize = 32;
/// More names than these help nobody.
const SHOWN: usize = 8;

/// A value and where it belongs.
pub struct Setting {
    segments: Vec<Key<'static>>,
    value: Node<'static>,
}

impl Setting {
    /// Reads what was typed. `None` if it is no path with a value; that has been reported.
    pub fn read(problems: &Problems, id: SourceId, text: &str) -> Option<Self> {
        let whole = Span::new(id, 0..text.len());
        let Some((path, written)) = text.split_once('=') else {
            let problem = Diagnostic::error(Code::BadSet, whole, "there is no `=` in this");
            problems.add(problem.help("write `--set PATH=VALUE`, such as `--set commands.build.timeout=5s`"));
            return None;
        };
        let segments = segments(path, id);
        let empty = segments.iter().find(|segment| segment.text.is_empty());
        if segments.len() > MAX_SEGMENTS || empty.is_some() {
            let span = empty.map_or(whole, |segment| segment.span);
            let message = "this is no path of keys with dots between them";
            let problem =
                Diagnostic::error(Code::BadSet, if empty.is_some() { whole } else { span }, message);
            problems.add(problem.help("write `--set PATH=VALUE`, such as `--set server.name=x`"));
            return None;
        }
        // Behind as many blanks its places are those in what was typed.
        let padded = format!("{}{written}", " ".repeat(path.len() + 1));
        let document = syntax::parse(id, &padded, Format::Yaml, problems)?;
        document.oddities.iter().for_each(|oddity| problems.add(judge(oddity, Dialect::Native)));
        let mut value = document.root.into_owned();
        if value.span.start == value.span.end {
            value.span = whole;
        }
        Some(Self { segments, value })
    }

    /// Where a value stands that no excerpt may show.
    pub fn hidden(&self) -> Option<Span> {
        let is_sensitive = self.segments.iter().any(|segment| is_sensitive_key(&segment.text));
        is_sensitive.then_some(self.value.span)
    }

    /// The value for a key of the root, if it is one.
    pub fn of_root(&self, key: &str) -> Option<&Node<'static>> {
        matches!(self.segments.as_slice(), [only] if only.text == key).then_some(&self.value)
    }

    /// Lays it over a file. What leads nowhere is reported, and changes nothing.
    pub fn lay<'s>(&self, problems: &Problems, root: &Node<'s>) -> Node<'s> {
        match self.check(root) {
            Some(problem) => {
                problems.add(problem);
                root.clone()
            }
            None => Overlay { guard: None }.root(root, &self.overlay()),
        }
    }

    fn check(&self, root: &Node<'_>) -> Option<Diagnostic> {
        let first = self.segments.first()?;
        if SETTLED.contains(&&*first.text) {
            let message = format!("`--set` cannot change `{}`", first.text);
            return Some(Diagnostic::error(Code::BadSet, first.span, message));
        }
        let mut node = Some(root);
        for (depth, segment) in self.segments.iter().enumerate() {
            let Some(parent) = node else { break };
            node = match (&parent.kind, depth) {
                (Kind::List(commands), 1) if first.text == "commands" => {
                    let named = commands.iter().find(|command| name_of(command) == Some(&*segment.text));
                    if named.is_none() {
                        return Some(no_command(commands, segment));
                    }
                    named
                }
                (Kind::Map(_), _) => parent.get(&segment.text),
                (Kind::Null, _) => None,
                _ => return Some(self.leaf(parent, depth)),
            };
        }
        let names_command = first.text == "commands" && self.segments.len() == 2;
        let is_map = matches!(self.value.kind, Kind::Map(_) | Kind::Broken);
        (names_command && !is_map).then(|| {
            let problem = Diagnostic::error(Code::BadSet, self.value.span, "a command is a map of keys");
            problem.help("name one of its keys: `--set commands.NAME.KEY=VALUE`")
        })
    }

    /// The path goes on where there is nothing below.
    fn leaf(&self, parent: &Node<'_>, depth: usize) -> Diagnostic {
        let path: Vec<&str> = self.segments.iter().take(depth).map(|segment| &*segment.text).collect();
        let path = path.join(".");
        let span = self.segments.get(depth).map_or(self.value.span, |segment| segment.span);
        let message = format!("there is nothing below `{path}`, which is {}", parent.describe());
        let problem = Diagnostic::error(Code::BadSet, span, message);
        match parent.kind {
            Kind::List(_) => problem.help(format!("set the list as a whole: `--set {path}=[…]`")),
            _ => problem.help(format!("set it as a whole: `--set {path}=…`")),
        }
    }

    /// The value in as many maps as the path has keys.
    fn overlay(&self) -> Node<'static> {
        let is_command = self.segments.first().is_some_and(|first| first.text == "commands");
        let mut node = self.value.clone();
        for (depth, segment) in self.segments.iter().enumerate().rev() {
            let span = segment.span;
            node = if is_command && depth == 1 {
                let name = Scalar { text: segment.text.clone(), plain: false };
                let name = Node::new(span, Kind::Scalar(name));
                let key = Key { text: Cow::Borrowed("name"), span };
                let mut entries = vec![Entry { key, value: name }];
                entries.extend(node.entries().iter().cloned());
                let command = Node::new(span, Kind::Map(Rc::new(entries)));
                Node::new(span, Kind::List(Rc::new(vec![command])))
            } else {
                let entry = Entry { key: segment.clone(), value: node };
                Node::new(span, Kind::Map(Rc::new(vec![entry])))
            };
        }
        node
    }
}

fn segments(path: &str, id: SourceId) -> Vec<Key<'static>> {
    let mut start = 0;
    path.split('.')
        .map(|text| {
            let span = Span::new(id, start..start + text.len());
            start += text.len() + 1;
            Key { text: Cow::Owned(text.to_owned()), span }
        })
        .collect()
}

fn no_command(commands: &[Node<'_>], segment: &Key<'_>) -> Diagnostic {
    let message = format!("there is no command `{}`", segment.text);
    let problem = Diagnostic::error(Code::BadSet, segment.span, message);
    let names = commands.iter().filter_map(name_of);
    match nearest(&segment.text, names.clone()) {
        Some(nearest) => problem.help(format!("did you mean `{nearest}`?")),
        None => {
            let shown: Vec<&str> = names.take(SHOWN).collect();
            let more = if commands.len() > SHOWN { " and others" } else { "" };
            problem.help(format!("there are `{}`{more}", shown.join("`, `")))
        }
    }
}

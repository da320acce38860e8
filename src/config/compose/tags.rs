//! `--tags`: only the commands that have one of them.

use std::collections::BTreeSet;
use std::rc::Rc;

use crate::config::choice::Typed;
use crate::config::code::Code;
use crate::config::diagnostic::{Diagnostic, Problems};
use crate::config::read::nearest;
use crate::config::source::Span;
use crate::config::syntax::{Kind, Node};

/// The tags that a command has.
pub fn tags_of<'n>(command: &'n Node<'_>) -> impl Iterator<Item = &'n str> {
    let items: &[Node<'_>] = match command.get("tags").map(|tags| &tags.kind) {
        Some(Kind::List(items)) => items,
        _ => &[],
    };
    items.iter().filter_map(Node::as_text)
}

/// Leaves the commands with these tags, typed in these places. One that no command has is an error:
/// a server with fewer tools than were asked for would be a riddle.
pub fn only<'s>(problems: &Problems, root: &Node<'s>, typed: &[(&Typed, Span)]) -> Node<'s> {
    let commands: &[Node<'s>] = match root.get("commands").map(|commands| &commands.kind) {
        Some(Kind::List(items)) => items,
        _ => &[],
    };
    let known: BTreeSet<&str> = commands.iter().flat_map(tags_of).filter(|tag| !tag.is_empty()).collect();
    let mut wanted: BTreeSet<&str> = BTreeSet::new();
    for (typed, place) in typed {
        for tag in typed.text.split(',').map(str::trim).filter(|tag| !tag.is_empty()) {
            if !known.contains(tag) {
                problems.add(unknown(tag, &known, &typed.text, *place));
            }
            wanted.insert(tag);
        }
    }
    let has_one = |command: &&Node<'s>| tags_of(command).any(|tag| wanted.contains(tag));
    let kept: Vec<Node<'s>> = commands.iter().filter(has_one).cloned().collect();
    let mut root = root.clone();
    if let Kind::Map(entries) = &mut root.kind
        && let Some(entry) = Rc::make_mut(entries).iter_mut().find(|entry| entry.key.text == "commands")
        && let Kind::List(_) = entry.value.kind
    {
        entry.value = Node::new(entry.value.span, Kind::List(Rc::new(kept)));
    }
    root
}

fn unknown(tag: &str, known: &BTreeSet<&str>, text: &str, place: Span) -> Diagnostic {
    let at = place.range().start + text.find(tag).unwrap_or_default();
    let span = Span::new(place.source, at..at + tag.len());
    let problem = Diagnostic::error(Code::UnknownTag, span, format!("no command has the tag `{tag}`"));
    match nearest(tag, known.iter().copied()) {
        Some(nearest) => problem.help(format!("did you mean `{nearest}`?")),
        None if known.is_empty() => problem.help("give commands some: `tags: [NAME]`"),
        None => {
            let names: Vec<&str> = known.iter().copied().collect();
            problem.help(format!("there are `{}`", names.join("`, `")))
        }
    }
}

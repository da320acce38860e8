//! Containers that are to be made ahead, and wait nowhere or are too many.

use crate::config::code::Code;
use crate::config::diagnostic::{Diagnostic, Problems};
use crate::config::source::Span;
use crate::config::syntax::Node;
use crate::model::WarmCaps;

/// Told once for a file.
pub fn check(problems: &Problems, commands: &[Node<'_>], server: Option<&Node<'_>>) {
    let wanted: Vec<(Span, usize)> = commands.iter().filter_map(wanted).collect();
    let Some((first, others)) = wanted.split_first() else { return };
    let caps = server.and_then(|server| server.get("warm"));
    if caps.and_then(|caps| caps.get("stdio")).and_then(Node::as_text) != Some("true") {
        let message = "on stdio no container is made ahead: every client starts a server of its own";
        let mut note = Diagnostic::note(Code::WarmOnStdio, first.0, message);
        for (place, _) in others {
            note = note.other(*place, "here too");
        }
        problems.add(note.help(
            "calls start cold there, and are right all the same; `server: { warm: { stdio: true } }` keeps containers waiting for each client",
        ));
    }
    let max = caps.and_then(|caps| caps.get("max")).and_then(number).unwrap_or(WarmCaps::default().max);
    let sum: usize = wanted.iter().map(|(_, count)| count).sum();
    if sum > max {
        let message = format!("{sum} containers are to wait, and `server.warm.max` is {max}");
        let last = others.last().unwrap_or(first).0;
        let problem = Diagnostic::warning(Code::TooManyWarm, last, message);
        problems.add(problem.help("raise that, or let fewer wait; each command gets its share"));
    }
}

fn wanted(command: &Node<'_>) -> Option<(Span, usize)> {
    let warm = command.get("container")?.get("warm")?;
    number(warm).filter(|count| *count > 0).map(|count| (warm.span, count))
}

fn number(node: &Node<'_>) -> Option<usize> {
    node.as_text()?.parse().ok()
}

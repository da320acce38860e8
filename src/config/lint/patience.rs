//! Commands that may take longer than some clients wait. Told once for a file, since a file of
//! builds has many of them.

use std::time::Duration;

use crate::config::allow;
use crate::config::code::Code;
use crate::config::diagnostic::{Diagnostic, Problems};
use crate::config::parts::is_flow;
use crate::config::source::Span;
use crate::config::syntax::Node;
use crate::model::{format_duration, parse_duration};

/// What desktop applications wait for an answer. Progress, which keeps other clients waiting, does
/// not change it.
const PATIENCE: Duration = Duration::from_mins(4);

/// More places than this help nobody.
const SHOWN: usize = 3;

pub fn check(problems: &Problems, commands: &[Node<'_>], defaults: Option<&Node<'_>>) {
    let unspoken = commands.iter().filter(|command| !allow::names(command, Code::Impatience));
    let mut places: Vec<Span> = Vec::new();
    for place in unspoken.filter_map(|command| long_timeout(command, defaults)) {
        // One default is where many commands have theirs from.
        if !places.contains(&place) {
            places.push(place);
        }
    }
    let Some((first, others)) = places.split_first() else { return };
    let patience = format_duration(PATIENCE);
    let message = format!("some clients give up after {patience}, whatever is reported meanwhile");
    let mut note = Diagnostic::note(Code::Impatience, *first, message)
        .help("for those clients split the work; where nobody minds, `allow` it at the command");
    for place in others.iter().take(SHOWN) {
        note = note.other(*place, "here too");
    }
    problems.add(match others.len().saturating_sub(SHOWN) {
        0 => note,
        more => note.help(format!("it is so in {more} more of the commands")),
    });
}

/// Where it is said that a command that clients see may take long: at the command, or for all that
/// say nothing themselves.
pub fn long_timeout(command: &Node<'_>, defaults: Option<&Node<'_>>) -> Option<Span> {
    let is_hidden = command.get("expose").and_then(Node::as_text) == Some("false");
    let usual = if is_flow(command) { "workflow_timeout" } else { "timeout" };
    let timeout = command.get("timeout").or_else(|| defaults?.get(usual));
    let node = timeout.filter(|_| !is_hidden)?;
    let timeout = parse_duration(node.as_text()?).ok()?;
    let is_long =
        timeout > PATIENCE && waits(command.get("detach_after").or_else(|| defaults?.get("detach_after")));
    (is_long && command.get("background").and_then(Node::as_text) != Some("true")).then_some(node.span)
}

/// Whether whoever calls waits that long: a call that is left to itself is answered before.
fn waits(detach_after: Option<&Node<'_>>) -> bool {
    match detach_after.and_then(Node::as_text) {
        None => false,
        Some("never") => true,
        Some(text) => parse_duration(text).is_ok_and(|after| after > PATIENCE),
    }
}

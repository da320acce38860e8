//! Commands that may take longer than some clients wait. Told once for a file, since a file of
//! builds has many of them.

use std::time::Duration;

use crate::config::allow;
use crate::config::code::Code;
use crate::config::diagnostic::{Diagnostic, Problems};
use crate::config::source::Span;
use crate::config::syntax::Node;
use crate::model::{format_duration, parse_duration};

/// What desktop applications wait for an answer. Progress, which keeps other clients waiting, does
/// not change it.
const PATIENCE: Duration = Duration::from_mins(4);

/// More places than this help nobody.
const SHOWN: usize = 3;

pub fn check(problems: &Problems, commands: &[Node<'_>]) {
    let unspoken = commands.iter().filter(|command| !allow::names(command, Code::Impatience));
    let mut places = unspoken.filter_map(long_timeout);
    let Some(first) = places.next() else { return };
    let patience = format_duration(PATIENCE);
    let message = format!("some clients give up after {patience}, whatever is reported meanwhile");
    let mut note = Diagnostic::note(Code::Impatience, first, message)
        .help("for those clients split the work; where nobody minds, `allow` it at the command");
    for place in places.by_ref().take(SHOWN) {
        note = note.other(place, "here too");
    }
    problems.add(match places.count() {
        0 => note,
        more => note.help(format!("it is so in {more} more of the commands")),
    });
}

/// Where a command that clients see says that it may take long.
pub fn long_timeout(command: &Node<'_>) -> Option<Span> {
    let is_hidden = command.get("expose").and_then(Node::as_text) == Some("false");
    let node = command.get("timeout").filter(|_| !is_hidden)?;
    let timeout = parse_duration(node.as_text()?).ok()?;
    (timeout > PATIENCE).then_some(node.span)
}

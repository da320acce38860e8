//! Commands that may take longer than some clients wait.

use std::time::Duration;

use crate::config::code::Code;
use crate::config::diagnostic::{Diagnostic, Problems};
use crate::config::syntax::Node;
use crate::model::{format_duration, parse_duration};

/// What desktop applications wait for an answer. Progress, which keeps other clients waiting, does
/// not change it.
const PATIENCE: Duration = Duration::from_mins(4);

pub fn check(problems: &Problems, command: &Node<'_>) {
    let is_hidden = command.get("expose").and_then(Node::as_text) == Some("false");
    let Some(node) = command.get("timeout").filter(|_| !is_hidden) else { return };
    let Some(timeout) = node.as_text().and_then(|text| parse_duration(text).ok()) else { return };
    if timeout > PATIENCE {
        let patience = format_duration(PATIENCE);
        let message = format!("some clients give up after {patience}, whatever is reported meanwhile");
        problems.add(Diagnostic::note(Code::Impatience, node.span, message).help(
            "for them split the work, or start it in one command and look for its end in another; `allow` silences this",
        ));
    }
}

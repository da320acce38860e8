//! Hints to clients that cannot both be true.

use crate::config::code::Code;
use crate::config::diagnostic::{Diagnostic, Problems};
use crate::config::syntax::{Kind, Node, scalar};

pub fn check(problems: &Problems, command: &Node<'_>) {
    let Some(annotations) = command.get("annotations") else { return };
    let said = |key: &str| annotations.get(key).filter(|node| is_true(node));
    if let (Some(read_only), Some(destructive)) = (said("read_only"), said("destructive")) {
        let message =
            "a command that changes nothing destroys nothing: `destructive` and `read_only` are both true";
        let problem = Diagnostic::warning(Code::Contradiction, destructive.span, message);
        let problem = problem.other(read_only.span, "`read_only` is here");
        problems.add(problem.help("clients may run a read-only tool unasked: remove the one that is wrong"));
    }
}

fn is_true(node: &Node<'_>) -> bool {
    matches!(&node.kind, Kind::Scalar(scalar) if scalar.plain && scalar::core_boolean(&scalar.text) == Some(true))
}

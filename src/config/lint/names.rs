//! Names of commands that are allowed and will be in somebody's way.

use crate::config::code::Code;
use crate::config::diagnostic::{Diagnostic, Problems};
use crate::config::syntax::Node;

/// The words of our command line.
const VERBS: &[&str] = &[
    "add",
    "approvals",
    "audit",
    "bundle",
    "cache",
    "call",
    "clean",
    "completions",
    "config",
    "doctor",
    "explain",
    "graph",
    "help",
    "images",
    "import",
    "init",
    "jobs",
    "key",
    "list",
    "lock",
    "migrate",
    "new",
    "policy",
    "schedule",
    "schema",
    "secret",
    "setup",
    "test",
    "trust",
];

/// Clients put `mcp__SERVER__` before a name, and models take 64 characters in all.
const LONG: usize = 48;

pub fn check(problems: &Problems, command: &Node<'_>) {
    let Some(node) = command.get("name") else { return };
    let Some(name) = node.as_text() else { return };
    if VERBS.contains(&name) {
        let message = format!("`{name}` is also a word of the command line, which wins over this command");
        let problem = Diagnostic::warning(Code::VerbName, node.span, message);
        problems.add(problem.help(format!("at a shell write `mcpfier call {name}`, or choose another name")));
    }
    if name.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
        let message = format!("`{name}` does not begin with a letter, and some clients refuse that");
        problems.add(Diagnostic::warning(Code::AwkwardName, node.span, message));
    }
    if (LONG + 1..=64).contains(&name.len()) {
        let message = format!("this name has {} characters, which some clients refuse", name.len());
        let problem = Diagnostic::warning(Code::AwkwardName, node.span, message);
        problems.add(problem.help(format!(
            "keep it within {LONG}: clients put the name of the server before it, and 64 is the most in all"
        )));
    }
}

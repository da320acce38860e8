//! `allow` at a command: warnings that somebody has thought about, each with the reason.
//!
//! What it names is silent in that command. Errors cannot be allowed, and an allowance that
//! silences nothing is a warning itself, so that none outlives its reason.

use super::code::Code;
use super::diagnostic::{Diagnostic, Problems};
use super::explain::code_named;
use super::lint;
use super::read::{Fields, Reader, Spanned};
use super::shape;
use super::syntax::{Kind, Node};

/// Silences what the commands allow. `all_checked` says that every warning had its chance.
pub fn apply<'n>(
    reader: &'n Reader<'n>,
    commands: &'n [Node<'n>],
    defaults: Option<&Node<'_>>,
    all_checked: bool,
) {
    for command in commands {
        let Some(list) = command.get("allow").and_then(|node| reader.list(node, "allow")) else { continue };
        let places = command.places();
        let had_errors = reader.problems.has_error_in(&places);
        for item in list {
            let Some((code, written)) = allowance(reader, item) else { continue };
            let silenced = reader.problems.silence(code, &places);
            // Told once for a file, and not at all of the commands that allow it.
            let is_silent = code == Code::Impatience && lint::long_timeout(command, defaults).is_some();
            if silenced == 0 && !is_silent && all_checked && !had_errors {
                let message = format!("`{}` does not arise in this command", written.value);
                let problem = Diagnostic::warning(Code::Allowance, written.span, message);
                reader.problems.add(problem.help("remove it"));
            }
        }
    }
}

/// Whether a command allows a code.
pub fn names(command: &Node<'_>, code: Code) -> bool {
    let items = match command.get("allow").map(|node| &node.kind) {
        Some(Kind::List(items)) => items.as_slice(),
        _ => &[],
    };
    let mut written = items.iter().filter_map(|item| item.get("code").and_then(Node::as_text));
    written.any(|written| code_named(written) == Some(code))
}

fn allowance<'n>(reader: &'n Reader<'n>, item: &'n Node<'n>) -> Option<(Code, Spanned<&'n str>)> {
    if let Some(text) = item.as_text() {
        let message = "an allowance needs a reason";
        let problem = Diagnostic::error(Code::WrongType, item.span, message);
        reader.problems.add(problem.help(format!("write `{{ code: {text}, reason: … }}`")));
        return None;
    }
    let mut fields = Fields::open(reader, item, &shape::ALLOWANCE)?;
    let written = fields.required("code").and_then(|field| reader.text(field.node, "code"));
    let reason = fields.required("reason").and_then(|field| reader.text(field.node, "reason"));
    fields.close();
    let (written, reason) = (written?, reason?);
    if reason.value.trim().is_empty() {
        let message = "an allowance needs a reason";
        reader.problems.add(Diagnostic::error(Code::BadValue, reason.span, message));
        return None;
    }
    code(reader.problems, written).map(|code| (code, written))
}

fn code(problems: &Problems, written: Spanned<&str>) -> Option<Code> {
    let Spanned { value, span } = written;
    if value.starts_with(['E', 'e']) {
        let message = format!("`{value}` is an error, and errors cannot be allowed");
        problems.add(Diagnostic::error(Code::BadValue, span, message).help("mend what it is about"));
        return None;
    }
    let code = code_named(value);
    if code.is_none() {
        let message = format!("there is no code `{value}`; expected one such as `W0038`");
        problems
            .add(Diagnostic::warning(Code::Allowance, span, message).help("`mcpfier explain` lists them"));
    }
    code
}

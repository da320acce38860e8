//! Limits in which no program starts.

use crate::config::code::Code;
use crate::config::diagnostic::{Diagnostic, Problems};
use crate::config::syntax::Node;
use crate::model::ByteSize;

/// The smallest programs need more.
const LEAST: ByteSize = ByteSize::mib(1);

/// `settings` is a command, or `defaults`.
pub fn check(problems: &Problems, settings: &Node<'_>) {
    let Some(written) = settings.get("limits").and_then(|limits| limits.get("memory")) else { return };
    let size = written.as_text().and_then(|text| text.parse::<ByteSize>().ok());
    let Some(size) = size.filter(|size| *size < LEAST) else { return };
    let message = format!("no program starts with {size} of memory");
    let problem = Diagnostic::warning(Code::TinyLimit, written.span, message);
    problems.add(match written.as_text() {
        Some(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
            problem.help(format!("a bare number is bytes: write `{text}MiB`, if that is meant"))
        }
        _ => problem.help("write a few megabytes at least, such as `64MiB`"),
    });
}

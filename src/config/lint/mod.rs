//! What is worth a second look though it works: warnings about native files.
//!
//! Looks at what was written, not at what became of it. Each can be silenced by `allow`.

mod contradiction;
mod fed_variable;
mod names;
mod patience;
mod permissions;
mod plain_secret;
mod texts;
mod tiny_memory;
mod unexpanded;
mod unused_secret;
mod warm;

use super::diagnostic::Problems;
use super::parts::parts;
use super::syntax::Node;

pub use patience::long_timeout;
pub use permissions::check_permissions;

/// Looks at the commands, at what holds for all of them, and at all that stands in the files.
pub fn lint(
    problems: &Problems,
    documents: &[&Node<'_>],
    commands: &[Node<'_>],
    defaults: Option<&Node<'_>>,
    server: Option<&Node<'_>>,
) {
    let fed = fed_variable::Fed::of(documents);
    for command in commands {
        contradiction::check(problems, command);
        names::check(problems, command);
        texts::check(problems, command);
        for part in parts(command) {
            tiny_memory::check(problems, part);
            fed.check(problems, part);
            unexpanded::check(problems, part);
            plain_secret::check_env(problems, part);
            plain_secret::check_webhook(problems, part);
        }
    }
    patience::check(problems, commands, defaults);
    warm::check(problems, commands, server);
    if let Some(defaults) = defaults {
        tiny_memory::check(problems, defaults);
        fed.check(problems, defaults);
    }
    for document in documents {
        plain_secret::check_vars(problems, document);
        plain_secret::check_all(problems, document);
    }
    unused_secret::check(problems, documents);
}

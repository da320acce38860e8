//! Variables that a command asks for and never gets, since a secret is read from them.

use crate::config::code::Code;
use crate::config::diagnostic::{Diagnostic, Problems};
use crate::config::syntax::{Entry, Kind, Node};

/// The variables of all declared secrets, each with the name of its secret.
pub struct Fed<'n> {
    variables: Vec<(&'n str, &'n str)>,
}

impl<'n> Fed<'n> {
    /// Looks at all files at once: what one declares counts for the commands of another.
    pub fn of(documents: &[&'n Node<'_>]) -> Self {
        let secrets = documents.iter().filter_map(|document| document.get("secrets"));
        let variable = |entry: &'n Entry<'_>| {
            let is_program = entry.value.get("script").is_some();
            let name = entry.value.get("env").filter(|_| !is_program)?.as_text()?;
            Some((name, &*entry.key.text))
        };
        Self { variables: secrets.flat_map(Node::entries).filter_map(variable).collect() }
    }

    /// `settings` is a command, or `defaults`.
    pub fn check(&self, problems: &Problems, settings: &Node<'_>) {
        let Some(Kind::List(names)) = settings.get("env_inherit").map(|inherit| &inherit.kind) else {
            return;
        };
        for written in names.iter() {
            let Some(name) = written.as_text() else { continue };
            let Some((_, secret)) = self.variables.iter().find(|(variable, _)| *variable == name) else {
                continue;
            };
            let message = format!("`{name}` is never inherited: the secret `{secret}` is read from it");
            let help =
                format!("hand the secret over in `env`: `env: {{ {name}: \"{{{{secrets.{secret}}}}}\" }}`");
            problems.add(Diagnostic::warning(Code::NeverInherited, written.span, message).help(help));
        }
    }
}

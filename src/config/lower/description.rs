//! What a model is told of a command.

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::native::Command;

use super::place::Place;
use super::script;

/// A tool without a description cannot be chosen well by a model.
pub fn description(place: &Place<'_>, command: &Command<'_>) -> String {
    if let Some(text) = command.description.map(|text| text.value).filter(|text| !text.trim().is_empty()) {
        return text.to_owned();
    }
    let span = command.description.map_or_else(|| script::head(command), |text| text.span);
    let problem = Diagnostic::warning(Code::NoDescription, span, "this command has no description");
    place.reader.problems.add(problem.help("say what it does and when to use it: a model chooses by that"));
    match (command.title, command.name) {
        (Some(title), _) => title.value.to_owned(),
        (None, Some(name)) => default_description(name.value),
        (None, None) => String::new(),
    }
}

/// What the original says of a command that says nothing of itself.
pub fn default_description(name: &str) -> String {
    format!("Execute {name} with configured arguments")
}

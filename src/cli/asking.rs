//! What a call at a shell lacks and may be asked for (`ask: true`): the terminal asks, one value after the
//! other.

use serde_json::{Map, Value};

use crate::call::{BadCall, Call, fit};
use crate::engine::Sanitizer;
use crate::model::{Availability, Catalog, Kind, Param, Presence, Tool};

use super::exit::Exit;
use super::pairs;
use super::print::Printer;
use super::terminal::{self, Typed};

/// The call with what was typed in. Without a terminal it stays as it is, and is refused for what it lacks.
pub fn complete(catalog: &Catalog, mut call: Call, printer: &Printer) -> Result<Call, Exit> {
    let Some(tool) = catalog.tool(&call.tool) else { return Ok(call) };
    let lacking = lacking(tool, &call.arguments);
    if lacking.is_empty() || !terminal::is_there() || !problems_beside(tool, &call, &lacking).is_empty() {
        return Ok(call);
    }
    let names: Vec<&str> = lacking.iter().map(|param| param.name.as_str()).collect();
    printer.talk(&format!("`{}` needs {}; Ctrl-C gives up\n", tool.name, names.join(", ")));
    for param in lacking {
        let value = ask(tool, param, &call.arguments, printer)?;
        call.arguments.insert(param.name.to_string(), value);
    }
    Ok(call)
}

/// What could be typed in if there was a terminal.
pub fn hint(catalog: &Catalog, call: &Call) -> Option<String> {
    let tool = catalog.tool(&call.tool)?;
    let lacking = lacking(tool, &call.arguments);
    if lacking.is_empty() || terminal::is_there() {
        return None;
    }
    let names: Vec<&str> = lacking.iter().map(|param| param.name.as_str()).collect();
    let first = names.first()?;
    let names = names.join("`, `");
    Some(format!("mcpfier: at a terminal you are asked for `{names}`; elsewhere write `{first}=VALUE`\n"))
}

fn lacking<'t>(tool: &'t Tool, given: &Map<String, Value>) -> Vec<&'t Param> {
    let is_lacking = |param: &Param| given.get(param.name.as_str()).is_none_or(Value::is_null);
    let asked = tool.params.iter().filter(|param| param.rule.ask && param.presence == Presence::Required);
    // Clients show what they ask for, and a terminal keeps it on its screen.
    let asked = asked.filter(|param| !param.rule.sensitive && is_lacking(param));
    match tool.availability {
        Availability::Offered => asked.collect(),
        _ => Vec::new(),
    }
}

/// What is wrong with a call besides what it lacks: nobody types values in for one that is refused.
fn problems_beside(tool: &Tool, call: &Call, lacking: &[&Param]) -> Vec<String> {
    let problems = problems(tool, call.arguments.clone()).into_iter();
    let is_lacking = |place: &str| lacking.iter().any(|param| param.name.as_str() == place);
    problems.filter(|(place, _)| !is_lacking(place)).map(|(_, message)| message).collect()
}

fn problems(tool: &Tool, arguments: Map<String, Value>) -> Vec<(String, String)> {
    match fit(tool.name.as_str(), &tool.params, arguments) {
        Err(BadCall::Arguments { problems, .. }) => {
            problems.into_iter().map(|problem| (problem.place, problem.message)).collect()
        }
        // What is no matter of values is told by the call itself.
        _ => Vec::new(),
    }
}

/// One value, asked for until it fits.
fn ask(tool: &Tool, param: &Param, given: &Map<String, Value>, printer: &Printer) -> Result<Value, Exit> {
    let name = param.name.as_str();
    let about = about(param);
    if !about.is_empty() {
        printer.talk(&format!("  {}\n", Sanitizer::clean(about.as_bytes())));
    }
    loop {
        let text = match terminal::ask(&format!("  {name}: ")) {
            Ok(Typed::Line(text)) => text,
            Ok(Typed::Interrupted) => {
                printer.talk("mcpfier: interrupted; nothing ran\n");
                return Err(Exit::INTERRUPTED);
            }
            Ok(Typed::Ended) => {
                printer.error(&format!("`{}` does not run without `{name}`: nothing was typed", tool.name));
                return Err(Exit::REFUSED);
            }
            Err(error) => {
                printer.error(&format!("the terminal cannot be read: {error}"));
                return Err(Exit::FAILURE);
            }
        };
        let value = match typed(param, &text) {
            Ok(value) => value,
            Err(problem) => {
                printer.talk(&format!("    {problem}\n"));
                continue;
            }
        };
        let mut arguments = given.clone();
        arguments.insert(name.to_owned(), value.clone());
        let problem = problems(tool, arguments).into_iter().find(|(place, _)| place == name);
        match problem {
            None => return Ok(value),
            Some((_, problem)) => printer.talk(&format!("    {problem}\n")),
        }
    }
}

/// A text that is no value of its type stays one; the schema then says what was expected.
fn typed(param: &Param, text: &str) -> Result<Value, String> {
    if text.trim().is_empty() {
        let name = &param.name;
        return Err(match param.kind {
            Kind::Text => format!("nothing was typed; `{name}=` beside the command is the empty text"),
            _ => "nothing was typed".to_owned(),
        });
    }
    Ok(match param.kind {
        Kind::Text => Value::from(text),
        Kind::Boolean => match text.trim().to_ascii_lowercase().as_str() {
            "y" | "yes" | "true" => Value::from(true),
            "n" | "no" | "false" => Value::from(false),
            _ => return Err("expected `y` or `n`".to_owned()),
        },
        _ => pairs::typed(&param.kind, text.trim()),
    })
}

/// What it is, and what may be typed.
fn about(param: &Param) -> String {
    let text = |key| param.schema.get(key).and_then(Value::as_str);
    let words = [text("title"), text("description")].into_iter().flatten().collect::<Vec<_>>().join(": ");
    let may_be = may_be(param);
    match (words.is_empty(), may_be.is_empty()) {
        (false, false) => format!("{words} ({may_be})"),
        _ => words + &may_be,
    }
}

fn may_be(param: &Param) -> String {
    let mut parts = Vec::new();
    if let Some(choices) = param.schema.get("enum").and_then(Value::as_array) {
        let choices = choices.iter().map(|choice| choice.as_str().map_or(choice.to_string(), str::to_owned));
        parts.push(format!("one of {}", choices.collect::<Vec<_>>().join(", ")));
    } else {
        match param.kind {
            Kind::Integer => parts.push("a whole number".to_owned()),
            Kind::Number => parts.push("a number".to_owned()),
            Kind::Boolean => parts.push("y or n".to_owned()),
            _ => {}
        }
    }
    for (key, words) in [("minimum", "at least"), ("maximum", "at most")] {
        parts.extend(param.schema.get(key).map(|limit| format!("{words} {limit}")));
    }
    parts.join(", ")
}

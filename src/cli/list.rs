//! `mcpfier list`: what the file offers.

use serde_json::{Value, json};

use crate::model::{Availability, Presence, Tool};

use super::exit::Exit;
use super::print::Printer;
use super::session::Session;

/// A signature that is longer stands on a line of its own.
const WIDEST: usize = 40;
/// So much of a condition is shown.
const WIDEST_CONDITION: usize = 60;
/// Where descriptions stand if all signatures are longer.
const INDENT: usize = 2;

pub fn run(session: &Session, all: bool, printer: &Printer) -> Exit {
    let tools: Vec<&Tool> =
        session.catalog.tools().iter().map(AsRef::as_ref).filter(|tool| all || tool.is_offered()).collect();
    if printer.json {
        printer.json_data(&Value::Array(tools.iter().map(|tool| document(tool)).collect()));
        return Exit::OK;
    }
    let widths = tools.iter().map(|tool| signature(tool).chars().count());
    let width = widths.filter(|width| *width <= WIDEST).max().unwrap_or(INDENT);
    for tool in &tools {
        printer.data(&line(tool, width));
    }
    let hidden = session.catalog.tools().len() - session.catalog.offered().count();
    if tools.is_empty() {
        printer.talk(&format!("{} offers no tools\n", session.path.display()));
    }
    if hidden > 0 && !all {
        printer.talk(&format!("{hidden} more are hidden; `mcpfier list --all` says why\n"));
    }
    Exit::OK
}

fn line(tool: &Tool, width: usize) -> String {
    let description = tool.description.lines().next().unwrap_or_default();
    let note = match &tool.availability {
        Availability::Offered => String::new(),
        Availability::Internal => "  (not exposed)".to_owned(),
        Availability::Disabled => "  (disabled)".to_owned(),
        Availability::Unavailable { reason } => format!("  (hidden: {reason})"),
    };
    let condition = tool.when.as_ref().map(|when| format!("  (if {})", shortened(&when.condition.line())));
    let note = format!("{}{note}", condition.unwrap_or_default());
    let signature = signature(tool);
    match signature.chars().count() > width {
        true => format!("{signature}\n{:width$}  {description}{note}\n", ""),
        false => format!("{signature:width$}  {description}{note}\n"),
    }
}

/// The beginning of a condition.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(WIDEST_CONDITION) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default().trim_end()),
        None => text.to_owned(),
    }
}

/// The name and its parameters, optional ones in brackets.
fn signature(tool: &Tool) -> String {
    let mut text = tool.name.to_string();
    for param in tool.params.iter() {
        match param.presence {
            Presence::Required => text.push_str(&format!(" {}=", param.name)),
            Presence::Optional | Presence::Default(_) => text.push_str(&format!(" [{}=]", param.name)),
        }
    }
    text
}

fn document(tool: &Tool) -> Value {
    let (state, reason) = match &tool.availability {
        Availability::Offered => ("offered", None),
        Availability::Internal => ("internal", None),
        Availability::Disabled => ("disabled", None),
        Availability::Unavailable { reason } => ("unavailable", Some(reason)),
    };
    json!({
        "name": tool.name.as_str(),
        "title": tool.title,
        "description": tool.description,
        "inputSchema": tool.params.input_schema().as_ref(),
        "tags": tool.tags,
        "when": tool.when.as_ref().map(|when| when.condition.line()),
        "state": state,
        "reason": reason,
    })
}

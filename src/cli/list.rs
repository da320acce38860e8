//! `mcpfier list`: what the file offers.

use serde_json::{Value, json};

use crate::model::{Availability, Offers, Param, Presence, Prompt, Resource, Tool};

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
        let offers = &session.catalog.offers;
        let tools = tools.iter().map(|tool| document(tool));
        let prompts = offers.prompts.iter().map(|prompt| prompt_document(prompt));
        let resources = offers.resources.iter().map(|resource| resource_document(resource));
        printer.json_data(&Value::Array(tools.chain(prompts).chain(resources).collect()));
        return Exit::OK;
    }
    let widths = tools.iter().map(|tool| signature(tool).chars().count());
    let width = widths.filter(|width| *width <= WIDEST).max().unwrap_or(INDENT);
    for tool in &tools {
        printer.data(&line(tool, width));
    }
    list_offers(&session.catalog.offers, printer);
    let hidden = session.catalog.tools().len() - session.catalog.offered().count();
    if tools.is_empty() {
        printer.talk(&format!("{} offers no tools\n", session.path.display()));
    }
    if hidden > 0 && !all {
        printer.talk(&format!("{hidden} more are hidden; `mcpfier list --all` says why\n"));
    }
    Exit::OK
}

/// Prompts and resources, if there are any.
fn list_offers(offers: &Offers, printer: &Printer) {
    let prompts = offers.prompts.iter().map(|prompt| {
        let arguments = prompt.arguments.iter().map(with_presence).collect::<String>();
        (format!("{}{arguments}", prompt.name), prompt.description.as_deref().or(prompt.title.as_deref()))
    });
    let resources = offers.resources.iter().map(|resource| {
        let said = resource.description.as_deref().or(resource.title.as_deref());
        (resource.uri.text().to_owned(), said.or(Some(resource.name.as_str())))
    });
    let (prompts, resources): (Vec<_>, Vec<_>) = (prompts.collect(), resources.collect());
    for (title, entries) in [("prompts", prompts), ("resources", resources)] {
        let widths = entries.iter().map(|(name, _)| name.chars().count());
        let width = widths.filter(|width| *width <= WIDEST).max().unwrap_or(INDENT);
        if !entries.is_empty() {
            printer.data(&format!("\n{title}:\n"));
        }
        for (name, said) in &entries {
            let said = said.and_then(|said| said.lines().next()).unwrap_or_default();
            printer.data(&format!("{name:width$}  {said}\n"));
        }
    }
}

fn with_presence(param: &Param) -> String {
    match param.presence {
        Presence::Required => format!(" {}=", param.name),
        Presence::Optional | Presence::Default(_) => format!(" [{}=]", param.name),
    }
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
    let params: String = tool.params.iter().map(with_presence).collect();
    format!("{}{params}", tool.name)
}

fn document(tool: &Tool) -> Value {
    let (state, reason) = match &tool.availability {
        Availability::Offered => ("offered", None),
        Availability::Internal => ("internal", None),
        Availability::Disabled => ("disabled", None),
        Availability::Unavailable { reason } => ("unavailable", Some(reason)),
    };
    json!({
        "kind": "tool",
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

fn prompt_document(prompt: &Prompt) -> Value {
    let arguments = prompt.arguments.iter().map(|argument| {
        json!({
            "name": argument.name.as_str(),
            "description": argument.schema.get("description"),
            "required": argument.presence == Presence::Required,
        })
    });
    json!({
        "kind": "prompt",
        "name": prompt.name,
        "title": prompt.title,
        "description": prompt.description,
        "arguments": arguments.collect::<Value>(),
    })
}

/// One with holes in its URI says so as clients are told it.
fn resource_document(resource: &Resource) -> Value {
    let uri = if resource.uri.is_fixed() { "uri" } else { "uriTemplate" };
    json!({
        "kind": "resource",
        "name": resource.name,
        "title": resource.title,
        "description": resource.description,
        uri: resource.uri.text(),
        "mimeType": resource.mime,
    })
}

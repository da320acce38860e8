//! `mcpfier graph [NAME]`: the steps of a command, or how all commands hang together. Runs nothing.

use serde_json::json;

use crate::graph::{self, Drawing};
use crate::model::{Catalog, nearest};

use super::arguments::{Arguments, GraphFormat, GraphWords};
use super::exit::Exit;
use super::print::Printer;
use super::session::Session;

pub fn run(arguments: &Arguments, words: &GraphWords, printer: &Printer) -> Exit {
    let session = match Session::open(arguments, printer) {
        Ok(session) => session,
        Err(exit) => return exit,
    };
    let drawing = match drawing(&session.catalog, words.name.as_deref(), &session) {
        Ok(drawing) => drawing,
        Err(problem) => {
            printer.error(&problem);
            return Exit::NO_COMMAND;
        }
    };
    let (format, name) = match words.format {
        GraphFormat::Text => (graph::Format::Text, "text"),
        GraphFormat::Mermaid => (graph::Format::Mermaid, "mermaid"),
        GraphFormat::Dot => (graph::Format::Dot, "dot"),
        GraphFormat::Svg => (graph::Format::Svg, "svg"),
    };
    let text = drawing.render(format);
    match printer.json {
        true => printer.json_data(&json!({ "format": name, "graph": text })),
        false => printer.data(&text),
    }
    Exit::OK
}

fn drawing(catalog: &Catalog, name: Option<&str>, session: &Session) -> Result<Drawing, String> {
    let Some(name) = name else {
        let file = session.path.file_name().map(|name| name.to_string_lossy().into_owned());
        return Ok(graph::of_file(catalog, &file.unwrap_or_default()));
    };
    if let Some(tool) = catalog.tool(name) {
        return Ok(graph::of_command(catalog, tool));
    }
    let known = catalog.tools().iter().map(|tool| tool.name.as_str());
    Err(match nearest(name, known) {
        Some(nearest) => format!("there is no command `{name}`; did you mean `{nearest}`?"),
        None => format!("there is no command `{name}`; `mcpfier list --all` lists them"),
    })
}

//! Help about one thing: `mcpfier help TOPIC`, `mcpfier TOOL --help` and `mcpfier call TOOL --help`.

use std::path::Path;

use clap::error::ErrorKind;

use crate::model::{self, Dialect};

use super::arguments::Arguments;
use super::complete::Line;
use super::exit::Exit;
use super::print::Printer;
use super::requirements::Whose;
use super::session::Session;
use super::tool_help;

/// `mcpfier help [TOPIC]`. A verb is explained without a file.
pub fn run(topic: Option<&str>, arguments: &Arguments, printer: &Printer) -> Exit {
    let mut root = super::command();
    root.build();
    // A closed pipe is no failure.
    let _ = match topic.map(|topic| (topic, root.find_subcommand_mut(topic))) {
        None => root.print_long_help(),
        Some((_, Some(verb))) => verb.print_help(),
        Some((tool, None)) => {
            let session = Session::open(arguments, printer);
            return of_tool(tool, session, printer);
        }
    };
    Exit::OK
}

/// What is printed instead of clap's help if the line names a tool.
pub fn instead_of(error: &clap::Error) -> Option<Exit> {
    if error.kind() != ErrorKind::DisplayHelp {
        return None;
    }
    let words: Vec<String> =
        std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    let line = Line::read(&words)?;
    let (tool, _) = line.tool()?;
    let printer = Printer::new(false);
    let named = line.value_of("config").map(Path::new);
    Some(of_tool(tool, Session::chosen(named, |host| line.choice(host), &printer), &printer))
}

fn of_tool(name: &str, session: Result<Session, Exit>, printer: &Printer) -> Exit {
    let mut session = match session {
        Ok(session) => session,
        Err(exit) => return exit,
    };
    session.settle(Whose::Of(name), printer);
    let Some(tool) = session.catalog.tool(name) else {
        printer.error(&unknown(name, &session));
        return Exit::NO_COMMAND;
    };
    let is_verb = super::command().find_subcommand(name).is_some();
    let needs_call = is_verb && session.dialect == Dialect::Native;
    printer.data(&tool_help::render(tool, if needs_call { "mcpfier call" } else { "mcpfier" }));
    Exit::OK
}

fn unknown(name: &str, session: &Session) -> String {
    let root = super::command();
    let verbs = root.get_subcommands().map(clap::Command::get_name);
    let tools = session.catalog.offered().map(|tool| tool.name.as_str());
    let nearest = model::nearest(name, verbs.chain(tools)).map(|near| format!("; did you mean `{near}`?"));
    format!("there is neither a verb nor a tool `{name}`{}", nearest.unwrap_or_default())
}

//! `mcpfier add --from-help 'rg --help'`: runs that one program for its help, and proposes a command.
//!
//! It is run as a command of a file would be: without a shell, without a terminal, with a timeout.

use std::path::Path;

use serde_json::{Map, json};

use crate::call::Call;
use crate::runner::Stream;
use crate::runner::process::ForkServer;
use crate::scaffold::{help, tool_name};

use super::call::carry_out;
use super::exit::Exit;
use super::into;
use super::print::Printer;
use super::serve::{PATIENCE, runtime};
use super::session::Session;

/// What was asked for.
pub struct Wanted<'w> {
    pub from_help: Option<&'w str>,
    pub name: Option<&'w str>,
    pub into: Option<&'w Path>,
}

pub fn run(wanted: Wanted<'_>, printer: &Printer, fork_server: Option<ForkServer>) -> Exit {
    let words = match words(&wanted) {
        Ok(words) => words,
        Err(problem) => {
            printer.error(&problem);
            return Exit::USAGE;
        }
    };
    let text = match help_text(&words, printer, fork_server) {
        Ok(text) => text,
        Err(exit) => return exit,
    };
    let program: Vec<String> = words.iter().filter(|word| !asks_for_help(word)).cloned().collect();
    match help::propose(&program, &text, wanted.name) {
        Ok(proposal) => into::deliver(&proposal.to_yaml(), wanted.into, printer),
        Err(problem) => {
            printer.error(&format!("`{}` gave no help that can be read: {problem}", words.join(" ")));
            Exit::FAILURE
        }
    }
}

fn words(wanted: &Wanted<'_>) -> Result<Vec<String>, String> {
    let text = wanted.from_help.ok_or("name a program: `mcpfier add --from-help 'rg --help'`")?;
    if let Some(name) = wanted.name
        && (name.is_empty() || tool_name(name) != name)
    {
        return Err(format!(
            "`{name}` is no name for a command; expected letters, digits, `_` and `-`, at most 64"
        ));
    }
    let mut words =
        shell_words::split(text).map_err(|_| format!("`{text}` has a quote that is not closed"))?;
    if words.first().is_none_or(|word| asks_for_help(word)) {
        return Err("name a program: `mcpfier add --from-help 'rg --help'`".to_owned());
    }
    if !words.iter().any(|word| asks_for_help(word)) {
        words.push("--help".to_owned());
    }
    Ok(words)
}

fn asks_for_help(word: &str) -> bool {
    ["--help", "-h", "-help", "help", "-?"].contains(&word)
}

/// What the program prints about itself, on whichever stream.
fn help_text(words: &[String], printer: &Printer, fork_server: Option<ForkServer>) -> Result<String, Exit> {
    let name = name_of(words);
    let session = Session::of_bytes(asking(&name, words).to_string().into_bytes(), printer)?;
    let call = Call { principal: session.principal().into(), tool: name, arguments: Map::new() };
    let cannot = |error: std::io::Error| {
        printer.error(&format!("no command can be run: {error}"));
        Exit::NOT_STARTED
    };
    let runtime = runtime().map_err(cannot)?;
    let finished = runtime.block_on(async {
        let (engine, runner) = session.engine(fork_server).map_err(cannot)?;
        let finished = carry_out(&engine, call, false, true).await;
        runner.shut_down(PATIENCE).await;
        finished.map_err(|rejection| {
            printer.error(&rejection.to_string());
            Exit::of_rejection(&rejection)
        })
    })?;
    let Some((plan, outcome)) = finished else { return Err(Exit::INTERRUPTED) };
    if outcome.ending.exit_code().is_none() {
        printer.error(&format!(
            "`{}` did not end by itself: {}",
            words.join(" "),
            outcome.reason(&plan.tool)
        ));
        return Err(Exit::FAILURE);
    }
    let text = |stream| String::from_utf8_lossy(&outcome.output.joined(stream)).into_owned();
    let stdout = text(Stream::Stdout);
    Ok(if stdout.trim().is_empty() { text(Stream::Stderr) } else { stdout })
}

/// The program's, which problems are told with.
fn name_of(words: &[String]) -> String {
    let name = words.first().map(|word| tool_name(word)).unwrap_or_default();
    if name.is_empty() { "help".to_owned() } else { name }
}

/// A configuration with one command, which asks for help. No word of it is a template.
fn asking(name: &str, words: &[String]) -> serde_json::Value {
    let args: Vec<serde_json::Value> = words.iter().skip(1).map(|word| json!({ "literal": word })).collect();
    json!({ "version": 1, "commands": [{
        "name": name,
        "description": "Ask a program for its help.",
        "script": words.first(),
        "args": args,
        "env": { "PAGER": "cat", "MANPAGER": "cat", "TERM": "dumb", "NO_COLOR": "1", "COLUMNS": "100" },
        "timeout": "10s",
        "kill_grace": "1s",
        "limits": { "output": "1MiB" },
    }] })
}

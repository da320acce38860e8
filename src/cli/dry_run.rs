//! `--dry-run`: prints plans. Nothing that a plan names is started.

use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::engine::prepare;
use crate::model::{Action, Availability, Presence, Tool};
use crate::plan::ExecutionPlan;
use crate::policy::Policy;

use super::exit::Exit;
use super::pairs;
use super::print::Printer;
use super::session::Session;

pub fn run(session: &Session, words: &[String], printer: &Printer) -> Exit {
    match words.split_first() {
        Some((name, arguments)) => one(session, name, arguments, printer),
        None => all(session, printer),
    }
}

fn one(session: &Session, name: &str, words: &[String], printer: &Printer) -> Exit {
    let call = match session.call(name, words) {
        Ok(call) => call,
        Err(problem) => {
            printer.error(&problem.to_string());
            return Exit::USAGE;
        }
    };
    match plan(session, call) {
        Ok(plan) => {
            match printer.json {
                true => printer.json_data(&plan.to_json(&session.catalog.secrets)),
                false => printer.data(&plan.to_text(&session.catalog.secrets)),
            }
            Exit::OK
        }
        Err(rejection) => {
            printer.error(&rejection.to_string());
            Exit::of_rejection(&rejection)
        }
    }
}

fn plan(session: &Session, call: Call) -> Result<ExecutionPlan, crate::engine::Rejection> {
    prepare(&session.catalog, &Policy::of(&session.catalog), &session.facts, call)
}

/// Every command with its defaults and examples; one that needs more says what.
fn all(session: &Session, printer: &Printer) -> Exit {
    let mut documents = Vec::new();
    for tool in session.catalog.tools() {
        match preview(session, tool) {
            Ok(plan) => {
                documents.push(plan.to_json(&session.catalog.secrets));
                if !printer.json {
                    printer.data(&format!("{}\n", plan.to_text(&session.catalog.secrets)));
                }
            }
            Err(note) => {
                documents.push(json!({ "tool": tool.name.as_str(), "note": note }));
                if !printer.json {
                    printer.data(&format!("{}\n  {note}\n\n", tool.name));
                }
            }
        }
    }
    if printer.json {
        printer.json_data(&Value::Array(documents));
    }
    Exit::OK
}

fn preview(session: &Session, tool: &Tool) -> Result<ExecutionPlan, String> {
    match (&tool.availability, &tool.action) {
        (_, Action::NotSupported(reason)) | (Availability::Unavailable { reason }, _) => {
            return Err(format!("not available: {reason}"));
        }
        (Availability::Disabled, _) => return Err("disabled: `enabled: false`".to_owned()),
        (Availability::Internal, _) => return Err("not exposed: only other commands use it".to_owned()),
        (Availability::Offered, _) => {}
    }
    let arguments = example_arguments(tool).map_err(|missing| {
        let wanted: Vec<String> = missing.iter().map(|name| format!("{name}=…")).collect();
        format!("needs arguments: mcpfier --dry-run {} {}", tool.name, wanted.join(" "))
    })?;
    let call = Call { principal: session.principal().into(), tool: tool.name.to_string(), arguments };
    plan(session, call).map_err(|rejection| rejection.to_string())
}

/// Arguments that the file itself shows: the first of `examples` or `enum` of what is required.
fn example_arguments(tool: &Tool) -> Result<Map<String, Value>, Vec<String>> {
    let mut arguments = Map::new();
    let mut missing = Vec::new();
    for param in tool.params.iter().filter(|param| param.presence == Presence::Required) {
        let example = ["examples", "enum"]
            .into_iter()
            .find_map(|key| param.schema.get(key)?.as_array()?.first())
            .or_else(|| param.schema.get("const"));
        match example {
            Some(example) => {
                arguments.insert(param.name.to_string(), example.clone());
            }
            None => missing.push(param.name.to_string()),
        }
    }
    if missing.is_empty() { Ok(arguments) } else { Err(missing) }
}

/// The call that these words make.
impl Session {
    pub fn call(&self, name: &str, words: &[String]) -> Result<Call, pairs::BadPair> {
        let arguments = match self.catalog.tool(name) {
            Some(tool) => pairs::arguments(tool, words)?,
            None => Map::new(),
        };
        Ok(Call { principal: self.principal().into(), tool: name.to_owned(), arguments })
    }
}

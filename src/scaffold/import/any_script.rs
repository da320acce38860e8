//! any-script-mcp: `tools` with scripts that read their inputs from `INPUTS__NAME`. The scripts stay
//! as they are; `env` gives them what they read.

use serde_json::Value;

use super::{BadImport, Imported, declared};
use crate::scaffold::proposal::{Action, Param, Proposal, tool_name};

pub fn read(value: &Value) -> Result<Imported, BadImport> {
    let tools = value.get("tools").and_then(Value::as_array).ok_or(BadImport::Missing("list of `tools`"))?;
    let mut imported = Imported::default();
    for tool in tools {
        let name = tool.get("name").and_then(Value::as_str).unwrap_or("tool");
        match tool.get("run").and_then(Value::as_str) {
            Some(run) => imported.proposals.push(command(name, tool, run)),
            None => imported.notes.push(format!("left out the tool `{name}`: it has no `run`")),
        }
    }
    imported.or_nothing("no tool in `tools`")
}

fn command(name: &str, tool: &Value, run: &str) -> Proposal {
    let inputs = tool.get("inputs").and_then(Value::as_object);
    let params: Vec<(&String, Param)> =
        inputs.into_iter().flatten().map(|(name, input)| (name, declared(name, input, true))).collect();
    // `python {0}` names the program that gets the script.
    let shell = tool.get("shell").and_then(Value::as_str).and_then(|shell| shell.split_whitespace().next());
    let timeout = tool.get("timeout").and_then(Value::as_u64);
    Proposal {
        name: tool_name(name),
        description: tool.get("description").and_then(Value::as_str).unwrap_or(name).to_owned(),
        action: Action::Shell { shell: shell.unwrap_or("bash").to_owned(), run: run.to_owned() },
        env: params.iter().map(|(name, param)| (variable(name), format!("{{{{{}}}}}", param.name))).collect(),
        params: params.into_iter().map(|(_, param)| param).collect(),
        timeout: timeout.map(|milliseconds| format!("{milliseconds}ms")),
        ..Proposal::default()
    }
}

fn variable(input: &str) -> String {
    let name: String =
        input.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
    format!("INPUTS__{name}")
}

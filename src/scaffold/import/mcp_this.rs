//! mcp-this: `tools` or `toolsets`, commands with `<<name>>` in them.

use regex::Regex;
use serde_json::Value;

use super::shell_words::with_variables;
use super::{BadImport, Imported, declared};
use crate::scaffold::proposal::{Action, Proposal, tool_name};

pub fn read(value: &Value) -> Result<Imported, BadImport> {
    let sets = value.get("toolsets").and_then(Value::as_object);
    let inner = sets.into_iter().flat_map(|sets| sets.values()).filter_map(|set| set.get("tools"));
    let tools: Vec<&Value> = value.get("tools").into_iter().chain(inner).collect();
    if tools.is_empty() {
        return Err(BadImport::Missing("`tools` or `toolsets`"));
    }
    let mut imported = Imported::default();
    for (name, tool) in tools.into_iter().filter_map(Value::as_object).flatten() {
        match tool.pointer("/execution/command").and_then(Value::as_str) {
            Some(script) => imported.proposals.push(command(name, tool, script)),
            None => imported.notes.push(format!("left out the tool `{name}`: it has no `execution.command`")),
        }
    }
    imported.or_nothing("no tool in `tools`")
}

fn command(name: &str, tool: &Value, script: &str) -> Proposal {
    let placeholder = Regex::new(r"<<\s*([A-Za-z_][\w-]*)\s*>>").expect("the pattern is written here");
    let params = tool.get("parameters").and_then(Value::as_object);
    Proposal {
        name: tool_name(name),
        description: tool.get("description").and_then(Value::as_str).unwrap_or(name).to_owned(),
        remarks: vec![
            "Each value is one word now; where the original split one into several, use a list.".to_owned(),
        ],
        action: Action::Shell { shell: "sh".to_owned(), run: with_variables(script, &placeholder) },
        params: params.into_iter().flatten().map(|(name, param)| declared(name, param, false)).collect(),
        ..Proposal::default()
    }
}

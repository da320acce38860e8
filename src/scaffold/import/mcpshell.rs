//! MCPShell: `mcp.tools`, scripts with Go templates. Logic in a template cannot be carried over.

use regex::Regex;
use serde_json::Value;

use super::shell_words::with_variables;
use super::{BadImport, Imported, declared};
use crate::scaffold::proposal::{Action, Proposal, tool_name};

pub fn read(value: &Value) -> Result<Imported, BadImport> {
    let tools =
        value.pointer("/mcp/tools").and_then(Value::as_array).ok_or(BadImport::Missing("`mcp.tools`"))?;
    let shell = value.pointer("/mcp/run/shell").and_then(Value::as_str).unwrap_or("sh");
    let mut imported = Imported::default();
    for tool in tools {
        let name = tool.get("name").and_then(Value::as_str).unwrap_or("tool");
        match command(name, tool, shell) {
            Ok(proposal) => imported.proposals.push(proposal),
            Err(reason) => imported.notes.push(format!("left out the tool `{name}`: {reason}")),
        }
    }
    imported.or_nothing("no tool in `mcp.tools`")
}

fn command(name: &str, tool: &Value, shell: &str) -> Result<Proposal, &'static str> {
    let script = tool.pointer("/run/command").and_then(Value::as_str).ok_or("it has no `run.command`")?;
    let placeholder = Regex::new(r"\{\{-?\s*\.([A-Za-z_]\w*)\s*-?\}\}").expect("the pattern is written here");
    let run = with_variables(script, &placeholder);
    if run.contains("{{") {
        return Err("its template has logic; write it as a shell script with `\"$PARAM_name\"`");
    }
    let params = tool.get("params").and_then(Value::as_object);
    let constraints = tool.get("constraints").and_then(Value::as_array);
    let remark = |text: &Value| {
        format!(
            "A constraint to write as `pattern`, `enum` or a limit: {}",
            text.as_str().unwrap_or_default()
        )
    };
    Ok(Proposal {
        name: tool_name(name),
        description: tool.get("description").and_then(Value::as_str).unwrap_or(name).to_owned(),
        remarks: constraints.into_iter().flatten().map(remark).collect(),
        action: Action::Shell { shell: shell.to_owned(), run },
        params: params.into_iter().flatten().map(|(name, param)| declared(name, param, false)).collect(),
        ..Proposal::default()
    })
}

//! `composite_tools` → commands with steps, behind the others.

use std::collections::BTreeSet;

use crate::config::syntax::{Entry, Kind, Node};
use crate::model::{StepId, ToolName};

use super::Notes;
use super::edits::Edits;
use super::page::{Page, quoted};

/// Whether the entry was dealt with.
pub fn convert(
    page: &Page<'_>,
    root: &Node<'_>,
    entry: &Entry<'_>,
    edits: &mut Edits,
    notes: &mut Notes,
) -> bool {
    let Kind::List(items) = &entry.value.kind else { return false };
    if items.is_empty() {
        page.drop_entry(edits, root, entry, "empty");
        return true;
    }
    let Some(commands) = root.get("commands").filter(|commands| is_in_lines(page, commands)) else {
        return false;
    };
    let Some(last) = commands.as_list().and_then(<[_]>::last) else { return false };
    let dash = page.dash_before(last.span.range().start);
    let blanks = " ".repeat(dash - page.line_start(dash));
    let at = page.line_end(page.text.get(..last.span.range().end).map_or(dash, |text| text.trim_end().len()));
    let commands: BTreeSet<&str> = commands.as_list().unwrap_or_default().iter().filter_map(name).collect();
    let names = usable(&commands, items);
    let mut taken = commands;
    for item in items.iter() {
        let known = name(item).unwrap_or_default();
        if !taken.insert(known) {
            notes.add(Some(known), "of two tools of this name the one in `composite_tools` was left out");
            continue;
        }
        match command(item, &names) {
            Ok(lines) => {
                let newline = page.newline();
                let text: String = lines.iter().map(|line| format!("{newline}{blanks}{line}")).collect();
                edits.insert(at, text);
                notes.add(Some(known), "it was one of `composite_tools`, and is a command with `steps` now");
            }
            Err(why) => {
                notes.add(Some(known), format!("it was one of `composite_tools` and was left out: {why}"))
            }
        }
    }
    page.drop_entry(edits, root, entry, "commands with `steps` now");
    true
}

fn is_in_lines(page: &Page<'_>, list: &Node<'_>) -> bool {
    matches!(list.kind, Kind::List(_)) && !page.is_flow(list.span)
}

fn name<'n>(item: &'n Node<'_>) -> Option<&'n str> {
    item.get("name").and_then(Node::as_text)
}

/// The commands, and the tools that run nothing but these.
fn usable<'n>(commands: &BTreeSet<&'n str>, items: &'n [Node<'_>]) -> BTreeSet<&'n str> {
    // Those that run each other count as there, and are told of when the new file is read.
    let mut names: BTreeSet<&str> = commands.iter().copied().chain(items.iter().filter_map(name)).collect();
    loop {
        let is_broken = |item: &&Node<'_>| command(item, &names).is_err();
        let broken: Vec<&str> = items.iter().filter(is_broken).filter_map(name).collect();
        let before = names.len();
        names.retain(|name| commands.contains(name) || !broken.contains(name));
        if names.len() == before {
            return names;
        }
    }
}

/// The lines of a command, the first with its dash.
fn command(item: &Node<'_>, names: &BTreeSet<&str>) -> Result<Vec<String>, String> {
    let known = name(item).unwrap_or_default();
    known.parse::<ToolName>().map_err(|error| error.to_string())?;
    let steps = item.get("workflow").and_then(Node::as_list).unwrap_or_default();
    if steps.is_empty() {
        return Err("it has no `workflow`".to_owned());
    }
    let mut lines = vec![format!("- name: {known}")];
    if let Some(text) = item.get("description").and_then(Node::as_text).filter(|text| !text.is_empty()) {
        lines.push(format!("  description: {}", quoted(text)));
    }
    let wanted = item.get("permissions").and_then(Node::as_list).unwrap_or_default().iter();
    let wanted: Vec<String> = wanted.filter_map(Node::as_text).map(quoted).collect();
    if !wanted.is_empty() {
        lines.push(format!("  authorization: {{ required_permissions: [{}] }}", wanted.join(", ")));
    }
    lines.push("  timeout: 1h".to_owned());
    lines.push("  steps:".to_owned());
    let mut ids = BTreeSet::new();
    for step in steps {
        let tool = step.get("tool").and_then(Node::as_text).unwrap_or_default();
        if !names.contains(tool) {
            return Err(format!("there is no tool `{tool}`"));
        }
        let id = step.get("output").and_then(Node::as_text).filter(|id| id.parse::<StepId>().is_ok());
        let id =
            id.filter(|id| ids.insert((*id).to_owned())).map(|id| format!("id: {id}, ")).unwrap_or_default();
        let params = step.get("params").filter(|params| !params.entries().is_empty());
        let note = if params.is_some() { "  # its `params` had no effect" } else { "" };
        lines.push(format!("    - {{ {id}command: {tool} }}{note}"));
    }
    lines.push("  output: { show: 4MiB }".to_owned());
    Ok(lines)
}

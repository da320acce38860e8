//! A drawing as text: steps as a list in their order, commands as trees.

use std::fmt::Write;

use super::drawing::{Drawing, Meaning, Panel, Part};

pub fn render(drawing: &Drawing) -> String {
    let panels: Vec<String> = match drawing.is_file {
        true => drawing.panels.iter().map(trees).collect(),
        false => drawing.panels.iter().map(list).collect(),
    };
    panels.join("\n")
}

/// The steps of a command, each with what it waits for.
fn list(panel: &Panel) -> String {
    let mut text = panel.title.clone();
    let mut notes = panel.notes.iter().filter(|note| !note.is_empty());
    if let Some(first) = notes.next() {
        // Writing to a text cannot fail.
        let _ = write!(text, ": {first}");
    }
    text.push('\n');
    for note in notes {
        let _ = writeln!(text, "  {note}");
    }
    let width = panel.nodes.iter().map(|node| node.name.chars().count()).max().unwrap_or_default();
    let mut number = 0;
    for (at, node) in panel.nodes.iter().enumerate() {
        let sign = match node.part {
            Part::Alternative => "-".to_owned(),
            _ => {
                number += 1;
                format!("{number}.")
            }
        };
        let first = node.lines.first().map(String::as_str).unwrap_or_default();
        let _ = writeln!(text, "{sign:>4} {:width$}  {first}", node.name);
        let more = node.lines.iter().skip(1).cloned().chain(waits(panel, at));
        for line in more {
            let _ = writeln!(text, "     {:width$}  {line}", "");
        }
    }
    text
}

/// What a step waits for, in words.
fn waits(panel: &Panel, at: usize) -> Option<String> {
    let before = panel.edges.iter().filter(|edge| edge.to == at);
    let named = |meaning: Meaning| -> Vec<&str> {
        let edges = before.clone().filter(|edge| edge.meaning == meaning);
        edges.filter_map(|edge| panel.nodes.get(edge.from)).map(|node| node.name.as_str()).collect()
    };
    let node = panel.nodes.get(at)?;
    match (node.part, named(Meaning::After).as_slice()) {
        (Part::Step, [..]) if named(Meaning::After).is_empty() => {
            // The first one needs no word.
            (at > 0).then(|| "begins at once".to_owned())
        }
        (Part::Step, before) => Some(format!("after {}", before.join(", "))),
        (Part::Finally, _) => Some("whatever happened".to_owned()),
        (Part::Alternative | Part::Command, _) => None,
    }
}

/// A line that is still to be written.
struct Branch {
    node: usize,
    meaning: Meaning,
    /// What stands before it, and before what is below it.
    head: String,
    below: String,
}

/// Commands that nothing runs, with what they run below them; each is told once.
fn trees(panel: &Panel) -> String {
    let mut children: Vec<Vec<(usize, Meaning)>> = vec![Vec::new(); panel.nodes.len()];
    let mut is_run = vec![false; panel.nodes.len()];
    for edge in &panel.edges {
        if let Some(list) = children.get_mut(edge.from) {
            list.push((edge.to, edge.meaning));
        }
        if let Some(place) = is_run.get_mut(edge.to) {
            *place = true;
        }
    }
    let roots = is_run.iter().enumerate().filter(|(_, is_run)| !**is_run).map(|(at, _)| at);
    let root = |node| Branch { node, meaning: Meaning::Runs, head: String::new(), below: String::new() };
    let mut waiting: Vec<Branch> = roots.map(root).collect();
    waiting.reverse();
    let mut told = vec![false; panel.nodes.len()];
    let mut text = String::new();
    while let Some(branch) = waiting.pop() {
        let Some(node) = panel.nodes.get(branch.node) else { continue };
        let list = children.get(branch.node).map(Vec::as_slice).unwrap_or_default();
        let is_told = told.get(branch.node).copied().unwrap_or_default();
        let word = match branch.meaning.word() {
            "" => String::new(),
            word => format!(" ({word})"),
        };
        let more = if is_told && !list.is_empty() { ", as above" } else { "" };
        let _ = writeln!(text, "{}{}{word}{more}", branch.head, node.name);
        if is_told {
            continue;
        }
        if let Some(place) = told.get_mut(branch.node) {
            *place = true;
        }
        for (place, (node, meaning)) in list.iter().enumerate().rev() {
            let (head, below) =
                if place + 1 == list.len() { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            waiting.push(Branch {
                node: *node,
                meaning: *meaning,
                head: format!("{}{head}", branch.below),
                below: format!("{}{below}", branch.below),
            });
        }
    }
    text
}

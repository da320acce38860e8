//! A whole file: which command runs which.

use std::collections::{BTreeSet, HashMap};

use crate::model::{Action, Availability, Catalog, Flow, OnError, StepWork, Tool};

use super::drawing::{Drawing, Edge, Meaning, Node, Panel, Part};
use super::label;

pub fn of_file(catalog: &Catalog, title: &str) -> Drawing {
    let tools = catalog.tools();
    let places: HashMap<&str, usize> =
        tools.iter().enumerate().rev().map(|(at, tool)| (tool.name.as_str(), at)).collect();
    let mut edges = Vec::new();
    for (from, tool) in tools.iter().enumerate() {
        let Action::Flow(flow) = &tool.action else { continue };
        let mut told = BTreeSet::new();
        for (name, meaning) in calls(flow) {
            if let Some(to) = places.get(name).copied()
                && told.insert((to, meaning))
            {
                edges.push(Edge { from, to, meaning });
            }
        }
    }
    let nodes = tools.iter().map(|tool| node(tool)).collect();
    let panel = Panel { title: label::clean(title), notes: Vec::new(), nodes, edges };
    Drawing { panels: vec![panel], is_file: true }
}

fn node(tool: &Tool) -> Node {
    let mut lines = vec![label::clean(&tool.description)];
    lines.extend(match &tool.availability {
        Availability::Offered => None,
        Availability::Internal => Some("not exposed".to_owned()),
        Availability::Disabled => Some("disabled".to_owned()),
        Availability::Unavailable { reason } => Some(label::clean(&format!("hidden: {reason}"))),
    });
    Node { name: tool.name.to_string(), lines, part: Part::Command, runs: None }
}

/// The commands that a flow runs, and as what.
fn calls(flow: &Flow) -> impl Iterator<Item = (&str, Meaning)> {
    let steps =
        flow.steps.iter().map(|step| (step, if step.once { Meaning::DependsOn } else { Meaning::Runs }));
    let all = steps.chain(flow.finally.iter().map(|step| (step, Meaning::Finally)));
    all.flat_map(|(step, meaning)| {
        let rescue = if let OnError::Run(work) = &step.on_error { Some(work) } else { None };
        [(Some(&step.work), meaning), (step.otherwise.as_ref(), Meaning::Else), (rescue, Meaning::OnError)]
    })
    .filter_map(|(work, meaning)| match work {
        Some(StepWork::Command { tool, .. }) => Some((tool.as_str(), meaning)),
        _ => None,
    })
}

//! One command: its steps, and those of the commands that it runs.

use std::collections::{BTreeSet, HashMap};

use crate::model::{Action, Catalog, Flow, FlowStep, OnError, StepWork, Tool, format_duration};

use super::drawing::{Drawing, Edge, Meaning, Node, Panel, Part};
use super::label;

/// Each command with steps is drawn once, however often it is run.
pub fn of_command(catalog: &Catalog, tool: &Tool) -> Drawing {
    let mut found =
        Found { catalog, places: HashMap::from([(tool.name.to_string(), 0)]), wanted: vec![tool] };
    let mut panels = Vec::new();
    while let Some(next) = found.wanted.get(panels.len()).copied() {
        panels.push(panel(next, &mut found));
    }
    Drawing { panels, is_file: false }
}

/// The commands that have a panel, or will have.
struct Found<'c> {
    catalog: &'c Catalog,
    places: HashMap<String, usize>,
    wanted: Vec<&'c Tool>,
}

impl Found<'_> {
    /// The panel of what a step runs, if that has steps.
    fn panel_of(&mut self, work: &StepWork) -> Option<usize> {
        let StepWork::Command { tool, .. } = work else { return None };
        let catalog = self.catalog;
        let tool = catalog.tool(tool.as_str()).filter(|tool| matches!(tool.action, Action::Flow(_)))?;
        if let Some(place) = self.places.get(tool.name.as_str()) {
            return Some(*place);
        }
        let place = self.wanted.len();
        self.places.insert(tool.name.to_string(), place);
        self.wanted.push(tool);
        Some(place)
    }
}

fn panel(tool: &Tool, found: &mut Found<'_>) -> Panel {
    let mut panel = Panel { title: tool.name.to_string(), ..Panel::default() };
    panel.notes.push(label::clean(&tool.description));
    if let Some(when) = &tool.when {
        panel.notes.push(label::clean(&format!("when {}", when.condition.text().trim())));
    }
    let Action::Flow(flow) = &tool.action else {
        let lines = vec![label::action(tool)];
        panel.nodes.push(Node { name: tool.name.to_string(), lines, part: Part::Command, runs: None });
        return panel;
    };
    add_steps(&mut panel, flow, found);
    add_finally(&mut panel, flow, found);
    panel
}

fn add_steps(panel: &mut Panel, flow: &Flow, found: &mut Found<'_>) {
    let mut places = HashMap::new();
    for step in &flow.steps {
        let at = add(panel, step, Part::Step, found);
        places.insert(step.id.as_str(), at);
        let before = step.after.iter().filter_map(|id| places.get(id.as_str()));
        let edges: Vec<Edge> =
            before.map(|from| Edge { from: *from, to: at, meaning: Meaning::After }).collect();
        panel.edges.extend(edges);
    }
}

/// They follow whatever nobody waits for.
fn add_finally(panel: &mut Panel, flow: &Flow, found: &mut Found<'_>) {
    let waited: BTreeSet<usize> =
        panel.edges.iter().filter(|edge| edge.meaning == Meaning::After).map(|edge| edge.from).collect();
    let is_last = |at: &usize| {
        let node = panel.nodes.get(*at);
        !waited.contains(at) && node.is_some_and(|node| node.part == Part::Step)
    };
    let mut before: Vec<usize> = (0..panel.nodes.len()).filter(is_last).collect();
    for step in &flow.finally {
        let at = add(panel, step, Part::Finally, found);
        let edges = before.iter().map(|from| Edge { from: *from, to: at, meaning: Meaning::Finally });
        panel.edges.extend(edges);
        before = vec![at];
    }
    if !flow.finally.is_empty() {
        panel.notes.push(format!("finally within {}", format_duration(flow.cleanup_timeout)));
    }
}

/// A step, and what may be done in its place.
fn add(panel: &mut Panel, step: &FlowStep, part: Part, found: &mut Found<'_>) -> usize {
    let FlowStep { id, work, when, otherwise, after: _, each, retry, timeout, on_error, once: _ } = step;
    let mut lines = vec![label::work(work)];
    lines.extend(each.as_ref().map(label::for_each));
    lines.extend(when.as_ref().map(|when| label::clean(&format!("when {}", when.condition.text().trim()))));
    lines.extend(retry.as_ref().map(|retry| format!("tried up to {} times", retry.attempts)));
    lines.extend(timeout.map(|timeout| format!("within {}", format_duration(timeout))));
    if matches!(on_error, OnError::Continue) {
        lines.push("if it fails the others go on".to_owned());
    }
    let at = panel.nodes.len();
    panel.nodes.push(Node { name: id.to_string(), lines, part, runs: found.panel_of(work) });
    let rescue = if let OnError::Run(work) = on_error { Some(work) } else { None };
    for (work, meaning) in [(otherwise.as_ref(), Meaning::Else), (rescue, Meaning::OnError)] {
        let Some(work) = work else { continue };
        panel.edges.push(Edge { from: at, to: panel.nodes.len(), meaning });
        panel.nodes.push(Node {
            name: format!("{id} ({})", meaning.word()),
            lines: vec![label::work(work)],
            part: Part::Alternative,
            runs: found.panel_of(work),
        });
    }
    at
}

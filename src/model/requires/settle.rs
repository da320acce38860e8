//! Which tools are offered, when it is known what each of them lacks: what lacks something is not, nor is what
//! requires it or runs it as a step.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::{HostFindings, Requires};
use crate::model::action::Action;
use crate::model::flow::MOST_NESTED_FLOWS;
use crate::model::name::ToolName;
use crate::model::tool::{Availability, Tool};

/// Judges every tool that requires something, and those that run one. To judge once more with other findings
/// is fine.
pub fn settle(tools: &mut [Arc<Tool>], findings: &HostFindings) {
    if tools.iter().all(|tool| tool.requires.is_none()) {
        return;
    }
    let verdicts = verdicts(tools, findings);
    for (tool, judged) in tools.iter_mut().zip(verdicts) {
        if let Some(availability) = judged.filter(|availability| tool.availability != *availability) {
            let tool = Arc::make_mut(tool);
            let before = std::mem::replace(&mut tool.availability, availability);
            if let Action::Flow(flow) = &mut tool.action {
                flow.apart.get_or_insert(before);
            }
        }
    }
}

/// For each tool whether it is offered, if anything here decides that.
fn verdicts(tools: &[Arc<Tool>], findings: &HostFindings) -> Vec<Option<Availability>> {
    let places: HashMap<&ToolName, usize> =
        tools.iter().enumerate().rev().map(|(at, tool)| (&tool.name, at)).collect();
    let mut lots: Vec<Lot<'_>> = tools.iter().map(|tool| Lot::of(tool, &places, findings)).collect();
    // Each round may take away what others need; there are no more rounds than tools.
    for _ in 0..=lots.len() {
        let gone: Vec<usize> =
            (0..lots.len()).filter(|at| lots.get(*at).is_some_and(|lot| lot.goes_with(&lots))).collect();
        if gone.is_empty() {
            break;
        }
        for at in gone {
            if let Some(lot) = lots.get_mut(at) {
                lot.is_gone = true;
            }
        }
    }
    lots.iter().map(|lot| lot.is_judged.then(|| judged(lot.apart, &lot.all_lacking(&lots)))).collect()
}

/// What is known of one tool.
struct Lot<'t> {
    tool: &'t Tool,
    /// Whether it would be offered if nothing were looked at here.
    apart: &'t Availability,
    is_judged: bool,
    lacking: Vec<String>,
    /// The commands that it requires, and where those are that are there.
    requires: Vec<(&'t ToolName, Option<usize>)>,
    /// Where the commands are that it runs.
    runs: Vec<usize>,
    is_gone: bool,
}

impl<'t> Lot<'t> {
    fn of(tool: &'t Tool, places: &HashMap<&ToolName, usize>, findings: &HostFindings) -> Self {
        let flow = if let Action::Flow(flow) = &tool.action { Some(flow) } else { None };
        let requires = tool.requires.as_deref();
        let apart = match (requires, flow.and_then(|flow| flow.apart.as_ref())) {
            (Some(requires), _) => &requires.apart,
            (None, Some(apart)) => apart,
            (None, None) => &tool.availability,
        };
        let lacking = requires.map(|requires| requires.all_lacking(findings)).unwrap_or_default();
        let named = requires.into_iter().flat_map(|requires| &requires.commands);
        let runs = flow.into_iter().flat_map(|flow| flow.commands());
        Self {
            tool,
            apart,
            is_judged: requires.is_some() || flow.is_some(),
            is_gone: is_away(apart) || !lacking.is_empty(),
            lacking,
            requires: named.map(|name| (name, places.get(name).copied())).collect(),
            runs: runs.filter_map(|name| places.get(name).copied()).collect(),
        }
    }

    /// Whether it goes because another has gone.
    fn goes_with(&self, lots: &[Self]) -> bool {
        !self.is_gone && (self.misses(lots).next().is_some() || self.cannot_run(lots).is_some())
    }

    /// The commands that it requires in vain.
    fn misses(&self, lots: &[Self]) -> impl Iterator<Item = &'t ToolName> {
        let is_there = |at: usize| lots.get(at).is_some_and(|lot| !lot.is_gone);
        self.requires.iter().filter(move |(_, at)| !at.is_some_and(is_there)).map(|(name, _)| *name)
    }

    /// The first of those that it runs which this host cannot run. One that is switched off is told at the call.
    fn cannot_run<'l>(&self, lots: &'l [Self]) -> Option<&'l Self> {
        let mut runs = self.runs.iter().filter_map(|at| lots.get(*at));
        runs.find(|lot| lot.is_gone && *lot.apart != Availability::Disabled)
    }

    fn all_lacking(&self, lots: &[Self]) -> Vec<String> {
        let mut lacking = self.own_lacking(lots);
        // Loading has told it already of what could not run at all.
        if !is_away(self.apart) {
            lacking.extend(self.cannot_run(lots).map(|lot| lot.told_from_outside(lots)));
        }
        lacking
    }

    /// What it lacks itself, not what those lack that it runs.
    fn own_lacking(&self, lots: &[Self]) -> Vec<String> {
        let missing = self.misses(lots).map(|name| format!("the command `{name}` is not available"));
        self.lacking.iter().cloned().chain(missing).collect()
    }

    /// Why it cannot run, for one that would run it: the innermost reason.
    fn told_from_outside(&self, lots: &[Self]) -> String {
        let (mut innermost, mut steps) = (self, 0);
        while innermost.lacking.is_empty()
            && !is_away(innermost.apart)
            && innermost.misses(lots).next().is_none()
            && steps < MOST_NESTED_FLOWS
            && let Some(next) = innermost.cannot_run(lots)
        {
            (innermost, steps) = (next, steps + 1);
        }
        let name = &innermost.tool.name;
        match judged(innermost.apart, &innermost.own_lacking(lots)) {
            Availability::Unavailable { reason } => format!("it runs `{name}`: {reason}"),
            _ => format!("it runs `{name}`, which is not available"),
        }
    }
}

fn is_away(availability: &Availability) -> bool {
    matches!(availability, Availability::Disabled | Availability::Unavailable { .. })
}

fn judged(apart: &Availability, lacking: &[String]) -> Availability {
    match apart {
        Availability::Disabled => Availability::Disabled,
        Availability::Offered | Availability::Internal if lacking.is_empty() => apart.clone(),
        Availability::Offered | Availability::Internal => {
            Availability::Unavailable { reason: lacking.join("; ") }
        }
        Availability::Unavailable { reason } => {
            let others = lacking.iter().filter(|lacking| *lacking != reason).map(String::as_str);
            let all: Vec<&str> = std::iter::once(reason.as_str()).chain(others).collect();
            Availability::Unavailable { reason: all.join("; ") }
        }
    }
}

impl Requires {
    fn all_lacking(&self, findings: &HostFindings) -> Vec<String> {
        let found = self.lacking_by(findings).into_iter().map(|(_, message)| message);
        self.lacking.iter().cloned().chain(found).collect()
    }
}

/// A circle of commands that require each other, beginning and ending with the same one.
pub fn circle<'t>(
    name: &'t ToolName,
    needs: &HashMap<&'t ToolName, Vec<&'t ToolName>>,
) -> Option<Vec<&'t ToolName>> {
    let mut seen: HashSet<&ToolName> = HashSet::new();
    // Paths to follow, the newest first: each name with how far from the beginning it is.
    let mut open: Vec<(&ToolName, usize)> = vec![(name, 0)];
    let mut path: Vec<&ToolName> = Vec::new();
    while let Some((next, depth)) = open.pop() {
        path.truncate(depth);
        path.push(next);
        for needed in needs.get(next).into_iter().flatten() {
            if *needed == name {
                path.push(name);
                return Some(path);
            }
            if seen.insert(needed) {
                open.push((needed, depth + 1));
            }
        }
    }
    None
}

//! Which tools are offered, when it is known what each of them lacks.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::{HostFindings, Requires};
use crate::model::name::ToolName;
use crate::model::tool::{Availability, Tool};

/// Judges every tool that requires something. To judge once more with other findings is fine.
pub fn settle(tools: &mut [Arc<Tool>], findings: &HostFindings) {
    if tools.iter().all(|tool| tool.requires.is_none()) {
        return;
    }
    let mut lacking: Vec<Vec<String>> = tools
        .iter()
        .map(|tool| {
            tool.requires.as_deref().map(|requires| requires.all_lacking(findings)).unwrap_or_default()
        })
        .collect();
    let places: HashMap<ToolName, usize> =
        tools.iter().enumerate().rev().map(|(at, tool)| (tool.name.clone(), at)).collect();
    let mut gone: HashSet<usize> = HashSet::new();
    // Each round may take away what others need; there are no more rounds than tools.
    for _ in 0..=tools.len() {
        let before = gone.len();
        for (at, tool) in tools.iter().enumerate() {
            let is_gone = match &tool.requires {
                None => is_away(&tool.availability),
                Some(requires) => {
                    is_away(&requires.apart)
                        || !lacking.get(at).is_none_or(Vec::is_empty)
                        || requires
                            .commands
                            .iter()
                            .any(|name| places.get(name).is_none_or(|at| gone.contains(at)))
                }
            };
            if is_gone {
                gone.insert(at);
            }
        }
        if gone.len() == before {
            break;
        }
    }
    for (tool, lacking) in tools.iter_mut().zip(&mut lacking) {
        let Some(requires) = &tool.requires else { continue };
        let missing =
            requires.commands.iter().filter(|name| places.get(*name).is_none_or(|at| gone.contains(at)));
        lacking.extend(missing.map(|name| format!("the command `{name}` is not available")));
        let availability = judged(&requires.apart, lacking);
        if tool.availability != availability {
            Arc::make_mut(tool).availability = availability;
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
        self.lacking.iter().cloned().chain(self.lacking_by(findings)).collect()
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

//! What a command calls whatever its arguments are: who may not call that may not call the command either.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::{Action, Catalog, FlowStep, StepWork, Tool, ToolName};

/// Of a command that calls more than this, what is beyond is judged when it is called.
const MOST: usize = 256;

/// By the name of a command, what it calls; only of commands that call any.
pub type Parts = HashMap<ToolName, Vec<Part>>;

/// A command that another one calls.
#[derive(Debug, Clone)]
pub struct Part {
    /// The one whose step it is: it may lend it.
    pub outer: Arc<Tool>,
    pub tool: Arc<Tool>,
}

pub fn parts(catalog: &Catalog) -> Parts {
    let flows = catalog.tools().iter().filter(|tool| matches!(tool.action, Action::Flow(_)));
    let found = flows.map(|tool| {
        let mut found = Vec::new();
        collect(catalog, tool, tool, &mut found);
        (tool.name.clone(), found)
    });
    found.filter(|(_, found)| !found.is_empty()).collect()
}

/// `part` is the command or what is written in one of its steps.
fn collect(catalog: &Catalog, outer: &Arc<Tool>, part: &Tool, found: &mut Vec<Part>) {
    let Action::Flow(flow) = &part.action else { return };
    for work in
        flow.steps.iter().chain(&flow.finally).filter(|step| is_planned(step)).flat_map(FlowStep::works)
    {
        match work {
            StepWork::Inline(tool) => collect(catalog, outer, tool, found),
            StepWork::Command { tool, .. } => {
                let Some(tool) = catalog.tool(tool.as_str()) else { continue };
                let is_known =
                    found.iter().any(|part| part.outer.name == outer.name && part.tool.name == tool.name);
                if !is_known && found.len() < MOST {
                    found.push(Part { outer: Arc::clone(outer), tool: Arc::clone(tool) });
                    collect(catalog, tool, tool, found);
                }
            }
        }
    }
}

/// Every step is, also one whose condition will not hold; but a list may have no items.
fn is_planned(step: &FlowStep) -> bool {
    step.each.is_none()
}

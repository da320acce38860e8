//! Commands that run while nobody is there to be asked, and what of them asks.

use std::sync::Arc;

use crate::config::code::Code;
use crate::config::diagnostic::Diagnostic;
use crate::config::read::Reader;
use crate::config::source::Span;
use crate::model::{Action, Approver, Confirm, Tool};

/// What runs by itself, with everything that it may run.
pub struct Unattended<'t> {
    pub tool: &'t Tool,
    /// Each once, itself first.
    pub runs: Vec<&'t Tool>,
}

impl Unattended<'_> {
    /// The key that has it run.
    pub fn by(&self) -> &'static str {
        let is_scheduled =
            self.tool.automation.as_ref().is_some_and(|automation| !automation.schedules.is_empty());
        if is_scheduled { "schedule" } else { "triggers" }
    }
}

/// Those that nobody decides about elsewhere, at once.
pub fn unattended(tools: &[Arc<Tool>]) -> impl Iterator<Item = Unattended<'_>> {
    let automatic = tools.iter().filter(|tool| tool.automation.is_some());
    let all = automatic.map(|tool| Unattended { tool, runs: runs(tools, tool) });
    all.filter(|one| !one.runs.iter().any(|tool| tool.confirm.as_deref().is_some_and(is_decided)))
}

fn is_decided(confirm: &Confirm) -> bool {
    matches!(confirm.approve, Some(Approver::Command(_) | Approver::Webhook(_)))
}

fn runs<'t>(tools: &'t [Arc<Tool>], first: &'t Tool) -> Vec<&'t Tool> {
    let mut found = vec![first];
    let mut at = 0;
    while let Some(tool) = found.get(at).copied() {
        at += 1;
        let steps = if let Action::Flow(flow) = &tool.action { Some(flow) } else { None };
        let steps = steps.into_iter().flat_map(|flow| flow.commands());
        for name in steps.chain(tool.fallback.as_ref().map(|fallback| &fallback.tool)) {
            let next = tools.iter().find(|tool| tool.name == *name);
            if let Some(next) = next.filter(|next| !found.iter().any(|known| known.name == next.name)) {
                found.push(next);
            }
        }
    }
    found
}

/// What such a command says itself has been reported; what it runs may ask too.
pub fn check_steps(reader: &Reader<'_>, tools: &[Arc<Tool>], place_of: impl Fn(&str) -> Option<Span>) {
    for one in unattended(tools).filter(|one| one.tool.confirm.is_none()) {
        let Some(asking) = one.runs.iter().find(|tool| tool.confirm.is_some()) else { continue };
        let Some(span) = place_of(one.tool.name.as_str()) else { continue };
        let message =
            format!("`{}` asks somebody, and nobody is there when `{}` runs it", asking.name, one.by());
        let problem = Diagnostic::warning(Code::ConfirmWithoutAnybody, span, message);
        reader.problems.add(problem.help(format!(
            "let somebody decide elsewhere: `approve: {{ webhook: URL }}` in `confirm` of `{}`; else it is refused when it gets there",
            asking.name
        )));
    }
}

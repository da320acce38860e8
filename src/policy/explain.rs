//! A decision with everything that led to it, for whoever wrote the file.

use std::time::Duration;

use serde_json::Value;

use crate::call::Invocation;
use crate::model::{Catalog, OWN_TOOLS, Principal, Tool};

use super::decide::{Asked, Finding, Told, findings};
use super::{Denied, Policy, denied, listed, scopes};

/// What every rule says of one call.
#[derive(Debug)]
pub struct Explained<'p> {
    pub findings: Vec<Finding<'p>>,
    /// Why they may not, if so. What they are told may say less.
    pub denied: Option<Denied>,
}

impl Policy {
    /// What is known of a call, for `findings`. The caller of the invocation is known.
    pub fn asked<'a>(
        &self,
        invocation: &'a Invocation,
        now: Option<Duration>,
        plan: Option<Value>,
    ) -> Asked<'a> {
        let mut known = self.seen_of(invocation, now);
        known.extend(plan.map(|plan| ("plan".to_owned(), plan)));
        Asked { caller: invocation.principal(), tool: invocation.tool(), outer: None, known }
    }

    /// The same decision as [`Policy::admit`], [`Policy::authorize`] and [`Policy::permit`] make, with every
    /// rule.
    pub fn explain<'p>(&'p self, catalog: &Catalog, asked: &'p Asked<'_>) -> Explained<'p> {
        let Asked { caller, tool, .. } = asked;
        let mut found: Vec<Finding<'p>> = toolset(caller, tool).into_iter().collect();
        found.extend(scopes::findings(catalog, caller, tool));
        found.extend(findings(&self.access, asked, Told::Values));
        found.extend(self.barred_part(caller, tool));
        let denial = || found.iter().find_map(Finding::denial).map(|reason| denied(asked, reason));
        // A call is judged in this order, whatever the order in which it is told.
        let denied = self.bars(catalog, caller, tool).or_else(denial);
        Explained { findings: found, denied }
    }

    /// What is known of a call whose arguments are not.
    pub fn asked_without<'a>(&self, known: &'a Principal, tool: &'a Tool) -> Asked<'a> {
        listed(known, tool)
    }

    /// Why no call of a tool by a caller, who is known, is let in, whatever its arguments.
    pub fn bars(&self, catalog: &Catalog, known: &Principal, tool: &Tool) -> Option<Denied> {
        self.hides(known, tool).or_else(|| scopes::judge(catalog, known, tool).err())
    }

    /// Whether a rule about a tool, for a caller who is known, decides when it is called.
    pub fn waits(&self, known: &Principal, tool: &Tool) -> bool {
        findings(&self.access, &listed(known, tool), Told::Values).any(|finding| finding.is_open())
    }

    /// Why a caller, who is known, does not see a tool in the list.
    pub fn hides(&self, known: &Principal, tool: &Tool) -> Option<Denied> {
        let not_offered = toolset(known, tool).and_then(|finding| finding.denial());
        let not_offered = not_offered.map(|reason| denied(&listed(known, tool), reason));
        not_offered.or_else(|| self.decide_listed(known, tool).err())
    }
}

/// By which tag a caller is offered a tool; `None` where tags do not count.
fn toolset<'a>(caller: &'a Principal, tool: &'a Tool) -> Option<Finding<'a>> {
    let tags = caller.toolset.as_deref().filter(|_| !OWN_TOOLS.contains(&tool.name.as_str()))?;
    let by = tool.tags.iter().find(|tag| tags.contains(tag)).map(String::as_str);
    Some(Finding::Toolset { tags, by })
}

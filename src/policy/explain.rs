//! A decision with everything that led to it, for whoever wrote the file.

use std::time::Duration;

use serde_json::Value;

use crate::call::Invocation;
use crate::model::{Principal, Tool};

use super::decide::{Asked, Finding, Told, findings};
use super::{Denied, Policy, denied, listed};

/// What every rule says of one call.
#[derive(Debug)]
pub struct Explained<'p> {
    pub findings: Vec<Finding<'p>>,
    /// What the caller is told, if they may not.
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

    /// The same decision as [`Policy::authorize`] and [`Policy::permit`] make, with every rule.
    pub fn explain<'p>(&'p self, asked: &'p Asked<'_>) -> Explained<'p> {
        let findings: Vec<Finding<'p>> = findings(&self.access, asked, Told::Values).collect();
        let denial = findings.iter().find_map(Finding::denial);
        Explained { findings, denied: denial.map(|reason| denied(asked, reason)) }
    }

    /// Whether a rule about a tool, for a caller who is known, decides when it is called.
    pub fn waits(&self, known: &Principal, tool: &Tool) -> bool {
        findings(&self.access, &listed(known, tool), Told::Values).any(|finding| finding.is_open())
    }

    /// Why a caller, who is known, does not see a tool in the list.
    pub fn hides(&self, known: &Principal, tool: &Tool) -> Option<Denied> {
        self.decide(&listed(known, tool)).err()
    }
}

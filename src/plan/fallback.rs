//! What a plan says of the command that is called if this one fails: its arguments, and its own plan.

use std::sync::Arc;

use crate::call::{Given, Handed, Invocation};
use crate::model::{Fallback, FallbackWith, Param, Params, ToolName};
use crate::policy::Authorized;

use super::expand::Expansion;
use super::flow::given::{self, Become};
use super::flow::{Bounds, Planner, Problems};
use super::{ExecutionPlan, Facts, PlanError};

/// The fallback of one call.
#[derive(Debug, Clone)]
pub struct PlannedFallback {
    pub tool: ToolName,
    /// Or why it could not be called with these arguments, here and by this caller.
    pub plan: Result<Arc<ExecutionPlan>, String>,
}

impl Planner<'_> {
    /// What is called if a call fails: judged for the same caller, as if that one had called it.
    pub(super) fn fallback(
        &self,
        call: &Authorized,
        facts: &Facts,
        bounds: &Bounds,
        depth: usize,
    ) -> Option<PlannedFallback> {
        let fallback = call.invocation().tool().fallback.as_ref()?;
        let plan = self.plan_fallback(fallback, call, facts, bounds, depth).map(Arc::new);
        Some(PlannedFallback { tool: fallback.tool.clone(), plan })
    }

    fn plan_fallback(
        &self,
        fallback: &Fallback,
        outer: &Authorized,
        facts: &Facts,
        bounds: &Bounds,
        depth: usize,
    ) -> Result<ExecutionPlan, String> {
        let (name, invocation) = (fallback.tool.as_str(), outer.invocation());
        let missing = || PlanError::NoCommand { tool: name.to_owned() }.to_string();
        let tool = self.catalog.tool(name).ok_or_else(missing)?;
        let handed = handed(fallback, invocation, &tool.params, facts);
        let call = Invocation::nested(tool, invocation.principal(), handed);
        let call = call.map_err(|problem| problem.to_string())?;
        let authorized = self.policy.authorize_nested(outer, call, self.facts.now);
        let authorized = authorized.map_err(|denied| denied.to_string())?;
        // Of a preview nobody can say yet whether it will run.
        let held = match authorized.invocation().is_known() {
            true => (self.judge)(authorized.invocation(), self.facts)?,
            false => None,
        };
        let plan = self.plan_within(&authorized, bounds, depth).map_err(|problems| told(&problems))?;
        Ok(ExecutionPlan { held, ..plan })
    }
}

fn told(problems: &Problems) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// The arguments with which it is called; what is absent in the call is absent in them.
fn handed(fallback: &Fallback, invocation: &Invocation, declared: &Params, facts: &Facts) -> Vec<Handed> {
    match &fallback.with {
        FallbackWith::Same => {
            let params = invocation.tool().params.iter();
            params
                .filter(|param| declared.find(param.name.as_str()).is_some())
                .filter_map(|param| same(invocation, param))
                .collect()
        }
        FallbackWith::These(with) => {
            // What is wrong with a value has been told by the plan itself.
            let mut unheard = Vec::new();
            let expansion = Expansion::new(invocation, facts, &mut unheard);
            let given = with.iter().filter_map(|(name, template)| {
                let Become { given, is_sensitive } = given::of(&expansion, template)?;
                Some(Handed { name: name.clone(), given, is_sensitive })
            });
            given.collect()
        }
    }
}

fn same(invocation: &Invocation, param: &Param) -> Option<Handed> {
    let name = param.name.as_str();
    let known = invocation.value(name).cloned().map(Given::Known);
    let given = known.or_else(|| invocation.later(name).map(|text| Given::Later(text.to_owned())))?;
    Some(Handed { name: param.name.clone(), given, is_sensitive: invocation.is_sensitive(param) })
}

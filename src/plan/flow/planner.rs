//! Plans calls: what is no flow as it is, and a flow step by step, each nested command authorized for
//! whoever calls the whole.
//!
//! The same functions plan a step before anything has run and again when results are there; what was a
//! hole then is a value, and nothing else differs.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde_json::Value;

use crate::call::{Handed, Invocation, Item, Surroundings};
use crate::model::{
    Action, Catalog, Flow, FlowStep, ForEach, JsonTemplate, MOST_NESTED_FLOWS, OnError, ParamName, StepId,
    StepWork, ToolName,
};
use crate::plan::expand::Expansion;
use crate::plan::process::plan;
use crate::plan::{ExecutionPlan, Facts, Held, PlanError, Sensitive, Step};
use crate::policy::{Authorized, Policy};

use super::asked::asked_by;
use super::given;
use super::items::{Items, items};
use super::{FlowPlan, Made, PlannedOnError, PlannedStep, Round, Rounds, Work};

/// Looks up where the paths of a call lead; `None` if there is nothing to look up.
pub type LookUp = fn(&Invocation, &Facts) -> Option<Facts>;
/// Judges the condition of what a call calls; the error says why it does not run.
pub type Judge = fn(&Invocation, &Facts) -> Result<Option<Held>, String>;

/// So many plans one call can come to, with all its steps and their items.
const MOST_PLANS: usize = 25_000;
/// More problems than this help nobody.
const MOST_PROBLEMS: usize = 20;

/// Makes plans of one state of the house.
pub struct Planner<'a> {
    pub catalog: &'a Catalog,
    pub policy: &'a Policy,
    pub facts: &'a Facts,
    pub look_up: LookUp,
    /// Of fallbacks; whoever plans has judged the call itself.
    pub judge: Judge,
}

/// What the steps of one flow are planned with.
#[derive(Clone, Copy)]
struct Frame<'f> {
    call: &'f Authorized,
    facts: &'f Facts,
    bounds: &'f Bounds,
    depth: usize,
}

/// What is left of what one call may come to.
pub struct Bounds {
    plans: Cell<usize>,
}

pub type Problems = Vec<PlanError>;

impl Planner<'_> {
    /// Everything that a call will do.
    pub fn plan(&self, authorized: &Authorized) -> Result<ExecutionPlan, Problems> {
        self.plan_within(authorized, &Bounds { plans: Cell::new(MOST_PLANS) }, 0)
    }

    /// What a step does now that these results are there.
    pub fn fill(&self, flow: &FlowPlan, work: &StepWork, seen: &Surroundings) -> Result<Made, Problems> {
        let bounds = Bounds { plans: Cell::new(MOST_PLANS) };
        match self.work(flow.frame(&bounds), work, seen)? {
            Work::Ready(made) => Ok(*made),
            Work::Later(_) => Err(vec![PlanError::Waiting]),
        }
    }

    /// What a step runs for, now that these results are there.
    pub fn fill_items(
        &self,
        flow: &FlowPlan,
        each: &ForEach,
        seen: &Surroundings,
    ) -> Result<Vec<Item>, Problems> {
        match items(flow.call.invocation(), &flow.facts, each, seen)? {
            Items::Known(items) => Ok(items),
            Items::Later(_) => Err(vec![PlanError::Waiting]),
        }
    }

    pub(in crate::plan) fn plan_within(
        &self,
        call: &Authorized,
        bounds: &Bounds,
        depth: usize,
    ) -> Result<ExecutionPlan, Problems> {
        bounds.take()?;
        let invocation = call.invocation();
        let looked_up = (self.look_up)(invocation, self.facts);
        let facts = looked_up.as_ref().unwrap_or(self.facts);
        let plan = match &invocation.tool().action {
            Action::Flow(flow) => {
                let steps = self.flow(flow, Frame { call, facts, bounds, depth: depth + 1 })?;
                ExecutionPlan::of(invocation, Step::Flow(Box::new(steps)), facts)
            }
            _ => plan(call, facts)?,
        };
        self.permit(call, &plan)?;
        let fallback = self.fallback(call, facts, bounds, depth);
        let confirm = self.confirm(call, facts, &plan);
        Ok(ExecutionPlan { fallback, confirm, ..plan })
    }

    /// Rules that look at plans judge every one when nothing of it is open any more.
    fn permit(&self, call: &Authorized, plan: &ExecutionPlan) -> Result<(), Problems> {
        if !self.policy.looks_at_plan(call) || !call.invocation().is_known() || waits(call) {
            return Ok(());
        }
        let permitted = self.policy.permit(call, self.facts.now, plan.seen(Sensitive::Real));
        permitted.map_err(|denied| vec![PlanError::Denied(denied)])
    }

    fn flow(&self, flow: &Flow, frame: Frame<'_>) -> Result<FlowPlan, Problems> {
        if frame.depth > MOST_NESTED_FLOWS {
            return Err(vec![PlanError::TooDeep { most: MOST_NESTED_FLOWS }]);
        }
        let invocation = frame.call.invocation();
        let values = invocation.values();
        let mut problems: Problems =
            values.flat_map(|(param, value)| frame.facts.path_problems(param, value)).collect();
        let all: Vec<&StepId> = flow.steps.iter().chain(&flow.finally).map(|step| &step.id).collect();
        let steps = self.list(&flow.steps, &all, frame, &mut problems);
        let finally = self.list(&flow.finally, &all, frame, &mut problems);
        if !problems.is_empty() {
            problems.truncate(MOST_PROBLEMS);
            return Err(problems);
        }
        Ok(FlowPlan {
            steps,
            finally,
            timeout: invocation.tool().timeout,
            cleanup_timeout: flow.cleanup_timeout,
            result: flow.result.clone(),
            call: frame.call.clone(),
            facts: frame.facts.clone(),
        })
    }

    /// The steps of a list; conditions among them can ask for all of the flow.
    fn list(
        &self,
        list: &[FlowStep],
        all: &[&StepId],
        frame: Frame<'_>,
        problems: &mut Problems,
    ) -> Vec<PlannedStep> {
        let places: HashMap<&StepId, usize> =
            list.iter().enumerate().map(|(place, step)| (&step.id, place)).collect();
        let mut planned = Vec::with_capacity(list.len());
        for step in list {
            if problems.len() >= MOST_PROBLEMS {
                break;
            }
            let after = step.after.iter().filter_map(|id| places.get(id).copied()).collect();
            match self.step(step, after, all, frame) {
                Ok(step) => planned.push(step),
                Err(found) => problems.extend(found.into_iter().map(|problem| problem.of_step(&step.id))),
            }
        }
        planned
    }

    fn step(
        &self,
        step: &FlowStep,
        after: Vec<usize>,
        all: &[&StepId],
        frame: Frame<'_>,
    ) -> Result<PlannedStep, Problems> {
        let seen = Surroundings::default();
        // Which item fails is known later.
        let item = if step.each.is_some() { Item::Later } else { Item::None };
        let afterwards = Surroundings::new(BTreeMap::new(), item);
        let each = match &step.each {
            Some(each) => Some((items(frame.call.invocation(), frame.facts, each, &seen)?, each.concurrency)),
            None => None,
        };
        let rounds = |work: &StepWork| -> Result<Rounds, Problems> {
            match &each {
                None => Ok(Rounds::One(self.work(frame, work, &seen)?)),
                Some((Items::Later(items), concurrency)) => {
                    let work = self.work(frame, work, &seen.with_item(Item::Later))?;
                    Ok(Rounds::Later { items: items.clone(), work, concurrency: *concurrency })
                }
                Some((Items::Known(items), concurrency)) => {
                    let rounds = items.iter().map(|item| self.round(frame, work, &seen, item));
                    Ok(Rounds::Each {
                        rounds: rounds.collect::<Result<_, Problems>>()?,
                        concurrency: *concurrency,
                    })
                }
            }
        };
        let work = rounds(&step.work)?;
        let otherwise = step.otherwise.as_ref().map(rounds).transpose()?;
        let on_error = match &step.on_error {
            OnError::Abort => PlannedOnError::Abort,
            OnError::Continue => PlannedOnError::Continue,
            OnError::Run(work) => PlannedOnError::Run(self.work(frame, work, &afterwards)?),
        };
        let mut sees = seen.asked();
        let conditions = step.when.iter().flat_map(|when| asked_by(when, all));
        for reference in conditions.chain(afterwards.asked()) {
            if !sees.contains(&reference) {
                sees.push(reference);
            }
        }
        Ok(PlannedStep {
            id: step.id.clone(),
            label: label(&step.work),
            after,
            when: step.when.clone(),
            work,
            otherwise,
            retry: step.retry.clone(),
            timeout: step.timeout,
            on_error,
            once: step.once,
            sees,
        })
    }

    fn round(
        &self,
        frame: Frame<'_>,
        work: &StepWork,
        seen: &Surroundings,
        item: &Item,
    ) -> Result<Round, Problems> {
        let work = self.work(frame, work, &seen.with_item(item.clone()))?;
        let (item, is_sensitive) = match item {
            Item::Known { value, is_sensitive } => (value.clone(), *is_sensitive),
            Item::None | Item::Later => (Value::Null, false),
        };
        Ok(Round { item, is_sensitive, work })
    }

    fn work(&self, frame: Frame<'_>, work: &StepWork, seen: &Surroundings) -> Result<Work, Problems> {
        let call = match work {
            StepWork::Command { tool, with } => {
                let call = self.nested(frame, tool, with, seen)?;
                let judged = self.policy.authorize_nested(frame.call, call, self.facts.now);
                judged.map_err(|denied| vec![PlanError::Denied(denied)])?
            }
            StepWork::Inline(tool) => {
                let part = frame.call.invocation().inline(tool, seen.clone());
                self.policy.authorize_part(frame.call, part)
            }
        };
        let plan = self.plan_within(&call, frame.bounds, frame.depth)?;
        // What is written in the step itself has asked only while it was planned.
        bad(seen)?;
        let is_known = call.invocation().is_known() && !(matches!(work, StepWork::Inline(_)) && waits(&call));
        Ok(match is_known {
            true => Work::Ready(Box::new(Made { plan: Arc::new(plan), call: call.invocation().clone() })),
            false => Work::Later(Box::new(plan)),
        })
    }

    fn nested(
        &self,
        frame: Frame<'_>,
        name: &ToolName,
        with: &[(ParamName, JsonTemplate)],
        seen: &Surroundings,
    ) -> Result<Invocation, Problems> {
        let missing = || vec![PlanError::NoCommand { tool: name.to_string() }];
        let tool = self.catalog.tool(name.as_str()).ok_or_else(missing)?;
        let outer = frame.call.invocation().among(seen.clone());
        let mut unheard = Vec::new();
        let expansion = Expansion::new(&outer, frame.facts, &mut unheard);
        let handed = with.iter().filter_map(|(name, template)| {
            let given::Become { given, is_sensitive } = given::of(&expansion, template)?;
            Some(Handed { name: name.clone(), given, is_sensitive })
        });
        let handed = handed.collect();
        bad(seen)?;
        Invocation::nested(tool, outer.principal(), handed).map_err(|problem| vec![PlanError::Call(problem)])
    }
}

/// Whether something that it sees is known only later.
fn waits(call: &Authorized) -> bool {
    call.invocation().surroundings().is_some_and(Surroundings::is_waiting)
}

/// What was asked for and cannot be used.
pub fn bad(seen: &Surroundings) -> Result<(), Problems> {
    let problems = seen.problems().into_iter();
    let problems: Problems =
        problems.map(|(param, problem)| PlanError::Argument { param, problem }).collect();
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

fn label(work: &StepWork) -> String {
    match work {
        StepWork::Command { tool, .. } => tool.to_string(),
        StepWork::Inline(tool) => match &tool.action {
            Action::Process(workload) => workload.script.program().written.clone(),
            Action::Container(container) => container.image.clone(),
            Action::Http(_) => "webhook".to_owned(),
            Action::Flow(_) | Action::NotSupported(_) => tool.name.to_string(),
        },
    }
}

impl FlowPlan {
    fn frame<'f>(&'f self, bounds: &'f Bounds) -> Frame<'f> {
        Frame { call: &self.call, facts: &self.facts, bounds, depth: 1 }
    }

    /// The flow that this is the plan of.
    pub fn flow(&self) -> Option<&Flow> {
        match &self.call.invocation().tool().action {
            Action::Flow(flow) => Some(flow),
            _ => None,
        }
    }
}

impl Bounds {
    fn take(&self) -> Result<(), Problems> {
        match self.plans.get().checked_sub(1) {
            Some(left) => {
                self.plans.set(left);
                Ok(())
            }
            None => Err(vec![PlanError::TooManySteps { most: MOST_PLANS }]),
        }
    }
}

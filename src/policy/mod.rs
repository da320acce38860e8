//! May this caller do this? One evaluator for listing, for calling and for the finished plan.
//!
//! What lets a caller call a tool: a pattern of their own or of one of their roles, the roles and
//! permissions that the tool asks for, and that no rule of `policies` denies it. On stdio and at the shell
//! everything is let, unless the file says who that caller is; rules deny there too. Nothing can be planned
//! that was not authorized. Knows no clock: whoever asks brings the time.

mod caller;
mod decide;
mod denied;
mod explain;
mod parts;
mod scopes;
mod stand_in;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::call::{BadCall, Call, Invocation};
use crate::model::{
    Access, AuthMethod, Authorization, Availability, Catalog, Condition, OWN_TOOLS, Permissions, Principal,
    Tool, moment,
};

use decide::Told;
use parts::{Part, Parts};

pub use decide::{Asked, Came, Finding};
pub use denied::{Denied, NotAdmitted, Reason};
pub use explain::Explained;
pub use stand_in::{UnknownCaller, stand_in};

/// An invocation that its caller may make. Only [`Policy`] makes one.
#[derive(Debug, Clone)]
pub struct Authorized {
    invocation: Invocation,
    /// The command that it is written in, if it is a part of one.
    part_of: Option<Arc<Tool>>,
}

impl Authorized {
    pub fn invocation(&self) -> &Invocation {
        &self.invocation
    }

    /// The command that rules know it by.
    fn tool(&self) -> &Tool {
        self.part_of.as_deref().unwrap_or_else(|| self.invocation.tool())
    }
}

/// Who may do what.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    access: Arc<Access>,
    parts: Arc<Parts>,
}

/// What decides which tools a caller sees: two callers with the same see the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct View {
    is_local: bool,
    permissions: Permissions,
    within: Option<Arc<[String]>>,
    toolset: Option<Arc<[String]>>,
    roles: Vec<String>,
    /// What the rules look at of the caller.
    seen: Vec<String>,
}

impl Policy {
    pub fn of(catalog: &Catalog) -> Self {
        Self { access: Arc::clone(&catalog.access), parts: parts::parts(catalog).into() }
    }

    /// The caller with all roles that the file gives them, and with what those let.
    pub fn known(&self, principal: impl Into<Arc<Principal>>) -> Arc<Principal> {
        caller::known(&self.access, principal.into())
    }

    /// Judges a call before anything of it is looked at: a tool that its caller may not see is not
    /// there for them, and neither is its name. The caller is known.
    pub fn admit(&self, catalog: &Catalog, call: &Call) -> Result<(), NotAdmitted> {
        self.admit_one(catalog, call, |tool| tool.availability != Availability::Internal)
    }

    /// The same for a command of which something else is offered: it need not be offered itself.
    pub fn admit_reading(&self, catalog: &Catalog, call: &Call) -> Result<(), NotAdmitted> {
        self.admit_one(catalog, call, |_| true)
    }

    fn admit_one(
        &self,
        catalog: &Catalog,
        call: &Call,
        is_there: impl Fn(&Arc<Tool>) -> bool,
    ) -> Result<(), NotAdmitted> {
        let Call { principal, tool: name, .. } = call;
        let unknown = || {
            let seen = catalog.tools().iter().filter(|tool| self.shows(principal, tool));
            BadCall::unknown(name, seen.map(|tool| tool.name.as_str()))
        };
        let found = catalog.tool(name).filter(|tool| is_there(tool));
        // What is not offered to a caller is not there for them either.
        let found = found.filter(|tool| is_in_toolset(principal, tool));
        let Some(tool) = found else { return Err(NotAdmitted::Unknown(unknown())) };
        match (self.decide_listed(principal, tool), principal.method) {
            (Ok(()), _) => scopes::judge(catalog, principal, tool).map_err(NotAdmitted::Denied),
            (Err(denied), AuthMethod::Local) => Err(NotAdmitted::Denied(denied)),
            (Err(denied), _) => Err(NotAdmitted::Hidden { said: unknown(), denied: Box::new(denied) }),
        }
    }

    /// Judges a call with its arguments, at a time after the beginning of 1970.
    pub fn authorize(&self, invocation: Invocation, now: Option<Duration>) -> Result<Authorized, Denied> {
        self.authorize_in(None, invocation, now)
    }

    /// Judges the call of a command by another one: for whoever calls the whole, unless that one lends it.
    pub fn authorize_nested(
        &self,
        outer: &Authorized,
        invocation: Invocation,
        now: Option<Duration>,
    ) -> Result<Authorized, Denied> {
        self.authorize_in(Some(outer.tool()), invocation, now)
    }

    fn authorize_in(
        &self,
        outer: Option<&Tool>,
        invocation: Invocation,
        now: Option<Duration>,
    ) -> Result<Authorized, Denied> {
        let (caller, tool) = (invocation.principal(), invocation.tool());
        let known = self.seen_of(&invocation, now);
        self.decide(&Asked { caller, tool, outer, known })?;
        Ok(Authorized { invocation, part_of: None })
    }

    /// Judges a command that the file itself has called: no permission is asked for, and rules deny it still.
    pub fn authorize_of_file(
        &self,
        invocation: Invocation,
        now: Option<Duration>,
    ) -> Result<Authorized, Denied> {
        let known = self.seen_of(&invocation, now);
        let asked = Asked { caller: invocation.principal(), tool: invocation.tool(), outer: None, known };
        let denial = decide::findings(&self.access, &asked, Told::Nothing)
            .filter(|finding| matches!(finding, Finding::Policy { .. }))
            .find_map(|finding| finding.denial());
        match denial {
            Some(reason) => Err(denied(&asked, reason)),
            None => Ok(Authorized { invocation, part_of: None }),
        }
    }

    /// What is written in a step of a command may run where the command may.
    pub fn authorize_part(&self, of: &Authorized, part: Invocation) -> Authorized {
        let whole = of.part_of.as_ref().unwrap_or_else(|| of.invocation.tool());
        Authorized { invocation: part, part_of: Some(Arc::clone(whole)) }
    }

    /// Judges what an authorized call comes to, by the rules that look at plans. Its arguments are known.
    pub fn permit(&self, call: &Authorized, now: Option<Duration>, plan: Value) -> Result<(), Denied> {
        let (caller, tool) = (call.invocation.principal(), call.tool());
        let mut known = self.seen_of(&call.invocation, now);
        known.insert("plan".to_owned(), plan);
        let asked = Asked { caller, tool, outer: None, known };
        let denial = decide::findings(&self.access, &asked, Told::Nothing)
            .filter(|finding| matches!(finding, Finding::Policy { .. }))
            .find_map(|finding| finding.denial());
        denial.map_or(Ok(()), |reason| Err(denied(&asked, reason)))
    }

    /// What the rules of the file ask about a call before it runs; `plan` is what it comes to, if one of
    /// them looks. A rule that cannot be judged asks.
    pub fn asks(
        &self,
        call: &Authorized,
        now: Option<Duration>,
        plan: impl FnOnce() -> Value,
    ) -> Option<String> {
        let tool = call.tool();
        let rules = || decide::asking(&self.access, tool);
        rules().next()?;
        let mut known = self.seen_of(&call.invocation, now);
        known.insert("plan".to_owned(), plan());
        let asked = Asked { caller: call.invocation.principal(), tool, outer: None, known };
        let sight = decide::sight(&asked, || rules().map(|rule| &rule.confirm));
        let asked = rules().filter(|rule| rule.confirm.holds(&sight).unwrap_or(true));
        let asked: Vec<String> = asked.map(decide::question).collect();
        (!asked.is_empty()).then(|| asked.join("\n"))
    }

    /// Whether a rule wants to see the plan of such a call.
    pub fn looks_at_plan(&self, call: &Authorized) -> bool {
        !self.access.policies.is_empty()
            && decide::about(&self.access, call.tool()).any(|rule| decide::looks_at(rule, "plan"))
    }

    /// Whether a rule asks what time it is.
    pub fn asks_time(&self) -> bool {
        let asks_now = |condition: &Condition| condition.names().iter().any(|name| name.root == "now");
        self.access.policies.iter().any(|rule| asks_now(&rule.deny))
            || self.access.confirms.iter().any(|rule| asks_now(&rule.confirm))
    }

    /// Whether a caller sees a tool in the list: unless they are denied it whatever its arguments.
    pub fn may_see(&self, principal: &Principal, tool: &Tool) -> bool {
        self.shows(&self.known(principal.clone()), tool)
    }

    /// The tools among these that a caller sees.
    pub fn seen_by<'t>(
        &'t self,
        principal: &Principal,
        tools: impl Iterator<Item = &'t Arc<Tool>> + 't,
    ) -> impl Iterator<Item = &'t Arc<Tool>> + 't {
        let known = self.known(principal.clone());
        tools.filter(move |tool| self.shows(&known, tool))
    }

    /// Whether a caller with all their roles may have what asks for this and is no tool.
    pub fn entitles(&self, known: &Principal, wanted: &Authorization) -> bool {
        if known.method == AuthMethod::Local && !self.access.judges_local {
            return true;
        }
        wanted.required_roles.iter().all(|role| known.roles.contains(role))
            && wanted.required_permissions.iter().all(|permission| known.permissions.allow(permission))
    }

    /// Whether a caller with all their roles may run a tool, whatever its arguments are.
    pub fn may_run(&self, known: &Principal, tool: &Tool) -> bool {
        self.decide_listed(known, tool).is_ok()
    }

    fn shows(&self, known: &Principal, tool: &Tool) -> bool {
        tool.is_offered() && is_in_toolset(known, tool) && self.decide_listed(known, tool).is_ok()
    }

    /// What decides which tools a caller sees.
    pub fn view(&self, principal: &Principal) -> View {
        let known = self.known(principal.clone());
        let seen = if self.access.policies.is_empty() { Vec::new() } else { self.looked_at(&known) };
        let is_local = known.method == AuthMethod::Local;
        let Principal { permissions, within, toolset, roles, .. } = Arc::unwrap_or_clone(known);
        View { is_local, permissions, within, toolset, roles, seen }
    }

    fn looked_at(&self, known: &Principal) -> Vec<String> {
        let caller = caller::seen(known);
        let names = self.access.policies.iter().flat_map(|rule| rule.deny.names());
        let names = names.filter(|name| name.root == "caller");
        let parts = names.map(|name| name.path.iter().try_fold(&caller, |value, part| value.get(part)));
        parts.map(|part| part.map(Value::to_string).unwrap_or_default()).collect()
    }

    /// The one decision: no rule denies.
    fn decide(&self, asked: &Asked<'_>) -> Result<(), Denied> {
        let denial =
            decide::findings(&self.access, asked, Told::Nothing).find_map(|finding| finding.denial());
        denial.map_or(Ok(()), |reason| Err(denied(asked, reason)))
    }

    /// The same for whatever the arguments are: no rule denies the tool, nor anything that it calls.
    fn decide_listed(&self, known: &Principal, tool: &Tool) -> Result<(), Denied> {
        let asked = listed(known, tool);
        self.decide(&asked)?;
        match self.barred_part(known, tool).and_then(|part| part.denial()) {
            Some(reason) => Err(denied(&asked, reason)),
            None => Ok(()),
        }
    }

    /// The first that a tool calls and a caller, who is known, may not.
    fn barred_part<'p>(&'p self, known: &Principal, tool: &Tool) -> Option<Finding<'p>> {
        self.parts.get(&tool.name)?.iter().find_map(|Part { outer, tool }| {
            let asked = Asked { outer: Some(outer), ..listed(known, tool) };
            let reason = self.decide(&asked).err()?.reason;
            Some(Finding::Part { name: tool.name.as_str(), reason })
        })
    }

    /// What rules see of a call, as far as any of them looks.
    fn seen_of(&self, invocation: &Invocation, now: Option<Duration>) -> Map<String, Value> {
        let mut known = Map::new();
        if self.access.policies.is_empty() && self.access.confirms.is_empty() {
            return known;
        }
        // Some of them at a time would look as if the others were absent.
        if invocation.is_known() {
            let values = invocation.values();
            let args = values.map(|(param, value)| (param.name.to_string(), value.clone()));
            known.insert("args".to_owned(), Value::Object(args.collect()));
        }
        known.extend(now.map(|now| ("now".to_owned(), moment(now))));
        known
    }
}

/// Whether a caller is offered a tool by its tags; those of our own have none and go with the others.
fn is_in_toolset(caller: &Principal, tool: &Tool) -> bool {
    caller.is_offered(&tool.tags) || OWN_TOOLS.contains(&tool.name.as_str())
}

/// What is asked before anything but caller and tool is known.
fn listed<'a>(caller: &'a Principal, tool: &'a Tool) -> Asked<'a> {
    Asked { caller, tool, outer: None, known: Map::new() }
}

fn denied(asked: &Asked<'_>, reason: Reason) -> Denied {
    Denied { principal: asked.caller.name.clone(), tool: asked.tool.name.to_string(), reason }
}

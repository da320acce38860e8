//! `mcpfier policy check`: asks the rules of a file what a caller may, as a server would, and says which of
//! them decides. Nothing runs, and nobody has to prove who they are.

mod print;

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::call::{BadCall, Call, Invocation};
use crate::engine::{Rejection, prepare};
use crate::model::{AuthMethod, Availability, Principal, StandIn, Tool, nearest, parse_moment};
use crate::plan::{ExecutionPlan, Facts, Sensitive};
use crate::policy::{Policy, stand_in};

use super::arguments::{Arguments, PolicyAction, PolicyQuestion};
use super::exit::Exit;
use super::pairs;
use super::print::Printer;
use super::requirements::Whose;
use super::session::Session;

use print::{Answer, Standing};

pub fn run(arguments: &Arguments, action: Option<&PolicyAction>, printer: &Printer) -> Exit {
    let Some(PolicyAction::Check(question)) = action else {
        printer.error("expected `policy check [--as CALLER] [TOOL [ARGUMENT=VALUE]…]`");
        return Exit::USAGE;
    };
    let mut session = match Session::open(arguments, printer) {
        Ok(session) => session,
        Err(exit) => return exit,
    };
    session.settle(question.tool.as_deref().map_or(Whose::All, Whose::Of), printer);
    match Check::of(&session, question) {
        Ok(check) => match &question.tool {
            Some(tool) => check.one(tool, &question.words, printer),
            None => check.all(printer),
        },
        Err(problem) => {
            printer.error(&problem);
            Exit::USAGE
        }
    }
}

/// One caller at one moment.
struct Check<'s> {
    session: &'s Session,
    policy: Policy,
    caller: Arc<Principal>,
    facts: Facts,
    now: Duration,
}

impl<'s> Check<'s> {
    fn of(session: &'s Session, question: &PolicyQuestion) -> Result<Self, String> {
        let claims = match question.claims.as_deref().map(serde_json::from_str::<Value>) {
            None => Default::default(),
            Some(Ok(Value::Object(claims))) => claims,
            Some(_) => {
                return Err("`--claims` has to be a JSON object, such as '{\"groups\":[\"dev\"]}'".to_owned());
            }
        };
        let wanted = StandIn {
            id: question.caller.clone(),
            roles: question.roles.clone(),
            scopes: question.scopes.clone(),
            claims,
            tenant: question.tenant.clone(),
            address: question.address,
        };
        let mut caller = stand_in(&session.catalog, &wanted).map_err(|problem| problem.to_string())?;
        if caller.method == AuthMethod::Token {
            // Every token says what it is good for, if only nothing.
            caller.scopes.get_or_insert_default();
        }
        let now = match &question.at {
            None => SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(),
            Some(text) => Duration::from_secs(parse_moment(text).ok_or_else(|| {
                format!("`{text}` is no moment; write `2026-11-27` or `2026-11-27T17:00:00Z`")
            })?),
        };
        let policy = Policy::of(&session.catalog);
        let caller = policy.known(caller);
        Ok(Self { session, policy, caller, facts: session.facts.clone().at(now), now })
    }

    /// Every tool, without arguments.
    fn all(&self, printer: &Printer) -> Exit {
        let tools = self.session.catalog.tools().iter();
        let tools = tools.filter(|tool| tool.availability != Availability::Internal);
        let standings: Vec<Standing<'_>> = tools.map(|tool| self.standing(tool)).collect();
        match printer.json {
            true => printer.json_data(&Value::Array(standings.iter().map(Standing::to_json).collect())),
            false => printer.data(&print::table(&self.caller, &standings)),
        }
        Exit::OK
    }

    fn standing<'t>(&self, tool: &'t Tool) -> Standing<'t> {
        let denied = self.policy.bars(&self.session.catalog, &self.caller, tool);
        let depends = denied.is_none() && self.policy.waits(&self.caller, tool);
        Standing { tool, denied, depends }
    }

    /// One call.
    fn one(&self, name: &str, words: &[String], printer: &Printer) -> Exit {
        let catalog = &self.session.catalog;
        let Some(tool) = catalog.tool(name) else {
            let names = catalog.tools().iter().map(|tool| tool.name.as_str());
            let meant = nearest(name, names).map(|meant| format!("; did you mean `{meant}`?"));
            printer.error(&format!("there is no command `{name}`{}", meant.unwrap_or_default()));
            return Exit::NO_COMMAND;
        };
        let arguments = match pairs::arguments(tool, words) {
            Ok(arguments) => arguments,
            Err(problem) => {
                printer.error(&problem.to_string());
                return Exit::USAGE;
            }
        };
        let call = Call { principal: Arc::clone(&self.caller), tool: name.to_owned(), arguments };
        let is_barred = self.policy.bars(catalog, &self.caller, tool).is_some();
        let invocation = match Invocation::bind(catalog, call.clone()) {
            Ok(invocation) => Some(invocation),
            // Nobody looks at the arguments of whoever may not call it with any.
            Err(BadCall::Arguments { .. } | BadCall::Unavailable { .. }) if is_barred => None,
            Err(problem) => {
                printer.error(&problem.to_string());
                return Exit::of_rejection(&Rejection::BadCall(problem));
            }
        };
        let prepared = prepare(catalog, &self.policy, &self.facts, call.clone());
        // What a rule has denied is planned without it, so that it can be shown what the rule saw.
        let is_denied = is_barred || prepared.as_ref().is_err_and(|refused| refused.denied().is_some());
        let without = is_denied.then(|| self.without_rules(call)).flatten();
        let plan = prepared.as_ref().ok().or(without.as_ref());
        let seen = |sensitive| plan.map(|plan| plan.seen(sensitive));
        let asked = match &invocation {
            Some(invocation) => self.policy.asked(invocation, Some(self.now), seen(Sensitive::Real)),
            None => self.policy.asked_without(&self.caller, tool),
        };
        let explained = self.policy.explain(catalog, &asked);
        let answer = Answer {
            caller: &self.caller,
            tool,
            explained: &explained,
            is_listed: self.policy.may_see(&self.caller, tool),
            refused: prepared.as_ref().err(),
            shown: seen(Sensitive::Masked),
        };
        match printer.json {
            true => printer.json_data(&answer.to_json()),
            false => printer.data(&answer.to_text()),
        }
        if answer.denied().is_some() { Exit::REFUSED } else { Exit::OK }
    }

    /// The plan of a call that is denied, if there is one.
    fn without_rules(&self, call: Call) -> Option<ExecutionPlan> {
        let principal = Principal { toolset: None, scopes: None, ..Principal::clone(&call.principal) };
        let call = Call { principal: principal.into(), ..call };
        prepare(&self.session.catalog, &Policy::default(), &self.facts, call).ok()
    }
}

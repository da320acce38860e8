//! Judges the condition of a tool, on what this call and this host have. What it asks of the host is looked
//! up before, as for plans.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};

use crate::call::Invocation;
use crate::model::{Action, Condition, Judgement, Name, Sight, When, moment};
use crate::plan::{Facts, Held};
use crate::policy::Policy;

use super::rejection::Rejection;

/// What `os` is.
const OS: &str = if cfg!(target_os = "linux") {
    "linux"
} else if cfg!(target_os = "macos") {
    "macos"
} else if cfg!(windows) {
    "windows"
} else {
    "other"
};

/// How long after the beginning of 1970 this is.
fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// The facts of one call that may ask for its moment, which is one however often it is asked for.
pub fn of_this_moment(invocation: &Invocation, facts: &Facts, policy: &Policy) -> Option<Facts> {
    let tool = invocation.tool();
    let may_ask = tool.when.is_some() || policy.asks_time() || matches!(tool.action, Action::Flow(_));
    (may_ask && facts.now.is_none()).then(|| facts.clone().at(now()))
}

/// Whether the tool may run now, and by which values.
pub fn judge(invocation: &Invocation, facts: &Facts) -> Result<Option<Held>, Rejection> {
    let tool = invocation.tool();
    let Some(when) = &tool.when else { return Ok(None) };
    let condition = || when.condition.line();
    match when.condition.judge(&sight(when, invocation, facts)) {
        Ok(judgement @ Judgement { holds: true, .. }) => Ok(Some(held(condition(), judgement, invocation))),
        Ok(judgement) => Err(Rejection::NotMet {
            tool: tool.name.to_string(),
            condition: condition(),
            seen: held(condition(), judgement, invocation).seen_text(),
        }),
        Err(problem) => {
            Err(Rejection::NotJudged { tool: tool.name.to_string(), condition: condition(), problem })
        }
    }
}

pub(super) fn sight(when: &When, invocation: &Invocation, facts: &Facts) -> Sight {
    let mut values = Map::new();
    let mut given = Map::new();
    for param in invocation.tool().params.iter() {
        let name = param.name.as_str();
        // A bare name always means something, so that it can be compared with `null`.
        values.insert(name.to_owned(), invocation.value(name).cloned().unwrap_or_default());
        given.extend(invocation.value(name).map(|value| (name.to_owned(), value.clone())));
    }
    let caller = invocation.principal();
    values.insert("params".to_owned(), Value::Object(given));
    values.insert("vars".to_owned(), Value::Object(when.vars.clone()));
    values.insert("os".to_owned(), json!(OS));
    values.insert("caller".to_owned(), json!({ "name": caller.name, "roles": caller.roles }));
    values.insert("now".to_owned(), moment(facts.now.unwrap_or_else(now)));
    values.extend(environment(&when.condition, facts).map(|seen| ("env".to_owned(), seen)));
    let there = when.files.iter().filter(|(_, path)| path.exists()).map(|(file, _)| file.clone());
    let variables = when.condition.asks_variables().then(|| facts.environment().keys().cloned().collect());
    Sight { values, files: Arc::new(there.collect()), variables: Arc::new(variables.unwrap_or_default()) }
}

/// The variables that are named, or all where they are seen as a map.
fn environment(condition: &Condition, facts: &Facts) -> Option<Value> {
    let environment = facts.environment();
    let mut seen = Map::new();
    let mut is_seen = false;
    for name in condition.names().iter().filter(|name| name.root == "env") {
        is_seen = true;
        let Some(variable) = name.path.first() else { return Some(json!(**environment)) };
        seen.extend(environment.get(variable).map(|value| (variable.clone(), json!(value))));
    }
    is_seen.then_some(Value::Object(seen))
}

/// What it saw, as the caller may know it: variables of this host and sensitive values stay here.
fn held(condition: String, judgement: Judgement, invocation: &Invocation) -> Held {
    let Judgement { holds: _, seen, asked } = judgement;
    let shown = |(name, value): (Name, Value)| {
        let param = if name.root == "params" { name.path.first() } else { Some(&name.root) };
        let hides = |param: &crate::model::Param| param.rule.sensitive;
        let is_private = match (name.root.as_str(), param) {
            ("env", _) => true,
            // All of them at once.
            ("params", None) => invocation.tool().params.iter().any(hides),
            (_, Some(param)) => invocation.tool().params.find(param).is_some_and(hides),
            (_, None) => false,
        };
        (name.to_string(), (!is_private).then_some(value))
    };
    let asked = asked.into_iter().map(|(call, is_there)| (call, Some(Value::Bool(is_there))));
    Held { condition, seen: seen.into_iter().map(shown).chain(asked).collect() }
}

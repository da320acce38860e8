//! Judges the condition of a tool, on what this call and this host have. What it asks of the host is looked
//! up before, as for plans.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::call::Invocation;
use crate::model::{Judgement, Name, Sight, When};
use crate::plan::Facts;

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
/// A longer value says nothing more.
const SHOWN: usize = 80;

/// Whether the tool may run now.
pub fn judge(invocation: &Invocation, facts: &Facts) -> Result<(), Rejection> {
    let tool = invocation.tool();
    let Some(when) = &tool.when else { return Ok(()) };
    let condition = || when.condition.text().trim().to_owned();
    match when.condition.judge(&sight(when, invocation, facts)) {
        Ok(Judgement { holds: true, .. }) => Ok(()),
        Ok(Judgement { seen, .. }) => Err(Rejection::NotMet {
            tool: tool.name.to_string(),
            condition: condition(),
            seen: told(&seen, invocation),
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
    let environment = facts.environment();
    let caller = invocation.principal();
    values.insert("params".to_owned(), Value::Object(given));
    values.insert("vars".to_owned(), Value::Object(when.vars.clone()));
    values.insert("os".to_owned(), json!(OS));
    values.insert("caller".to_owned(), json!({ "name": caller.name, "roles": caller.roles }));
    if when.condition.names().iter().any(|name| name.root == "env") {
        values.insert("env".to_owned(), json!(**environment));
    }
    let there = when.files.iter().filter(|(_, path)| path.exists()).map(|(file, _)| file.clone());
    Sight {
        values,
        files: Arc::new(there.collect()),
        variables: Arc::new(environment.keys().cloned().collect()),
    }
}

/// What it saw, as the caller may know it: variables of this host and sensitive values stay here.
fn told(seen: &[(Name, Value)], invocation: &Invocation) -> String {
    let one = |(name, value): &(Name, Value)| {
        let param = if name.root == "params" { name.path.first() } else { Some(&name.root) };
        let param = param.and_then(|param| invocation.tool().params.find(param));
        let is_private = name.root == "env" || param.is_some_and(|param| param.rule.sensitive);
        match is_private {
            true => format!("`{name}` is not shown"),
            false => format!("`{name}` is {}", shortened(&value.to_string())),
        }
    };
    let texts: Vec<String> = seen.iter().map(one).collect();
    texts.join(", ")
}

pub(super) fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

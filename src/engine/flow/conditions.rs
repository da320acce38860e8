//! Judges the condition of a step, which also sees what steps before it came to, and its item.

use serde_json::{Map, Value};

use crate::call::{Invocation, Item, Surroundings};
use crate::engine::conditions::sight;
use crate::model::{Judgement, Name, StepPart, When};
use crate::plan::{Facts, shortened};

/// Whether a step works now.
pub enum Held {
    Yes,
    /// By which values.
    No {
        seen: String,
    },
}

/// Whether it has to be judged for each item.
pub fn asks_for_item(when: &When) -> bool {
    when.condition.names().iter().any(|name| name.root == "item")
}

pub fn judge(when: &When, call: &Invocation, seen: &Surroundings, facts: &Facts) -> Result<Held, String> {
    let text = when.condition.text().trim();
    let refuse = |problem: String| format!("its condition cannot be judged: {problem}\n  when  {text}");
    if let Some(problem) = when.condition.names().iter().find_map(|name| unusable(name, seen)) {
        return Err(refuse(problem));
    }
    let mut sight = sight(when, call, facts);
    let names = when.condition.names();
    let is_named = |id: &str| {
        let steps = names.iter().filter(|name| name.root == "steps");
        steps.map(|name| name.path.first()).any(|first| first.is_none_or(|first| first == id))
    };
    let steps = seen.steps.iter().filter(|(id, _)| is_named(id.as_str()));
    let steps: Map<String, Value> = steps.map(|(id, result)| (id.to_string(), result.document())).collect();
    sight.values.insert("steps".to_owned(), Value::Object(steps));
    if let Item::Known { value, .. } = &seen.item {
        sight.values.insert("item".to_owned(), value.clone());
    }
    match when.condition.judge(&sight) {
        Ok(Judgement { holds: true, .. }) => Ok(Held::Yes),
        Ok(Judgement { seen: values, .. }) => Ok(Held::No { seen: told(&values, call, seen) }),
        Err(problem) => Err(refuse(problem.to_string())),
    }
}

/// Why a part of a step that it asks for cannot be used.
fn unusable(name: &Name, seen: &Surroundings) -> Option<String> {
    let [id, part, ..] = name.path.as_slice() else { return None };
    if name.root != "steps" {
        return None;
    }
    let problem = seen.steps.get(id.as_str())?.value(StepPart::parse(part)?, &[]).err()?;
    Some(format!("`steps.{id}.{part}`: {problem}"))
}

fn told(values: &[(Name, Value)], call: &Invocation, seen: &Surroundings) -> String {
    let is_item_private = matches!(seen.item, Item::Known { is_sensitive: true, .. });
    let one = |(name, value): &(Name, Value)| {
        let param = if name.root == "params" { name.path.first() } else { Some(&name.root) };
        let param = param.and_then(|param| call.tool().params.find(param));
        let is_private = name.root == "env"
            || (name.root == "item" && is_item_private)
            || param.is_some_and(|param| call.is_sensitive(param));
        match is_private {
            true => format!("`{name}` is not shown"),
            false => format!("`{name}` is {}", shortened(&value.to_string())),
        }
    };
    let texts: Vec<String> = values.iter().map(one).collect();
    texts.join(", ")
}

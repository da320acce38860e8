//! What a step runs for: the items of its list, as far as that is known.

use serde_json::Value;

use crate::call::{Given, Invocation, Item, Surroundings};
use crate::model::{ForEach, MOST_ITEMS};
use crate::plan::expand::Expansion;
use crate::plan::{Facts, PlanError};

use super::given;
use super::planner::{Problems, bad};

/// What a step runs for.
pub enum Items {
    Known(Vec<Item>),
    /// As it prints.
    Later(String),
}

/// The items of a list, for the call whose step it is.
pub fn items(
    call: &Invocation,
    facts: &Facts,
    each: &ForEach,
    seen: &Surroundings,
) -> Result<Items, Problems> {
    let outer = call.among(seen.clone());
    let mut unheard = Vec::new();
    let expansion = Expansion::new(&outer, facts, &mut unheard);
    let value = given::of(&expansion, &each.items);
    bad(seen)?;
    let refuse = |problem: String| Err(vec![PlanError::Argument { param: "for_each".to_owned(), problem }]);
    let Some(given::Become { given, is_sensitive }) = value else { return Ok(Items::Known(Vec::new())) };
    let list = match given {
        Given::Later(text) => return Ok(Items::Later(text)),
        Given::Known(Value::Array(list)) => list,
        Given::Known(other) => return refuse(format!("needs a list and got {}", kind(&other))),
    };
    if list.len() > MOST_ITEMS {
        return refuse(format!("got {} items; a step runs for at most {MOST_ITEMS}", list.len()));
    }
    Ok(Items::Known(list.into_iter().map(|value| Item::Known { value, is_sensitive }).collect()))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

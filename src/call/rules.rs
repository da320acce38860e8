//! Our own rules for values, beside their schemas: length, NUL and control characters.

use serde_json::{Map, Value};

use crate::model::{Param, Params};

use super::ArgumentProblem;

/// All values that break a rule.
pub fn check(params: &Params, values: &Map<String, Value>) -> Vec<ArgumentProblem> {
    let mut problems = Vec::new();
    for param in params.iter() {
        if let Some(value) = values.get(param.name.as_str()) {
            check_value(param, value, param.name.as_str(), &mut problems);
        }
    }
    problems
}

fn check_value(param: &Param, value: &Value, place: &str, problems: &mut Vec<ArgumentProblem>) {
    match value {
        Value::String(text) => {
            if let Some(message) = text_problem(param, text) {
                problems.push(ArgumentProblem { place: place.to_owned(), message });
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                check_value(param, item, &format!("{place}/{index}"), problems);
            }
        }
        Value::Object(map) => {
            for (key, item) in map {
                check_value(param, &Value::String(key.clone()), place, problems);
                check_value(param, item, &format!("{place}/{key}"), problems);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn text_problem(param: &Param, text: &str) -> Option<String> {
    if text.len() > param.rule.max_bytes {
        return Some(format!("is {} bytes long; at most {} are taken", text.len(), param.rule.max_bytes));
    }
    text.chars().find(|&c| is_refused(c)).map(|c| match c {
        '\0' => "contains a NUL character".to_owned(),
        other => format!("contains the control character U+{:04X}", u32::from(other)),
    })
}

/// Control characters other than newline and tab.
fn is_refused(c: char) -> bool {
    c.is_control() && c != '\n' && c != '\t'
}

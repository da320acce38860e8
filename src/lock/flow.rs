//! The steps of a command: what decides about them, and the same for a person.

use serde_json::{Map, Value, json};

use crate::model::{
    Backoff, Flow, FlowResult, FlowStep, ForEach, JsonTemplate, OnError, Retry, RetryOn, RetryReason,
    StepWork, Tool, format_duration,
};

use super::action::{Around, action, when};
use super::outline::outline as outline_of;
use super::{escape, written};

pub(super) fn flow(flow: &Flow, around: &Around<'_>) -> Map<String, Value> {
    let Flow { steps, finally, cleanup_timeout, result, folder: _, apart: _ } = flow;
    let list = |steps: &[FlowStep]| -> Vec<Value> { steps.iter().map(|each| step(each, around)).collect() };
    let mut map = Map::from_iter([("steps".to_owned(), json!(list(steps)))]);
    if !finally.is_empty() {
        map.insert("finally".to_owned(), json!(list(finally)));
        map.insert("cleanup_timeout".to_owned(), json!(format_duration(*cleanup_timeout)));
    }
    if let FlowResult::Of(id) = result {
        map.insert("result".to_owned(), json!(id.as_str()));
    }
    map
}

fn step(step: &FlowStep, around: &Around<'_>) -> Value {
    let FlowStep { id, work, when, otherwise, after, each, retry, timeout, on_error, once } = step;
    let mut map = self::work(work, around);
    let mut put = |key: &str, value: Value| drop(map.insert(key.to_owned(), value));
    put("id", json!(id.as_str()));
    put("after", json!(after.iter().map(ToString::to_string).collect::<Vec<_>>()));
    put("when", when.as_ref().map_or(Value::Null, |when| self::when(when, around.folder)));
    put("else", otherwise.as_ref().map_or(Value::Null, |work| Value::Object(self::work(work, around))));
    put("for_each", each.as_ref().map_or(Value::Null, for_each));
    put("retry", retry.as_ref().map_or(Value::Null, self::retry));
    // What is written in the step has it too.
    put("step_timeout", json!(timeout.map(format_duration)));
    put(
        "on_error",
        match on_error {
            OnError::Abort => Value::Null,
            OnError::Continue => json!("continue"),
            OnError::Run(work) => Value::Object(self::work(work, around)),
        },
    );
    put("once", json!(once.then_some(true)));
    map.retain(|_, value| !value.is_null());
    Value::Object(map)
}

fn work(work: &StepWork, around: &Around<'_>) -> Map<String, Value> {
    match work {
        StepWork::Command { tool, with } => {
            let with = with.iter().map(|(name, value)| (name.to_string(), json_template(value)));
            Map::from_iter([
                ("command".to_owned(), json!(tool.as_str())),
                ("with".to_owned(), Value::Object(with.collect())),
            ])
        }
        StepWork::Inline(tool) => inline(tool, around),
    }
}

/// It has the parameters of the command, whose rules are told there.
fn inline(tool: &Tool, around: &Around<'_>) -> Map<String, Value> {
    let Value::Object(mut map) = action(tool, around) else { return Map::new() };
    map.remove("rules");
    map.remove("expose");
    map
}

fn for_each(each: &ForEach) -> Value {
    let ForEach { items, concurrency } = each;
    json!({ "items": json_template(items), "concurrency": concurrency })
}

/// How something is tried again.
pub(super) fn retry(retry: &Retry) -> Value {
    let Retry { attempts, backoff, delay, max_delay, on } = retry;
    let on = match on {
        RetryOn::Safe => Value::Null,
        RetryOn::These(reasons) => reasons.iter().map(|reason| json!(reason_word(*reason))).collect(),
    };
    let mut map = Map::from_iter([
        ("attempts".to_owned(), json!(attempts)),
        ("backoff".to_owned(), json!(backoff_word(*backoff))),
        ("delay".to_owned(), json!(format_duration(*delay))),
        ("max_delay".to_owned(), json!(format_duration(*max_delay))),
        ("on".to_owned(), on),
    ]);
    map.retain(|_, value| !value.is_null());
    Value::Object(map)
}

fn backoff_word(backoff: Backoff) -> &'static str {
    match backoff {
        Backoff::Fixed => "fixed",
        Backoff::Linear => "linear",
        Backoff::Exponential => "exponential",
    }
}

fn reason_word(reason: RetryReason) -> String {
    match reason {
        RetryReason::Failure => "failure".to_owned(),
        RetryReason::Timeout => "timeout".to_owned(),
        RetryReason::Unanswered => "unanswered".to_owned(),
        RetryReason::Exit(code) => format!("exit:{code}"),
        RetryReason::Http(status) => format!("http:{status}"),
    }
}

/// As it is written; braces that are no template are told apart from those that are.
fn json_template(template: &JsonTemplate) -> Value {
    match template {
        JsonTemplate::Value(value) => escaped(value),
        JsonTemplate::Text(text) => json!(written::template(text)),
        JsonTemplate::List(items) => items.iter().map(json_template).collect(),
        JsonTemplate::Map(entries) => {
            Value::Object(entries.iter().map(|(key, value)| (key.clone(), json_template(value))).collect())
        }
    }
}

fn escaped(value: &Value) -> Value {
    match value {
        Value::String(text) => json!(text.replace("{{", "\\{{")),
        Value::Array(items) => items.iter().map(escaped).collect(),
        Value::Object(map) => {
            Value::Object(map.iter().map(|(key, value)| (key.clone(), escaped(value))).collect())
        }
        other => other.clone(),
    }
}

/// Step by step; what is written in a step is told below it.
pub(super) fn outline(flow: &Flow) -> Vec<String> {
    let Flow { steps, finally, cleanup_timeout, result: _, folder: _, apart: _ } = flow;
    let mut lines: Vec<String> = steps.iter().flat_map(step_lines).collect();
    if !finally.is_empty() {
        lines.push(format!("and whatever happened, within {}:", format_duration(*cleanup_timeout)));
        lines.extend(finally.iter().flat_map(step_lines));
    }
    lines
}

fn step_lines(step: &FlowStep) -> Vec<String> {
    let FlowStep { id, work, when, otherwise, after: _, each, retry, timeout: _, on_error, once: _ } = step;
    let mut lines = work_lines(&format!("step {id}: "), work);
    if let Some(each) = each {
        let items = escape::line(&json_template(&each.items).to_string());
        lines.push(format!("  for each of {items}, {} at once", each.concurrency));
    }
    if let Some(when) = when {
        lines.push(format!("  when {}", escape::line(when.condition.text().trim())));
    }
    if let Some(otherwise) = otherwise {
        lines.extend(indented(work_lines("otherwise ", otherwise)));
    }
    if let Some(retry) = retry {
        lines.push(format!("  tried {} times", retry.attempts));
    }
    match on_error {
        OnError::Abort => {}
        OnError::Continue => lines.push("  if it fails, the others go on".to_owned()),
        OnError::Run(work) => lines.extend(indented(work_lines("if it fails ", work))),
    }
    lines
}

fn work_lines(head: &str, work: &StepWork) -> Vec<String> {
    match work {
        StepWork::Command { tool, with } => {
            let with = with
                .iter()
                .map(|(name, value)| format!(" {name}={}", escape::line(&json_template(value).to_string())));
            vec![format!("{head}the command {tool}{}", with.collect::<String>())]
        }
        StepWork::Inline(tool) => {
            let mut lines = outline_of(tool).into_iter();
            let first = format!("{head}{}", lines.next().unwrap_or_default());
            std::iter::once(first).chain(indented(lines)).collect()
        }
    }
}

fn indented(lines: impl IntoIterator<Item = String>) -> impl Iterator<Item = String> {
    lines.into_iter().map(|line| format!("  {line}"))
}

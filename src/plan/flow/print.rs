//! A planned flow as people and programs read it: its steps in order with the command line of each, and
//! the whole plan of each as JSON.

use serde_json::{Map, Value, json};

use crate::model::{FlowResult, Retry, RetryOn, Secrets, format_duration};
use crate::plan::document::millis;
use crate::plan::render::one_line;
use crate::plan::{ExecutionPlan, Step};

use super::{FlowPlan, PlannedOnError, PlannedStep, Round, Rounds, Work};

/// So many of many rounds are shown.
const SHOWN_ROUNDS: usize = 3;
/// So much of an item.
const SHOWN_ITEM: usize = 60;

/// What is true of all of it.
pub fn lines(flow: &FlowPlan) -> Vec<(&'static str, String)> {
    let mut lines = vec![("steps", count(flow)), ("timeout", timeout(flow))];
    if let FlowResult::Of(step) = &flow.result {
        lines.push(("result", format!("what `{step}` ends with")));
    }
    lines
}

/// Its steps, one below the other.
pub fn steps(flow: &FlowPlan, secrets: &Secrets) -> String {
    let mut text = String::new();
    Printer { secrets, indent: 2, number: String::new() }.flow(flow, &mut text);
    text
}

fn count(flow: &FlowPlan) -> String {
    match flow.finally.len() {
        0 => flow.steps.len().to_string(),
        last => format!("{}, and {last} at the end whatever happens", flow.steps.len()),
    }
}

fn timeout(flow: &FlowPlan) -> String {
    let all = format!("{} for all steps", format_duration(flow.timeout));
    match flow.finally.is_empty() {
        true => all,
        false => format!("{all}, then {} for the end", format_duration(flow.cleanup_timeout)),
    }
}

/// Writes steps at some depth.
struct Printer<'a> {
    secrets: &'a Secrets,
    indent: usize,
    /// Before the number of a step: `2.` inside of the second.
    number: String,
}

impl Printer<'_> {
    fn flow(&self, flow: &FlowPlan, text: &mut String) {
        for (place, step) in flow.steps.iter().enumerate() {
            self.step(&format!("{}{}", self.number, place + 1), step, &flow.steps, text);
        }
        if flow.finally.is_empty() {
            return;
        }
        text.push_str(&format!("\n{:indent$}finally\n", "", indent = self.indent));
        for (place, step) in flow.finally.iter().enumerate() {
            self.step(&format!("{}f{}", self.number, place + 1), step, &[], text);
        }
    }

    fn step(&self, number: &str, step: &PlannedStep, all: &[PlannedStep], text: &mut String) {
        let awaited: Vec<&PlannedStep> = step.after.iter().filter_map(|&place| all.get(place)).collect();
        let after = if awaited.is_empty() { String::new() } else { format!("  after {}", after(&awaited)) };
        text.push_str(&format!("\n{:indent$}{number}  {}{after}\n", "", step.id, indent = self.indent));
        let mut lines = Vec::new();
        if let Some(when) = &step.when {
            lines.push(("when", when.condition.text().trim().to_owned()));
        }
        self.rounds("command", &step.work, &mut lines);
        if let Some(otherwise) = &step.otherwise {
            self.rounds("else", otherwise, &mut lines);
        }
        if let Some(retry) = &step.retry {
            lines.push(("retry", retry_text(retry)));
        }
        if let Some(timeout) = step.timeout {
            lines.push(("timeout", format_duration(timeout)));
        }
        if step.once {
            lines.push(("once", "an equal one of this call is not run again".to_owned()));
        }
        match &step.on_error {
            PlannedOnError::Abort => {}
            PlannedOnError::Continue => lines.push(("on error", "go on".to_owned())),
            PlannedOnError::Run(work) => lines.push(("on error", self.line(work.plan()))),
        }
        let indent = self.indent + 3;
        let mut last = "";
        for (label, line) in lines {
            let label = if std::mem::replace(&mut last, label) == label { "" } else { label };
            text.push_str(&format!("{:indent$}{label:<9}{line}\n", ""));
        }
        if let Some(inner) = inner_flow(&step.work) {
            let inside = Printer { secrets: self.secrets, indent, number: format!("{number}.") };
            inside.flow(inner, text);
        }
    }

    fn rounds(&self, label: &'static str, rounds: &Rounds, lines: &mut Vec<(&'static str, String)>) {
        match rounds {
            Rounds::One(work) => lines.push((label, self.line(work.plan()))),
            Rounds::Later { items, work, concurrency } => {
                lines.push(("for each", format!("of {items}, {}", at_once(concurrency.get()))));
                lines.push((label, self.line(work.plan())));
            }
            Rounds::Each { rounds, concurrency } => {
                let items: Vec<String> = rounds.iter().take(SHOWN_ROUNDS).map(item).collect();
                let more = rounds.len().saturating_sub(SHOWN_ROUNDS);
                let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
                let several = if rounds.len() == 1 { "item" } else { "items" };
                let at_once = at_once(concurrency.get());
                let these = items.join(", ");
                lines.push(("for each", format!("of {} {several}, {at_once}: {these}{rest}", rounds.len())));
                let shown = rounds.iter().take(SHOWN_ROUNDS);
                lines.extend(shown.map(|round| (label, self.line(round.work.plan()))));
                lines.extend((more > 0).then(|| (label, "…".to_owned())));
            }
        }
    }

    fn line(&self, plan: &ExecutionPlan) -> String {
        let line = match &plan.step {
            Step::Flow(flow) => format!("{}: {} steps", plan.tool.name, flow.steps.len()),
            _ => one_line(plan, self.secrets),
        };
        let mut lines = line.lines();
        let first = lines.next().unwrap_or_default().to_owned();
        match lines.count() {
            0 => first,
            more => format!("{first} … ({more} more lines)"),
        }
    }
}

fn inner_flow(rounds: &Rounds) -> Option<&FlowPlan> {
    let work = match rounds {
        Rounds::One(work) | Rounds::Later { work, .. } => work,
        Rounds::Each { rounds, .. } => &rounds.first()?.work,
    };
    match &work.plan().step {
        Step::Flow(flow) => Some(flow),
        _ => None,
    }
}

/// Those that have to succeed before those that only have to end.
fn after(awaited: &[&PlannedStep]) -> String {
    let (ending, succeeding): (Vec<&PlannedStep>, Vec<&PlannedStep>) =
        awaited.iter().partition(|step| step.on_error == PlannedOnError::Continue);
    let names = |steps: &[&PlannedStep]| {
        let names: Vec<&str> = steps.iter().map(|step| step.id.as_str()).collect();
        names.join(", ")
    };
    let succeeding = match succeeding.as_slice() {
        [] => None,
        [one] => Some(format!("{} (if it succeeds)", one.id)),
        several => Some(format!("{} (if they succeed)", names(several))),
    };
    let ending = Some(names(&ending)).filter(|names| !names.is_empty());
    [succeeding, ending].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn at_once(concurrency: usize) -> String {
    match concurrency {
        1 => "one after the other".to_owned(),
        several => format!("{several} at once"),
    }
}

fn item(round: &Round) -> String {
    if round.is_sensitive {
        return "***".to_owned();
    }
    let text = round.item.to_string();
    match text.char_indices().nth(SHOWN_ITEM) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

fn retry_text(retry: &Retry) -> String {
    let on = match &retry.on {
        RetryOn::Safe => "if it may be repeated".to_owned(),
        RetryOn::These(reasons) => {
            let reasons: Vec<String> = reasons.iter().map(ToString::to_string).collect();
            format!("on {}", reasons.join(", "))
        }
    };
    let (delay, longest) = (format_duration(retry.delay), format_duration(retry.max_delay));
    let wait = match retry.delay == retry.max_delay || retry.backoff == crate::model::Backoff::Fixed {
        true => delay,
        false => format!("{delay} to {longest}"),
    };
    format!("{} tries, {} waits of {wait}, {on}", retry.attempts, retry.backoff.word())
}

pub fn to_json(flow: &FlowPlan, secrets: &Secrets) -> Map<String, Value> {
    let steps = |steps: &[PlannedStep], all: &[PlannedStep]| -> Vec<Value> {
        steps.iter().map(|step| step_json(step, all, secrets)).collect()
    };
    let document = json!({
        "kind": "flow",
        "steps": steps(&flow.steps, &flow.steps),
        "finally": steps(&flow.finally, &[]),
        "result": match &flow.result {
            FlowResult::Steps => Value::Null,
            FlowResult::Of(step) => Value::from(step.as_str()),
        },
        "timeoutMs": millis(flow.timeout),
        "cleanupTimeoutMs": millis(flow.cleanup_timeout),
    });
    match document {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

fn step_json(step: &PlannedStep, all: &[PlannedStep], secrets: &Secrets) -> Value {
    let after: Vec<&str> =
        step.after.iter().filter_map(|&place| all.get(place)).map(|step| step.id.as_str()).collect();
    let mut document = json!({
        "id": step.id.as_str(),
        "after": after,
        "onError": match &step.on_error {
            PlannedOnError::Abort => json!("abort"),
            PlannedOnError::Continue => json!("continue"),
            PlannedOnError::Run(work) => work_json(work, secrets),
        },
    });
    if let Value::Object(map) = &mut document {
        let mut put =
            |key: &str, value: Option<Value>| map.extend(value.map(|value| (key.to_owned(), value)));
        put("when", step.when.as_ref().map(|when| json!(when.condition.text())));
        put("timeoutMs", step.timeout.map(|timeout| json!(millis(timeout))));
        put("retry", step.retry.as_ref().map(retry_json));
        put("once", step.once.then(|| json!(true)));
        put("work", Some(rounds_json(&step.work, secrets)));
        put("else", step.otherwise.as_ref().map(|work| rounds_json(work, secrets)));
    }
    document
}

fn rounds_json(rounds: &Rounds, secrets: &Secrets) -> Value {
    match rounds {
        Rounds::One(work) => work_json(work, secrets),
        Rounds::Later { items, work, concurrency } => {
            json!({ "forEach": items, "concurrency": concurrency, "rounds": [work_json(work, secrets)] })
        }
        Rounds::Each { rounds, concurrency } => {
            let items: Vec<Value> = rounds
                .iter()
                .map(|round| if round.is_sensitive { json!("***") } else { round.item.clone() })
                .collect();
            let rounds: Vec<Value> = rounds.iter().map(|round| work_json(&round.work, secrets)).collect();
            json!({ "forEach": items, "concurrency": concurrency, "rounds": rounds })
        }
    }
}

fn work_json(work: &Work, secrets: &Secrets) -> Value {
    json!({ "known": matches!(work, Work::Ready(_)), "plan": work.plan().to_json(secrets) })
}

fn retry_json(retry: &Retry) -> Value {
    let on = match &retry.on {
        RetryOn::Safe => json!("safe"),
        RetryOn::These(reasons) => json!(reasons.iter().map(ToString::to_string).collect::<Vec<_>>()),
    };
    json!({
        "attempts": retry.attempts,
        "backoff": retry.backoff.word(),
        "delayMs": millis(retry.delay),
        "maxDelayMs": millis(retry.max_delay),
        "on": on,
    })
}

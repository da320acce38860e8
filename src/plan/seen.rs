//! A plan as the rules of a file see it: what would run, in a few names that stay.
//!
//! Rules judge real values, also sensitive ones; whoever shows a person what a rule saw takes the form in
//! which those are masked. Secrets are known to neither.

use serde_json::{Map, Value, json};

use crate::model::{FOUND_ENGINE, Network, PLAN_PARTS};

use super::{
    ContainerPlan, ExecutionPlan, Fill, FlowPlan, HttpStep, PlannedBody, PlannedStdin, ProcessPlan, Step,
    Word,
};

/// Whether sensitive values show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sensitive {
    Real,
    Masked,
}

impl ExecutionPlan {
    /// What rules see as `plan`.
    pub fn seen(&self, sensitive: Sensitive) -> Value {
        let mut seen: Map<String, Value> =
            PLAN_PARTS.iter().map(|name| ((*name).to_owned(), Value::Null)).collect();
        let known = match &self.step {
            Step::Process(plan) => process(plan, sensitive),
            Step::Container(plan) => container(plan, sensitive),
            Step::Http(call) => http(call, sensitive),
            Step::Flow(plan) => flow(plan),
        };
        if let Value::Object(known) = known {
            seen.extend(known);
        }
        Value::Object(seen)
    }
}

fn process(plan: &ProcessPlan, sensitive: Sensitive) -> Value {
    json!({
        "kind": "process",
        "executor": "local",
        "program": plan.program.to_string_lossy(),
        "argv": texts(&plan.argv, sensitive),
        "env": variables(&plan.variables, sensitive),
        "stdin": stdin(&plan.stdin, sensitive),
        "working_dir": plan.working_dir.to_string_lossy(),
        "sandbox": plan.sandbox.is_some(),
        "timeout": plan.timeout.as_secs_f64(),
    })
}

fn container(plan: &ContainerPlan, sensitive: Sensitive) -> Value {
    let mounts = plan.mounts.iter().map(|mount| {
        let source = mount.source.to_string_lossy();
        json!({ "source": source, "target": mount.target, "read_only": mount.read_only })
    });
    let network = match &plan.network {
        Network::None => "none",
        Network::Bridge => "bridge",
        Network::Named(name) => name,
        Network::Only(_) => "listed",
    };
    let entrypoint = plan.entrypoint.iter().flatten().cloned();
    let argv: Vec<String> = entrypoint.chain(texts(&plan.arguments, sensitive)).collect();
    json!({
        "kind": "container",
        "executor": plan.executor.as_ref().map_or(FOUND_ENGINE, |executor| &executor.name),
        "image": plan.image,
        "argv": argv,
        "env": variables(&plan.variables, sensitive),
        "stdin": stdin(&plan.stdin, sensitive),
        "working_dir": plan.workdir,
        "user": plan.lockdown.user,
        "network": network,
        "mounts": mounts.collect::<Vec<_>>(),
        "timeout": plan.timeout.as_secs_f64(),
    })
}

fn http(call: &HttpStep, sensitive: Sensitive) -> Value {
    let body = match &call.body {
        Some(PlannedBody::Text(word)) => Some(text(word, sensitive)),
        Some(PlannedBody::Parts(_)) | None => None,
    };
    json!({
        "kind": "http",
        "method": call.method.as_str(),
        "url": text(&call.url, sensitive),
        "headers": variables(&call.headers, sensitive),
        "body": body,
        "timeout": call.timeout.as_secs_f64(),
    })
}

/// Its steps are judged one by one, each when what it does is known.
fn flow(plan: &FlowPlan) -> Value {
    let steps = plan.steps.iter().chain(&plan.finally);
    let steps = steps.map(|step| json!({ "id": step.id.as_str(), "command": step.label }));
    json!({
        "kind": "flow",
        "steps": steps.collect::<Vec<_>>(),
        "timeout": plan.timeout.as_secs_f64(),
    })
}

fn texts(words: &[Word], sensitive: Sensitive) -> Vec<String> {
    words.iter().map(|word| text(word, sensitive)).collect()
}

fn variables(variables: &[(String, Word)], sensitive: Sensitive) -> Map<String, Value> {
    variables.iter().map(|(name, word)| (name.clone(), Value::from(text(word, sensitive)))).collect()
}

fn stdin(stdin: &PlannedStdin, sensitive: Sensitive) -> Option<String> {
    match stdin {
        PlannedStdin::Null => None,
        PlannedStdin::Text(word) => Some(text(word, sensitive)),
    }
}

fn text(word: &Word, sensitive: Sensitive) -> String {
    let shown = |fill: &Fill| match fill {
        Fill::Sensitive(text) if sensitive == Sensitive::Real => text.clone(),
        other => other.to_string(),
    };
    match word {
        Word::Known(text) => text.clone(),
        Word::Filled(fills) => fills.iter().map(shown).collect(),
    }
}

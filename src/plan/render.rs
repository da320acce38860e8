//! Plans as people and programs read them. Nothing here is decided; secrets stand by name.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::model::{Limits, Secrets, format_duration};

use super::care;
use super::container;
use super::flow;
use super::http::{self, curl_line};
use super::output;
use super::quote::quoted;
use super::sandbox;
use super::{ExecutionPlan, Held, Mean, Means, PlannedStdin, ProcessPlan, Step};

impl ExecutionPlan {
    /// The plan as text, one aspect a line.
    pub fn to_text(&self, secrets: &Secrets) -> String {
        let command = one_line(self, secrets);
        let spans_lines = command.contains('\n');
        let shown = if spans_lines { "below".to_owned() } else { command.clone() };
        let mut lines = match &self.step {
            Step::Flow(flow) => flow::lines(flow),
            _ => vec![("command", shown)],
        };
        match &self.step {
            Step::Process(process) => lines.extend(process_lines(process, self.means, secrets)),
            Step::Container(container) => {
                lines.extend(container::text_lines(container, secrets));
            }
            Step::Http(call) => lines.extend(http::text_lines(call)),
            Step::Flow(_) => {}
        }
        lines.extend(self.held.iter().flat_map(Held::lines).map(|line| ("when", line)));
        lines.extend(self.confirm_line());
        lines.extend(care::lines(self, secrets));
        lines.extend(output::lines(&self.tool, &self.output).into_iter().map(|line| ("output", line)));
        lines.push(("caller", self.principal.name.clone()));
        let mut text = match &self.tool.title {
            Some(title) => format!("{}  {title}\n", self.tool.name),
            None => format!("{}\n", self.tool.name),
        };
        let mut last = "";
        for (label, line) in lines {
            let shown = if label == last { "" } else { label };
            text.push_str(&format!("  {shown:<9}{line}\n"));
            last = label;
        }
        if spans_lines {
            // From the first column on: what is inside of quotes must stay as it is.
            text.push_str(&format!("\n{command}\n"));
        }
        if let Step::Flow(flow) = &self.step {
            text.push_str(&flow::steps(flow, secrets));
        }
        text.extend(care::fallback_text(self, secrets));
        text
    }

    /// The plan as JSON; `schemas/plan.schema.json` describes it.
    pub fn to_json(&self, secrets: &Secrets) -> Value {
        let mut document = Map::new();
        document.insert("tool".to_owned(), Value::from(self.tool.name.as_str()));
        document.insert("caller".to_owned(), Value::from(self.principal.name.as_str()));
        document.extend(self.held.iter().map(|held| ("when".to_owned(), held.to_json())));
        document
            .extend(output::to_json(&self.tool, &self.output).map(|output| ("output".to_owned(), output)));
        document.extend(match &self.step {
            Step::Process(process) => process_json(process, self.means, secrets),
            Step::Container(container) => container::to_json(container, secrets),
            Step::Http(call) => http::to_json(call, secrets),
            Step::Flow(flow) => flow::to_json(flow, secrets),
        });
        document.extend(self.confirm_json());
        document.extend(care::document(self, secrets));
        Value::Object(document)
    }
}

/// What is run, as a line of a shell.
pub(super) fn one_line(plan: &ExecutionPlan, secrets: &Secrets) -> String {
    match &plan.step {
        Step::Process(process) => command_line(process, secrets),
        Step::Container(container) => container::docker_line(container, secrets),
        Step::Http(call) => curl_line(call, secrets),
        Step::Flow(flow) => format!("{} steps", flow.steps.len()),
    }
}

fn process_lines(process: &ProcessPlan, means: Means, secrets: &Secrets) -> Vec<(&'static str, String)> {
    let mut lines = vec![
        ("program", process.program.display().to_string()),
        ("folder", folder(process)),
        ("input", input(&process.stdin, secrets)),
    ];
    lines.extend(environment(process, secrets).into_iter().map(|line| ("env", line)));
    if let Some(sandbox) = &process.sandbox {
        lines.extend(sandbox::lines(sandbox, means.sandbox).into_iter().map(|line| ("sandbox", line)));
    }
    lines.push(("timeout", stopping(process.timeout, process.kill_grace, "the whole tree", "TERM")));
    lines.extend(limits(&process.limits, means).into_iter().map(|line| ("limits", line)));
    lines
}

fn folder(process: &ProcessPlan) -> String {
    let own = if process.own_folder { "  (this caller's own)" } else { "" };
    format!("{}{own}", process.working_dir.display())
}

fn process_json(process: &ProcessPlan, means: Means, secrets: &Secrets) -> Map<String, Value> {
    let document = json!({
            "kind": "process",
            "program": process.program.display().to_string(),
            "argv": process.argv.iter().map(|word| word.printed(secrets)).collect::<Vec<_>>(),
            "workingDir": process.working_dir.display().to_string(),
            "stdin": match &process.stdin {
                PlannedStdin::Null => Value::Null,
                PlannedStdin::Text(word) => Value::String(word.printed(secrets)),
            },
            "env": variables(process, secrets),
            "inheritedEnv": process.inherited.keys().collect::<Vec<_>>(),
            "timeoutMs": millis(process.timeout),
            "killGraceMs": millis(process.kill_grace),
            "limits": limits_json(&process.limits, means),
    });
    let mut map = match document {
        Value::Object(map) => map,
        _ => Map::new(),
    };
    if let Some(sandbox) = &process.sandbox {
        map.insert("sandbox".to_owned(), sandbox::to_json(sandbox, means.sandbox));
    }
    map
}

pub(super) fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// argv as a shell would read it back.
fn command_line(process: &ProcessPlan, secrets: &Secrets) -> String {
    let words: Vec<String> = process.argv.iter().map(|word| quoted(&word.printed(secrets))).collect();
    words.join(" ")
}

pub(super) fn input(stdin: &PlannedStdin, secrets: &Secrets) -> String {
    match stdin {
        PlannedStdin::Null => "none".to_owned(),
        PlannedStdin::Text(word) => quoted(&word.printed(secrets)),
    }
}

fn environment(process: &ProcessPlan, secrets: &Secrets) -> Vec<String> {
    let mut lines: Vec<String> = process
        .variables
        .iter()
        .map(|(name, value)| format!("{name}={}", quoted(&value.printed(secrets))))
        .collect();
    let overridden = |name: &str| process.variables.iter().any(|(set, _)| set == name);
    let names: Vec<&str> =
        process.inherited.keys().map(String::as_str).filter(|name| !overridden(name)).collect();
    match (names.is_empty(), lines.is_empty()) {
        (true, true) => lines.push("empty".to_owned()),
        (true, false) => {}
        (false, _) => lines.push(format!("inherited: {}", names.join(" "))),
    }
    lines
}

fn variables(process: &ProcessPlan, secrets: &Secrets) -> Map<String, Value> {
    let variables = process.variables.iter();
    variables.map(|(name, word)| (name.clone(), Value::String(word.printed(secrets)))).collect()
}

pub(super) fn stopping(timeout: Duration, grace: Duration, whom: &str, signal: &str) -> String {
    format!("{}, then {signal} to {whom}, KILL {} later", format_duration(timeout), format_duration(grace))
}

/// Each limit that is set: name, value as text, value as JSON, and its means.
fn set_limits(limits: &Limits, means: Means) -> Vec<(&'static str, String, Value, Mean)> {
    let mut set = Vec::new();
    if let Some(memory) = limits.memory {
        set.push(("memory", memory.to_string(), json!(memory.0), means.memory));
    }
    if let Some(cpu) = limits.cpu {
        let unit = if cpu.0 == 1000 { "core" } else { "cores" };
        set.push(("cpu", format!("{cpu} {unit}"), json!(f64::from(cpu.0) / 1000.0), means.cpu));
    }
    if let Some(pids) = limits.pids {
        set.push(("pids", pids.to_string(), json!(pids), means.pids));
    }
    if let Some(files) = limits.files {
        set.push(("files", files.to_string(), json!(files), means.files));
    }
    if let Some(disk) = limits.disk {
        set.push(("disk", disk.to_string(), json!(disk.0), means.disk));
    }
    set.push(("output", limits.output.to_string(), json!(limits.output.0), Mean::Counted));
    set
}

pub(super) fn limits(limits: &Limits, means: Means) -> Vec<String> {
    let set = set_limits(limits, means).into_iter();
    set.map(|(name, value, _, mean)| format!("{name} {value} ({mean})")).collect()
}

pub(super) fn limits_json(limits: &Limits, means: Means) -> Map<String, Value> {
    let set = set_limits(limits, means).into_iter();
    set.map(|(name, _, value, mean)| (name.to_owned(), json!({ "value": value, "by": mean.to_string() })))
        .collect()
}

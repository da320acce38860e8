//! Plans as people read them. Nothing here is decided; secrets stand by name.

use std::fmt;
use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::model::{ByteSize, Cores, Limits, Secrets, format_duration};

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

pub(super) fn stopping(timeout: Duration, grace: Duration, whom: &str, signal: &str) -> String {
    format!("{}, then {signal} to {whom}, KILL {} later", format_duration(timeout), format_duration(grace))
}

/// How much there may be of something: for programs a number.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Amount {
    Bytes(u64),
    #[serde(serialize_with = "cores")]
    Cpu(Cores),
    Count(u64),
}

fn cores<S: Serializer>(cores: &Cores, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(f64::from(cores.0) / 1000.0)
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => ByteSize(*bytes).fmt(f),
            Self::Cpu(cpu) => write!(f, "{cpu} {}", if cpu.0 == 1000 { "core" } else { "cores" }),
            Self::Count(count) => count.fmt(f),
        }
    }
}

/// Each limit that is set, and its means.
pub(super) fn set_limits(
    limits: &Limits,
    means: Means,
) -> impl Iterator<Item = (&'static str, Amount, Mean)> {
    let bytes = |size: ByteSize| Amount::Bytes(size.0);
    let all = [
        ("memory", limits.memory.map(bytes), means.memory),
        ("cpu", limits.cpu.map(Amount::Cpu), means.cpu),
        ("pids", limits.pids.map(|pids| Amount::Count(pids.into())), means.pids),
        ("files", limits.files.map(Amount::Count), means.files),
        ("disk", limits.disk.map(bytes), means.disk),
        ("output", Some(bytes(limits.output)), Mean::Counted),
    ];
    all.into_iter().filter_map(|(name, amount, mean)| Some((name, amount?, mean)))
}

pub(super) fn limits(limits: &Limits, means: Means) -> Vec<String> {
    set_limits(limits, means).map(|(name, amount, mean)| format!("{name} {amount} ({mean})")).collect()
}

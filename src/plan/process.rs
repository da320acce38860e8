//! Planning a local process: argv, environment, folder, input and limits, all known or named.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::call::Invocation;
use crate::model::{Action, Enforcement, Limits, Sandbox, Script, Stdin, Template, Variable, Workload};
use crate::policy::Authorized;

use super::cache::key;
use super::container::container;
use super::expand::{Expansion, value_text};
use super::http::http;
use super::{Environment, ExecutionPlan, Facts, Mean, Means, PlanError, Step, Word};

/// A local process with nothing left to decide.
#[derive(Debug, Clone, PartialEq)]
pub struct ProcessPlan {
    /// Absolute.
    pub program: PathBuf,
    /// With `argv[0]`.
    pub argv: Vec<Word>,
    /// Taken over from the server's environment.
    pub inherited: Arc<Environment>,
    /// Set by the file; wins over what is inherited.
    pub variables: Vec<(String, Word)>,
    pub working_dir: PathBuf,
    pub stdin: PlannedStdin,
    /// What it may touch; `None`: as free as the server itself.
    pub sandbox: Option<Sandbox>,
    pub limits: Limits,
    pub timeout: Duration,
    pub kill_grace: Duration,
}

#[derive(Debug, Clone, PartialEq)]
pub enum PlannedStdin {
    Null,
    Text(Word),
}

impl ProcessPlan {
    /// Every word that may have holes.
    pub fn words(&self) -> impl Iterator<Item = &Word> {
        let stdin = match &self.stdin {
            PlannedStdin::Null => None,
            PlannedStdin::Text(word) => Some(word),
        };
        self.argv.iter().chain(self.variables.iter().map(|(_, word)| word)).chain(stdin)
    }
}

/// Plans one authorized call. All problems with its arguments are reported at once.
pub fn plan(authorized: &Authorized, facts: &Facts) -> Result<ExecutionPlan, Vec<PlanError>> {
    let invocation = authorized.invocation();
    let tool = Arc::clone(invocation.tool());
    let mut problems = Vec::new();
    problems.extend(invocation.values().flat_map(|(param, value)| facts.path_problems(param, value)));
    let step = match &tool.action {
        Action::Process(workload) => {
            problems.extend(unenforceable(&tool.limits, facts.means));
            problems.extend(unenforceable_sandbox(workload, &tool.limits, facts.means));
            process(invocation, workload, facts, &mut problems).map(Step::Process)
        }
        Action::Container(workload) => {
            container(invocation, workload, facts, &mut problems).map(|plan| Step::Container(Box::new(plan)))
        }
        Action::Http(action) => http(invocation, action, facts, &mut problems).map(Step::Http),
        Action::Flow(_) => return Err(vec![unavailable(invocation, "flows are not planned yet".to_owned())]),
        Action::NotSupported(reason) => return Err(vec![unavailable(invocation, reason.clone())]),
    };
    match step {
        Some(step) if problems.is_empty() => {
            let cache_key = tool.cache.as_ref().and_then(|rules| key(rules, invocation, facts));
            let principal = invocation.principal().clone();
            Ok(ExecutionPlan { principal, means: facts.means, step, tool, cache_key, fallback: None })
        }
        _ => Err(problems),
    }
}

fn unavailable(invocation: &Invocation, reason: String) -> PlanError {
    PlanError::Unavailable { tool: invocation.tool().name.to_string(), reason }
}

fn process(
    invocation: &Invocation,
    workload: &Workload,
    facts: &Facts,
    problems: &mut Vec<PlanError>,
) -> Option<ProcessPlan> {
    let tool = invocation.tool();
    let written = &workload.script.program().written;
    let Some(program) = workload.script.program().path.clone() else {
        problems.push(unavailable(invocation, format!("there is no executable `{written}`")));
        return None;
    };
    let mut expansion = Expansion::new(invocation, facts, problems);
    let mut argv = vec![Word::Known(written.clone())];
    let mut variables = Vec::new();
    match &workload.script {
        Script::Program { args, .. } => argv.extend(expansion.arguments(args)),
        Script::Shell { flag, text, .. } => {
            argv.extend([flag, text].map(|word| Word::Known(word.clone())));
            variables.extend(parameter_variables(invocation, facts));
        }
    }
    variables.extend(
        workload
            .env
            .iter()
            .filter_map(|Variable { name, value }| expansion.text(value).map(|word| (name.clone(), word))),
    );
    let stdin = stdin(&workload.stdin, &mut expansion);
    let working_dir = working_dir(&workload.working_dir, &mut expansion)?;
    let sandbox = workload.sandbox.clone().map(|sandbox| sandbox.with_file(&program));
    Some(ProcessPlan {
        program,
        argv,
        inherited: facts.inherited(&workload.inherit),
        variables,
        working_dir,
        stdin,
        sandbox,
        limits: tool.limits.clone(),
        timeout: tool.timeout,
        kill_grace: tool.kill_grace,
    })
}

pub(super) fn stdin(stdin: &Stdin, expansion: &mut Expansion<'_>) -> PlannedStdin {
    match stdin {
        Stdin::Null => PlannedStdin::Null,
        Stdin::Text(template) => expansion.text(template).map_or(PlannedStdin::Null, PlannedStdin::Text),
    }
}

fn working_dir(template: &Template, expansion: &mut Expansion<'_>) -> Option<PathBuf> {
    match expansion.text(template)? {
        Word::Known(text) => Some(Path::new(&text).to_path_buf()),
        Word::Filled(_) => {
            expansion.refuse("working_dir", "a folder cannot hold a secret or a sensitive value");
            None
        }
    }
}

/// Parameters of a shell script: `PARAM_name` each, and all of them as `PARAMS_JSON`.
pub(super) fn parameter_variables(invocation: &Invocation, facts: &Facts) -> Vec<(String, Word)> {
    let mut all = serde_json::Map::new();
    let mut sensitive = false;
    let mut variables = Vec::new();
    for (param, value) in invocation.values() {
        let value = facts.resolved(param, value);
        let text = value_text(&value);
        all.insert(param.name.to_string(), value);
        sensitive |= param.rule.sensitive;
        variables.push((format!("PARAM_{}", param.name), word_for(text, param.rule.sensitive)));
    }
    variables.push(("PARAMS_JSON".to_owned(), word_for(Value::Object(all).to_string(), sensitive)));
    variables
}

fn word_for(text: String, sensitive: bool) -> Word {
    if sensitive { Word::Filled(vec![super::Fill::Sensitive(text)]) } else { Word::Known(text) }
}

fn unenforceable_sandbox(workload: &Workload, limits: &Limits, means: Means) -> Vec<PlanError> {
    match &workload.sandbox {
        Some(sandbox) if limits.enforcement == Enforcement::Required => {
            let lacks = means.sandbox.lacks(sandbox).into_iter();
            lacks.map(|lack| PlanError::SandboxNotEnforceable { lack }).collect()
        }
        _ => Vec::new(),
    }
}

fn unenforceable(limits: &Limits, means: Means) -> Vec<PlanError> {
    if limits.enforcement == Enforcement::BestEffort {
        return Vec::new();
    }
    let set = [
        ("memory", limits.memory.is_some(), means.memory),
        ("cpu", limits.cpu.is_some(), means.cpu),
        ("pids", limits.pids.is_some(), means.pids),
        ("files", limits.files.is_some(), means.files),
        ("disk", limits.disk.is_some(), means.disk),
    ];
    set.into_iter()
        .filter(|(_, is_set, mean)| *is_set && *mean == Mean::NotEnforced)
        .map(|(limit, ..)| PlanError::NotEnforceable { limit })
        .collect()
}

//! Planning a local process: argv, environment, folder, input and limits, all known or named.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::call::Invocation;
use crate::model::{Action, Enforcement, Limits, Sandbox, Script, Stdin, Template, Variable, Workload};
use crate::policy::Authorized;

use super::container::container;
use super::expand::{Expansion, value_text};
use super::http::http;
use super::{Environment, ExecutionPlan, Facts, Fill, Mean, Means, PlanError, Step, Word};

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
    /// It is the caller's own, and made before anything runs in it.
    pub own_folder: bool,
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

const NOT_TOLD_APART: &str = "each caller of it has a folder of their own, and nobody is asked here who they are; set `server.http.auth`";

/// Plans one authorized call that is no flow. All problems with its arguments are reported at once.
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
        // A planner does, which knows the other commands.
        Action::Flow(_) => {
            return Err(vec![unavailable(invocation, "its steps are planned one by one".to_owned())]);
        }
        Action::NotSupported(reason) => return Err(vec![unavailable(invocation, reason.clone())]),
    };
    match step {
        Some(step) if problems.is_empty() => Ok(ExecutionPlan::of(invocation, step, facts)),
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
    let mut working_dir = working_dir(&workload.working_dir, &mut expansion)?;
    let mut sandbox = workload.sandbox.clone().map(|sandbox| sandbox.with_file(&program));
    if workload.per_caller {
        let Some(name) = invocation.principal().folder_name() else {
            problems.push(unavailable(invocation, NOT_TOLD_APART.to_owned()));
            return None;
        };
        working_dir.push(name);
        sandbox.iter_mut().for_each(|sandbox| sandbox.write.push(working_dir.clone()));
    }
    Some(ProcessPlan {
        program,
        argv,
        inherited: facts.inherited(&workload.inherit),
        variables,
        working_dir,
        own_folder: workload.per_caller,
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
    let folder = expansion.text(template)?.plain();
    if folder.is_none() {
        expansion.refuse("working_dir", "a folder cannot hold a secret or a sensitive value");
    }
    folder.map(PathBuf::from)
}

/// Parameters of a shell script: `PARAM_name` each, and all of them as `PARAMS_JSON`.
pub(super) fn parameter_variables(invocation: &Invocation, facts: &Facts) -> Vec<(String, Word)> {
    let mut all = Vec::new();
    let mut variables = Vec::new();
    for param in invocation.tool().params.iter() {
        let name = param.name.as_str();
        let (text, json) = match (invocation.value(name), invocation.later(name)) {
            (Some(value), _) => {
                let value = facts.resolved(param, value);
                let hide = if invocation.is_sensitive(param) { Fill::Sensitive } else { Fill::Text };
                (hide(value_text(&value)), hide(value.to_string()))
            }
            (None, Some(later)) => (Fill::Later(later.to_owned()), Fill::Later(later.to_owned())),
            (None, None) => continue,
        };
        let sign = if all.is_empty() { '{' } else { ',' };
        all.extend([Fill::Text(format!("{sign}{}:", Value::from(name))), json]);
        variables.push((format!("PARAM_{name}"), Word::of(vec![text])));
    }
    all.push(Fill::Text(if all.is_empty() { "{}" } else { "}" }.to_owned()));
    // As one: who sees what of it is not sensitive could guess at the rest.
    let hidden = all.iter().any(|fill| matches!(fill, Fill::Sensitive(_)));
    if hidden {
        all = vec![Fill::Sensitive(all.into_iter().map(Fill::into_text).collect())];
    }
    variables.push(("PARAMS_JSON".to_owned(), Word::of(all)));
    variables
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

//! Planning a container: what the create request will say, all known or named.

mod print;

use core::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::call::Invocation;
use crate::model::{
    ContainerWorkload, Inside, Limits, Lockdown, Mount, Network, Pull, Tmpfs, Tool, Variable,
};

use super::expand::Expansion;
use super::process::{parameter_variables, stdin};
use super::{Facts, PlanError, PlannedStdin, Word};

pub use print::{docker_line, text_lines, to_json};

/// A container with nothing left to decide.
#[derive(Debug, Clone, PartialEq)]
pub struct ContainerPlan {
    pub image: String,
    pub pull: Pull,
    pub platform: Option<String>,
    /// In place of the image's own, if given.
    pub entrypoint: Option<Vec<String>>,
    /// In place of the image's own, unless it is empty.
    pub arguments: Vec<Word>,
    pub variables: Vec<(String, Word)>,
    pub workdir: Option<String>,
    pub stdin: PlannedStdin,
    pub mounts: Vec<PlannedMount>,
    pub tmpfs: Vec<Tmpfs>,
    pub files: Vec<(String, Word)>,
    pub network: Network,
    pub lockdown: Lockdown,
    pub hosts: Vec<(String, IpAddr)>,
    pub dns: Vec<IpAddr>,
    pub devices: Vec<PathBuf>,
    pub labels: Vec<(String, String)>,
    pub init: bool,
    pub stop_signal: Option<String>,
    pub limits: Limits,
    pub timeout: Duration,
    pub kill_grace: Duration,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedMount {
    /// Absolute, on the engine's host.
    pub source: PathBuf,
    pub target: String,
    pub read_only: bool,
}

impl ContainerPlan {
    /// Every word that may have holes.
    pub fn words(&self) -> impl Iterator<Item = &Word> {
        let stdin = match &self.stdin {
            PlannedStdin::Null => None,
            PlannedStdin::Text(word) => Some(word),
        };
        let named = self.variables.iter().chain(&self.files).map(|(_, word)| word);
        self.arguments.iter().chain(named).chain(stdin)
    }
}

pub fn container(
    invocation: &Invocation,
    workload: &ContainerWorkload,
    facts: &Facts,
    problems: &mut Vec<PlanError>,
) -> Option<ContainerPlan> {
    let tool = invocation.tool();
    let mut expansion = Expansion::new(invocation, facts, problems);
    let mut variables = Vec::new();
    let (entrypoint, arguments) = match &workload.inside {
        Inside::Image { args } => (None, expansion.arguments(args)),
        Inside::Program { entrypoint, args } => (Some(entrypoint.clone()), expansion.arguments(args)),
        Inside::Shell { shell, flag, text } => {
            variables.extend(parameter_variables(invocation, facts));
            let words = [flag, text].map(|word| Word::Known(word.clone()));
            (Some(vec![shell.clone()]), words.into())
        }
    };
    let env = workload.env.iter();
    variables.extend(env.filter_map(|Variable { name, value }| Some((name.clone(), expansion.text(value)?))));
    let files = workload.files.iter();
    let files = files.filter_map(|(path, text)| Some((path.clone(), expansion.text(text)?))).collect();
    let stdin = stdin(&workload.stdin, &mut expansion);
    let mounts = workload.mounts.iter().filter_map(|mount| planned(mount, &mut expansion)).collect();
    Some(ContainerPlan {
        image: workload.image.clone(),
        pull: workload.pull,
        platform: workload.platform.clone(),
        entrypoint,
        arguments,
        variables,
        workdir: workload.workdir.clone(),
        stdin,
        mounts,
        tmpfs: workload.tmpfs.clone(),
        files,
        network: workload.network.clone(),
        lockdown: workload.lockdown.clone(),
        hosts: workload.hosts.clone(),
        dns: workload.dns.clone(),
        devices: workload.devices.clone(),
        labels: labels(tool, workload),
        init: workload.init,
        stop_signal: workload.stop_signal.clone(),
        limits: tool.limits.clone(),
        timeout: tool.timeout,
        kill_grace: tool.kill_grace,
    })
}

/// Whoever looks at the engine sees which tool it is. Our own cannot be written over.
fn labels(tool: &Tool, workload: &ContainerWorkload) -> Vec<(String, String)> {
    let ours = ("mcpfier.tool".to_owned(), tool.name.to_string());
    let own = workload.labels.iter().filter(|(name, _)| !name.starts_with("mcpfier."));
    std::iter::once(ours).chain(own.cloned()).collect()
}

/// A mount whose source is absent is dropped.
fn planned(mount: &Mount, expansion: &mut Expansion<'_>) -> Option<PlannedMount> {
    match expansion.text(&mount.source)? {
        Word::Known(source) => Some(PlannedMount {
            source: Path::new(&source).to_path_buf(),
            target: mount.target.clone(),
            read_only: mount.read_only,
        }),
        Word::Filled(_) => {
            expansion.refuse("container.mounts", "a source cannot hold a secret or a sensitive value");
            None
        }
    }
}

//! Planning a container: what the create request will say, all known or named.

mod ahead;
mod build;
mod egress;
mod line;
mod print;
mod reuse;
mod scan;
mod verify;

use core::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::call::Invocation;
use crate::model::{
    ByteSize, ContainerWorkload, Executor, Gpus, Inside, Limits, Lockdown, Mount, Network, Pull, Scan, Tmpfs,
    Tool, Variable, Verify,
};

use super::expand::Expansion;
use super::process::{parameter_variables, stdin};
use super::{Facts, Mean, Means, PathFact, PlanError, PlannedStdin, Word};

/// What a problem with a mount is about.
const MOUNTS: &str = "container.mounts";

pub use ahead::{ahead, lookups_ahead};
pub use build::{BUILD_LABEL, BUILD_OF_LABEL, BuildFact, PlannedBuild, build_tag};
pub use egress::{Door, Doors, Leads};
pub use line::docker_line;
pub use print::{text_lines, to_json};
pub use reuse::PlannedReuse;
pub use scan::{TRIVY_FOUND, scan_words};
pub use verify::verify_words;

/// A container with nothing left to decide.
#[derive(Debug, Clone, PartialEq)]
pub struct ContainerPlan {
    /// The engine that carries it out, if not the one that is found.
    pub executor: Option<Executor>,
    /// Something that is mounted was looked up on this host, and is anything on another.
    pub is_bound_here: bool,
    pub image: String,
    pub build: Option<PlannedBuild>,
    pub verify: Option<Verify>,
    pub scan: Option<Scan>,
    /// The digest that the lock has for the image: no other may run.
    pub locked: Option<String>,
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
    pub gpus: Option<Gpus>,
    pub labels: Vec<(String, String)>,
    pub init: bool,
    pub stop_signal: Option<String>,
    /// How many containers like this one may be waiting for their call; the call takes one of them.
    pub warm: u32,
    /// On stdio too.
    pub warm_on_stdio: bool,
    /// It stays for further calls of the same caller.
    pub reuse: Option<PlannedReuse>,
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
    /// How much can be written to the root; one that is read only needs no limit.
    pub fn root_size(&self) -> Option<ByteSize> {
        self.limits.disk.filter(|_| !self.lockdown.read_only_root)
    }

    /// What enforces the limits: the engine, of the size of a root or of what is in memory.
    pub fn means(&self) -> Means {
        let has_size = self.root_size().is_some() || !self.tmpfs.is_empty();
        Means { disk: if has_size { Mean::Engine } else { Mean::NotEnforced }, ..Means::CONTAINER }
    }

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
    let fixed = fixed(tool, workload, facts).map_err(|problem| problems.push(problem)).ok()?;
    let mut expansion = Expansion::new(invocation, facts, problems);
    let mut variables = Vec::new();
    let arguments = match &workload.inside {
        Inside::Image { args } | Inside::Program { args, .. } => expansion.arguments(args),
        Inside::Shell { flag, text, .. } => {
            variables.extend(parameter_variables(invocation, facts));
            [flag, text].map(|word| Word::Known(word.clone())).into()
        }
    };
    let env = workload.env.iter();
    variables.extend(env.filter_map(|Variable { name, value }| Some((name.clone(), expansion.text(value)?))));
    let given: Vec<&str> = variables.iter().map(|(name, _)| name.as_str()).collect();
    let ours = egress::variables(&workload.network, &given);
    variables.extend(ours.into_iter().map(|(name, value)| (name, Word::Known(value))));
    let files = workload.files.iter();
    let files = files.filter_map(|(path, text)| Some((path.clone(), expansion.text(text)?))).collect();
    let stdin = stdin(&workload.stdin, &mut expansion);
    let folder = &workload.folder;
    let mounts =
        workload.mounts.iter().filter_map(|mount| planned(mount, folder, facts, &mut expansion)).collect();
    let reuse = reuse::planned(workload.reuse, invocation.principal());
    Some(ContainerPlan { arguments, variables, stdin, files, mounts, reuse, ..fixed })
}

/// What no call decides: all but words, variables, input, files and mounts, of which there are none yet.
fn fixed(tool: &Tool, workload: &ContainerWorkload, facts: &Facts) -> Result<ContainerPlan, PlanError> {
    let build = build::planned(tool, workload, facts)?;
    Ok(ContainerPlan {
        executor: workload.executor.clone(),
        is_bound_here: workload.mounts.iter().any(is_looked_up),
        image: build.as_ref().map_or_else(|| workload.image.clone(), |build| build.tag.clone()),
        locked: build::locked(tool, workload, facts)?,
        build,
        verify: workload.verify.clone(),
        scan: workload.scan,
        pull: workload.pull,
        platform: workload.platform.clone(),
        entrypoint: match &workload.inside {
            Inside::Image { .. } => None,
            Inside::Program { entrypoint, .. } => Some(entrypoint.clone()),
            Inside::Shell { shell, .. } => Some(vec![shell.clone()]),
        },
        arguments: Vec::new(),
        variables: Vec::new(),
        workdir: workload.workdir.clone(),
        stdin: PlannedStdin::Null,
        mounts: Vec::new(),
        tmpfs: tmpfs(workload, &tool.limits),
        files: Vec::new(),
        network: workload.network.clone(),
        lockdown: workload.lockdown.clone(),
        hosts: workload.hosts.clone(),
        dns: workload.dns.clone(),
        devices: workload.devices.clone(),
        gpus: workload.gpus.clone(),
        labels: labels(tool, workload),
        init: workload.init,
        stop_signal: workload.stop_signal.clone(),
        warm: workload.warm,
        warm_on_stdio: facts.warm_on_stdio,
        reuse: None,
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

/// What is written in memory counts as written bytes too.
fn tmpfs(workload: &ContainerWorkload, limits: &Limits) -> Vec<Tmpfs> {
    let sized = |tmpfs: &Tmpfs| Tmpfs { size: tmpfs.size.or(limits.disk), ..tmpfs.clone() };
    workload.tmpfs.iter().map(sized).collect()
}

/// The source of a mount that has to be looked up before a call is planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MountLookup {
    /// Absolute, with links still to be followed.
    pub path: PathBuf,
    /// What it may not leave.
    pub within: PathBuf,
}

/// A source without holes and without `within` is a path of whichever host the engine is on.
fn is_looked_up(mount: &Mount) -> bool {
    mount.within.is_some() || mount.source.as_literal().is_none()
}

/// What has to be looked up for the mounts of a call, whose path arguments are looked up already.
pub fn mount_lookups(
    invocation: &Invocation,
    workload: &ContainerWorkload,
    facts: &Facts,
) -> Vec<MountLookup> {
    // Planning tells what is wrong.
    let mut problems = Vec::new();
    let mut expansion = Expansion::new(invocation, facts, &mut problems);
    let lookup = |mount: &Mount| {
        let within = mount.within.clone()?;
        match expansion.text(&mount.source)? {
            Word::Known(source) => Some(MountLookup { path: workload.folder.join(source), within }),
            Word::Filled(_) => None,
        }
    };
    workload.mounts.iter().filter_map(lookup).collect()
}

/// A mount whose source is absent is dropped.
fn planned(
    mount: &Mount,
    folder: &Path,
    facts: &Facts,
    expansion: &mut Expansion<'_>,
) -> Option<PlannedMount> {
    let word = expansion.text(&mount.source)?;
    let Some(text) = word.plain() else {
        expansion.refuse(MOUNTS, "a source cannot hold a secret or a sensitive value");
        return None;
    };
    let source = match word.is_later() {
        // It is looked up when it is known.
        true => folder.join(text),
        false => {
            let source = confined(mount, folder.join(text), facts);
            source.map_err(|problem| expansion.refuse(MOUNTS, problem)).ok()?
        }
    };
    Some(PlannedMount { source, target: mount.target.clone(), read_only: mount.read_only })
}

/// Where a source leads, if it has to stay somewhere. What nobody looked up stays nowhere.
fn confined(mount: &Mount, source: PathBuf, facts: &Facts) -> Result<PathBuf, String> {
    if mount.within.is_none() {
        return Ok(source);
    }
    let shown = source.display();
    match facts.mounts.get(&source) {
        Some(PathFact::At(path)) => Ok(path.clone()),
        Some(PathFact::Outside { within }) => Err(format!(
            "`{shown}`, which `{}` would show, leads out of `{}`, which it has to stay within",
            mount.target,
            within.display()
        )),
        Some(PathFact::Unknown(why)) => Err(format!("`{shown}` cannot be looked up: {why}")),
        None => Err(format!("`{shown}` was not looked up")),
    }
}

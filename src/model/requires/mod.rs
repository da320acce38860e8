//! What a command needs of the host before it is offered.
//!
//! What can be seen without running anything (names of systems, executables, variables, files) is judged when
//! a file is loaded. What programs and container engines say of themselves somebody else asks, in [`HostFindings`];
//! [`settle`] then says of each tool whether it is offered. Knows no host.

mod client;
mod settle;
mod version;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::action::Program;
use super::executor::Executor;
use super::name::ToolName;
use super::tool::Availability;

pub use client::ClientFeature;
pub use settle::{circle, settle};
pub use version::{BadRange, MOST_SAID, VersionPattern, VersionRange, first_line, version};

/// The requirements of one command.
#[derive(Debug, Clone)]
pub struct Requires {
    /// One of these systems; any if there is none.
    pub systems: Vec<String>,
    /// One of these processors; any if there is none.
    pub machines: Vec<String>,
    pub executables: Vec<NeededProgram>,
    pub env: Vec<String>,
    pub files: Vec<NeededFile>,
    pub engine: Option<NeededEngine>,
    pub commands: Vec<ToolName>,
    /// What the client of a call has to be able to do. Whether the command is offered does not depend
    /// on it.
    pub client: Vec<ClientFeature>,
    /// How often a server looks again.
    pub recheck: Option<Duration>,
    /// What loading found to be missing, a sentence each.
    pub lacking: Vec<String>,
    /// Whether it would be offered without requirements.
    pub apart: Availability,
}

/// An executable, perhaps of certain versions.
#[derive(Debug, Clone, PartialEq)]
pub struct NeededProgram {
    pub program: Program,
    pub version: Option<NeededVersion>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct NeededVersion {
    pub range: VersionRange,
    /// With which the program says its version.
    pub args: Vec<String>,
    pub pattern: Option<VersionPattern>,
    /// Where it is asked.
    pub folder: PathBuf,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeededFile {
    /// As written in its file.
    pub written: String,
    pub path: PathBuf,
}

/// A container engine that answers.
#[derive(Debug, Clone, PartialEq)]
pub struct NeededEngine {
    pub kind: EngineKind,
    /// The one that the command names; otherwise the one that is found by itself.
    pub executor: Option<Executor>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EngineKind {
    Any,
    Docker,
    Podman,
}

impl EngineKind {
    pub fn word(self) -> &'static str {
        match self {
            Self::Any => "true",
            Self::Docker => "docker",
            Self::Podman => "podman",
        }
    }

    /// Whether an engine that calls itself this is one.
    fn is(self, name: &str) -> bool {
        self == Self::Any || name.to_lowercase().contains(self.word())
    }
}

/// A program that is asked for its version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VersionQuestion {
    pub program: PathBuf,
    pub args: Vec<String>,
    pub folder: PathBuf,
}

/// What of the requirements of a command was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// The executable at this place of the list.
    Executable(usize),
    Engine,
}

/// What programs and engines said, or why they did not.
#[derive(Debug, Clone, Default)]
pub struct HostFindings {
    /// What is not here was not asked, and counts as met.
    pub versions: BTreeMap<VersionQuestion, Result<String, String>>,
    /// By the name of the executor: what the engine calls itself.
    pub engines: BTreeMap<Option<String>, Result<String, String>>,
}

impl Requires {
    /// The programs that have to be asked. One that is not there is not.
    pub fn questions(&self) -> impl Iterator<Item = VersionQuestion> + '_ {
        self.executables.iter().filter_map(|needed| Some(needed.question()?.0))
    }

    /// What is missing by what was found, a sentence each.
    pub fn lacking_by(&self, findings: &HostFindings) -> Vec<(Asked, String)> {
        let executables = self.executables.iter().enumerate();
        let versions = executables
            .filter_map(|(at, needed)| Some((Asked::Executable(at), needed.lacking_by(findings)?)));
        let engine = self.engine.as_ref().and_then(|needed| needed.lacking_by(findings));
        versions.chain(engine.map(|message| (Asked::Engine, message))).collect()
    }
}

impl NeededProgram {
    fn question(&self) -> Option<(VersionQuestion, &NeededVersion)> {
        let version = self.version.as_ref()?;
        let NeededVersion { args, folder, .. } = version;
        let program = self.program.path.clone()?;
        Some((VersionQuestion { program, args: args.clone(), folder: folder.clone() }, version))
    }

    fn lacking_by(&self, findings: &HostFindings) -> Option<String> {
        let (question, NeededVersion { range, pattern, .. }) = self.question()?;
        let name = &self.program.written;
        let said = match findings.versions.get(&question)? {
            Ok(said) => said,
            Err(problem) => {
                return Some(format!(
                    "the version of `{name}` is not known: {problem}; `{range}` is required"
                ));
            }
        };
        match version::found_in(said, pattern.as_ref()) {
            Ok(found) if range.has(&found) => None,
            Ok(found) => Some(format!("`{name}` is {found}, and `{range}` is required")),
            Err(said) => Some(format!("the version of `{name}` is not known: {said}; `{range}` is required")),
        }
    }
}

impl NeededEngine {
    fn lacking_by(&self, findings: &HostFindings) -> Option<String> {
        let name = self.executor.as_ref().map(|executor| executor.name.clone());
        match findings.engines.get(&name)? {
            Ok(engine) if self.kind.is(engine) => None,
            Ok(engine) => {
                Some(format!("the container engine is {engine}, and `{}` is required", self.kind.word()))
            }
            Err(problem) if problem.starts_with("no container engine") => Some(problem.clone()),
            Err(problem) => Some(format!("no container engine answers: {problem}")),
        }
    }
}

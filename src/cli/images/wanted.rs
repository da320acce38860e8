//! Which images the containers of a file run in, and which tools want each.

use crate::model::{Action, Build, Catalog, ContainerWorkload, Executor, Verify};
use crate::plan::PlannedBuild;
use crate::runner::build;

/// An image of the file.
pub struct Wanted {
    /// As engines name it.
    pub image: String,
    pub platform: Option<String>,
    /// The engine that has it, if not the one that is found.
    pub executor: Option<Executor>,
    pub source: Source,
    /// Who has to have signed it for one of its tools.
    pub signers: Vec<Verify>,
    /// Who runs in it.
    pub tools: Vec<String>,
}

pub enum Source {
    Registry,
    Build(Box<PlannedBuild>),
    /// It would be built, and cannot be.
    Broken(String),
}

impl Wanted {
    /// Whether its name says for ever which one it is.
    pub fn is_pinned(&self) -> bool {
        self.image.contains('@')
    }
}

/// Each once, in the order of the file.
pub fn wanted(catalog: &Catalog) -> Vec<Wanted> {
    let mut all: Vec<Wanted> = Vec::new();
    for tool in catalog.tools() {
        let Action::Container(workload) = &tool.action else { continue };
        let (image, source) = source(tool.name.as_str(), workload);
        let (platform, executor) = (workload.platform.clone(), workload.executor.clone());
        let is_same = |one: &&mut Wanted| {
            one.image == image
                && one.platform == platform
                && one.executor == executor
                && is_alike(&one.source, &source)
        };
        let (tool, signer) = (tool.name.to_string(), workload.verify.clone());
        match all.iter_mut().find(is_same) {
            Some(one) => {
                one.tools.push(tool);
                one.signers.extend(signer.filter(|signer| !one.signers.contains(signer)));
            }
            None => {
                let (tools, signers) = (vec![tool], signer.into_iter().collect());
                all.push(Wanted { image, platform, executor, source, signers, tools });
            }
        }
    }
    all
}

fn is_alike(one: &Source, other: &Source) -> bool {
    match (one, other) {
        (Source::Registry, Source::Registry) => true,
        // Whose it is first makes no other image of it.
        (Source::Build(one), Source::Build(other)) => one.what == other.what,
        _ => false,
    }
}

fn source(tool: &str, workload: &ContainerWorkload) -> (String, Source) {
    let Some(what) = &workload.build else { return (workload.image.clone(), Source::Registry) };
    match planned(tool, what, workload.platform.as_deref()) {
        Ok(planned) => (planned.tag.clone(), Source::Build(Box::new(planned))),
        Err(problem) => (workload.image.clone(), Source::Broken(problem)),
    }
}

fn planned(tool: &str, what: &Build, platform: Option<&str>) -> Result<PlannedBuild, String> {
    let context = build::look(what, platform).map_err(|problem| problem.to_string())?;
    Ok(PlannedBuild::of(tool, what.clone(), context.digest))
}

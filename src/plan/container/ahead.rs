//! What of a container is known before anybody calls: all but the command, its words and its files.

use std::path::PathBuf;
use std::time::Duration;

use crate::model::{Action, ByteSize, ContainerWorkload, Limits, Mount, Tool};
use crate::plan::{Facts, PlannedStdin, Word};

use super::{ContainerPlan, MountLookup, PlannedMount, confined, fixed};

impl ContainerPlan {
    /// The part of it that calls of one command share.
    pub fn made_ahead(&self) -> Self {
        let files = self.files.iter().map(|(path, _)| (path.clone(), Word::Known(String::new())));
        Self {
            arguments: Vec::new(),
            variables: Vec::new(),
            stdin: PlannedStdin::Null,
            files: files.collect(),
            limits: Limits { output: ByteSize(0), ..self.limits.clone() },
            timeout: Duration::ZERO,
            kill_grace: Duration::ZERO,
            ..self.clone()
        }
    }

    /// Whether a container that is made for one fits the other, however many there are to be and
    /// however long they stay afterwards.
    pub fn is_for_the_same(&self, other: &Self) -> bool {
        let counted = |plan: &Self| Self { warm: 0, reuse: None, ..plan.clone() };
        counted(self) == counted(other)
    }
}

/// The container that calls of a tool will find, if it is to be made ahead and nothing of it depends
/// on a call.
pub fn ahead(tool: &Tool, facts: &Facts) -> Option<ContainerPlan> {
    let workload = wanted(tool)?;
    let mounts: Option<Vec<PlannedMount>> =
        workload.mounts.iter().map(|mount| planned(mount, workload, facts)).collect();
    let files = workload.files.iter().map(|(path, _)| (path.clone(), Word::Known(String::new()))).collect();
    let plan = ContainerPlan { mounts: mounts?, files, ..fixed(tool, workload, facts).ok()? };
    Some(plan.made_ahead())
}

/// What has to be looked up for that.
pub fn lookups_ahead(tool: &Tool) -> Vec<MountLookup> {
    let mounts = wanted(tool)
        .into_iter()
        .flat_map(|workload| workload.mounts.iter().map(move |mount| (workload, mount)));
    let lookup = |(workload, mount): (&ContainerWorkload, &Mount)| {
        let path = source(mount, workload)?;
        Some(MountLookup { path, within: mount.within.clone()? })
    };
    mounts.filter_map(lookup).collect()
}

fn wanted(tool: &Tool) -> Option<&ContainerWorkload> {
    match &tool.action {
        Action::Container(workload) if workload.warm > 0 && tool.is_offered() => Some(workload),
        _ => None,
    }
}

fn source(mount: &Mount, workload: &ContainerWorkload) -> Option<PathBuf> {
    mount.source.as_literal().map(|path| workload.folder.join(path))
}

fn planned(mount: &Mount, workload: &ContainerWorkload, facts: &Facts) -> Option<PlannedMount> {
    let source = confined(mount, source(mount, workload)?, facts).ok()?;
    Some(PlannedMount { source, target: mount.target.clone(), read_only: mount.read_only })
}

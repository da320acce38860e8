//! What there is to read for a caller.

use std::sync::Arc;

use crate::engine::{Engine, State};
use crate::model::{Availability, Principal, Prompt, Resource, ResourceSource};

use super::{NotRead, aside, folder};

/// Jobs of a caller that are listed.
const MOST_JOBS: usize = 50;

/// One entry of `resources/list`.
#[derive(Debug, Clone)]
pub enum Listed {
    Resource(Arc<Resource>),
    /// A file of a folder.
    File {
        uri: String,
        name: String,
        size: u64,
        mime: Option<String>,
        of: Arc<Resource>,
    },
    /// The log or the result of a job.
    Job {
        uri: String,
        name: String,
        description: String,
    },
}

impl State {
    /// The prompts that a caller sees.
    pub fn prompts_of(&self, caller: &Principal) -> Vec<&Arc<Prompt>> {
        let known = self.policy.known(caller.clone());
        let all = self.catalog().offers.prompts.iter();
        all.filter(|prompt| self.policy.entitles(&known, &prompt.authorization)).collect()
    }

    /// The resources that a caller sees, with holes or without.
    pub fn resources_of(&self, caller: &Principal, are_fixed: bool) -> Vec<&Arc<Resource>> {
        let known = self.policy.known(caller.clone());
        let all = self.catalog().offers.resources.iter();
        all.filter(|resource| resource.uri.is_fixed() == are_fixed && self.shows(&known, resource)).collect()
    }

    /// Whether a caller of whom everything is known sees a resource.
    pub(super) fn shows(&self, known: &Principal, resource: &Resource) -> bool {
        self.policy.entitles(known, &resource.authorization)
            && match &resource.source {
                ResourceSource::Command { tool, .. } => {
                    self.catalog().tool(tool.as_str()).is_some_and(|tool| {
                        let is_there =
                            matches!(tool.availability, Availability::Offered | Availability::Internal);
                        is_there && self.policy.may_run(known, tool)
                    })
                }
                _ => true,
            }
    }
}

impl Engine {
    /// Everything that a caller can read without filling a hole.
    pub async fn list_resources(&self, caller: &Principal) -> Result<Vec<Listed>, NotRead> {
        let state = self.state();
        let fixed = state.resources_of(caller, true).into_iter();
        let mut listed: Vec<Listed> = fixed.map(|resource| Listed::Resource(Arc::clone(resource))).collect();
        let folders = state
            .resources_of(caller, false)
            .into_iter()
            .filter(|resource| matches!(resource.source, ResourceSource::Directory(_)));
        let folders: Vec<Arc<Resource>> = folders.cloned().collect();
        if !folders.is_empty() {
            listed.extend(aside(move || Ok(folders.iter().flat_map(files_of).collect::<Vec<_>>())).await?);
        }
        listed.extend(self.jobs().of(caller).into_iter().take(MOST_JOBS).flat_map(|job| {
            let status = job.status();
            let entry = |what: &str| Listed::Job {
                uri: format!("run://{}/{what}", status.id),
                name: format!("{} {what}", status.tool),
                description: format!("the {what} of the job {}", status.id),
            };
            let result = status.state.is_over().then(|| entry("result"));
            std::iter::once(entry("output")).chain(result).collect::<Vec<_>>()
        }));
        Ok(listed)
    }
}

fn files_of(resource: &Arc<Resource>) -> Vec<Listed> {
    let ResourceSource::Directory(directory) = &resource.source else { return Vec::new() };
    let files = folder::listed(&directory.path, &directory.files).into_iter();
    // What needs more than one part of a path cannot stand in a hole for one.
    let takes_path = resource.uri.takes_path(&directory.hole);
    let files = files.filter(|(name, _)| takes_path || !name.contains('/'));
    let fits = files.filter(|(name, _)| {
        let texts = vec![(directory.hole.clone(), name.clone())];
        super::arguments::values(resource.uri.text(), &resource.params, texts).is_ok()
    });
    let listed = fits.map(|(name, size)| Listed::File {
        uri: resource.uri.with(&name),
        size,
        mime: resource.mime.clone(),
        of: Arc::clone(resource),
        name,
    });
    listed.collect()
}

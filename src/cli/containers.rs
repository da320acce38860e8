//! The container engine, looked at for verbs that run nothing: is it there, has it the images?

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::config::Host;
use crate::model::{Action, Catalog, Pull};
use crate::runner::container::{self, ContainerFailure, Survey};

use super::serve::runtime;

/// What was seen.
pub struct Look {
    pub survey: Survey,
    /// Images that are not there, and that no call would pull.
    pub missing: Vec<String>,
}

/// Looks once and not for long; `None` if no command of the file needs an engine.
pub fn look(catalog: &Catalog, host: &Host) -> Option<Result<Look, ContainerFailure>> {
    let workloads = catalog.tools().iter().filter_map(|tool| match &tool.action {
        Action::Container(workload) => Some(workload),
        _ => None,
    });
    let images: Vec<(&str, Pull)> =
        workloads.map(|workload| (workload.image.as_str(), workload.pull)).collect();
    if images.is_empty() {
        return None;
    }
    let environment = Arc::new(host.environment.clone());
    let never: BTreeSet<&str> =
        images.iter().filter(|(_, pull)| *pull == Pull::Never).map(|(image, _)| *image).collect();
    let looked = runtime().map_err(|error| ContainerFailure::BadAddress { problem: error.to_string() });
    Some(looked.and_then(|runtime| {
        runtime.block_on(async {
            let survey = container::survey(Arc::clone(&environment)).await?;
            let mut missing = Vec::new();
            for image in never {
                if !container::has_image(Arc::clone(&environment), image).await? {
                    missing.push(image.to_owned());
                }
            }
            Ok(Look { survey, missing })
        })
    }))
}

impl Look {
    /// Which engine it is.
    pub fn engine(&self) -> String {
        let Survey { at, by, name, version, api } = &self.survey;
        format!("{name} {version} (API {api}) at {at}, by {by}")
    }
}

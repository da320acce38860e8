//! The container engines of a file, looked at for verbs that run nothing: is each there, has it the
//! images?

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::config::{Code, Diagnostic, Host};
use crate::model::{Action, Catalog, Executor, Pull};
use crate::runner::container::{self, ContainerFailure, Seen};

use super::serve::runtime;

/// One engine, looked at.
pub struct Look {
    /// The one that is found by itself has no name.
    pub name: Option<String>,
    pub seen: Result<Seen, ContainerFailure>,
}

/// The engines that a file needs or names, by name, each with the images that no call would pull.
type Wanted = BTreeMap<Option<String>, (Option<Executor>, BTreeSet<String>)>;

/// Looks at each engine once, at all of them at the same time.
pub fn look(catalog: &Catalog, host: &Host) -> Vec<Look> {
    let wanted = wanted(catalog);
    if wanted.is_empty() {
        return Vec::new();
    }
    let environment = Arc::new(host.environment.clone());
    let looks = async {
        let mut looking = JoinSet::new();
        for (name, (executor, images)) in wanted {
            let environment = Arc::clone(&environment);
            looking.spawn(async move {
                let images = images.into_iter().collect();
                Look { name, seen: container::look(environment, executor, images).await }
            });
        }
        let mut looks = looking.join_all().await;
        looks.sort_by(|one, other| one.name.cmp(&other.name));
        looks
    };
    match runtime() {
        Ok(runtime) => runtime.block_on(looks),
        Err(error) => {
            let failure = ContainerFailure::BadAddress { problem: error.to_string() };
            vec![Look { name: None, seen: Err(failure) }]
        }
    }
}

fn wanted(catalog: &Catalog) -> Wanted {
    let mut wanted: Wanted = Wanted::new();
    for executor in &catalog.executors {
        wanted.insert(Some(executor.name.clone()), (Some(executor.clone()), BTreeSet::new()));
    }
    for tool in catalog.tools() {
        let Action::Container(workload) = &tool.action else { continue };
        let name = workload.executor.as_ref().map(|executor| executor.name.clone());
        let (_, images) = wanted.entry(name).or_insert_with(|| (workload.executor.clone(), BTreeSet::new()));
        if workload.pull == Pull::Never {
            images.insert(workload.image.clone());
        }
    }
    wanted
}

/// Whether any command has its container on the engine that is found by itself.
pub fn needs_found(catalog: &Catalog) -> bool {
    wanted(catalog).contains_key(&None)
}

impl Look {
    /// Which engine it is, if it answers.
    pub fn engine(&self) -> Option<String> {
        let container::Survey { at, by, name, version, api } = &self.seen.as_ref().ok()?.survey;
        Some(format!("{name} {version} (API {api}) at {at}, by {by}"))
    }

    /// What is wrong with it, each with its cure.
    pub fn problems(&self) -> Vec<(Code, String, String)> {
        match &self.seen {
            Err(failure) => {
                let told = failure.to_string();
                let (what, cure) = told.rsplit_once("; ").unwrap_or((&told, "start Docker or Podman"));
                vec![(Code::EngineAway, what.to_owned(), cure.to_owned())]
            }
            Ok(seen) => {
                let missing = seen.missing.iter().map(|image| {
                    let whose = self.name.as_ref().map(|name| format!(" on `{name}`")).unwrap_or_default();
                    let what = format!("the image `{image}` is not there{whose}, and `pull` is `never`");
                    (Code::ImageAway, what, format!("`docker pull {image}`, or another `pull`"))
                });
                missing.collect()
            }
        }
    }

    /// The same for the report of the file.
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        let path = self.name.as_ref().map(|name| format!("executors.{name}")).unwrap_or_default();
        let problems = self.problems().into_iter();
        problems
            .map(|(code, what, cure)| Diagnostic::of_this_host(code, path.clone(), what).help(cure))
            .collect()
    }

    /// `schemas/validation.schema.json` describes it.
    pub fn to_json(&self) -> Value {
        let problem = self.seen.as_ref().err().map(ToString::to_string);
        let engine = self.seen.as_ref().ok().map(|Seen { survey, .. }| {
            json!({ "name": survey.name, "version": survey.version, "api": survey.api, "at": survey.at, "by": survey.by })
        });
        let missing = self.seen.as_ref().map(|seen| seen.missing.clone()).unwrap_or_default();
        json!({ "executor": self.name, "engine": engine, "problem": problem, "missingImages": missing })
    }
}

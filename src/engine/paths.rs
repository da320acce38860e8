//! Looks up where path arguments and mounts lead and what images are built of, before planning. The
//! plan gets the answers as facts.

use std::io;
use std::path::{Component, Path, PathBuf};

use serde_json::Value;

use crate::call::Invocation;
use crate::model::{Action, ContainerWorkload, Param, Tool};
use crate::plan::{BuildFact, Facts, MountLookup, PathFact, lookups_ahead, mount_lookups};
use crate::runner::build;

/// Stands for the digest of a context at which nobody looks.
const PRETENDED: &str = "pretended";

/// The facts with this call's paths, or `None` if no path has to be looked up.
pub fn look_up(invocation: &Invocation, facts: &Facts) -> Option<Facts> {
    let own = own_folder(invocation);
    let confined =
        |param: &Param| param.rule.path.as_ref().is_some_and(|rule| rule.within.is_some() || own.is_some());
    let container = match &invocation.tool().action {
        Action::Container(container)
            if container.build.is_some() || container.mounts.iter().any(|mount| mount.within.is_some()) =>
        {
            Some(container)
        }
        _ => None,
    };
    if container.is_none() && !invocation.values().any(|(param, _)| confined(param)) {
        return None;
    }
    let base = folder(invocation);
    let mut facts = facts.clone();
    for (param, value) in invocation.values() {
        let Some(rule) = &param.rule.path else { continue };
        for text in texts(value) {
            let path = base.join(text);
            let fact = match (&rule.within, &own) {
                (Some(within), Some(own)) => own.kept(&path, path_fact(&path, within)),
                (Some(within), None) => path_fact(&path, within),
                (None, Some(own)) => own.fact(&path),
                (None, None) => continue,
            };
            facts.paths.insert((param.name.to_string(), text.to_owned()), fact);
        }
    }
    if let Some(container) = container {
        for MountLookup { path, within } in mount_lookups(invocation, container, &facts) {
            let fact = path_fact(&path, &within);
            facts.mounts.insert(path, fact);
        }
        facts.build = build_fact(container, &facts);
    }
    Some(facts)
}

/// The same for what is known of a container before anybody calls.
pub fn look_up_ahead(tool: &Tool, facts: &Facts) -> Facts {
    let mut facts = facts.clone();
    for MountLookup { path, within } in lookups_ahead(tool) {
        let fact = path_fact(&path, &within);
        facts.mounts.insert(path, fact);
    }
    if let Action::Container(container) = &tool.action {
        facts.build = build_fact(container, &facts);
    }
    facts
}

fn build_fact(container: &ContainerWorkload, facts: &Facts) -> Option<BuildFact> {
    let what = container.build.as_ref()?;
    if facts.is_pretended {
        return Some(Ok(PRETENDED.to_owned()));
    }
    let looked = build::look(what, container.platform.as_deref());
    Some(looked.map(|context| context.digest).map_err(|problem| problem.to_string()))
}

/// The folder that relative paths are in. A folder with holes is judged by its literal text, which
/// then does not exist: the lookup fails closed.
fn folder(invocation: &Invocation) -> PathBuf {
    match &invocation.tool().action {
        Action::Process(workload) => own_folder(invocation)
            .map_or_else(|| PathBuf::from(workload.working_dir.source()), |own| own.path),
        Action::Container(container) => container.folder.clone(),
        Action::Http(call) => call.folder.clone(),
        Action::Flow(flow) => flow.folder.clone(),
        Action::NotSupported(_) => PathBuf::from("/"),
    }
}

/// The folder that a caller has for themselves beside those of others.
struct OwnFolder {
    /// It need not be there yet.
    path: PathBuf,
    /// What holds those of all callers.
    all: PathBuf,
}

fn own_folder(invocation: &Invocation) -> Option<OwnFolder> {
    let Action::Process(workload) = &invocation.tool().action else { return None };
    let all = PathBuf::from(workload.working_dir.source());
    let name = invocation.principal().folder_name().filter(|_| workload.per_caller)?;
    Some(OwnFolder { path: all.join(name), all })
}

impl OwnFolder {
    /// Where a path leads that has to stay in it.
    fn fact(&self, path: &Path) -> PathFact {
        match (canonical(&self.path), canonical(path)) {
            (Ok(within), Ok(path)) if path.starts_with(&within) => PathFact::At(path),
            (Ok(within), Ok(_)) => PathFact::Outside { within },
            (Err(error), _) | (_, Err(error)) => PathFact::Unknown(error.to_string()),
        }
    }

    /// What is known of a path, unless it leads to where other callers are.
    fn kept(&self, path: &Path, known: PathFact) -> PathFact {
        let PathFact::At(found) = &known else { return known };
        match canonical(&self.all) {
            Ok(all) if !found.starts_with(&all) => known,
            _ => self.fact(path),
        }
    }
}

fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn path_fact(path: &Path, within: &Path) -> PathFact {
    let within = match within.canonicalize() {
        Ok(within) => within,
        Err(error) => return PathFact::Unknown(format!("`{}`: {error}", within.display())),
    };
    match canonical(path) {
        Ok(path) if path.starts_with(&within) => PathFact::At(path),
        Ok(_) => PathFact::Outside { within },
        Err(error) => PathFact::Unknown(error.to_string()),
    }
}

/// Follows every link. A path that does not exist yet keeps its last names below the folder that
/// does; `..` among those names is refused, as is a dangling link.
fn canonical(path: &Path) -> io::Result<PathBuf> {
    let mut missing: Vec<&std::ffi::OsStr> = Vec::new();
    let mut existing = path;
    loop {
        match existing.canonicalize() {
            Ok(mut found) => {
                found.extend(missing.iter().rev());
                return Ok(found);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound && existing.symlink_metadata().is_err() => {
                let Some(Component::Normal(name)) = existing.components().next_back() else {
                    return Err(error);
                };
                missing.push(name);
                existing = existing.parent().ok_or(error)?;
            }
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn links_and_dots_cannot_leave_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        std::fs::create_dir_all(root.join("sub")).unwrap();
        std::fs::write(folder.path().join("secret"), "x").unwrap();
        symlink(folder.path().join("secret"), root.join("link")).unwrap();
        symlink(folder.path().join("nowhere"), root.join("dangling")).unwrap();
        let root = root.canonicalize().unwrap();
        let fact = |text: &str| path_fact(&root.join(text), &root);

        assert_eq!(fact("sub"), PathFact::At(root.join("sub")));
        assert_eq!(fact("sub/../sub/new/file"), PathFact::At(root.join("sub/new/file")));
        assert_eq!(fact("."), PathFact::At(root.clone()));
        for text in ["..", "../secret", "link", "/etc/passwd", "sub/../../secret"] {
            assert_eq!(fact(text), PathFact::Outside { within: root.clone() }, "{text}");
        }
        for text in ["dangling", "new/../../secret", "new/.."] {
            assert!(matches!(fact(text), PathFact::Unknown(_)), "{text}: {:?}", fact(text));
        }
    }
}

//! Docker's own files: which context is current, where its engine listens, and who we are to registries.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::address::{self, Address, certificates};
use super::failure::ContainerFailure;
use crate::plan::Environment;

/// Nobody's configuration is larger.
const MOST: u64 = 1 << 20;

/// Where Docker's client keeps its files.
pub fn docker_folder(environment: &Environment) -> Option<PathBuf> {
    let named = |name: &str| environment.get(name).filter(|path| !path.is_empty()).map(PathBuf::from);
    named("DOCKER_CONFIG").or_else(|| Some(named("HOME")?.join(".docker")))
}

/// `config.json`, or null if there is none.
pub fn configuration(folder: Option<&Path>) -> Value {
    folder.and_then(|folder| document(&folder.join("config.json"))).unwrap_or_default()
}

pub fn current(folder: Option<&Path>) -> Option<String> {
    let name = configuration(folder).get("currentContext")?.as_str()?.to_owned();
    (!name.is_empty()).then_some(name)
}

/// Where the engine of a context listens.
pub fn address(folder: Option<&Path>, name: &str, by: String) -> Result<Address, ContainerFailure> {
    let bad = |what: &str| {
        let problem = format!(
            "the context `{name}` {what}; `docker context ls` lists them, `DOCKER_HOST` stands above"
        );
        ContainerFailure::BadAddress { problem }
    };
    let contexts = folder.map(|folder| folder.join("contexts"));
    let (id, meta) =
        contexts.as_deref().and_then(|folder| find(folder, name)).ok_or_else(|| bad("is not there"))?;
    let text = meta.pointer("/Endpoints/docker/Host").and_then(Value::as_str);
    let text = text.ok_or_else(|| bad("says no host for Docker"))?;
    let tls = contexts.map(|folder| folder.join("tls").join(id).join("docker"));
    let tls = tls.filter(|folder| folder.is_dir());
    address::address(text, tls.map(|folder| certificates(&folder)), by)
}

/// The folder that a context has, and what stands in it. The folder's name is a digest of the
/// context's; looking through all of them needs no digest.
fn find(contexts: &Path, name: &str) -> Option<(PathBuf, Value)> {
    let folders = std::fs::read_dir(contexts.join("meta")).ok()?;
    folders.filter_map(Result::ok).find_map(|folder| {
        let meta = document(&folder.path().join("meta.json"))?;
        let is_it = meta.get("Name").and_then(Value::as_str) == Some(name);
        is_it.then(|| (PathBuf::from(folder.file_name()), meta))
    })
}

fn document(path: &Path) -> Option<Value> {
    let is_small = path.metadata().is_ok_and(|file| file.is_file() && file.len() <= MOST);
    let text = std::fs::read(path).ok().filter(|_| is_small)?;
    serde_json::from_slice(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(folder: &Path, name: &str, id: &str, host: &str) {
        let meta = folder.join("contexts/meta").join(id);
        std::fs::create_dir_all(&meta).unwrap();
        let text = format!(r#"{{"Name":"{name}","Endpoints":{{"docker":{{"Host":"{host}"}}}}}}"#);
        std::fs::write(meta.join("meta.json"), text).unwrap();
    }

    #[test]
    fn the_current_context_says_where_the_engine_is() {
        let folder = tempfile::tempdir().unwrap();
        context(folder.path(), "other", "aa", "unix:///other.sock");
        context(folder.path(), "mine", "bb", "tcp://mine:1");
        std::fs::create_dir_all(folder.path().join("contexts/tls/bb/docker")).unwrap();
        std::fs::write(folder.path().join("config.json"), r#"{"currentContext":"mine"}"#).unwrap();
        let variable = ("DOCKER_CONFIG".to_owned(), folder.path().display().to_string());
        let found = address::addresses(&Environment::from([variable])).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].host.to_string(), "tcp://mine:1");
        assert_eq!(found[0].tls, Some(certificates(&folder.path().join("contexts/tls/bb/docker"))));
        assert_eq!(found[0].by, "the context `mine` of config.json");
    }

    #[test]
    fn a_context_that_is_not_there_is_told() {
        let told = address(None, "gone", String::new()).unwrap_err().to_string();
        assert!(told.contains("the context `gone` is not there"), "{told}");
    }
}

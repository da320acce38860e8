//! Where engines may listen on this host, by the rules of Docker's and Podman's own clients.

use std::path::{Path, PathBuf};

use super::context;
use super::failure::ContainerFailure;
use crate::model::{ClientCertificate, EngineHost, EngineTls, Executor};
use crate::plan::Environment;

/// One place to try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    pub host: EngineHost,
    pub tls: Option<EngineTls>,
    /// What led there.
    pub by: String,
}

impl Address {
    /// Of an engine that the file names.
    pub fn of(executor: &Executor) -> Self {
        let Executor { name, host, tls } = executor;
        Self { host: host.clone(), tls: tls.clone(), by: format!("the executor `{name}`") }
    }
}

/// The one that was named, or every place where an engine usually listens.
pub fn addresses(environment: &Environment) -> Result<Vec<Address>, ContainerFailure> {
    let named = |name: &str| environment.get(name).filter(|value| !value.is_empty());
    if let Some(text) = named("DOCKER_HOST") {
        return Ok(vec![address(text, named_certificates(environment), "DOCKER_HOST".to_owned())?]);
    }
    let folder = context::docker_folder(environment);
    let chosen = match named("DOCKER_CONTEXT") {
        Some(name) => Some((name.clone(), "DOCKER_CONTEXT")),
        None => context::current(folder.as_deref()).map(|name| (name, "config.json")),
    };
    if let Some((name, by)) = chosen.filter(|(name, _)| name != "default") {
        let by = format!("the context `{name}` of {by}");
        return Ok(vec![context::address(folder.as_deref(), &name, by)?]);
    }
    if let Some(text) = named("CONTAINER_HOST") {
        return Ok(vec![address(text, None, "CONTAINER_HOST".to_owned())?]);
    }
    let usual = sockets(environment).into_iter().map(EngineHost::Socket);
    Ok(usual.map(|host| Address { host, tls: None, by: "the usual place".to_owned() }).collect())
}

/// What a variable or a file of Docker's says.
pub fn address(text: &str, tls: Option<EngineTls>, by: String) -> Result<Address, ContainerFailure> {
    let is_plain = text.strip_prefix("http://");
    let written = is_plain.map_or_else(|| text.to_owned(), |rest| format!("tcp://{rest}"));
    let tls = tls.filter(|_| written.starts_with("tcp://"));
    let host = EngineHost::parse(&written, tls.is_some()).map_err(|reason| {
        let problem = format!("`{}` {reason}; {}", EngineHost::masked(text), EngineHost::EXPECTED);
        ContainerFailure::BadAddress { problem }
    })?;
    Ok(Address { host, tls, by })
}

/// The certificates in a folder of Docker's.
pub fn certificates(folder: &Path) -> EngineTls {
    let file = |name: &str| folder.join(name);
    let (certificate, key) = (file("cert.pem"), file("key.pem"));
    // An engine may take everybody.
    let client = certificate.exists().then_some(ClientCertificate { certificate, key });
    EngineTls { ca: file("ca.pem"), client }
}

/// TLS is wanted if `DOCKER_TLS_VERIFY` says anything, as for Docker's own client.
fn named_certificates(environment: &Environment) -> Option<EngineTls> {
    environment.get("DOCKER_TLS_VERIFY").filter(|value| !value.is_empty())?;
    let folder = match environment.get("DOCKER_CERT_PATH").filter(|path| !path.is_empty()) {
        Some(path) => Some(PathBuf::from(path)),
        None => context::docker_folder(environment),
    };
    folder.map(|folder| certificates(&folder))
}

fn sockets(environment: &Environment) -> Vec<PathBuf> {
    let folder = |name: &str| environment.get(name).filter(|path| !path.is_empty()).map(PathBuf::from);
    let runtime = folder("XDG_RUNTIME_DIR").or_else(runtime_folder);
    let home = folder("HOME");
    let below = |folder: &Option<PathBuf>, name: &str| folder.as_ref().map(|folder| folder.join(name));
    [
        Some(PathBuf::from("/var/run/docker.sock")),
        below(&runtime, "docker.sock"),
        below(&home, ".docker/run/docker.sock"),
        below(&home, ".docker/desktop/docker.sock"),
        below(&runtime, "podman/podman.sock"),
        Some(PathBuf::from("/run/podman/podman.sock")),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[cfg(unix)]
fn runtime_folder() -> Option<PathBuf> {
    Some(PathBuf::from(format!("/run/user/{}", nix::unistd::getuid())))
}

#[cfg(not(unix))]
fn runtime_folder() -> Option<PathBuf> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Environment {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn found(pairs: &[(&str, &str)]) -> Vec<String> {
        let addresses = addresses(&environment(pairs)).unwrap();
        addresses.iter().map(|address| address.host.to_string()).collect()
    }

    #[test]
    fn a_named_host_is_the_only_one() {
        assert_eq!(found(&[("DOCKER_HOST", "unix:///a.sock"), ("HOME", "/h")]), ["unix:///a.sock"]);
        assert_eq!(found(&[("DOCKER_HOST", "tcp://engine")]), ["tcp://engine:2375"]);
        assert_eq!(found(&[("DOCKER_HOST", "tcp://10.0.0.1:99/")]), ["tcp://10.0.0.1:99"]);
        assert_eq!(found(&[("DOCKER_HOST", "ssh://me@engine")]), ["ssh://me@engine"]);
        assert_eq!(found(&[("CONTAINER_HOST", "unix:///p.sock")]), ["unix:///p.sock"]);
    }

    #[test]
    fn tls_is_used_where_it_is_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_str().unwrap();
        let pairs = [("DOCKER_HOST", "tcp://e"), ("DOCKER_TLS_VERIFY", "1"), ("DOCKER_CERT_PATH", path)];
        let found = |pairs| addresses(&environment(pairs)).unwrap().remove(0);
        let alone = found(&pairs);
        assert_eq!(alone.host.to_string(), "tcp://e:2376");
        assert_eq!(alone.tls, Some(EngineTls { ca: folder.path().join("ca.pem"), client: None }));
        std::fs::write(folder.path().join("cert.pem"), "").unwrap();
        let client = found(&pairs).tls.unwrap().client.unwrap();
        assert_eq!(client.key, folder.path().join("key.pem"));
        assert_eq!(found(&[("DOCKER_HOST", "ssh://e"), pairs[1], pairs[2]]).tls, None);
    }

    #[test]
    fn without_a_name_the_usual_places_are_tried_in_order() {
        let pairs = [("HOME", "/h"), ("XDG_RUNTIME_DIR", "/run/user/7")];
        let expected = [
            "unix:///var/run/docker.sock",
            "unix:///run/user/7/docker.sock",
            "unix:///h/.docker/run/docker.sock",
            "unix:///h/.docker/desktop/docker.sock",
            "unix:///run/user/7/podman/podman.sock",
            "unix:///run/podman/podman.sock",
        ];
        assert_eq!(found(&pairs), expected);
    }

    #[test]
    fn a_bad_host_is_told_with_what_was_expected() {
        let problem = |text: &str| address(text, None, String::new()).unwrap_err().to_string();
        for (text, told) in [
            ("engine:2375", "has no scheme"),
            ("unix://run/x.sock", "is no absolute path"),
            ("tcp://", "names no host"),
            ("tcp://a/b", "has a path"),
            ("https://engine", "is of a kind that is not known"),
            ("npipe:////./pipe/x", "is of a kind that is not known"),
        ] {
            assert!(problem(text).contains(told), "{}", problem(text));
            assert!(problem(text).contains("expected `unix:///path/to.sock`"), "{}", problem(text));
        }
    }
}

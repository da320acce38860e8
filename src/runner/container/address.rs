//! Where engines may listen on this host, by the rules of Docker's and Podman's own clients.

use std::fmt;
use std::path::{Path, PathBuf};

use super::context;
use super::failure::ContainerFailure;
use crate::plan::Environment;

/// One place to try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    pub host: Host,
    /// What led there.
    pub by: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    Socket(PathBuf),
    Tcp { authority: String, tls: Option<Certificates> },
}

/// The files that prove who we are, and whom we talk to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificates {
    pub ca: PathBuf,
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl Certificates {
    pub fn in_folder(folder: &Path) -> Self {
        let file = |name: &str| folder.join(name);
        Self { ca: file("ca.pem"), certificate: file("cert.pem"), key: file("key.pem") }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(path) => write!(f, "unix://{}", path.display()),
            Self::Tcp { authority, .. } => write!(f, "tcp://{authority}"),
        }
    }
}

/// The one that was named, or every place where an engine usually listens.
pub fn addresses(environment: &Environment) -> Result<Vec<Address>, ContainerFailure> {
    let named = |name: &str| environment.get(name).filter(|value| !value.is_empty());
    if let Some(text) = named("DOCKER_HOST") {
        let host = host(text, named_certificates(environment))?;
        return Ok(vec![Address { host, by: "DOCKER_HOST".to_owned() }]);
    }
    let folder = context::docker_folder(environment);
    let chosen = match named("DOCKER_CONTEXT") {
        Some(name) => Some((name.clone(), "DOCKER_CONTEXT")),
        None => context::current(folder.as_deref()).map(|name| (name, "config.json")),
    };
    if let Some((name, by)) = chosen.filter(|(name, _)| name != "default") {
        let host = context::host(folder.as_deref(), &name)?;
        return Ok(vec![Address { host, by: format!("the context `{name}` of {by}") }]);
    }
    if let Some(text) = named("CONTAINER_HOST") {
        return Ok(vec![Address { host: host(text, None)?, by: "CONTAINER_HOST".to_owned() }]);
    }
    let usual = sockets(environment).into_iter().map(Host::Socket);
    Ok(usual.map(|host| Address { host, by: "the usual place".to_owned() }).collect())
}

/// `unix://PATH` or `tcp://HOST:PORT`.
pub fn host(text: &str, tls: Option<Certificates>) -> Result<Host, ContainerFailure> {
    let bad = |what: &str| {
        let problem = format!(
            "`{text}` {what}; expected `unix:///path/to.sock`, or `tcp://host:port` with or without TLS"
        );
        ContainerFailure::BadAddress { problem }
    };
    let Some((scheme, rest)) = text.split_once("://") else { return Err(bad("has no scheme")) };
    match scheme {
        "unix" if Path::new(rest).is_absolute() => Ok(Host::Socket(PathBuf::from(rest))),
        "unix" => Err(bad("is no absolute path")),
        "tcp" | "http" | "https" => {
            let port = if tls.is_some() || scheme == "https" { 2376 } else { 2375 };
            let authority = rest.trim_end_matches('/');
            let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
            match authority {
                "" => Err(bad("names no host")),
                _ if authority.contains('/') => Err(bad("has a path")),
                _ if has_port => Ok(Host::Tcp { authority: authority.to_owned(), tls }),
                _ => Ok(Host::Tcp { authority: format!("{authority}:{port}"), tls }),
            }
        }
        "ssh" => Err(bad("is reached by SSH, which is not supported yet")),
        _ => Err(bad("is of a kind that is not known")),
    }
}

/// TLS is wanted if `DOCKER_TLS_VERIFY` says anything, as for Docker's own client.
fn named_certificates(environment: &Environment) -> Option<Certificates> {
    environment.get("DOCKER_TLS_VERIFY").filter(|value| !value.is_empty())?;
    let folder = match environment.get("DOCKER_CERT_PATH").filter(|path| !path.is_empty()) {
        Some(path) => Some(PathBuf::from(path)),
        None => context::docker_folder(environment),
    };
    folder.map(|folder| Certificates::in_folder(&folder))
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
        assert_eq!(found(&[("CONTAINER_HOST", "unix:///p.sock")]), ["unix:///p.sock"]);
    }

    #[test]
    fn tls_is_used_where_it_is_asked_for() {
        let pairs = [("DOCKER_HOST", "tcp://e"), ("DOCKER_TLS_VERIFY", "1"), ("DOCKER_CERT_PATH", "/certs")];
        let tls = Some(Certificates::in_folder(Path::new("/certs")));
        let addresses = addresses(&environment(&pairs)).unwrap();
        assert_eq!(addresses[0].host, Host::Tcp { authority: "e:2376".to_owned(), tls });
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
        let problem = |text: &str| host(text, None).unwrap_err().to_string();
        for (text, told) in [
            ("engine:2375", "has no scheme"),
            ("unix://run/x.sock", "is no absolute path"),
            ("tcp://", "names no host"),
            ("tcp://a/b", "has a path"),
            ("ssh://me@host", "is not supported yet"),
            ("npipe:////./pipe/x", "is of a kind that is not known"),
        ] {
            assert!(problem(text).contains(told), "{}", problem(text));
            assert!(problem(text).contains("expected `unix:///path/to.sock`"), "{}", problem(text));
        }
    }
}

//! An engine that a file names: where it listens, and the certificates by which both sides know
//! each other.

use std::fmt;
use std::path::PathBuf;

/// An entry of `executors`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Executor {
    pub name: String,
    pub host: EngineHost,
    pub tls: Option<EngineTls>,
}

/// The name that means the engine which is found without a name.
pub const FOUND_ENGINE: &str = "default";

/// Where an engine listens.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum EngineHost {
    /// Of this host.
    Socket(PathBuf),
    /// `HOST:PORT`.
    Tcp(String),
    Ssh(SshHost),
    /// A text with `${…}` that nobody expands: nothing is run with it.
    AsWritten(String),
}

/// Whom to ask by SSH, as the configuration of SSH knows it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SshHost {
    pub user: Option<String>,
    pub host: String,
    pub port: Option<u16>,
    /// The socket of the engine there, unless Docker's own client there knows it.
    pub socket: Option<String>,
}

/// The files that prove who we are, and whom we talk to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EngineTls {
    /// Whoever has signed the engine's certificate.
    pub ca: PathBuf,
    pub client: Option<ClientCertificate>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ClientCertificate {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// The port of an engine that speaks TLS, and of one that does not.
const TLS_PORT: u16 = 2376;
const PLAIN_PORT: u16 = 2375;

impl EngineHost {
    /// `unix:///PATH`, `tcp://HOST[:PORT]` or `ssh://[USER@]HOST[:PORT][/SOCKET]`; an error says what
    /// is wrong with the text.
    pub fn parse(text: &str, has_tls: bool) -> Result<Self, &'static str> {
        let Some((scheme, rest)) = text.split_once("://") else { return Err("has no scheme") };
        if rest.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err("has white space in it");
        }
        match scheme {
            "unix" if rest.starts_with('/') => Ok(Self::Socket(PathBuf::from(rest))),
            "unix" => Err("is no absolute path"),
            "tcp" => tcp(rest.trim_end_matches('/'), if has_tls { TLS_PORT } else { PLAIN_PORT }),
            "ssh" => ssh(rest).map(Self::Ssh),
            _ => Err("is of a kind that is not known"),
        }
    }

    /// A text that may be no host, as others may see it.
    pub fn masked(text: &str) -> String {
        match text.rsplit_once('@') {
            Some((before, host)) => match before.split_once("://") {
                Some((scheme, user)) if user.contains(':') => format!("{scheme}://***@{host}"),
                Some(_) => text.to_owned(),
                None => format!("***@{host}"),
            },
            None => text.to_owned(),
        }
    }

    /// What a host has to look like.
    pub const EXPECTED: &'static str =
        "expected `unix:///path/to.sock`, `tcp://host:port` with or without TLS, or `ssh://user@host`";

    /// The engine is on this host, so it sees the same files.
    pub fn is_here(&self) -> bool {
        matches!(self, Self::Socket(_))
    }

    /// Whatever is sent there stays on this host.
    pub fn is_loopback(&self) -> bool {
        let Self::Tcp(authority) = self else { return self.is_here() };
        let host = host_of(authority);
        host == "localhost" || host.parse().is_ok_and(|address: core::net::IpAddr| address.is_loopback())
    }
}

/// The host of `HOST:PORT`, without the brackets of an address.
pub fn host_of(authority: &str) -> &str {
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
    host.trim_start_matches('[').trim_end_matches(']')
}

fn tcp(rest: &str, usual: u16) -> Result<EngineHost, &'static str> {
    if rest.contains('/') {
        return Err("has a path");
    }
    let (host, port) = host_and_port(rest)?;
    Ok(EngineHost::Tcp(format!("{host}:{}", port.unwrap_or(usual))))
}

fn ssh(rest: &str) -> Result<SshHost, &'static str> {
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, authority),
    };
    if user.is_some_and(|user| user.contains(':')) {
        return Err("holds a password, which SSH does not take so; it uses your keys");
    }
    // It becomes an argument of `ssh`, and a word of a shell there.
    let is_word = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
            && text.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
    };
    if user.is_some_and(|user| !is_word(user)) {
        return Err("names no user that SSH could take");
    }
    let (host, port) = host_and_port(host)?;
    if !host.starts_with('[') && !is_word(host) {
        return Err("names no host that SSH could take");
    }
    if !path.chars().all(|c| c.is_ascii_alphanumeric() || "_./-".contains(c)) {
        return Err("names no socket that a shell there could take");
    }
    let path = path.trim_end_matches('/');
    Ok(SshHost {
        user: user.map(str::to_owned),
        host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
        port,
        socket: (!path.is_empty()).then(|| format!("/{path}")),
    })
}

/// `HOST` or `HOST:PORT`; an address with colons stands in brackets.
fn host_and_port(text: &str) -> Result<(&str, Option<u16>), &'static str> {
    if text.contains('@') {
        return Err("names a user, which only `ssh://` has");
    }
    let (host, port) = match text.rsplit_once(':') {
        // A colon inside of brackets.
        Some((_, rest)) if rest.ends_with(']') => (text, None),
        Some((host, port)) => (host, Some(port)),
        None => (text, None),
    };
    let is_address = host.starts_with('[') && host.ends_with(']');
    if host.contains(':') && !is_address {
        return Err("has an address that needs brackets, as in `[::1]:2376`");
    }
    if matches!(host, "" | "[]") {
        return Err("names no host");
    }
    match port.map(str::parse) {
        None => Ok((host, None)),
        Some(Ok(0) | Err(_)) => Err("has no port from 1 to 65535 after its colon"),
        Some(Ok(port)) => Ok((host, Some(port))),
    }
}

impl fmt::Display for EngineHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(path) => write!(f, "unix://{}", path.display()),
            Self::Tcp(authority) => write!(f, "tcp://{authority}"),
            Self::Ssh(ssh) => write!(f, "ssh://{ssh}"),
            Self::AsWritten(text) => f.write_str(text),
        }
    }
}

impl fmt::Display for SshHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { user, host, port, socket } = self;
        if let Some(user) = user {
            write!(f, "{user}@")?;
        }
        if host.contains(':') {
            write!(f, "[{host}]")?
        } else {
            f.write_str(host)?
        }
        if let Some(port) = port {
            write!(f, ":{port}")?;
        }
        f.write_str(socket.as_deref().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_read_and_written_in_one_form() {
        for (text, tls, expected) in [
            ("unix:///run/a.sock", false, "unix:///run/a.sock"),
            ("tcp://engine", false, "tcp://engine:2375"),
            ("tcp://engine", true, "tcp://engine:2376"),
            ("tcp://10.0.0.1:99/", true, "tcp://10.0.0.1:99"),
            ("tcp://[::1]", true, "tcp://[::1]:2376"),
            ("tcp://[::1]:7", false, "tcp://[::1]:7"),
            ("ssh://host", false, "ssh://host"),
            ("ssh://me@host:22/run/user/7/docker.sock", false, "ssh://me@host:22/run/user/7/docker.sock"),
            ("ssh://me@[fe80::1]:22/", false, "ssh://me@[fe80::1]:22"),
        ] {
            let host = EngineHost::parse(text, tls).unwrap();
            assert_eq!(host.to_string(), expected, "{text}");
            assert_eq!(EngineHost::parse(expected, tls), Ok(host), "{text}");
        }
    }

    #[test]
    fn what_is_no_host_says_why() {
        for (text, expected) in [
            ("engine:2375", "no scheme"),
            ("unix://run/x.sock", "no absolute path"),
            ("tcp://", "no host"),
            ("tcp://:7", "no host"),
            ("tcp://a/b", "has a path"),
            ("tcp://a:0", "no port"),
            ("tcp://a:70000", "no port"),
            ("tcp://a:b", "no port"),
            ("tcp://::1", "needs brackets"),
            ("tcp://me@a", "only `ssh://` has"),
            ("tcp://a b", "white space"),
            ("ssh://me:secret@a", "a password"),
            ("ssh://-oProxyCommand=x", "no host that SSH"),
            ("ssh://-x@a", "no user"),
            ("ssh://a;b", "no host that SSH"),
            ("ssh://a/run/$(x).sock", "no socket"),
            ("npipe:////./pipe/x", "a kind that is not known"),
        ] {
            assert!(!EngineHost::masked(text).contains("secret"));
            let reason = EngineHost::parse(text, false).unwrap_err();
            assert!(reason.contains(expected), "{text}: {reason}");
        }
    }

    #[test]
    fn what_stays_on_this_host_is_known() {
        let is_loopback = |text: &str| EngineHost::parse(text, false).unwrap().is_loopback();
        assert!(
            is_loopback("tcp://127.0.0.1") && is_loopback("tcp://[::1]:5") && is_loopback("tcp://localhost")
        );
        assert!(
            is_loopback("unix:///a") && !is_loopback("tcp://10.0.0.1") && !is_loopback("ssh://localhost")
        );
    }
}

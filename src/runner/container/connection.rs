//! The connection to an engine: found at the first call, kept, and found anew when it is lost.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bollard::errors::Error;
use bollard::{API_DEFAULT_VERSION, Docker};
use tokio::sync::Mutex;
use tokio::time::Instant;
use tokio_rustls::rustls;

use super::address::{Address, addresses};
use super::care::Care;
use super::dial::{self, Dialer};
use super::failure::ContainerFailure;
use super::ssh::SshDialer;
use super::tls::{self, TlsDialer};
use super::turns::Turns;
use super::version;
use crate::model::{EngineHost, Executor, SshHost};
use crate::plan::Environment;

/// What an engine has to answer who it is.
const GREETING: Duration = Duration::from_secs(5);
/// And what it has when keys are exchanged before.
const GREETING_BY_SSH: Duration = Duration::from_secs(15);
/// What an engine has for a request, on a busy host.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// And what it has at least, however short a call may be.
const LEAST: Duration = Duration::from_secs(10);

/// Finds an engine when one is needed.
pub struct Connector {
    pub environment: Arc<Environment>,
    pub care: Care,
    pub turns: Turns,
    /// The engine that a file names; without it one is found.
    named: Option<Address>,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    connection: Option<Connection>,
    /// Why there was none, and when that was found.
    failure: Option<(ContainerFailure, Instant)>,
}

/// An engine that has answered. Each request opens a connection of its own.
#[derive(Clone)]
pub struct Connection {
    pub docker: Docker,
    pub address: Arc<Address>,
    pub greeting: Arc<Greeting>,
    /// What it has for a request.
    patience: Duration,
}

/// What an engine says of itself.
pub struct Greeting {
    pub name: String,
    pub version: String,
    pub api: String,
}

impl Connector {
    pub fn new(environment: Arc<Environment>, executor: Option<&Executor>) -> Self {
        Self {
            environment,
            named: executor.map(Address::of),
            care: Care::default(),
            turns: Turns::default(),
            kept: Mutex::default(),
        }
    }

    pub async fn connection(&self) -> Result<Connection, ContainerFailure> {
        let asked = Instant::now();
        let mut kept = self.kept.lock().await;
        match (&kept.connection, &kept.failure) {
            (Some(connection), _) => return Ok(connection.clone()),
            // Whoever waited for an attempt takes what came of it.
            (None, Some((failure, at))) if *at >= asked => return Err(failure.clone()),
            _ => {}
        }
        match self.connect().await {
            Ok(connection) => {
                *kept = Kept { connection: Some(connection.clone()), failure: None };
                Ok(connection)
            }
            Err(failure) => {
                kept.failure = Some((failure.clone(), Instant::now()));
                Err(failure)
            }
        }
    }

    async fn connect(&self) -> Result<Connection, ContainerFailure> {
        if let Some(address) = &self.named {
            return greet(address.clone(), &self.environment).await;
        }
        let places = addresses(&self.environment)?;
        let is_named = places.len() == 1;
        let mut tried = Vec::new();
        for address in places {
            match greet(address, &self.environment).await {
                Ok(connection) => return Ok(connection),
                Err(ContainerFailure::Unreachable { at, problem, .. }) if !is_named => {
                    tried.push(format!("`{at}`: {problem}"));
                }
                Err(failure) => return Err(failure),
            }
        }
        Err(ContainerFailure::NoEngine { tried })
    }

    /// The next call looks for an engine again.
    pub async fn forget(&self) {
        self.kept.lock().await.connection = None;
    }
}

impl Connection {
    /// The engine is on this host, so it sees the same files.
    pub fn is_local(&self) -> bool {
        self.address.host.is_here()
    }

    pub fn is_podman(&self) -> bool {
        self.greeting.name.contains("Podman")
    }

    /// The answer to a request, which has a deadline.
    pub async fn answer<T>(
        &self,
        doing: &'static str,
        request: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Trouble> {
        match tokio::time::timeout(self.patience, request).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(self.trouble(doing, error)),
            Err(_) => Err(Trouble::Away(ContainerFailure::Slow { doing, after: self.patience })),
        }
    }

    /// The same for a call that is to end by then: an engine that hangs does not hold it for longer.
    pub fn for_a_call(self, timeout: Duration) -> Self {
        Self { patience: timeout.clamp(LEAST, PATIENCE), ..self }
    }

    /// The same for one who only looks.
    pub fn for_a_look(self) -> Self {
        Self { patience: greeting_patience(&self.address), ..self }
    }

    pub fn trouble(&self, doing: &'static str, error: Error) -> Trouble {
        match error {
            Error::DockerResponseServerError { status_code, message } => {
                Trouble::Said { doing, status: status_code, message: message.trim().to_owned() }
            }
            Error::RequestTimeoutError => Trouble::Away(ContainerFailure::Slow { doing, after: PATIENCE }),
            // Somebody is there, and says what nobody understands.
            error @ (Error::JsonDataError { .. } | Error::JsonSerdeError { .. }) => {
                let message = format!("its answer cannot be read: {}", root(&error));
                Trouble::Said { doing, status: 0, message }
            }
            Error::DockerStreamError { error } => Trouble::Said { doing, status: 0, message: error },
            other => Trouble::Away(ContainerFailure::Unreachable {
                at: self.address.host.to_string(),
                problem: root(&other),
                cure: cure(&self.address),
            }),
        }
    }
}

/// Why there is no good answer.
pub enum Trouble {
    /// The engine said so.
    Said { doing: &'static str, status: u16, message: String },
    /// It said nothing.
    Away(ContainerFailure),
}

impl From<Trouble> for ContainerFailure {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Said { doing, message, .. } => Self::Refused { doing, problem: message },
            Trouble::Away(failure) => failure,
        }
    }
}

async fn greet(address: Address, environment: &Environment) -> Result<Connection, ContainerFailure> {
    let unreachable = |problem: String| {
        let (at, cure) = (address.host.to_string(), cure(&address));
        ContainerFailure::Unreachable { at, problem, cure }
    };
    let patience = greeting_patience(&address);
    let docker = client(&address, environment).map_err(unreachable)?.with_timeout(PATIENCE);
    let told = match tokio::time::timeout(patience, docker.version()).await {
        Ok(Ok(told)) => told,
        Ok(Err(error)) => return Err(unreachable(refusal(&error))),
        Err(_) => return Err(unreachable(format!("it does not answer within {} s", patience.as_secs()))),
    };
    let spoken = version::agreed(told.api_version.as_deref(), told.min_api_version.as_deref());
    let text = |value: Option<String>| value.unwrap_or_else(|| "unknown".to_owned());
    let components = told.components.unwrap_or_default();
    let greeting = Greeting {
        name: components.into_iter().next().map_or_else(|| "Engine".to_owned(), |first| first.name),
        version: text(told.version),
        api: text(told.api_version),
    };
    let Some(spoken) = spoken else {
        let (at, Greeting { name, version, api }) = (address.host.to_string(), greeting);
        return Err(ContainerFailure::TooOld { at, engine: format!("{name} {version}"), api });
    };
    let docker = docker
        .with_request_modifier(move |request| version::say(super::credentials::respell(request), spoken));
    let (address, greeting) = (Arc::new(address), Arc::new(greeting));
    Ok(Connection { docker, address, greeting, patience: PATIENCE })
}

/// Why one that answers does not say who it is.
fn refusal(error: &Error) -> String {
    match error {
        Error::DockerResponseServerError { message, .. } if message.contains("HTTPS server") => {
            "it speaks TLS, and nothing says which certificates to use".to_owned()
        }
        Error::DockerResponseServerError { status_code, message } => {
            let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
            format!("it answers with status {status_code}: {message}")
        }
        other => root(other),
    }
}

fn greeting_patience(address: &Address) -> Duration {
    if matches!(address.host, EngineHost::Ssh(_)) { GREETING_BY_SSH } else { GREETING }
}

/// What to look at when an engine cannot be reached.
fn cure(address: &Address) -> String {
    let by = &address.by;
    match (&address.host, &address.tls) {
        (EngineHost::Ssh(ssh), _) => {
            let there = EngineHost::Ssh(SshHost { socket: None, ..ssh.clone() });
            format!("see whether `ssh {there} docker version` works")
        }
        (_, Some(_)) => {
            format!("see whether it runs, and whether the host and the certificates of {by} are right")
        }
        (_, None) => format!("see whether it runs, and whether {by} is right"),
    }
}

/// Nothing is sent yet.
fn client(address: &Address, environment: &Environment) -> Result<Docker, String> {
    let seconds = PATIENCE.as_secs();
    let made = match (&address.host, &address.tls) {
        #[cfg(unix)]
        (EngineHost::Socket(path), _) if !path.exists() => return Err("there is no such socket".to_owned()),
        #[cfg(unix)]
        (EngineHost::Socket(path), _) => {
            let path = path.to_str().ok_or("its path is no text")?;
            Docker::connect_with_unix(path, seconds, API_DEFAULT_VERSION)
        }
        #[cfg(not(unix))]
        (EngineHost::Socket(_), _) => return Err("this system has no such sockets".to_owned()),
        (EngineHost::Tcp(authority), None) => {
            Docker::connect_with_http(&format!("tcp://{authority}"), seconds, API_DEFAULT_VERSION)
        }
        (EngineHost::Tcp(authority), Some(files)) => {
            let dialer = Dialer::Tls(Arc::new(TlsDialer::new(authority, files)?));
            dial::client(dialer, authority, seconds)
        }
        (EngineHost::Ssh(host), _) => {
            let dialer = Dialer::Ssh(Arc::new(SshDialer::new(host, environment)));
            dial::client(dialer, "engine", seconds)
        }
        (EngineHost::AsWritten(_), _) => {
            return Err("its host holds a variable that nobody has expanded".to_owned());
        }
    };
    made.map_err(|error| root(&error))
}

/// The innermost reason: the outer ones say that a request has failed.
pub fn root(error: &(dyn std::error::Error + 'static)) -> String {
    let mut last = error;
    while let Some(next) = last.source() {
        last = next;
    }
    let inner = last.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    match inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()).or_else(|| last.downcast_ref()) {
        Some(error) => tls::told(error),
        None => last.to_string(),
    }
}

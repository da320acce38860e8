//! The connection to an engine: found at the first call, kept, and found anew when it is lost.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bollard::errors::Error;
use bollard::{API_DEFAULT_VERSION, Docker};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::address::{Address, Host, addresses};
use super::care::Care;
use super::failure::ContainerFailure;
use crate::plan::Environment;

/// What an engine has to answer who it is.
const GREETING: Duration = Duration::from_secs(5);
/// What an engine has for a request, on a busy host.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Finds an engine when one is needed.
pub struct Connector {
    pub environment: Arc<Environment>,
    pub care: Care,
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
}

/// What an engine says of itself.
pub struct Greeting {
    pub name: String,
    pub version: String,
    pub api: String,
}

impl Connector {
    pub fn new(environment: Arc<Environment>) -> Self {
        Self { environment, care: Care::default(), kept: Mutex::default() }
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
        match connect(&self.environment).await {
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

    /// The next call looks for an engine again.
    pub async fn forget(&self) {
        self.kept.lock().await.connection = None;
    }
}

impl Connection {
    /// The engine is on this host, so it sees the same files.
    pub fn is_local(&self) -> bool {
        matches!(self.address.host, Host::Socket(_))
    }

    /// The answer to a request, which has a deadline.
    pub async fn answer<T>(
        &self,
        doing: &'static str,
        request: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Trouble> {
        match tokio::time::timeout(PATIENCE, request).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(self.trouble(doing, error)),
            Err(_) => Err(Trouble::Away(ContainerFailure::Slow { doing, after: PATIENCE })),
        }
    }

    pub fn trouble(&self, doing: &'static str, error: Error) -> Trouble {
        match error {
            Error::DockerResponseServerError { status_code, message } => {
                Trouble::Said { doing, status: status_code, message: message.trim().to_owned() }
            }
            Error::RequestTimeoutError => Trouble::Away(ContainerFailure::Slow { doing, after: PATIENCE }),
            Error::DockerStreamError { error } => Trouble::Said { doing, status: 0, message: error },
            other => Trouble::Away(ContainerFailure::Unreachable {
                at: self.address.host.to_string(),
                problem: root(&other),
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

async fn connect(environment: &Environment) -> Result<Connection, ContainerFailure> {
    let places = addresses(environment)?;
    let is_named = places.len() == 1;
    let mut tried = Vec::new();
    for address in places {
        let at = address.host.to_string();
        match greet(address).await {
            Ok(connection) => return Ok(connection),
            Err(problem) if is_named => return Err(ContainerFailure::Unreachable { at, problem }),
            Err(problem) => tried.push(format!("`{at}`: {problem}")),
        }
    }
    Err(ContainerFailure::NoEngine { tried })
}

async fn greet(address: Address) -> Result<Connection, String> {
    let docker = client(&address.host)?.with_timeout(PATIENCE);
    let version = match tokio::time::timeout(GREETING, docker.version()).await {
        Ok(Ok(version)) => version,
        Ok(Err(error)) => return Err(root(&error)),
        Err(_) => return Err(format!("no answer within {} s", GREETING.as_secs())),
    };
    let text = |value: Option<String>| value.unwrap_or_else(|| "unknown".to_owned());
    let components = version.components.unwrap_or_default();
    let greeting = Greeting {
        name: components.into_iter().next().map_or_else(|| "Engine".to_owned(), |first| first.name),
        version: text(version.version),
        api: text(version.api_version),
    };
    Ok(Connection { docker, address: Arc::new(address), greeting: Arc::new(greeting) })
}

/// Nothing is sent yet. Requests name no version of the API, so every engine answers in its own
/// newest; what we ask for was there in 1.41.
fn client(host: &Host) -> Result<Docker, String> {
    let seconds = PATIENCE.as_secs();
    let made = match host {
        #[cfg(unix)]
        Host::Socket(path) if !path.exists() => return Err("there is no such socket".to_owned()),
        #[cfg(unix)]
        Host::Socket(path) => {
            let path = path.to_str().ok_or("its path is no text")?;
            Docker::connect_with_unix(path, seconds, API_DEFAULT_VERSION)
        }
        #[cfg(not(unix))]
        Host::Socket(_) => return Err("this system has no such sockets".to_owned()),
        Host::Tcp { authority, tls: None } => {
            Docker::connect_with_http(&format!("tcp://{authority}"), seconds, API_DEFAULT_VERSION)
        }
        Host::Tcp { authority, tls: Some(files) } => Docker::connect_with_ssl(
            &format!("tcp://{authority}"),
            &files.key,
            &files.certificate,
            &files.ca,
            seconds,
            API_DEFAULT_VERSION,
        ),
    };
    // Docker reads this header in the alphabet for URLs.
    made.map(|docker| docker.with_request_modifier(super::credentials::respell)).map_err(|error| root(&error))
}

/// The innermost reason: the outer ones say that a request has failed.
pub fn root(error: &(dyn std::error::Error + 'static)) -> String {
    let mut last = error;
    while let Some(next) = last.source() {
        last = next;
    }
    last.to_string()
}

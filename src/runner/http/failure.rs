//! Why a call has no answer, in words that name the host and never a secret.

use std::error::Error;
use std::net::IpAddr;
use std::time::Duration;

use super::resolver::PrivateAddress;
use crate::model::format_duration;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    #[error("calls over TLS cannot be made on this host, which may lack the package ca-certificates: {0}")]
    Client(String),
    #[error("the request cannot be sent: {0}")]
    Request(String),
    #[error("the file `{path}` of the field `{field}` {problem}")]
    File { path: String, field: String, problem: String },
    #[error("no token of `{host}`: {problem}")]
    Token { host: String, problem: String },
    #[error("cannot connect to `{host}`: {problem}")]
    Connect { host: String, problem: String },
    #[error("cannot connect to `{host}`, where it is sent to: {problem}")]
    ConnectNext { host: String, problem: String },
    #[error(
        "`{host}` leads to the private address {address}, and this command may call public ones only; `allow_private: true` lets it"
    )]
    Private { host: String, address: IpAddr },
    #[error("`{host}` gave no answer that can be read: {problem}")]
    Answer { host: String, problem: String },
    #[error("the answer of `{host}` broke off: {problem}")]
    Broken { host: String, problem: String },
    #[error("`{host}` fell silent inside of its answer for {} (read_timeout)", format_duration(*.after))]
    Silent { host: String, after: Duration },
    #[error("more than {most} redirects; the next one leads to `{host}`")]
    TooManyRedirects { most: u32, host: String },
    #[error("`{host}` redirects to a URL that cannot be called")]
    BadRedirect { host: String },
    #[error("`{host}` redirects from https to http, where everybody on the way can read along")]
    Downgrade { host: String },
    #[error("`{from}` redirects to `{host}`, and the body of the request is not sent to another host")]
    BodyElsewhere { from: String, host: String },
}

impl Failure {
    /// The same, once a server has answered by sending us elsewhere.
    pub fn after_redirect(self) -> Self {
        match self {
            Self::Connect { host, problem } => Self::ConnectNext { host, problem },
            other => other,
        }
    }

    /// Nobody can have done anything because of this call.
    pub fn is_unsent(&self) -> bool {
        matches!(
            self,
            Self::Client(_)
                | Self::Request(_)
                | Self::File { .. }
                | Self::Token { .. }
                | Self::Connect { .. }
        )
    }

    /// What went wrong before there was an answer.
    pub fn of_sending(error: reqwest::Error, host: &str) -> Self {
        let host = host.to_owned();
        if let Some(PrivateAddress { host, address }) = cause::<PrivateAddress>(&error) {
            return Self::Private { host: host.clone(), address: *address };
        }
        let problem = root(&error);
        match () {
            () if error.is_builder() => Self::Request(problem),
            () if error.is_connect() => Self::Connect { host, problem },
            () => Self::Answer { host, problem },
        }
    }
}

/// The first cause of this type.
fn cause<'e, E: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e E> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<E>() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// The last cause, which says what happened; those before only say where.
pub fn root(error: &(dyn Error + 'static)) -> String {
    let mut last = error;
    while let Some(next) = last.source() {
        last = next;
    }
    last.to_string()
}

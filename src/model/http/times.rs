//! How long parts of an HTTP call may take, within the `timeout` of its command.

use std::time::Duration;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HttpTimes {
    /// Until there is a connection, TLS included.
    pub connect: Duration,
    /// One try with its redirects.
    pub attempt: Option<Duration>,
    /// The longest silence inside of an answer.
    pub silence: Option<Duration>,
}

impl HttpTimes {
    /// Where a file says nothing.
    pub const CONNECT: Duration = Duration::from_secs(10);
}

impl Default for HttpTimes {
    fn default() -> Self {
        Self { connect: Self::CONNECT, attempt: None, silence: None }
    }
}

//! Carries plans out; the only place that starts anything.
//!
//! A [`Runner`] takes one planned step and gives back a [`Running`], from which its one owner pulls
//! output until it has ended. When `Ended` is seen, nothing of that call is alive any more.

pub mod build;
pub mod container;
mod dispatch;
pub mod http;
mod news;
mod pretended;
mod prober;
pub mod process;
mod run_id;
mod secret_values;
mod vault;

use std::future::Future;
use std::num::NonZeroI32;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use tokio_util::sync::CancellationToken;

use crate::model::{SecretName, SecretText, WarmCaps};
use crate::plan::{ContainerPlan, Step};

pub use dispatch::Dispatch;
pub use news::{News, Teller};
pub use pretended::PretendedRunner;
pub use prober::{Memory, Prober};
pub use run_id::RunId;
pub use secret_values::SecretValues;
pub use vault::{BadSecret, Vault};

pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Something that can carry out a step.
pub trait Runner: Send + Sync {
    /// Whether values of secrets are read for its steps.
    fn takes_secrets(&self) -> bool {
        true
    }

    /// From now on has containers waiting for calls of these, within these bounds, and for no others.
    fn keep_ready(&self, _plans: Vec<ContainerPlan>, _caps: WarmCaps) {}

    /// Starts the step, its holes filled with these secrets. Cancelling the token ends it as its plan
    /// says (signal, grace, kill).
    fn start<'a>(
        &'a self,
        step: &'a Step,
        secrets: &'a SecretValues,
        cancel: CancellationToken,
    ) -> BoxFuture<'a, Result<Box<dyn Running>, StartError>>;

    /// The same for one whose name others know, telling what goes on until it has started. A runner
    /// that names what it starts, or that has much to do first, uses it.
    fn start_run<'a>(
        &'a self,
        _run: &'a RunId,
        step: &'a Step,
        secrets: &'a SecretValues,
        cancel: CancellationToken,
        _news: Teller,
    ) -> BoxFuture<'a, Result<Box<dyn Running>, StartError>> {
        self.start(step, secrets, cancel)
    }
}

/// A step that has been started. Dropping it kills whatever still runs.
pub trait Running: Send {
    /// The next thing that happened. `Ended` comes last and exactly once.
    fn next(&mut self) -> BoxFuture<'_, OutputEvent>;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    Stdout,
    Stderr,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutputEvent {
    Chunk {
        stream: Stream,
        bytes: Bytes,
    },
    /// What the step came to know and nobody may see; it stands in nothing that came before.
    Hide(SecretText),
    Ended(End),
}

/// How a step ended. Whatever the way, its whole process tree is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    Success,
    Failed(NonZeroI32),
    Signalled(i32),
    TimedOut {
        after: Duration,
    },
    Cancelled,
    OutOfMemory,
    TooManyProcesses,
    /// What ran it is gone and nobody knows how it ended.
    Lost,
    /// An HTTP call was answered; `phrase` is what the status is called, if it has a name.
    Answered {
        status: u16,
        phrase: &'static str,
        is_success: bool,
        /// After which time the server wants to be asked again, if it says so.
        retry_after: Option<Duration>,
    },
    /// An HTTP call has no answer, or not the whole of it.
    Unanswered {
        problem: String,
        /// Nothing of it has reached a server.
        is_unsent: bool,
    },
}

/// Why a step could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("cannot run `{program}`: {source}")]
    Spawn { program: String, source: std::io::Error },
    #[error("the working directory `{path}` cannot be entered: {source}")]
    WorkingDir { path: String, source: std::io::Error },
    #[error("the secret `{name}` is not available: {source}")]
    Secret { name: SecretName, source: BadSecret },
    #[error("the arguments and the environment are {bytes} bytes; the system takes at most {limit}")]
    TooLarge { bytes: usize, limit: usize },
    #[error("the sandbox cannot be set up: {0}")]
    Sandbox(String),
    #[error("no process could be started: {0}")]
    Unavailable(#[source] std::io::Error),
    #[error("the request cannot be made: {0}")]
    Request(String),
    #[error("this program was built without HTTP calls")]
    WithoutHttp,
    #[error(transparent)]
    Container(#[from] container::ContainerFailure),
    /// A step came to a runner of another kind.
    #[error("this step is {0}")]
    Elsewhere(&'static str),
}

impl StartError {
    /// Whether it may well be over in a moment: this host or an engine is busy or away.
    pub fn may_pass(&self) -> bool {
        use container::ContainerFailure::{NotPulled, Slow, Unreachable};
        use std::io::ErrorKind::{ExecutableFileBusy, Interrupted, OutOfMemory, ResourceBusy, WouldBlock};
        match self {
            Self::Spawn { source, .. } | Self::Unavailable(source) => matches!(
                source.kind(),
                ExecutableFileBusy | Interrupted | OutOfMemory | ResourceBusy | WouldBlock
            ),
            Self::Secret { source: BadSecret::Script { .. }, .. } => true,
            Self::Container(Slow { .. } | Unreachable { .. } | NotPulled { .. }) => true,
            _ => false,
        }
    }
}

//! MCP over standard input and output, for the one client that started this process.

mod greeting;
#[cfg(unix)]
mod streams;
#[cfg(any(not(unix), test))]
mod threads;
#[cfg(not(unix))]
use threads as streams;

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use rmcp::service::serve_directly_with_ct;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;

use crate::engine::Engine;
use crate::mcp::{Closing, Connection, Server};

pub use greeting::{connecting, greeting};
pub use streams::take_over;
#[cfg(target_os = "linux")]
pub(super) use streams::watch;

/// What is left to calls and to the client once everything has to stop.
const LAST: Duration = Duration::from_millis(800);

/// The two ends of a client.
pub struct Streams<R, W> {
    pub input: R,
    pub output: W,
    /// Whether the client has closed the other end of `output`.
    pub hung_up: Box<dyn Fn() -> bool + Send + Sync>,
}

/// Why serving has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The client has closed our input, or is gone.
    ByClient,
    /// The shutdown future has resolved.
    ByShutdown,
}

/// Serves until the input has ended and every call is answered, as far as `server.drain` allows, or
/// until `shutdown`.
///
/// When it returns, calls that ran have been told to stop; whoever owns the runner sees to it that
/// nothing of them is left. Needs a tokio runtime.
pub async fn serve<R, W>(
    engine: Arc<Engine>,
    streams: Streams<R, W>,
    shutdown: impl Future<Output = ()>,
) -> Ended
where
    R: AsyncRead + Unpin + Send + Sync + 'static,
    W: AsyncWrite + Unpin + Send + 'static,
{
    let Streams { input, output, hung_up } = streams;
    let stop = CancellationToken::new();
    let server = Server::new(Arc::clone(&engine));
    let announcer = server.announcer();
    let jobs = Arc::clone(&engine);
    let until = Arc::new(OnceLock::new());
    let noted = Arc::clone(&until);
    let drain = Box::new(move || {
        let drain = engine.state().catalog().server.drain;
        noted.get_or_init(|| Instant::now() + drain);
        drain
    });
    let connection = Connection::new(input, output, Closing { drain, hung_up, stop: stop.clone() });
    // Not rmcp's way of opening a session, which ends at the first message that it does not expect.
    let service = serve_directly_with_ct(server, connection, None, stop.clone());
    let announcing = announcer.run(service.peer().clone());
    let ended = async {
        tokio::select! {
            () = async {
                let _ = service.waiting().await;
                let left = until.get().map(|until| until.saturating_duration_since(Instant::now()));
                jobs.jobs().drain(left.unwrap_or_default()).await;
            } => Ended::ByClient,
            ended = stopped(shutdown, &stop) => ended,
        }
    };
    tokio::pin!(ended);
    tokio::select! {
        ended = &mut ended => ended,
        // Nobody is left to be told of changes; the end comes by itself.
        () = announcing => ended.await,
    }
}

/// Resolves when serving was told to stop and the last moment for it is over.
async fn stopped(shutdown: impl Future<Output = ()>, stop: &CancellationToken) -> Ended {
    let ended = tokio::select! {
        () = shutdown => Ended::ByShutdown,
        () = stop.cancelled() => Ended::ByClient,
    };
    stop.cancel();
    tokio::time::sleep(LAST).await;
    ended
}

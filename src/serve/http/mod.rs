//! MCP over HTTP, for whoever may.
//!
//! Takes bound listeners and a shutdown future. Knows connections, heads and bodies; what a message
//! means is `mcp`'s, and whose key it is is `auth`'s. Every connection and every answer is bounded in
//! time and memory, so that nobody holds up anybody else.

mod answer;
mod body;
mod cors;
mod door;
mod guard;
mod listen;
mod patient;
mod preface;
mod probes;
mod route;
mod stream;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::engine::Engine;
use crate::mcp::{Remote, SessionCaps};
use crate::model::HttpServer;

use listen::Incoming;
use patient::Patient;
use route::{House, Peer};

pub use listen::{Bound, Unreachable, bind};
pub use preface::{Exposed, judge};

/// Headers of one request.
const MOST_HEADERS: usize = 100;
/// What is left to cancelled calls for their end.
const LAST: Duration = Duration::from_millis(800);

/// Serves until `shutdown`, and then for as long as running calls may go on.
///
/// When it returns, calls that still ran have been told to stop; whoever owns the runner sees to it
/// that nothing of them is left.
pub async fn serve(engine: Arc<Engine>, bound: Bound, shutdown: impl Future<Output = ()>) {
    listen::take_descriptors();
    let settings = engine.state().catalog().server.http.clone();
    let (stop, closing) = (CancellationToken::new(), CancellationToken::new());
    let caps = SessionCaps { max: settings.limits.sessions, idle: settings.limits.session_timeout };
    let remote = Remote::new(Arc::clone(&engine), caps, stop.clone());
    let house = Arc::new(House::new(Arc::clone(&engine), remote, bound.address.clone(), closing.clone()));
    let mut connections = JoinSet::new();
    tokio::select! {
        () = accept(&bound, &house, &settings, &closing, &mut connections) => {}
        () = shutdown => {}
    }
    tracing::info!("stopping: no new calls are taken");
    bound.close();
    closing.cancel();
    house.remote.close();
    let drain = engine.state().catalog().server.drain;
    if tokio::time::timeout(drain, ended(&mut connections)).await.is_err() {
        tracing::warn!("calls are cancelled that did not end in time");
        stop.cancel();
        let _ = tokio::time::timeout(LAST, ended(&mut connections)).await;
    }
    stop.cancel();
}

async fn ended(connections: &mut JoinSet<()>) {
    while connections.join_next().await.is_some() {}
}

async fn accept(
    bound: &Bound,
    house: &Arc<House>,
    settings: &HttpServer,
    closing: &CancellationToken,
    connections: &mut JoinSet<()>,
) {
    let places = Arc::new(Semaphore::new(settings.limits.connections));
    loop {
        // What is over is let go of.
        while connections.try_join_next().is_some() {}
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let Incoming { stream, peer } = bound.accept(settings.limits.stall_timeout).await;
        let (house, closing, limits) = (Arc::clone(house), closing.clone(), settings.limits);
        connections.spawn(async move {
            let _place = place;
            let stream = TokioIo::new(Patient::new(stream, limits.stall_timeout));
            let has_asked = Arc::new(AtomicBool::new(false));
            let asking = Arc::clone(&has_asked);
            let service = service_fn(move |request| {
                asking.store(true, Ordering::SeqCst);
                let (house, peer) = (Arc::clone(&house), Peer { address: peer });
                async move { Ok::<_, std::convert::Infallible>(house.answer(request, peer).await) }
            });
            let headers = usize::try_from(limits.headers.0).unwrap_or(usize::MAX).max(8192);
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(limits.header_timeout)
                .max_headers(MOST_HEADERS)
                .max_buf_size(headers)
                .serve_connection(stream, service);
            tokio::pin!(connection);
            tokio::select! {
                _ = &mut connection => return,
                () = closing.cancelled() => {}
            }
            if !has_asked.load(Ordering::SeqCst) {
                // Who has asked for nothing yet is not waited for.
                return;
            }
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        });
    }
}

//! A connection of HTTP/1: one request after another, and what is held between them.
//!
//! What such a connection is read and written by takes tens of kilobytes. One that has asked for nothing
//! for a moment gives that back, and is given it anew with its next request: so many clients that keep
//! their connections open cost little.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{Either, FutureExt as _};
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use crate::engine::give_memory_back;

use super::connection::{Surroundings, head_size};
use super::crowd::Desk;
use super::leaving::last_moment;
use super::opening::Opened;
use super::route::Peer;

/// Headers of one request.
const MOST_HEADERS: usize = 100;

/// For how long a connection keeps what it is read and written by.
const BREAK: Duration = Duration::from_secs(1);

/// How long the other side may take to hear that the connection is over.
const GOODBYE: Duration = Duration::from_millis(500);

/// Sees a connection through.
pub async fn converse<S>(surroundings: Surroundings, mut stream: Opened<S>, peer: Peer, desk: Desk)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    loop {
        // Its own statement, so that nothing of it is left while the connection rests.
        let talked = Box::pin(talk(&surroundings, stream, &peer, &desk)).await;
        let Some(resting) = talked else { return };
        stream = resting;
        if surroundings.pool.has_many_at_rest() {
            // Nobody waits for it.
            drop(tokio::task::spawn_blocking(give_memory_back));
        }
        let patience = surroundings.limits.header_timeout.saturating_sub(BREAK);
        let has_more = tokio::select! {
            biased;
            has_more = tokio::time::timeout(patience, stream.has_more()) => matches!(has_more, Ok(Ok(true))),
            () = surroundings.closing.cancelled() => false,
        };
        if !has_more {
            let _ = tokio::time::timeout(GOODBYE, stream.shutdown()).await;
            return;
        }
    }
}

/// What ends a conversation from our side.
enum Ending {
    /// The server closes.
    Closing,
    /// Nothing has been asked for, for a while.
    Silence,
}

/// Answers requests until the connection is over, or has asked for nothing for a while: then it is given
/// back.
async fn talk<S>(
    surroundings: &Surroundings,
    stream: Opened<S>,
    peer: &Peer,
    desk: &Desk,
) -> Option<Opened<S>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Surroundings { house, limits, pool, closing, .. } = surroundings;
    let has_asked = Arc::new(AtomicBool::new(false));
    let asking = Arc::clone(&has_asked);
    let service = service_fn(|request| {
        asking.store(true, Ordering::SeqCst);
        let (house, pool, peer) = (Arc::clone(house), Arc::clone(pool), peer.clone());
        let answering = desk.begin();
        // Of its own, so that nothing of it stays when it is answered.
        Box::pin(async move {
            let answer = pool.answered(house.answer(request, peer).await);
            Ok::<_, std::convert::Infallible>(answering.until_sent(answer))
        })
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_headers(MOST_HEADERS)
        .max_buf_size(head_size(limits))
        .serve_connection(TokioIo::new(stream), service);
    let closed = async {
        closing.cancelled().await;
        if !has_asked.load(Ordering::SeqCst) {
            last_moment(closing).await;
        }
    };
    let silent = async {
        while !has_asked.load(Ordering::SeqCst) {
            tokio::time::sleep(BREAK).await;
        }
        desk.idle_for(BREAK).await;
    };
    // Looked at when they have news, and not at every step of every answer.
    let mut endings: FuturesUnordered<_> =
        [Either::Left(closed.map(|()| Ending::Closing)), Either::Right(silent.map(|()| Ending::Silence))]
            .into_iter()
            .collect();
    let ending = tokio::select! {
        biased;
        _ = &mut connection => return None,
        ending = endings.next() => ending,
    };
    if let Some(Ending::Closing) = ending {
        if has_asked.load(Ordering::SeqCst) {
            Pin::new(&mut connection).graceful_shutdown();
            let _ = connection.await;
        }
        // Who has asked for nothing yet is not waited for.
        return None;
    }
    // Nothing is being answered, so this says nothing to the client.
    Pin::new(&mut connection).graceful_shutdown();
    poll_fn(|context| connection.poll_without_shutdown(context)).await.ok()?;
    let parts = connection.into_parts();
    // A part of the buffer would hold the whole.
    let unread = Bytes::copy_from_slice(&parts.read_buf);
    Some(Opened::new(parts.io.into_inner().into_inner(), unread))
}

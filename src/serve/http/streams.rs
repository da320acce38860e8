//! What runs side by side on one connection of HTTP/2, and whether anything still does.
//!
//! There a client can leave one answer unread without the connection standing still, and a
//! connection has no head between requests to wait for. So this watches both: an answer that nobody
//! takes any of, and a connection on which nothing goes on.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Frame, SizeHint};
use tokio::time::{Instant, sleep};

use crate::model::HttpLimits;

use super::answer::Body;

/// Looks are not closer than this, and not further apart.
const PACE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(15));

/// Why a connection is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// Somebody does not read their answer.
    Stalled,
    /// Nobody asks for anything.
    Idle,
}

/// The streams of one connection.
#[derive(Default)]
pub struct Streams {
    running: Mutex<Running>,
    /// How often something was written.
    written: Arc<AtomicU64>,
}

#[derive(Default)]
struct Running {
    count: u64,
    begun: u64,
    /// Answers of which nothing more is asked for, since when.
    untaken: HashMap<u64, Instant>,
}

impl Streams {
    /// For whoever writes: to be counted up.
    pub fn written(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.written)
    }

    /// Whether anybody has asked for something.
    pub fn have_begun(&self) -> bool {
        self.lock().begun > 0
    }

    /// A request has come; it is over when what is returned is dropped.
    pub fn begin(self: &Arc<Self>) -> Stream {
        let mut running = self.lock();
        running.count += 1;
        running.begun += 1;
        Stream { streams: Arc::clone(self), number: running.begun }
    }

    /// Ends when the connection should.
    pub async fn over(&self, limits: &HttpLimits) -> Over {
        let (stall, idle) = (limits.stall_timeout, limits.header_timeout);
        let pace = (stall.min(idle) / 4).clamp(PACE.0, PACE.1);
        let (mut quiet_since, mut seen) = (Instant::now(), 0);
        loop {
            sleep(pace).await;
            let (now, written) = (Instant::now(), self.written.load(Ordering::Relaxed));
            let running = self.lock();
            if running.count > 0 || written != seen {
                (quiet_since, seen) = (now, written);
            }
            if running.untaken.values().any(|since| now.duration_since(*since) > stall) {
                return Over::Stalled;
            }
            if now.duration_since(quiet_since) > idle {
                return Over::Idle;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One request and its answer.
pub struct Stream {
    streams: Arc<Streams>,
    number: u64,
}

impl Stream {
    /// The body of its answer, watched.
    pub fn watch(self, body: Body) -> Body {
        Watched { body, stream: self }.boxed_unsync()
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let mut running = self.streams.lock();
        running.count = running.count.saturating_sub(1);
        running.untaken.remove(&self.number);
    }
}

struct Watched {
    body: Body,
    stream: Stream,
}

impl hyper::body::Body for Watched {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = self.get_mut();
        let Stream { streams, number } = &this.stream;
        streams.lock().untaken.remove(number);
        let polled = Pin::new(&mut this.body).poll_frame(context);
        if matches!(polled, Poll::Ready(Some(_))) {
            // The next piece is asked for when there is room for it.
            streams.lock().untaken.insert(*number, Instant::now());
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::http::answer::whole;

    #[tokio::test(start_paused = true)]
    async fn a_connection_is_over_when_nothing_goes_on_or_nobody_reads() {
        let limits = HttpLimits::default();
        let streams = Arc::new(Streams::default());
        assert_eq!(streams.over(&limits).await, Over::Idle);
        assert!(!streams.have_begun());
        let running = streams.begin();
        let long = tokio::time::timeout(Duration::from_secs(3600), streams.over(&limits)).await;
        assert!(long.is_err(), "what runs is not over");
        let mut body = running.watch(whole(200, "text/plain", "text").into_body());
        body.frame().await;
        let begun = Instant::now();
        assert_eq!(streams.over(&limits).await, Over::Stalled);
        assert!(begun.elapsed() >= limits.stall_timeout);
        drop(body);
        assert_eq!(streams.over(&limits).await, Over::Idle);
    }
}

//! A stream whose writes fail when the other side has taken nothing for too long: a client that does
//! not read holds its own answer, and that for a while only.
//!
//! As long as a write waits the connection is being answered: what makes the bytes may be done with them
//! long before they are sent.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::crowd::{Answering, Desk};

pub struct Patient<S> {
    stream: S,
    patience: Duration,
    desk: Desk,
    stalled: Option<Stalled>,
    /// Counts what was written, for somebody who watches.
    written: Option<Arc<AtomicU64>>,
}

/// There while a write waits.
struct Stalled {
    patience: Pin<Box<Sleep>>,
    _answering: Answering,
}

impl<S> Patient<S> {
    pub fn new(stream: S, patience: Duration, desk: Desk) -> Self {
        Self { stream, patience, desk, stalled: None, written: None }
    }

    /// Counts up whenever something was written.
    pub fn telling(self, written: Arc<AtomicU64>) -> Self {
        Self { written: Some(written), ..self }
    }

    fn judge<T>(&mut self, context: &mut Context<'_>, poll: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if poll.is_ready() {
            self.stalled = None;
            return poll;
        }
        let stalled = self.stalled.get_or_insert_with(|| Stalled {
            patience: Box::pin(sleep(self.patience)),
            _answering: self.desk.begin(),
        });
        match stalled.patience.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let poll = Pin::new(&mut this.stream).poll_write(context, bytes);
        if let (Poll::Ready(Ok(1..)), Some(written)) = (&poll, &this.written) {
            written.fetch_add(1, Ordering::Relaxed);
        }
        this.judge(context, poll)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let poll = Pin::new(&mut this.stream).poll_flush(context);
        this.judge(context, poll)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let poll = Pin::new(&mut this.stream).poll_shutdown(context);
        this.judge(context, poll)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use tokio::io::AsyncWriteExt;

    use super::super::crowd::Crowd;
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_takes_nothing_ends_the_write_and_one_that_is_slow_does_not() {
        let place = Crowd::new(1).place().await;
        let (ours, _theirs) = tokio::io::duplex(4);
        let mut patient = Patient::new(ours, Duration::from_secs(60), place.desk());
        let failed = patient.write_all(b"123456789").await.unwrap_err();
        assert_eq!(failed.kind(), io::ErrorKind::TimedOut);
        let (ours, mut theirs) = tokio::io::duplex(1);
        let mut patient = Patient::new(ours, Duration::from_secs(60), place.desk());
        let reading = async {
            for _ in 0..5 {
                tokio::time::sleep(Duration::from_secs(50)).await;
                tokio::io::AsyncReadExt::read_u8(&mut theirs).await.unwrap();
            }
        };
        let (written, ()) = tokio::join!(patient.write_all(b"12345"), reading);
        written.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_for_a_write_is_being_answered() {
        let crowd = Crowd::new(1);
        let place = crowd.place().await;
        let (ours, mut theirs) = tokio::io::duplex(4);
        let mut patient = Patient::new(ours, Duration::from_secs(60), place.desk());
        patient.write_all(b"1234").await.unwrap();
        assert_eq!(crowd.idle(), 1);
        let mut writing = Box::pin(patient.write_all(b"5678"));
        assert!(writing.as_mut().now_or_never().is_none() && crowd.idle() == 0);
        tokio::io::AsyncReadExt::read_u32(&mut theirs).await.unwrap();
        writing.await.unwrap();
        assert_eq!(crowd.idle(), 1);
    }
}

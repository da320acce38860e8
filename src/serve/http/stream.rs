//! Bodies that are made while they are sent: the next piece is asked for when there is room for it,
//! so what a slow reader does not take stays where it is, and nobody else waits.

use std::convert::Infallible;
use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::unfold;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;

use crate::mcp::{Events, Exchange, Framing};

use super::answer::Body;

/// Silence that those in between take for an end is longer than this.
const SILENCE: Duration = Duration::from_secs(15);

/// What makes the pieces.
pub trait Source: Send + 'static {
    /// `None` at the end. May be dropped at any await.
    fn next(&mut self) -> impl Future<Output = Option<Vec<u8>>> + Send;

    /// Whether what is sent next belongs to the piece before.
    fn is_within(&self) -> bool;
}

impl Source for Box<Exchange> {
    async fn next(&mut self) -> Option<Vec<u8>> {
        Exchange::next(self).await
    }

    fn is_within(&self) -> bool {
        Exchange::is_within(self)
    }
}

impl Source for Events {
    async fn next(&mut self) -> Option<Vec<u8>> {
        Self::next(self).await
    }

    fn is_within(&self) -> bool {
        false
    }
}

/// A body of what a source makes, with a sign of life in every silence; one at once, so that the
/// head of the answer is on its way.
pub fn body<S: Source>(source: S, framing: Framing) -> Body {
    let pieces = unfold((source, true), move |(mut source, is_first)| async move {
        if is_first {
            let piece = Bytes::from_static(framing.sign_of_life());
            return Some((Ok::<_, Infallible>(Frame::data(piece)), (source, false)));
        }
        loop {
            match tokio::time::timeout(SILENCE, source.next()).await {
                Ok(Some(piece)) if piece.is_empty() => {}
                Ok(Some(piece)) => return Some((Ok(Frame::data(Bytes::from(piece))), (source, false))),
                Ok(None) => return None,
                Err(_) if source.is_within() => {}
                Err(_) => {
                    let piece = Bytes::from_static(framing.sign_of_life());
                    return Some((Ok(Frame::data(piece)), (source, false)));
                }
            }
        }
    });
    StreamBody::new(pieces).boxed_unsync()
}

//! Bodies that are made while they are sent: the next piece is asked for when there is room for it,
//! so what a slow reader does not take stays where it is, and nobody else waits.

use std::convert::Infallible;
use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::unfold;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;

use crate::mcp::{Events, Exchange, Framing, Mailbox};

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

impl Source for Mailbox {
    async fn next(&mut self) -> Option<Vec<u8>> {
        Self::next(self).await
    }

    fn is_within(&self) -> bool {
        Self::is_within(self)
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

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use tokio::time::{Instant, sleep_until};

    use super::*;

    /// Says its pieces at their seconds; some are not the end of their message.
    struct Script {
        begun: Instant,
        pieces: VecDeque<(u64, &'static str, bool)>,
        is_within: bool,
    }

    impl Source for Script {
        async fn next(&mut self) -> Option<Vec<u8>> {
            let (second, piece, goes_on) = self.pieces.front().copied()?;
            sleep_until(self.begun + Duration::from_secs(second)).await;
            self.pieces.pop_front();
            self.is_within = goes_on;
            Some(piece.as_bytes().to_vec())
        }

        fn is_within(&self) -> bool {
            self.is_within
        }
    }

    /// What a client hears of pieces, each with its second.
    async fn heard(framing: Framing, pieces: &[(u64, &'static str, bool)]) -> Vec<(u64, String)> {
        let begun = Instant::now();
        let script = Script { begun, pieces: pieces.iter().copied().collect(), is_within: false };
        let mut body = body(script, framing);
        let mut heard = Vec::new();
        while let Some(frame) = body.frame().await {
            let bytes = frame.unwrap().into_data().unwrap();
            heard.push((begun.elapsed().as_secs(), String::from_utf8(bytes.to_vec()).unwrap()));
        }
        heard
    }

    fn owned(heard: &[(u64, &str)]) -> Vec<(u64, String)> {
        heard.iter().map(|(second, text)| (*second, (*text).to_owned())).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn every_fifteen_seconds_of_silence_there_is_a_sign_of_life() {
        for (framing, sign) in [(Framing::Events, ": still here\n\n"), (Framing::Json, " ")] {
            let heard = heard(framing, &[(40, "one", false), (50, "", false), (66, "two", false)]).await;
            // What is empty is no piece, and none is sent of it.
            let expected = [(0, sign), (15, sign), (30, sign), (40, "one"), (65, sign), (66, "two")];
            assert_eq!(heard, owned(&expected), "{framing:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn within_a_message_there_is_none() {
        for (framing, sign) in [(Framing::Events, ": still here\n\n"), (Framing::Json, " ")] {
            let heard = heard(framing, &[(20, "half", true), (80, "whole", false), (99, "end", false)]).await;
            let expected = [(0, sign), (15, sign), (20, "half"), (80, "whole"), (95, sign), (99, "end")];
            assert_eq!(heard, owned(&expected), "{framing:?}");
        }
    }
}

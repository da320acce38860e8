//! One connection, from its first byte to its end: what is spoken on it, and when it is over.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_util::sync::CancellationToken;

use crate::model::HttpLimits;

use super::conversation::converse;
use super::crowd::Desk;
use super::leaving::last_moment;
use super::listen::Incoming;
use super::opening::{Opened, Speech, open};
use super::patient::Patient;
use super::pool::Pool;
use super::route::{House, Peer};
use super::streams::{Over, Streams};
use super::tls::{self, Keeper};

/// Requests side by side on a connection of HTTP/2.
const MOST_STREAMS: u32 = 128;
/// What a client may send on one stream before somebody reads it, and what waits to be sent there.
const WINDOW: u32 = 64 << 10;
/// The same for a whole connection.
const CONNECTION_WINDOW: u32 = 1 << 20;

/// For those who speak HTTP where TLS is spoken.
const WANTS_TLS: &[u8] = b"HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: 53\r\nConnection: close\r\n\r\n{\"error\":\"this server speaks TLS: use https:// here\"}";

/// How long those may take to see it.
const GOODBYE: Duration = Duration::from_millis(500);

/// All that a connection has to do with.
#[derive(Clone)]
pub struct Surroundings {
    pub house: Arc<House>,
    pub limits: HttpLimits,
    pub pool: Arc<Pool>,
    pub closing: CancellationToken,
    /// What TLS is spoken with, if it is.
    pub keeper: Option<Arc<Keeper>>,
}

impl Surroundings {
    /// Serves a connection until it ends or should.
    pub async fn attend(self, incoming: Incoming, desk: Desk) {
        let Incoming { stream, peer } = incoming;
        let Some(_seat) = self.pool.seat(peer) else { return };
        let streams = Arc::new(Streams::default());
        let stream = Patient::new(stream, self.limits.stall_timeout, desk.clone()).telling(streams.written());
        let peer = Peer { address: peer, certificate: None };
        let first = tokio::select! {
            biased;
            first = tokio::time::timeout(self.limits.header_timeout, open(stream)) => first,
            // Who has asked for nothing yet is not waited for long.
            () = last_moment(&self.closing) => return,
        };
        let Ok(Ok(Some((mut stream, speech)))) = first else { return };
        match (speech, self.keeper.clone()) {
            (Speech::Tls, Some(keeper)) => Box::pin(self.secure(&keeper, stream, peer, streams, desk)).await,
            (Speech::Tls, None) => tracing::debug!("a client speaks TLS, and none is spoken here"),
            (Speech::Http1, Some(_)) => {
                let _ = tokio::time::timeout(GOODBYE, refuse_plain(&mut stream)).await;
            }
            (Speech::Http2, Some(_)) => {}
            (Speech::Http2, None) => Box::pin(self.speak_http2(stream, peer, streams, desk)).await,
            (Speech::Http1, None) => Box::pin(converse(self, stream, peer, desk)).await,
        }
    }

    async fn secure<S>(
        self,
        keeper: &Keeper,
        stream: Opened<S>,
        peer: Peer,
        streams: Arc<Streams>,
        desk: Desk,
    ) where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let state = self.house.state();
        let settings = state.catalog().server.http.tls.as_ref();
        let secured = tokio::select! {
            secured = tls::handshake(keeper, settings, stream) => secured,
            () = last_moment(&self.closing) => return,
        };
        drop(state);
        match secured {
            Ok(Some(tls::Secured { stream, certificate, speaks_http2 })) => {
                let peer = Peer { certificate: certificate.map(Arc::new), ..peer };
                if speaks_http2 {
                    Box::pin(self.speak_http2(stream, peer, streams, desk)).await;
                } else {
                    let stream = Opened::new(stream, Bytes::new());
                    Box::pin(converse(self, stream, peer, desk)).await;
                }
            }
            Ok(None) => {}
            Err(error) => log(&error, &peer),
        }
    }

    async fn speak_http2<S>(self, stream: S, peer: Peer, streams: Arc<Streams>, desk: Desk)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Self { house, limits, closing, .. } = self;
        let begun = Arc::clone(&streams);
        let service = service_fn(move |request| {
            let (house, peer, stream) = (Arc::clone(&house), peer.clone(), begun.begin());
            let answering = desk.begin();
            async move {
                let answer = house.answer(request, peer).await;
                let answer = answer.map(|body| stream.watch(body));
                Ok::<_, std::convert::Infallible>(answering.until_sent(answer))
            }
        });
        let connection = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .max_concurrent_streams(MOST_STREAMS)
            .initial_stream_window_size(WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_header_list_size(u32::try_from(head_size(&limits)).unwrap_or(u32::MAX))
            .max_send_buf_size(WINDOW as usize)
            .serve_connection(TokioIo::new(stream), service);
        tokio::pin!(connection);
        let mut is_ending = false;
        let closed = async {
            closing.cancelled().await;
            if !streams.have_begun() {
                last_moment(&closing).await;
            }
        };
        tokio::pin!(closed);
        loop {
            tokio::select! {
                biased;
                _ = &mut connection => return,
                () = &mut closed, if !is_ending => {
                    if !streams.have_begun() {
                        return;
                    }
                }
                over = streams.over(&limits) => match over {
                    Over::Stalled => return,
                    Over::Idle if is_ending => return,
                    Over::Idle => {}
                },
            }
            is_ending = true;
            connection.as_mut().graceful_shutdown();
        }
    }
}

/// Says what is wrong, and reads on until the other side has seen it.
async fn refuse_plain<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S) -> io::Result<()> {
    stream.write_all(WANTS_TLS).await?;
    stream.shutdown().await?;
    let mut rest = [0; 1024];
    while stream.read(&mut rest).await? > 0 {}
    Ok(())
}

pub fn head_size(limits: &HttpLimits) -> usize {
    usize::try_from(limits.headers.0).unwrap_or(usize::MAX).max(8192)
}

/// Everyone on the network can make such errors, so they are no news.
fn log(error: &io::Error, peer: &Peer) {
    let peer = peer.address.map(|address| address.to_string()).unwrap_or_default();
    tracing::debug!(%peer, "no TLS came about: {error}");
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_answer_in_plain_text_says_its_length() {
        let text = std::str::from_utf8(super::WANTS_TLS).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())), "{}", body.len());
    }
}

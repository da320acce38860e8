//! The first bytes of a connection, which say what is spoken on it; then they are read once more by
//! whoever speaks it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf as _, Bytes};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

/// What a client begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speech {
    Tls,
    /// HTTP/2 as one begins with who knows that the other side can.
    Http2,
    /// Or what is taken for it.
    Http1,
}

/// The first byte of TLS: a record of the handshake.
const HANDSHAKE: u8 = 0x16;

/// A stream of which some bytes have been taken and are read once more.
pub struct Opened<S> {
    stream: S,
    again: Bytes,
}

impl<S> Opened<S> {
    pub fn new(stream: S, again: Bytes) -> Self {
        Self { stream, again }
    }

    pub fn into_inner(self) -> S {
        self.stream
    }
}

impl<S: AsyncRead + Unpin> Opened<S> {
    /// Waits for something to read; `false` at the end.
    pub async fn has_more(&mut self) -> io::Result<bool> {
        if self.again.is_empty() {
            let mut first = [0; 1];
            let length = self.stream.read(&mut first).await?;
            self.again = first.get(..length).map(Bytes::copy_from_slice).unwrap_or_default();
        }
        Ok(!self.again.is_empty())
    }
}

/// Reads what says it, and no more. `None` if there is nothing.
pub async fn open<S: AsyncRead + Unpin>(mut stream: S) -> io::Result<Option<(Opened<S>, Speech)>> {
    let mut first = [0; 2];
    let mut length = 0;
    let speech = loop {
        let Some(rest) = first.get_mut(length..=length) else { break Speech::Http1 };
        if stream.read(rest).await? == 0 {
            return Ok(None);
        }
        length += 1;
        match (first, length) {
            ([HANDSHAKE, _], 1) => break Speech::Tls,
            // `PRI * HTTP/2.0` or `POST`.
            ([b'P', _], 1) => {}
            ([b'P', b'R'], 2) => break Speech::Http2,
            _ => break Speech::Http1,
        }
    };
    let again = first.get(..length).map(Bytes::copy_from_slice).unwrap_or_default();
    Ok(Some((Opened { stream, again }, speech)))
}

impl<S: AsyncRead + Unpin> AsyncRead for Opened<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.again.is_empty() || buffer.remaining() == 0 {
            return Pin::new(&mut this.stream).poll_read(context, buffer);
        }
        let taken = this.again.len().min(buffer.remaining());
        buffer.put_slice(this.again.get(..taken).unwrap_or_default());
        this.again.advance(taken);
        if this.again.is_empty() {
            this.again = Bytes::new();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Opened<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_spoken_shows_in_the_first_bytes_which_are_read_again() {
        for (bytes, expected) in [
            (&b"POST / HTTP/1.1\r\n"[..], Some(Speech::Http1)),
            (b"GET / HTTP/1.1\r\n", Some(Speech::Http1)),
            (b"PRI * HTTP/2.0\r\n", Some(Speech::Http2)),
            (&[HANDSHAKE, 3, 1, 0], Some(Speech::Tls)),
            (b"G", Some(Speech::Http1)),
            (b"P", None),
            (b"", None),
        ] {
            let opened = open(bytes).await.unwrap();
            assert_eq!(opened.as_ref().map(|(_, speech)| *speech), expected, "{bytes:?}");
            if let Some((mut opened, _)) = opened {
                let mut read = Vec::new();
                opened.read_to_end(&mut read).await.unwrap();
                assert_eq!(read, bytes);
            }
        }
    }
}

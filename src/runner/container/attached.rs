//! Both ends of a container's streams: what it writes comes out, what it reads goes in.

use std::pin::Pin;

use bollard::container::{AttachContainerResults, LogOutput};
use bytes::Bytes;
use futures_util::StreamExt;
use tokio::io::{AsyncWrite, AsyncWriteExt};

use crate::runner::{OutputEvent, Stream};

/// Hands the whole of a text to the container and closes its input. What it does not want to read
/// is not our business.
pub async fn feed(mut input: Pin<Box<dyn AsyncWrite + Send>>, text: Option<Bytes>) {
    if let Some(text) = text {
        let _ = input.write_all(&text).await;
        let _ = input.shutdown().await;
    }
    // An end that is dropped closes both; the other is still read.
    std::future::pending::<()>().await;
}

pub struct Output {
    stream: Pin<Box<dyn futures_util::Stream<Item = Result<LogOutput, bollard::errors::Error>> + Send>>,
    is_over: bool,
}

impl Output {
    pub fn of(attached: AttachContainerResults) -> (Self, Pin<Box<dyn AsyncWrite + Send>>) {
        (Self { stream: attached.output, is_over: false }, attached.input)
    }

    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// The next chunk, or `None` at the end, however that came.
    pub async fn next(&mut self) -> Option<OutputEvent> {
        while !self.is_over {
            let (stream, bytes) = match self.stream.next().await {
                Some(Ok(LogOutput::StdOut { message })) => (Stream::Stdout, message),
                Some(Ok(LogOutput::StdErr { message })) => (Stream::Stderr, message),
                // What is left of a frame whose end never came.
                Some(Ok(LogOutput::StdIn { .. } | LogOutput::Console { .. })) => continue,
                Some(Err(_)) | None => {
                    self.is_over = true;
                    continue;
                }
            };
            if !bytes.is_empty() {
                return Some(OutputEvent::Chunk { stream, bytes });
            }
        }
        None
    }
}

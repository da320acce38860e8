//! Both ends of a container's streams: what it writes comes out, what it reads goes in.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;

use bollard::container::{AttachContainerResults, LogOutput};
use bytes::Bytes;
use futures_util::StreamExt;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::Mutex;

use super::init::{Ended, Nonce, Strainer, Told};
use super::life::Input;
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

/// The same through an input that others may have after this one: then it is not closed.
pub async fn feed_shared(input: Arc<Mutex<Input>>, text: Bytes, stays_open: bool) {
    let mut open = input.lock().await;
    let _ = open.write_all(&text).await;
    let _ = if stays_open { open.flush().await } else { open.shutdown().await };
    drop(open);
    std::future::pending::<()>().await;
}

pub struct Output {
    stream: Pin<Box<dyn futures_util::Stream<Item = Result<LogOutput, bollard::errors::Error>> + Send>>,
    /// What has come and nobody has taken yet.
    ready: VecDeque<OutputEvent>,
    is_over: bool,
    /// The marks of our init are taken out.
    strained: Option<Strained>,
}

struct Strained {
    stdout: Strainer,
    stderr: Strainer,
}

impl Output {
    pub fn of(attached: AttachContainerResults) -> (Self, Pin<Box<dyn AsyncWrite + Send>>) {
        let output = Self { stream: attached.output, ready: VecDeque::new(), is_over: false, strained: None };
        (output, attached.input)
    }

    /// From now on it is what our init makes of it.
    pub fn strain(&mut self, nonce: Nonce) {
        self.strained =
            Some(Strained { stdout: Strainer::of_stdout(nonce), stderr: Strainer::of_stderr(nonce) });
    }

    /// What comes now is of another command, or of nobody.
    pub fn begin_anew(&mut self) {
        self.is_over = false;
        self.strained = None;
        self.ready.clear();
    }

    pub fn is_strained(&self) -> bool {
        self.strained.is_some()
    }

    /// How it ended, as our init tells it on both streams.
    pub fn told(&self) -> Option<Ended> {
        self.strained.as_ref().and_then(|strained| strained.stdout.ended().and(strained.stderr.ended()))
    }

    pub fn is_over(&self) -> bool {
        self.is_over && self.ready.is_empty()
    }

    /// Waits until our init tells that the command is executed, or how that has failed. Nothing is
    /// told of one that has ended already.
    pub async fn begun(&mut self) -> Option<Told> {
        while !self.is_over && self.strained.as_ref().is_some_and(|strained| !strained.stderr.has_begun()) {
            self.advance().await;
        }
        // The other stream says the same a moment later.
        self.strained.as_ref()?.stderr.ended().map(|ended| ended.told)
    }

    /// The next chunk, or `None` at the end, however that came.
    pub async fn next(&mut self) -> Option<OutputEvent> {
        while self.ready.is_empty() && !self.is_over {
            self.advance().await;
        }
        self.ready.pop_front()
    }

    async fn advance(&mut self) {
        match self.stream.next().await {
            Some(Ok(LogOutput::StdOut { message })) => self.take(Stream::Stdout, message),
            Some(Ok(LogOutput::StdErr { message })) => self.take(Stream::Stderr, message),
            // What is left of a frame whose end never came.
            Some(Ok(LogOutput::StdIn { .. } | LogOutput::Console { .. })) => {}
            Some(Err(_)) | None => self.finish(),
        }
    }

    fn take(&mut self, stream: Stream, bytes: Bytes) {
        let bytes = match (&mut self.strained, stream) {
            (None, _) => bytes,
            (Some(strained), Stream::Stdout) => strained.stdout.push(bytes),
            (Some(strained), Stream::Stderr) => strained.stderr.push(bytes),
        };
        self.put(stream, bytes);
        self.is_over |= self.told().is_some();
    }

    fn finish(&mut self) {
        self.is_over = true;
        if let Some(Strained { stdout, stderr }) = &mut self.strained {
            let held = [(Stream::Stdout, stdout.finish()), (Stream::Stderr, stderr.finish())];
            held.into_iter().for_each(|(stream, bytes)| self.put(stream, bytes));
        }
    }

    fn put(&mut self, stream: Stream, bytes: Bytes) {
        if !bytes.is_empty() {
            self.ready.push_back(OutputEvent::Chunk { stream, bytes });
        }
    }
}

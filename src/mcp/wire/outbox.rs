//! Messages on their way out: queued by anyone, written in order by one task.
//!
//! Short messages are put together, so that a burst of answers is one write; a large result is
//! written a part at a time as the client takes it. Nobody waits for the client by putting a
//! message here: who has to bound what is queued asks for room first.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rmcp::model::ServerJsonRpcMessage;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::engine::give_memory_back;

use super::super::reply::Reply;

/// Above this a message is written in parts of about this length.
const PART: usize = 64 << 10;

/// With more than this waiting for the client, nothing more is read from it.
const FULL: usize = 64 << 20;

pub(in crate::mcp) struct Outbox {
    state: Mutex<State>,
    /// For the writer: there is something to write.
    filled: Notify,
    /// For everyone else: something was written, or nothing will be any more.
    written: Notify,
}

struct State {
    queue: VecDeque<Message>,
    /// Bytes in the queue and in the writer's hands.
    waiting: usize,
    /// Messages ever queued, and how many of them are written.
    queued: u64,
    done: u64,
    moved: Instant,
    /// The client is gone.
    broken: bool,
    /// Nothing comes after what is queued.
    closed: bool,
}

enum Message {
    /// Whole messages, each with its newline.
    Lines { bytes: Vec<u8>, count: u64 },
    /// One message, made while it is written. `start` opens it up to its result.
    Parts { start: Vec<u8>, result: Reply },
}

impl Outbox {
    pub(in crate::mcp) fn new() -> Arc<Self> {
        let state = State {
            queue: VecDeque::new(),
            waiting: 0,
            queued: 0,
            done: 0,
            moved: Instant::now(),
            broken: false,
            closed: false,
        };
        Arc::new(Self { state: Mutex::new(state), filled: Notify::new(), written: Notify::new() })
    }

    /// Queues one whole message; `write` appends it, without a newline. Returns its number.
    pub(in crate::mcp) fn put(&self, write: impl FnOnce(&mut Vec<u8>)) -> u64 {
        let mut state = self.lock();
        if state.broken {
            return 0;
        }
        let State { queue, .. } = &mut *state;
        let mut fresh = Vec::new();
        let bytes = match queue.back_mut() {
            Some(Message::Lines { bytes, count }) if bytes.len() < PART => {
                *count += 1;
                bytes
            }
            _ => &mut fresh,
        };
        let before = bytes.len();
        write(bytes);
        bytes.push(b'\n');
        let added = bytes.len() - before;
        if !fresh.is_empty() {
            queue.push_back(Message::Lines { bytes: fresh, count: 1 });
        }
        self.queued(state, added)
    }

    /// Queues one message; returns its number.
    pub(in crate::mcp) fn put_message(&self, message: &ServerJsonRpcMessage) -> u64 {
        self.put(|out| {
            if let Err(error) = serde_json::to_writer(out, message) {
                tracing::error!(%error, "a message cannot be written as JSON");
            }
        })
    }

    /// Queues `start`, a result and the closing brace as one message.
    pub(in crate::mcp) fn put_result(&self, start: Vec<u8>, mut result: Reply) {
        if result.size() < PART {
            self.put(|out| {
                // What is escaped is longer, and makes room itself.
                out.reserve(start.len() + result.size() + 2);
                out.extend_from_slice(&start);
                result.fill(out, usize::MAX);
                out.push(b'}');
            });
            return;
        }
        let mut state = self.lock();
        if !state.broken {
            let size = result.size();
            state.queue.push_back(Message::Parts { start, result });
            self.queued(state, size);
        }
    }

    fn queued(&self, mut state: MutexGuard<'_, State>, size: usize) -> u64 {
        if state.waiting == 0 {
            // Time without anything to write is no stall.
            state.moved = Instant::now();
        }
        state.waiting += size;
        state.queued += 1;
        let number = state.queued;
        drop(state);
        self.filled.notify_one();
        number
    }

    /// Resolves once the message of this number is written; an error if it never will be.
    pub(in crate::mcp) async fn sent(&self, number: u64) -> Result<(), Gone> {
        self.until(|state| state.done >= number).await
    }

    /// Resolves once there is room for more.
    pub(in crate::mcp) async fn room(&self) -> Result<(), Gone> {
        self.until(|state| state.waiting < FULL).await
    }

    /// Resolves once everything is written.
    pub(in crate::mcp) async fn flushed(&self) -> Result<(), Gone> {
        self.until(|state| state.done == state.queued).await
    }

    async fn until(&self, holds: impl Fn(&State) -> bool) -> Result<(), Gone> {
        loop {
            let written = self.written.notified();
            {
                let state = self.lock();
                if state.broken {
                    return Err(Gone);
                }
                if holds(&state) {
                    return Ok(());
                }
            }
            written.await;
        }
    }

    /// How long the client has taken nothing although there is something to take.
    pub(in crate::mcp) fn stalled_for(&self) -> Duration {
        let state = self.lock();
        if state.waiting == 0 { Duration::ZERO } else { state.moved.elapsed() }
    }

    /// Writes until the client is gone; owned and ended by the transport.
    pub(in crate::mcp) async fn write_to(self: Arc<Self>, mut sink: impl AsyncWrite + Unpin) {
        loop {
            let filled = self.filled.notified();
            let Some(message) = self.take() else {
                filled.await;
                continue;
            };
            let (count, size) = match &message {
                Message::Lines { bytes, count } => (*count, bytes.len()),
                Message::Parts { result, .. } => (1, result.size()),
            };
            if let Err(error) = self.write(&mut sink, message).await {
                tracing::info!(%error, "the client is gone");
                self.give_up();
                return;
            }
            self.taken(count, size);
        }
    }

    /// Nothing more will be put here.
    pub(in crate::mcp) fn close(&self) {
        self.lock().closed = true;
        self.filled.notify_one();
    }

    /// Resolves when something is there to be written, or nothing will be. Says whether that is all.
    pub(in crate::mcp) async fn begun(&self) -> bool {
        loop {
            let filled = self.filled.notified();
            {
                let state = self.lock();
                if state.closed || !state.queue.is_empty() {
                    return state.closed;
                }
            }
            filled.await;
        }
    }

    /// The next part of a large message.
    fn go_on(&self, mut part: Vec<u8>, rest: &mut Option<Reply>) -> Vec<u8> {
        let (more, size) = match rest {
            Some(result) => (result.fill(&mut part, PART), result.size()),
            None => (false, 0),
        };
        if !more {
            *rest = None;
            part.extend_from_slice(b"}\n");
            self.taken(1, size);
            give_memory_back();
        }
        part
    }

    fn taken(&self, count: u64, size: usize) {
        let mut state = self.lock();
        state.done += count;
        state.waiting = state.waiting.saturating_sub(size);
        drop(state);
        self.written.notify_waiters();
    }

    /// One that is closed and holds messages that are whole, each with its newline.
    pub(in crate::mcp) fn holding(bytes: Vec<u8>) -> Arc<Self> {
        let held = Self::new();
        {
            let mut state = held.lock();
            state.waiting = bytes.len();
            state.queue.push_back(Message::Lines { bytes, count: 0 });
            state.closed = true;
        }
        held
    }

    pub(in crate::mcp) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    /// Bytes in the queue.
    pub(in crate::mcp) fn waiting(&self) -> usize {
        self.lock().waiting
    }

    /// The next bytes, for who writes them without a task; `None` at the end. `rest` is what is left
    /// of a large message. May be dropped at any await: nothing is lost.
    pub(in crate::mcp) async fn part(&self, rest: &mut Option<Reply>) -> Option<Vec<u8>> {
        if rest.is_some() {
            return Some(self.go_on(Vec::new(), rest));
        }
        loop {
            let filled = self.filled.notified();
            match self.take() {
                Some(Message::Lines { bytes, count }) => {
                    self.taken(count, bytes.len());
                    return Some(bytes);
                }
                Some(Message::Parts { start, result }) => {
                    *rest = Some(result);
                    return Some(self.go_on(start, rest));
                }
                None if self.lock().closed => return None,
                None => filled.await,
            }
        }
    }

    fn take(&self) -> Option<Message> {
        self.lock().queue.pop_front()
    }

    async fn write(&self, sink: &mut (impl AsyncWrite + Unpin), message: Message) -> std::io::Result<()> {
        match message {
            Message::Lines { bytes, .. } => self.write_part(sink, &bytes).await?,
            Message::Parts { start, mut result } => {
                let mut part = start;
                while result.fill(&mut part, PART) {
                    self.write_part(sink, &part).await?;
                    part.clear();
                }
                part.extend_from_slice(b"}\n");
                self.write_part(sink, &part).await?;
                drop(part);
                give_memory_back();
            }
        }
        sink.flush().await
    }

    async fn write_part(&self, sink: &mut (impl AsyncWrite + Unpin), mut part: &[u8]) -> std::io::Result<()> {
        while !part.is_empty() {
            let count = sink.write(part).await?;
            if count == 0 {
                return Err(std::io::ErrorKind::WriteZero.into());
            }
            part = part.get(count..).unwrap_or_default();
            self.lock().moved = Instant::now();
        }
        Ok(())
    }

    /// Nothing will be written any more.
    pub(in crate::mcp) fn give_up(&self) {
        let mut state = self.lock();
        state.broken = true;
        state.queue.clear();
        state.waiting = 0;
        drop(state);
        self.written.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The client does not read any more.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the client is gone")]
pub struct Gone;

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use tokio::io::AsyncReadExt;

    use super::*;

    #[tokio::test]
    async fn messages_come_out_in_order_and_whole() {
        let (ours, mut theirs) = tokio::io::duplex(100);
        let outbox = Outbox::new();
        outbox.put(|out| out.extend_from_slice(b"1"));
        outbox.put_result(b"{\"result\":".to_vec(), Reply::json(Bytes::from(vec![b'x'; 3 * PART])));
        let last = outbox.put(|out| out.extend_from_slice(b"3"));
        let writer = tokio::spawn(Arc::clone(&outbox).write_to(ours));
        let mut read = vec![0; 2 + 10 + 3 * PART + 2 + 2];
        theirs.read_exact(&mut read).await.unwrap();
        outbox.sent(last).await.unwrap();
        outbox.flushed().await.unwrap();
        let lines: Vec<&[u8]> = read.split(|&byte| byte == b'\n').collect();
        assert_eq!((lines[0], lines[2]), (b"1".as_slice(), b"3".as_slice()));
        assert!(lines[1].starts_with(b"{\"result\":x") && lines[1].ends_with(b"x}"));
        writer.abort();
    }

    #[tokio::test]
    async fn a_client_that_is_gone_ends_every_wait() {
        let (ours, theirs) = tokio::io::duplex(10);
        drop(theirs);
        let outbox = Outbox::new();
        let number = outbox.put(|out| out.extend_from_slice(b"1"));
        Arc::clone(&outbox).write_to(ours).await;
        assert!(outbox.sent(number).await.is_err());
        assert!(outbox.room().await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_stall_counts_only_while_something_waits() {
        let (ours, _theirs) = tokio::io::duplex(4);
        let outbox = Outbox::new();
        let writer = tokio::spawn(Arc::clone(&outbox).write_to(ours));
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(outbox.stalled_for(), Duration::ZERO);
        outbox.put(|out| out.extend_from_slice(b"123456789"));
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert_eq!(outbox.stalled_for(), Duration::from_secs(5));
        writer.abort();
    }
}

//! Keeps a run's output within its limit: the beginning and the end, in the order of arrival.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

use crate::plan::ExecutionPlan;
use crate::runner::Stream;

use super::Watcher;
use super::files::WrittenFile;
use super::redact::{Redaction, Redactor};

/// Takes chunks as they come; holds at most the limit.
pub struct Capture {
    stdout: Redaction,
    stderr: Redaction,
    output: Output,
    head_room: usize,
    tail_cap: usize,
    tail_len: usize,
    limit: u64,
}

/// What was kept of an output, and how much there was.
#[derive(Debug, Clone, Default)]
pub struct Output {
    pub head: Vec<Chunk>,
    /// Follows the head directly if nothing was omitted.
    pub tail: VecDeque<Chunk>,
    /// Bytes between head and tail that were not kept.
    pub omitted: u64,
    pub stdout_bytes: u64,
    pub stderr_bytes: u64,
    /// What the run wrote for its caller beside them.
    pub files: Vec<WrittenFile>,
    /// Files beyond what may be handed over.
    pub files_left_out: usize,
    /// Has taken secrets out of the bytes; in what is decoded of them there may be more.
    pub redactor: Option<Redactor>,
}

#[derive(Debug, Clone)]
pub struct Chunk {
    pub stream: Stream,
    pub bytes: Bytes,
}

/// Smaller chunks are joined: each kept chunk costs some bytes beside its content.
const SMALL: usize = 1024;
const JOINED: usize = 16 * 1024;

impl Capture {
    pub fn new(plan: &ExecutionPlan, redactor: &Redactor) -> Self {
        let limit = plan.tool.limits.output;
        let head_room = limit.as_len() / 4;
        Self {
            stdout: redactor.stream(),
            stderr: redactor.stream(),
            output: Output::default(),
            head_room,
            tail_cap: limit.as_len() - head_room,
            tail_len: 0,
            limit: limit.0,
        }
    }

    pub fn push(&mut self, stream: Stream, bytes: Bytes, watcher: &mut dyn Watcher) {
        let clean = self.redaction(stream).push(bytes);
        self.keep(stream, clean, watcher);
    }

    /// More has to be kept out, from here on.
    pub fn redact_by(&mut self, redactor: &Redactor) {
        self.stdout.follow(redactor);
        self.stderr.follow(redactor);
    }

    /// The streams have ended: nothing has to be held back any longer.
    pub fn finish(&mut self, watcher: &mut dyn Watcher) {
        for stream in [Stream::Stdout, Stream::Stderr] {
            let rest = self.redaction(stream).finish();
            self.keep(stream, rest, watcher);
        }
    }

    pub fn is_over_limit(&self) -> bool {
        self.output.stdout_bytes + self.output.stderr_bytes > self.limit
    }

    pub fn into_output(self) -> Output {
        self.output
    }

    fn redaction(&mut self, stream: Stream) -> &mut Redaction {
        match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        }
    }

    fn keep(&mut self, stream: Stream, mut bytes: Bytes, watcher: &mut dyn Watcher) {
        if bytes.is_empty() {
            return;
        }
        watcher.output(stream, &bytes);
        let count = match stream {
            Stream::Stdout => &mut self.output.stdout_bytes,
            Stream::Stderr => &mut self.output.stderr_bytes,
        };
        *count += bytes.len() as u64;
        if self.head_room > 0 {
            let head = bytes.split_to(bytes.len().min(self.head_room));
            self.head_room -= head.len();
            let chunk = append(self.output.head.last_mut(), stream, head);
            self.output.head.extend(chunk);
        }
        if !bytes.is_empty() {
            self.tail_len += bytes.len();
            let chunk = append(self.output.tail.back_mut(), stream, bytes);
            self.output.tail.extend(chunk);
            self.evict();
        }
    }

    /// Drops what the tail holds beyond its share, oldest first.
    fn evict(&mut self) {
        while self.tail_len > self.tail_cap {
            let excess = self.tail_len - self.tail_cap;
            let Some(front) = self.output.tail.front_mut() else { return };
            let dropped = if front.bytes.len() <= excess {
                self.output.tail.pop_front().map_or(0, |chunk| chunk.bytes.len())
            } else {
                front.bytes.split_to(excess).len()
            };
            self.tail_len -= dropped;
            self.output.omitted += dropped as u64;
        }
    }
}

/// Joins small chunks of one stream to the last one; gives the chunk back that has to be pushed.
fn append(last: Option<&mut Chunk>, stream: Stream, bytes: Bytes) -> Option<Chunk> {
    match last {
        Some(last) if last.stream == stream && bytes.len() < SMALL && last.bytes.len() < JOINED => {
            let mut joined = match std::mem::take(&mut last.bytes).try_into_mut() {
                Ok(own) => own,
                Err(shared) => BytesMut::from(shared.as_ref()),
            };
            joined.extend_from_slice(&bytes);
            last.bytes = joined.freeze();
            None
        }
        _ => Some(Chunk { stream, bytes }),
    }
}

impl Output {
    pub fn is_empty(&self) -> bool {
        self.stdout_bytes == 0 && self.stderr_bytes == 0
    }

    pub fn chunks(&self) -> impl Iterator<Item = &Chunk> {
        self.head.iter().chain(&self.tail)
    }

    /// The kept bytes of one stream as one piece.
    pub fn joined(&self, stream: Stream) -> Vec<u8> {
        let chunks = self.chunks().filter(|chunk| chunk.stream == stream);
        chunks.fold(Vec::new(), |mut all, chunk| {
            all.extend_from_slice(&chunk.bytes);
            all
        })
    }
}

//! Where a running command's output passes by: keeps the last complete line, and nothing waits.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::engine::{News as Preparation, RunId, StepNews, Stream, Watcher};

use super::marks::{self, Mark};

/// Only the last of this much of a chunk is looked at: what is older would be out of date anyway.
const WINDOW: usize = 16 << 10;

/// An unfinished line is kept up to this length.
const LINE: usize = 4 << 10;

/// The latest news of one call.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct News {
    pub started: bool,
    pub line: Option<(Stream, Vec<u8>)>,
    pub mark: Option<Mark>,
    /// When the command last wrote anything.
    pub heard: Instant,
    /// Grows when there is something new to tell.
    pub edition: u64,
}

/// What the tap and the publisher share.
pub(super) struct Board {
    news: Mutex<News>,
    pub changed: Notify,
}

impl Board {
    pub(super) fn new() -> Arc<Self> {
        let news = News { started: false, line: None, mark: None, heard: Instant::now(), edition: 0 };
        Arc::new(Self { news: Mutex::new(news), changed: Notify::new() })
    }

    pub(super) fn read(&self) -> News {
        self.lock().clone()
    }

    pub(super) fn edition(&self) -> u64 {
        self.lock().edition
    }

    pub(super) fn heard(&self) -> Instant {
        self.lock().heard
    }

    fn tell(&self, tell: impl FnOnce(&mut News)) {
        let mut news = self.lock();
        tell(&mut news);
        news.edition += 1;
        drop(news);
        self.changed.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, News> {
        self.news.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The watcher of a call.
pub(in crate::mcp) struct Tap {
    board: Arc<Board>,
    /// Unfinished lines of stdout and stderr.
    unfinished: [Vec<u8>; 2],
}

impl Tap {
    pub(super) fn new(board: Arc<Board>) -> Self {
        Self { board, unfinished: [Vec::new(), Vec::new()] }
    }
}

impl Watcher for Tap {
    fn started(&mut self, _run: &RunId) {
        self.board.tell(|news| {
            news.started = true;
            news.heard = Instant::now();
        });
    }

    fn preparing(&mut self, news: &Preparation) {
        let (Preparation::State(text) | Preparation::Line(text)) = news;
        self.board.tell(|news| {
            news.heard = Instant::now();
            news.line = Some((Stream::Stdout, text.clone().into_bytes()));
        });
    }

    fn step(&mut self, news: &StepNews) {
        let mark = Mark::new(news.ended as f64, news.all as f64);
        let line = news.to_string().into_bytes();
        self.board.tell(|news| {
            news.heard = Instant::now();
            news.mark = mark;
            news.line = Some((Stream::Stdout, line));
        });
    }

    fn step_output(&mut self, stream: Stream, lines: &Bytes) {
        let Some(line) = look(&mut Vec::new(), lines).line else { return };
        self.board.tell(|news| {
            news.heard = Instant::now();
            news.line = Some((stream, line));
        });
    }

    fn output(&mut self, stream: Stream, bytes: &Bytes) {
        let [stdout, stderr] = &mut self.unfinished;
        let unfinished = match stream {
            Stream::Stdout => stdout,
            Stream::Stderr => stderr,
        };
        let seen = look(unfinished, bytes);
        if seen.is_empty() {
            self.board.lock().heard = Instant::now();
            return;
        }
        self.board.tell(|news| {
            news.heard = Instant::now();
            news.mark = seen.mark.or(news.mark);
            news.line = seen.line.map(|line| (stream, line)).or_else(|| news.line.take());
        });
    }
}

#[derive(Default)]
struct Seen {
    line: Option<Vec<u8>>,
    mark: Option<Mark>,
}

impl Seen {
    fn is_empty(&self) -> bool {
        self.line.is_none() && self.mark.is_none()
    }
}

/// Takes the next bytes of a stream; `unfinished` is what no line end was seen of.
fn look(unfinished: &mut Vec<u8>, bytes: &[u8]) -> Seen {
    let window = match bytes.len().checked_sub(WINDOW) {
        Some(older) if older > 0 => {
            unfinished.clear();
            bytes.get(older..).unwrap_or_default()
        }
        _ => bytes,
    };
    unfinished.extend_from_slice(window);
    let mut seen = Seen { line: None, mark: marks::in_terminal_sequence(unfinished) };
    let complete = unfinished.iter().rposition(is_line_end).map_or(0, |end| end + 1);
    let lines: Vec<u8> = unfinished.drain(..complete).collect();
    if seen.mark.is_some() && complete == 0 {
        // It must not be found again in the next chunk.
        unfinished.clear();
    }
    unfinished.truncate(LINE);
    for line in lines.split(is_line_end).filter(|line| !line.trim_ascii().is_empty()) {
        match marks::in_line(line) {
            Some((mark, text)) => {
                seen.mark = Some(mark);
                if !text.is_empty() {
                    seen.line = Some(text.to_vec());
                }
            }
            None => seen.line = Some(line.to_vec()),
        }
    }
    if let Some(line) = &mut seen.line {
        line.truncate(LINE);
    }
    seen
}

/// A carriage return ends a line, too: that is how progress bars are drawn.
fn is_line_end(byte: &u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(chunks: &[&str]) -> Vec<String> {
        let mut unfinished = Vec::new();
        let seen = chunks.iter().filter_map(|chunk| look(&mut unfinished, chunk.as_bytes()).line);
        seen.map(|line| String::from_utf8(line).unwrap()).collect()
    }

    #[test]
    fn the_last_complete_line_of_each_chunk_is_seen() {
        assert_eq!(lines(&["a\nb\nc", "d\n", "e", "\n\n \n"]), ["b", "cd", "e"]);
        assert_eq!(lines(&["10%\r20%\r", "30%"]), ["20%"]);
        assert_eq!(lines(&["::progress 1/2 half::\n", "::progress 2/2::\n"]), ["half"]);
    }

    #[test]
    fn a_flood_costs_only_its_end() {
        let flood = format!("{}\nlast\n", "x".repeat(1 << 20));
        assert_eq!(lines(&["unfinished", &flood]), ["last"]);
        let mut unfinished = Vec::new();
        look(&mut unfinished, "y".repeat(1 << 20).as_bytes());
        assert_eq!(unfinished.len(), LINE);
    }

    #[test]
    fn marks_are_seen_with_and_without_lines() {
        let mut unfinished = Vec::new();
        assert_eq!(look(&mut unfinished, b"\x1b]9;4;1;40\x07").mark, Some(Mark { done: 40.0, total: 100.0 }));
        assert!(look(&mut unfinished, b"text").is_empty());
        assert_eq!(
            look(&mut unfinished, b"\n::progress 3/7 x::\ny\n").mark,
            Some(Mark { done: 3.0, total: 7.0 })
        );
    }
}

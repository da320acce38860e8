//! Where a running command's output passes by: whole lines of stderr, and lines that name a level.

use bytes::Bytes;
use tokio::sync::mpsc;

use crate::engine::{Sanitizer, Stream, Watcher};

use super::Level;

/// A line is told up to this length.
const LINE: usize = 4 << 10;

/// A line on its way to the client.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub level: Level,
    pub text: String,
    /// How many before it found no room.
    pub missed: u64,
}

/// A watcher of a call, beside others.
pub(in crate::mcp) struct LogTap {
    lines: mpsc::Sender<Line>,
    least: Level,
    missed: u64,
    /// Unfinished lines of stdout and stderr.
    unfinished: [Vec<u8>; 2],
}

impl LogTap {
    pub(super) fn new(lines: mpsc::Sender<Line>, least: Level) -> Self {
        Self { lines, least, missed: 0, unfinished: [Vec::new(), Vec::new()] }
    }

    fn look(&mut self, stream: Stream, bytes: &[u8]) {
        let mut parts = bytes.split(|byte| *byte == b'\n').peekable();
        while let Some(part) = parts.next() {
            let unfinished = self.unfinished_mut(stream);
            let room = LINE.saturating_sub(unfinished.len());
            unfinished.extend_from_slice(part.get(..room).unwrap_or(part));
            if parts.peek().is_some() {
                let line = std::mem::take(unfinished);
                self.tell(stream, &line);
            }
        }
    }

    fn unfinished_mut(&mut self, stream: Stream) -> &mut Vec<u8> {
        let [stdout, stderr] = &mut self.unfinished;
        match stream {
            Stream::Stdout => stdout,
            Stream::Stderr => stderr,
        }
    }

    fn tell(&mut self, stream: Stream, line: &[u8]) {
        let (level, text) = match marked(line) {
            Some(marked) => marked,
            None if stream == Stream::Stderr => (Level::Info, line),
            None => return,
        };
        if level < self.least || text.trim_ascii().is_empty() {
            return;
        }
        let line = Line { level, text: Sanitizer::clean(text), missed: self.missed };
        self.missed = if self.lines.try_send(line).is_ok() { 0 } else { self.missed + 1 };
    }
}

impl Watcher for LogTap {
    fn output(&mut self, stream: Stream, bytes: &Bytes) {
        self.look(stream, bytes);
    }

    fn step_output(&mut self, stream: Stream, lines: &Bytes) {
        self.look(stream, lines);
    }
}

impl Drop for LogTap {
    /// The last line may have no end.
    fn drop(&mut self) {
        for stream in [Stream::Stdout, Stream::Stderr] {
            let line = std::mem::take(self.unfinished_mut(stream));
            self.tell(stream, &line);
        }
    }
}

/// Reads a `::log LEVEL TEXT::` line.
fn marked(line: &[u8]) -> Option<(Level, &[u8])> {
    let inside = line.trim_ascii().strip_prefix(b"::log ")?.strip_suffix(b"::")?.trim_ascii();
    let end = inside.iter().position(|&byte| byte == b' ')?;
    let (level, text) = inside.split_at(end);
    Some((Level::named(level)?, text.trim_ascii()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(least: Level, chunks: &[(Stream, &str)]) -> Vec<(Level, String)> {
        let (sender, mut lines) = mpsc::channel(8);
        let mut tap = LogTap::new(sender, least);
        for (stream, text) in chunks {
            tap.output(*stream, &(*text).to_owned().into());
        }
        drop(tap);
        std::iter::from_fn(|| lines.try_recv().ok()).map(|line| (line.level, line.text)).collect()
    }

    #[test]
    fn lines_of_stderr_are_told_and_lines_that_name_a_level() {
        let chunks = [
            (Stream::Stderr, "one\ntw"),
            (Stream::Stdout, "data\n::log warning hot::\n"),
            (Stream::Stderr, "o\n\n::log debug small::\nlast"),
        ];
        let told = told(Level::Info, &chunks);
        let expected =
            [(Level::Info, "one"), (Level::Warning, "hot"), (Level::Info, "two"), (Level::Info, "last")];
        assert_eq!(told, expected.map(|(level, text)| (level, text.to_owned())));
    }

    #[test]
    fn what_finds_no_room_is_counted() {
        let (sender, mut lines) = mpsc::channel(1);
        let mut tap = LogTap::new(sender, Level::Debug);
        tap.output(Stream::Stderr, &"a\nb\nc\n".into());
        assert_eq!(lines.try_recv().unwrap().text, "a");
        tap.output(Stream::Stderr, &"d\n".into());
        let line = lines.try_recv().unwrap();
        assert_eq!((line.text.as_str(), line.missed), ("d", 2));
    }
}

//! Bytes → lines, none longer than a cap.
//!
//! Reading can be given up at any await and taken up again: what has been read stays here.

use std::io;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};

/// The longest line that is taken in whole.
pub(crate) const LONGEST: usize = 16 << 20;

/// How much is kept of either end of a longer line, for the sake of its id.
const KEPT: usize = 1024;

/// A buffer that has grown beyond this is not kept.
const ROOM: usize = 64 << 10;

pub(super) struct Lines<R> {
    source: R,
    buffer: BytesMut,
    /// How much of the buffer is known to hold no newline.
    searched: usize,
    /// The start of a line that is too long, whose end is not seen yet.
    discarding: Option<Bytes>,
    longest: usize,
}

pub(super) enum Line {
    /// Without its newline.
    Whole(Bytes),
    /// Too long: only its two ends are left.
    TooLong { head: Bytes, tail: Bytes },
}

impl<R: AsyncRead + Unpin> Lines<R> {
    pub(super) fn new(source: R, longest: usize) -> Self {
        Self { source, buffer: BytesMut::new(), searched: 0, discarding: None, longest }
    }

    /// The next line; `None` at the end, where a line without a newline still counts.
    pub(super) async fn next(&mut self) -> io::Result<Option<Line>> {
        loop {
            if let Some(line) = self.take_line() {
                return Ok(Some(line));
            }
            self.discard();
            if self.buffer.capacity() - self.buffer.len() < ROOM / 4 {
                self.buffer.reserve(ROOM.max(self.buffer.len()));
            }
            if self.source.read_buf(&mut self.buffer).await? == 0 {
                return Ok(self.take_rest());
            }
        }
    }

    fn take_line(&mut self) -> Option<Line> {
        let unsearched = self.buffer.get(self.searched..)?;
        let Some(newline) = unsearched.iter().position(|&byte| byte == b'\n') else {
            self.searched = self.buffer.len();
            return None;
        };
        let end = std::mem::take(&mut self.searched) + newline;
        let line = self.buffer.split_to(end + 1).freeze().slice(..end);
        Some(self.judge(line))
    }

    fn take_rest(&mut self) -> Option<Line> {
        self.searched = 0;
        let rest = self.buffer.split().freeze();
        if rest.is_empty() && self.discarding.is_none() { None } else { Some(self.judge(rest)) }
    }

    fn judge(&mut self, line: Bytes) -> Line {
        if self.buffer.is_empty() && self.buffer.capacity() > ROOM {
            self.buffer = BytesMut::new();
        }
        if self.discarding.is_none() && line.len() <= self.longest {
            return Line::Whole(line);
        }
        let head = self.discarding.take().unwrap_or_else(|| copy(line.get(..KEPT)));
        Line::TooLong { head, tail: copy(line.get(line.len().saturating_sub(KEPT)..)) }
    }

    /// Lets go of the middle of a line that is too long.
    fn discard(&mut self) {
        if self.buffer.len() <= self.longest && self.discarding.is_none() {
            return;
        }
        if self.discarding.is_none() {
            self.discarding = Some(copy(self.buffer.get(..KEPT)));
        }
        let tail =
            BytesMut::from(self.buffer.get(self.buffer.len().saturating_sub(KEPT)..).unwrap_or_default());
        self.buffer = tail;
        self.searched = self.buffer.len();
    }
}

/// A copy, so that a few bytes do not hold a large buffer.
fn copy(bytes: Option<&[u8]>) -> Bytes {
    Bytes::copy_from_slice(bytes.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn all(input: &[u8], longest: usize) -> Vec<String> {
        let mut lines = Lines::new(input, longest);
        let mut found = Vec::new();
        while let Some(line) = lines.next().await.unwrap() {
            found.push(match line {
                Line::Whole(line) => String::from_utf8(line.to_vec()).unwrap(),
                Line::TooLong { .. } => "too long".to_owned(),
            });
        }
        found
    }

    #[tokio::test]
    async fn lines_end_at_a_newline_or_at_the_end() {
        assert_eq!(all(b"a\n\nbc\nd", 10).await, ["a", "", "bc", "d"]);
        assert!(all(b"", 10).await.is_empty());
    }

    #[tokio::test]
    async fn a_line_beyond_the_cap_is_skipped_and_the_next_one_read() {
        let mut input = vec![b'x'; 300_000];
        input.extend_from_slice(b"\nafter\n12345678901\n1234567890\n");
        assert_eq!(all(&input, 10).await, ["too long", "after", "too long", "1234567890"]);
    }

    #[tokio::test]
    async fn of_a_line_that_is_too_long_both_ends_are_kept() {
        let input = [b"head".as_slice(), &[b'x'; 200_000], b"tail"].concat();
        let mut lines = Lines::new(input.as_slice(), 1000);
        let Some(Line::TooLong { head, tail }) = lines.next().await.unwrap() else { panic!("not too long") };
        assert!(head.starts_with(b"head") && tail.ends_with(b"tail"));
        assert!(head.len() + tail.len() <= 2 * KEPT);
        assert!(lines.next().await.unwrap().is_none());
    }
}

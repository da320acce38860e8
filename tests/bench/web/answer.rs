//! An answer as it comes in, looked at as little as tells where it ends.

use crate::failure::Failure;

/// How much of an answer is looked at; the rest is counted.
pub const KEPT: usize = 64 << 10;
const END_OF_HEAD: &[u8] = b"\r\n\r\n";
const END_OF_CHUNKS: &[u8] = b"0\r\n\r\n";

#[derive(Default)]
pub struct Answer {
    /// Its beginning.
    pub seen: Vec<u8>,
    pub length: usize,
    head: Option<Head>,
    tail: [u8; END_OF_CHUNKS.len()],
}

#[derive(Clone, Copy)]
struct Head {
    length: usize,
    /// `None` where the body comes in chunks.
    body: Option<usize>,
}

impl Answer {
    /// Makes room for the next one.
    pub fn clear(&mut self) {
        self.seen.clear();
        (self.length, self.head) = (0, None);
    }

    pub fn push(&mut self, part: &[u8]) -> Result<(), Failure> {
        let room = KEPT.saturating_sub(self.seen.len()).min(part.len());
        self.seen.extend_from_slice(part.get(..room).unwrap_or_default());
        self.length += part.len();
        for byte in part.get(part.len().saturating_sub(END_OF_CHUNKS.len())..).unwrap_or_default() {
            self.tail.rotate_left(1);
            self.tail[END_OF_CHUNKS.len() - 1] = *byte;
        }
        if self.head.is_none() {
            self.head = self.read_head()?;
        }
        Ok(())
    }

    pub fn is_whole(&self) -> bool {
        match self.head {
            Some(Head { length, body: Some(body) }) => self.length >= length + body,
            Some(Head { body: None, .. }) => self.tail == END_OF_CHUNKS,
            None => false,
        }
    }

    /// What came after the head.
    pub fn body(&self) -> &[u8] {
        self.head.and_then(|head| self.seen.get(head.length..)).unwrap_or_default()
    }

    fn read_head(&self) -> Result<Option<Head>, Failure> {
        let end = self.seen.windows(END_OF_HEAD.len()).position(|window| window == END_OF_HEAD);
        let Some(end) = end else { return Ok(None) };
        let head = self.seen.get(..end).unwrap_or_default();
        if !head.starts_with(b"HTTP/1.1 200") {
            return Err(Failure::Refused(String::from_utf8_lossy(&self.seen).into_owned()));
        }
        let length = head.split(|byte| *byte == b'\n').find_map(content_length);
        Ok(Some(Head { length: end + END_OF_HEAD.len(), body: length }))
    }
}

fn content_length(line: &[u8]) -> Option<usize> {
    const NAME: &[u8] = b"content-length:";
    let (name, value) = line.split_at_checked(NAME.len())?;
    let is_it = name.eq_ignore_ascii_case(NAME);
    is_it.then(|| std::str::from_utf8(value).ok()?.trim().parse().ok()).flatten()
}

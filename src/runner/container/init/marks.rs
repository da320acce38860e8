//! The init's marks, taken out of the output among which they come.
//!
//! The command cannot forge one: it does not know the nonce. Of the output only so much is held back
//! as may be the beginning of a mark.

use bytes::{Bytes, BytesMut};

use super::nonce::Nonce;
use super::wire;

/// How it ended, and nothing of it is alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    pub told: Told,
    pub memory: Memory,
    /// The init waits for another command, and nothing of this one is left.
    pub stays: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    Exited(i32),
    Signalled(i32),
    /// By the number of the kernel.
    NotExecuted(i32),
    /// No folder of `PATH` has it.
    NotFound,
    NoFolder(i32),
}

/// Whether the kernel has killed something in the container for its memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Memory {
    Unknown,
    Sufficed,
    Exceeded,
}

/// One stream of output, from which marks are taken.
pub struct Strainer {
    nonce: Nonce,
    /// What may be the beginning of a mark.
    held: BytesMut,
    /// The first mark may stand anywhere, since others write there too.
    awaits_begin: bool,
    ended: Option<Ended>,
}

impl Strainer {
    /// The stream in which is also told that the command is executed.
    pub fn of_stderr(nonce: Nonce) -> Self {
        Self { nonce, held: BytesMut::new(), awaits_begin: true, ended: None }
    }

    pub fn of_stdout(nonce: Nonce) -> Self {
        Self { awaits_begin: false, ..Self::of_stderr(nonce) }
    }

    /// The command is executed, or will never be.
    pub fn has_begun(&self) -> bool {
        !self.awaits_begin
    }

    /// Set when everything has come.
    pub fn ended(&self) -> Option<Ended> {
        self.ended
    }

    /// What of this is output for sure.
    pub fn push(&mut self, bytes: Bytes) -> Bytes {
        if self.ended.is_some() {
            return Bytes::new();
        }
        let mut bytes = match self.held.is_empty() {
            true => bytes,
            false => {
                self.held.extend_from_slice(&bytes);
                self.held.split().freeze()
            }
        };
        let mut before = Bytes::new();
        if self.awaits_begin
            && let Some(at) = self.begin(&bytes)
        {
            self.awaits_begin = false;
            let rest = bytes.split_off(at);
            before = std::mem::replace(&mut bytes, rest.slice(wire::MARK..));
        }
        let after = self.without_end(bytes);
        match (before.is_empty(), after.is_empty()) {
            (true, _) => after,
            (_, true) => before,
            _ => [before, after].concat().into(),
        }
    }

    /// What was held back of a stream that is over.
    pub fn finish(&mut self) -> Bytes {
        self.held.split().freeze()
    }

    /// Where the mark of the beginning stands, if all of it is there.
    fn begin(&self, bytes: &[u8]) -> Option<usize> {
        let at = bytes.windows(wire::MARK).position(|window| window.starts_with(&self.nonce.0))?;
        (bytes.get(at + wire::NONCE_LENGTH) == Some(&wire::BEGUN)).then_some(at)
    }

    /// Nothing follows the last mark: it is the end of what has come, or its beginning is.
    fn without_end(&mut self, mut bytes: Bytes) -> Bytes {
        let earliest = bytes.len().saturating_sub(wire::MARK);
        let is_mark = |rest: &[u8]| {
            let known = rest.len().min(wire::NONCE_LENGTH);
            rest.get(..known) == self.nonce.0.get(..known)
        };
        let at = (earliest..bytes.len()).find(|at| bytes.get(*at..).is_some_and(is_mark));
        let Some(at) = at else { return bytes };
        let mark = bytes.split_off(at);
        match ended(&mark) {
            Some(ended) => {
                self.awaits_begin = false;
                self.ended = Some(ended);
            }
            None => self.held = BytesMut::from(mark),
        }
        bytes
    }
}

fn ended(mark: &[u8]) -> Option<Ended> {
    let [kind, memory, number @ ..] = mark.get(wire::NONCE_LENGTH..)? else { return None };
    let number = i32::from_le_bytes(number.try_into().ok()?);
    let stays = kind & wire::STAYS != 0;
    let told = match kind & !wire::STAYS {
        wire::EXITED => Told::Exited(number),
        wire::SIGNALLED => Told::Signalled(number),
        wire::NOT_EXECUTED => Told::NotExecuted(number),
        wire::NOT_FOUND => Told::NotFound,
        wire::NO_FOLDER => Told::NoFolder(number),
        _ => return None,
    };
    let memory = match *memory {
        wire::MEMORY_SUFFICED => Memory::Sufficed,
        wire::MEMORY_EXCEEDED => Memory::Exceeded,
        wire::MEMORY_UNKNOWN => Memory::Unknown,
        _ => return None,
    };
    Some(Ended { told, memory, stays })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONCE: [u8; 16] = *b"0123456789abcdef";

    fn mark(kind: u8, number: i32) -> Vec<u8> {
        [&NONCE[..], &[kind, wire::MEMORY_SUFFICED], &number.to_le_bytes()].concat()
    }

    /// What comes through, however the stream is cut.
    fn strained(whole: &[u8], cut: usize) -> (Vec<u8>, Option<Ended>, bool) {
        let mut strainer = Strainer::of_stderr(Nonce(NONCE));
        let mut output = Vec::new();
        for chunk in whole.chunks(cut) {
            output.extend(strainer.push(Bytes::copy_from_slice(chunk)));
        }
        output.extend(strainer.finish());
        (output, strainer.ended(), strainer.has_begun())
    }

    #[test]
    fn marks_are_taken_out_wherever_the_stream_is_cut() {
        let parts =
            [&b"early"[..], &mark(wire::BEGUN, 0), b" output 0123456789abcde", &mark(wire::EXITED, 3)];
        let whole = parts.concat();
        let ended = Some(Ended { told: Told::Exited(3), memory: Memory::Sufficed, stays: false });
        for cut in 1..=whole.len() {
            let output = b"early output 0123456789abcde".to_vec();
            assert_eq!(strained(&whole, cut), (output, ended, true), "chunks of {cut}");
        }
    }

    #[test]
    fn what_looks_like_a_mark_is_output() {
        for text in [&b"0123456789abcdeX"[..], b"0123456789abcde", b"fedcba9876543210 and a long text"] {
            assert_eq!(strained(text, 5), (text.to_vec(), None, false));
        }
    }

    #[test]
    fn a_command_that_is_not_executed_has_no_beginning() {
        let ended = Some(Ended { told: Told::NotFound, memory: Memory::Sufficed, stays: false });
        assert_eq!(strained(&mark(wire::NOT_FOUND, 2), 7), (Vec::new(), ended, true));
    }

    #[test]
    fn output_is_not_held_back_without_need() {
        let mut strainer = Strainer::of_stdout(Nonce(NONCE));
        assert_eq!(strainer.push(Bytes::from_static(b"a line\n")), "a line\n");
        assert_eq!(strainer.push(Bytes::from_static(b"another 01")), "another ");
        assert_eq!(strainer.push(Bytes::from_static(b"x")), "01x");
    }
}

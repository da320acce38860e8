//! Marks among the output. Only whoever has sent the frame knows them from output.

use crate::command::Failure;
use crate::frame::Frame;
use crate::system::{self, AGAIN, Dead, Errno, INTERRUPTED, NOT_THERE, Poll, STDERR, STDOUT};
use crate::wire;

pub struct Telling<'f> {
    nonce: &'f [u8],
}

impl<'f> Telling<'f> {
    pub fn of(frame: &Frame<'f>) -> Self {
        Self { nonce: frame.nonce }
    }

    pub fn begun(&self) {
        self.write(STDERR, wire::BEGUN, wire::MEMORY_UNKNOWN, 0);
    }

    /// `stays`: another frame is waited for.
    pub fn ended(&self, dead: &Dead, memory: u8, stays: bool) {
        let flag = if stays { wire::STAYS } else { 0 };
        match dead.signal {
            0 => self.last(wire::EXITED | flag, memory, dead.code),
            signal => self.last(wire::SIGNALLED | flag, memory, signal),
        }
    }

    pub fn not_run(&self, failure: &Failure) {
        let (kind, Errno(number)) = match *failure {
            Failure::NotExecuted(errno) => (wire::NOT_EXECUTED, errno),
            Failure::NotFound => (wire::NOT_FOUND, NOT_THERE),
            Failure::NoFolder(errno) => (wire::NO_FOLDER, errno),
        };
        self.last(kind, wire::MEMORY_SUFFICED, number);
    }

    fn last(&self, kind: u8, memory: u8, number: i32) {
        self.write(STDOUT, kind, memory, number);
        self.write(STDERR, kind, memory, number);
    }

    fn write(&self, to: i32, kind: u8, memory: u8, number: i32) {
        let mut mark = [0; wire::MARK];
        let number = number.cast_unsigned().to_le_bytes();
        let bytes = self.nonce.iter().chain([&kind, &memory]).chain(&number);
        mark.iter_mut().zip(bytes).for_each(|(place, byte)| *place = *byte);
        let mut rest = &mark[..];
        while !rest.is_empty() {
            match system::write(to, rest) {
                Ok(written) => rest = rest.get(written..).unwrap_or_default(),
                // The command may have made these streams such that nobody waits on them.
                Err(AGAIN | INTERRUPTED) => system::wait(&mut [Poll::new(to, Poll::WRITABLE)], None),
                Err(_) => return,
            }
        }
    }
}

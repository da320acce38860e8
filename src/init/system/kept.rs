//! Input that is read before a command runs, and streams as the one before must not have left them.

use super::machine::{self, call};
use super::{Errno, STDERR, STDIN, checked, close, plain, word, write};

/// Bytes in memory that are read as a file is.
pub struct Kept(i32);

impl Kept {
    pub fn new() -> Result<Self, Errno> {
        const CLOSE_ON_EXEC: usize = 1;
        let arguments = [c"input".as_ptr().expose_provenance(), CLOSE_ON_EXEC, 0, 0, 0, 0];
        // SAFETY: the name ends with a NUL.
        let made = checked(unsafe { call(machine::MEMFD_CREATE, arguments) })?;
        i32::try_from(made).map(Self).map_err(|_| super::AGAIN)
    }

    pub fn descriptor(&self) -> i32 {
        self.0
    }

    pub fn write(&self, bytes: &[u8]) -> Result<(), Errno> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let written = write(self.0, rest)?;
            rest = rest.get(written..).unwrap_or_default();
        }
        Ok(())
    }

    /// It is read from the beginning.
    pub fn rewind(&self) -> Result<(), Errno> {
        plain(machine::LSEEK, [word(self.0), 0, 0, 0, 0, 0]).map(drop)
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        close(self.0);
    }
}

/// Whoever had our streams before may have made them such that nobody waits on them.
pub fn calm_streams() {
    const SET_FLAGS: usize = 4;
    for stream in STDIN..=STDERR {
        let _ = plain(machine::FCNTL, [word(stream), SET_FLAGS, 0, 0, 0, 0]);
    }
}

//! The server's ends of a command's pipes: output that is read as it comes, input that is written
//! as it is taken.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use bytes::{Bytes, BytesMut};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::unistd::{pipe2, read};
use tokio::net::unix::pipe::{Receiver, Sender};

use super::channel::retried;

/// Most commands say little or nothing: that is kept in no more room than it needs.
const FIRST_READ: usize = 1 << 10;
/// Who says more may say much more.
const SMALLEST_READ: usize = 8 << 10;
/// A flood is read in pieces of this size.
const LARGEST_READ: usize = 256 << 10;
/// A shorter rest of a buffer is not worth a read of its own.
const SHORTEST_READ: usize = 1 << 10;
/// What the pipe of a flood holds, so that both ends wake up less often.
const WIDE_PIPE: i32 = 1 << 20;

/// One of the command's output streams.
pub struct Output {
    pipe: Option<Receiver>,
    buffer: BytesMut,
    /// Of the next read.
    size: usize,
}

impl Output {
    /// The reading end, and the end to hand to the command.
    pub fn open() -> io::Result<(Self, OwnedFd)> {
        let (ours, theirs) = pipe2(OFlag::O_CLOEXEC)?;
        set_nonblocking(&ours)?;
        let pipe = Some(Receiver::from_owned_fd_unchecked(ours)?);
        Ok((Self { pipe, buffer: BytesMut::new(), size: FIRST_READ }, theirs))
    }

    pub fn is_open(&self) -> bool {
        self.pipe.is_some()
    }

    /// The next piece; `None` once there will be no more. Can be dropped and called again.
    pub async fn read(&mut self) -> Option<Bytes> {
        loop {
            let pipe = self.pipe.as_ref()?;
            let read = match self.size {
                FIRST_READ => read_little(pipe, &mut self.buffer),
                size => {
                    make_room(&mut self.buffer, size);
                    pipe.try_read_buf(&mut self.buffer)
                }
            };
            let read = match read {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => match pipe.readable().await {
                    Ok(()) => continue,
                    Err(error) => Err(error),
                },
                read => read,
            };
            match read {
                Ok(count) if count > 0 => {
                    self.adapt(count);
                    return Some(self.buffer.split().freeze());
                }
                _ => self.pipe = None,
            }
        }
    }

    /// A piece that is there already; `None` when nothing is. For a command that has ended.
    pub fn read_now(&mut self) -> Option<Bytes> {
        let pipe = self.pipe.as_ref()?;
        let piece = match self.size {
            FIRST_READ => little_now(pipe),
            size => much_now(pipe, size),
        };
        if piece.is_none() {
            self.pipe = None;
        }
        piece
    }

    /// Reads more at a time when the last read took all it could.
    fn adapt(&mut self, count: usize) {
        self.size = match self.size {
            FIRST_READ if count < FIRST_READ => return,
            FIRST_READ => SMALLEST_READ,
            LARGEST_READ => return,
            _ if self.buffer.len() < self.buffer.capacity() => return,
            size => (size * 4).min(LARGEST_READ),
        };
        if self.size == LARGEST_READ
            && let Some(pipe) = &self.pipe
        {
            // Refused when this user has many wide pipes already.
            let _ = fcntl(pipe.as_fd(), FcntlArg::F_SETPIPE_SZ(WIDE_PIPE));
        }
    }
}

fn read_little(pipe: &Receiver, buffer: &mut BytesMut) -> io::Result<usize> {
    let mut little = [0; FIRST_READ];
    let count = pipe.try_read(&mut little)?;
    buffer.extend_from_slice(little.get(..count).unwrap_or_default());
    Ok(count)
}

/// Mostly there is nothing, which shall cost next to nothing.
fn little_now(pipe: &Receiver) -> Option<Bytes> {
    let mut little = [0; FIRST_READ];
    let count = retried(|| read(pipe.as_fd(), &mut little)).ok()?;
    little.get(..count).filter(|piece| !piece.is_empty()).map(Bytes::copy_from_slice)
}

fn much_now(pipe: &Receiver, size: usize) -> Option<Bytes> {
    let mut buffer = BytesMut::zeroed(size);
    let count = retried(|| read(pipe.as_fd(), &mut buffer)).ok()?;
    buffer.truncate(count);
    (count > 0).then(|| buffer.freeze())
}

fn make_room(buffer: &mut BytesMut, size: usize) {
    if buffer.capacity() - buffer.len() < SHORTEST_READ {
        buffer.reserve(size);
    }
}

/// The text that a command reads.
pub struct Input {
    pipe: Sender,
    rest: Bytes,
}

impl Input {
    /// The end to hand to the command, and the writing end if not all of the text went in at once.
    pub fn open(text: Vec<u8>) -> io::Result<(Option<Self>, OwnedFd)> {
        let (theirs, ours) = pipe2(OFlag::O_CLOEXEC)?;
        set_nonblocking(&ours)?;
        let mut rest = Bytes::from(text);
        // While both ends are here nobody can close the other one.
        while !rest.is_empty() {
            match nix::unistd::write(&ours, &rest) {
                Ok(count) => drop(rest.split_to(count)),
                Err(Errno::EINTR) => (),
                Err(Errno::EAGAIN) => {
                    let pipe = Sender::from_owned_fd_unchecked(ours)?;
                    return Ok((Some(Self { pipe, rest }), theirs));
                }
                Err(errno) => return Err(errno.into()),
            }
        }
        Ok((None, theirs))
    }

    /// Returns when everything is written or nobody reads it any more. Can be dropped and called
    /// again.
    pub async fn write(&mut self) {
        while !self.rest.is_empty() {
            match self.pipe.try_write(&self.rest) {
                Ok(count) => drop(self.rest.split_to(count)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if self.pipe.writable().await.is_err() {
                        return;
                    }
                }
                // A command may well leave before it has read everything.
                Err(_) => return,
            }
        }
    }
}

fn set_nonblocking(fd: &OwnedFd) -> io::Result<()> {
    fcntl(fd, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    Ok(())
}

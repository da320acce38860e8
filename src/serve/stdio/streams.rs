//! The process's own stdin and stdout, read and written without blocking a thread.
//!
//! `O_NONBLOCK` belongs to the open file, which other processes may share: a terminal's shell, or a
//! client that handed the same pipe to others. So it is never set on what we were given if that can
//! be helped. A pipe or terminal is opened anew through `/proc/self/fd`, a socket is read and
//! written with a flag for each call, and a regular file never makes anyone wait.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{MsgFlags, recv, send};
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::Streams;

/// The most that is read at once.
const PIECE: usize = 64 << 10;

/// Takes stdin and stdout for the protocol alone. From then on `/dev/null` is the process's stdin
/// and its stdout goes to stderr, so that nothing else can get between.
pub fn take_over() -> io::Result<Streams<Input, Output>> {
    let (stdin, stdout) = (io::stdin(), io::stdout());
    let input = Input { channel: Channel::open(stdin.as_fd(), Use::Read)?, piece: vec![0; PIECE].into() };
    let output = Output { channel: Channel::open(stdout.as_fd(), Use::Write)? };
    let other_end = stdout.as_fd().try_clone_to_owned()?;
    nix::unistd::dup2_stdin(File::open("/dev/null")?)?;
    nix::unistd::dup2_stdout(io::stderr().as_fd())?;
    Ok(Streams { input, output, hung_up: Box::new(move || is_hung_up(&other_end)) })
}

fn is_hung_up(fd: &OwnedFd) -> bool {
    let mut fds = [PollFd::new(fd.as_fd(), PollFlags::empty())];
    let asked = poll(&mut fds, PollTimeout::ZERO);
    let [fd] = fds;
    asked.is_ok() && fd.revents().is_some_and(|seen| seen.intersects(PollFlags::POLLERR | PollFlags::POLLHUP))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    Read,
    Write,
}

/// One open file, and how not to wait for it.
enum Channel {
    /// In non-blocking mode, by an opening of our own.
    Own(AsyncFd<File>),
    /// In non-blocking mode that others may see; undone at the end.
    Shared(AsyncFd<Borrowed>),
    Socket(AsyncFd<OwnedFd>),
    /// Always ready: a regular file or `/dev/null`.
    Ready(File),
}

/// A file in a mode that is not its own.
struct Borrowed {
    file: File,
    mode: OFlag,
}

impl AsRawFd for Borrowed {
    fn as_raw_fd(&self) -> std::os::fd::RawFd {
        self.file.as_raw_fd()
    }
}

impl Drop for Borrowed {
    fn drop(&mut self) {
        let _ = fcntl(&self.file, FcntlArg::F_SETFL(self.mode));
    }
}

impl Channel {
    fn open(fd: BorrowedFd<'_>, purpose: Use) -> io::Result<Self> {
        let own = File::from(fd.try_clone_to_owned()?);
        let kind = own.metadata()?.file_type();
        if kind.is_socket() {
            return Ok(Self::Socket(watch(OwnedFd::from(own))?));
        }
        if !kind.is_fifo() && !kind.is_char_device() {
            return Ok(Self::Ready(own));
        }
        let Ok(fresh) = open_anew(&own, purpose) else { return Self::borrow(own) };
        // What cannot be waited for (`/dev/null`) is always ready.
        Ok(watch(fresh).map_or(Self::Ready(own), Self::Own))
    }

    fn borrow(file: File) -> io::Result<Self> {
        let mode = OFlag::from_bits_truncate(fcntl(&file, FcntlArg::F_GETFL)?);
        fcntl(&file, FcntlArg::F_SETFL(mode | OFlag::O_NONBLOCK))?;
        Ok(Self::Shared(watch(Borrowed { file, mode })?))
    }

    fn poll_read(&self, context: &mut Context<'_>, space: &mut [u8]) -> Poll<io::Result<usize>> {
        match self {
            Self::Own(own) => attempt(own, Use::Read, context, |mut file: &File| file.read(space)),
            Self::Shared(shared) => {
                attempt(shared, Use::Read, context, |shared: &Borrowed| (&shared.file).read(space))
            }
            Self::Socket(socket) => attempt(socket, Use::Read, context, |socket: &OwnedFd| {
                Ok(recv(socket.as_raw_fd(), space, MsgFlags::MSG_DONTWAIT)?)
            }),
            Self::Ready(file) => Poll::Ready((&mut &*file).read(space)),
        }
    }

    fn poll_write(&self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self {
            Self::Own(own) => attempt(own, Use::Write, context, |mut file: &File| file.write(bytes)),
            Self::Shared(shared) => {
                attempt(shared, Use::Write, context, |shared: &Borrowed| (&shared.file).write(bytes))
            }
            Self::Socket(socket) => attempt(socket, Use::Write, context, |socket: &OwnedFd| {
                Ok(send(socket.as_raw_fd(), bytes, MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL)?)
            }),
            Self::Ready(file) => Poll::Ready((&mut &*file).write(bytes)),
        }
    }
}

/// Has the runtime watch a file.
#[expect(
    deprecated,
    reason = "what replaces it is `unsafe`; every file here owns its descriptor, which is all it asks"
)]
pub(in crate::serve) fn watch<T: AsRawFd>(file: T) -> io::Result<AsyncFd<T>> {
    AsyncFd::new(file)
}

/// Opens the same pipe or terminal once more, which gives it a mode of its own.
fn open_anew(file: &File, purpose: Use) -> io::Result<File> {
    OpenOptions::new()
        .read(purpose == Use::Read)
        .write(purpose == Use::Write)
        .custom_flags((OFlag::O_NONBLOCK | OFlag::O_NOCTTY).bits())
        .open(format!("/proc/self/fd/{}", file.as_raw_fd()))
}

/// Tries until it works, or until the file says that it would have to wait.
fn attempt<T: AsRawFd>(
    file: &AsyncFd<T>,
    purpose: Use,
    context: &mut Context<'_>,
    mut operate: impl FnMut(&T) -> io::Result<usize>,
) -> Poll<io::Result<usize>> {
    loop {
        let mut guard = ready!(match purpose {
            Use::Read => file.poll_read_ready(context),
            Use::Write => file.poll_write_ready(context),
        })?;
        match guard.try_io(|file| operate(file.get_ref())) {
            Ok(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
            Ok(done) => return Poll::Ready(done),
            Err(_would_wait) => {}
        }
    }
}

/// Our stdin.
pub struct Input {
    channel: Channel,
    /// What a read goes to first, so that no more is touched than was read.
    piece: Box<[u8]>,
}

impl AsyncRead for Input {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { channel, piece } = self.get_mut();
        let most = piece.len().min(buffer.remaining());
        let space = piece.get_mut(..most).unwrap_or_default();
        let count = ready!(channel.poll_read(context, space))?;
        buffer.put_slice(space.get(..count).unwrap_or_default());
        Poll::Ready(Ok(()))
    }
}

/// Our stdout.
pub struct Output {
    channel: Channel,
}

impl AsyncWrite for Output {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.channel.poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    async fn carries(reader: Channel, writer: Channel) {
        let message: Vec<u8> = (0..300_000_u32).map(|number| number as u8).collect();
        let mut input = Input { channel: reader, piece: vec![0; PIECE].into() };
        let mut output = Output { channel: writer };
        let mut received = vec![0; message.len()];
        let (sent, read) = tokio::join!(output.write_all(&message), input.read_exact(&mut received));
        sent.unwrap();
        read.unwrap();
        assert!(received == message);
        drop(output);
        assert_eq!(input.read(&mut received).await.unwrap(), 0, "the end is seen");
    }

    fn is_nonblocking(fd: impl AsFd) -> bool {
        OFlag::from_bits_truncate(fcntl(fd, FcntlArg::F_GETFL).unwrap()).contains(OFlag::O_NONBLOCK)
    }

    #[tokio::test]
    async fn pipes_are_opened_anew_and_keep_their_mode() {
        let (reader, writer) = io::pipe().unwrap();
        let channels = (
            Channel::open(reader.as_fd(), Use::Read).unwrap(),
            Channel::open(writer.as_fd(), Use::Write).unwrap(),
        );
        assert!(!is_nonblocking(&reader) && !is_nonblocking(&writer));
        drop(writer);
        carries(channels.0, channels.1).await;
    }

    #[tokio::test]
    async fn sockets_carry_too_and_keep_their_mode() {
        let (reader, writer) = UnixStream::pair().unwrap();
        let channels = (
            Channel::open(reader.as_fd(), Use::Read).unwrap(),
            Channel::open(writer.as_fd(), Use::Write).unwrap(),
        );
        assert!(!is_nonblocking(&reader) && !is_nonblocking(&writer));
        drop(writer);
        carries(channels.0, channels.1).await;
    }

    #[tokio::test]
    async fn a_mode_that_had_to_be_changed_is_restored() {
        let (reader, writer) = io::pipe().unwrap();
        let own = |fd: &dyn AsFd| File::from(fd.as_fd().try_clone_to_owned().unwrap());
        let channels = (Channel::borrow(own(&reader)).unwrap(), Channel::borrow(own(&writer)).unwrap());
        assert!(is_nonblocking(&reader));
        drop(writer);
        carries(channels.0, channels.1).await;
        assert!(!is_nonblocking(&reader));
    }

    #[tokio::test]
    async fn files_are_always_ready() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"line\n").unwrap();
        io::Seek::rewind(&mut file).unwrap();
        let mut input =
            Input { channel: Channel::open(file.as_fd(), Use::Read).unwrap(), piece: vec![0; PIECE].into() };
        let mut text = String::new();
        input.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "line\n");
        let null = File::options().read(true).write(true).open("/dev/null").unwrap();
        let mut output = Output { channel: Channel::open(null.as_fd(), Use::Write).unwrap() };
        output.write_all(b"x").await.unwrap();
    }

    #[test]
    fn a_client_that_has_closed_its_end_is_noticed() {
        let (reader, writer) = io::pipe().unwrap();
        let writer = OwnedFd::from(writer);
        assert!(!is_hung_up(&writer));
        drop(reader);
        assert!(is_hung_up(&writer));
        let (ours, theirs) = UnixStream::pair().unwrap();
        let ours = OwnedFd::from(ours);
        assert!(!is_hung_up(&ours));
        drop(theirs);
        assert!(is_hung_up(&ours));
    }
}

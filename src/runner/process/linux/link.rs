//! The server's end of the socket to one supervisor.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::os::unix::net::UnixStream as StdStream;
use std::sync::{Arc, Weak};

use nix::sys::socket::{MsgFlags, Shutdown, shutdown};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::runtime::{Handle, Id};

use super::channel::{receive_now, retried, send_bytes, send_with};
use super::raw;
use super::report::Report;
use super::sandbox::Held;

/// A supervisor, as long as this is held. Dropped, the supervisor kills what it runs and leaves.
pub struct Link {
    /// What the supervisor holds itself to, once it has carried out an order.
    pub held: Held,
    stream: Arc<AsyncFd<StdStream>>,
    /// Whose thread is told of news.
    runtime: Id,
    /// One for each that is held.
    counted: Arc<()>,
    /// Room for more than a report, so that a read of no more than one says that there is nothing else.
    partial: [u8; Report::LENGTH + 1],
    filled: usize,
}

/// A way to a supervisor that somebody else holds.
pub struct WeakLink(Weak<AsyncFd<StdStream>>);

impl Link {
    /// Takes a socket that does not block. Needs a tokio runtime.
    pub fn new(socket: StdStream, counted: Arc<()>) -> io::Result<Self> {
        // That an order has been taken would be news, too, for which the server is woken in vain.
        let stream = Arc::new(raw::registered(socket, Interest::READABLE)?);
        let runtime = Handle::current().id();
        Ok(Self { held: Held::No, stream, runtime, counted, partial: [0; Report::LENGTH + 1], filled: 0 })
    }

    pub fn downgrade(&self) -> WeakLink {
        WeakLink(Arc::downgrade(&self.stream))
    }

    /// Whether the thread that asks hears of its news itself, and need not be woken by another one.
    pub fn is_at_home(&self, runtime: Id) -> bool {
        self.runtime == runtime
    }

    /// The same, of whose news the runtime hears that this is called on. Who knew a way to it does not
    /// know this one.
    pub fn taken_over(self) -> io::Result<Self> {
        let stream = Arc::into_inner(self.stream).ok_or(io::ErrorKind::ResourceBusy)?;
        Ok(Self { held: self.held, ..Self::new(stream.into_inner(), self.counted)? })
    }

    /// Sends an order with the descriptors of the command.
    pub async fn order(&self, order: &[u8], descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
        let send = |rest: &[u8], beside: &[BorrowedFd<'_>]| {
            retried(|| send_with(self.stream.get_ref(), rest, beside, MsgFlags::MSG_DONTWAIT))
                .map_err(io::Error::from)
        };
        let mut sent = match send(order, descriptors) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
            sent => sent?,
        };
        if sent == order.len() {
            return Ok(());
        }
        let room = raw::registered(self.stream.get_ref().try_clone()?, Interest::WRITABLE)?;
        while let Some(rest) = order.get(sent..).filter(|rest| !rest.is_empty()) {
            let beside = if sent == 0 { descriptors } else { &[] };
            sent += room.async_io(Interest::WRITABLE, |_| send(rest, beside)).await?;
        }
        Ok(())
    }

    /// Says one of the single bytes.
    pub fn say(&self, byte: u8) {
        send_bytes(self.stream.get_ref(), &[byte]);
    }

    /// The next report; an error when the supervisor is gone. Can be dropped and called again.
    pub async fn report(&mut self) -> io::Result<Report> {
        while self.filled < Report::LENGTH {
            let free = self.partial.get_mut(self.filled..).unwrap_or_default();
            let mut received = None;
            let read = self.stream.try_io(Interest::READABLE, |socket| {
                let count = *received.insert(receive_now(socket, free)?);
                // tokio need not try again to learn that there is nothing more.
                if count < free.len() { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(()) }
            });
            match (received, read) {
                (Some(0), _) => return Err(io::ErrorKind::UnexpectedEof.into()),
                (Some(count), _) => self.filled += count,
                (None, Err(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                    drop(self.stream.readable().await?);
                }
                (None, read) => read?,
            }
        }
        let is_one = std::mem::take(&mut self.filled) == Report::LENGTH;
        let report = self.partial.first_chunk().filter(|_| is_one).and_then(|bytes| Report::read(*bytes));
        report.ok_or_else(|| io::ErrorKind::InvalidData.into())
    }
}

impl WeakLink {
    pub fn is_gone(&self) -> bool {
        self.0.strong_count() == 0
    }

    /// Lets the supervisor believe that the server is gone; its last report still arrives.
    pub fn let_go(&self) {
        if let Some(stream) = self.0.upgrade() {
            let _ = shutdown(stream.get_ref().as_raw_fd(), Shutdown::Write);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use super::*;

    #[tokio::test]
    async fn that_an_order_has_been_taken_is_no_news() {
        let (ours, mut theirs) = StdStream::pair().unwrap();
        ours.set_nonblocking(true).unwrap();
        let link = Link::new(ours, Arc::default()).unwrap();
        link.order(b"order", &[]).await.unwrap();
        theirs.read_exact(&mut [0; 5]).unwrap();
        theirs.write_all(b"report").unwrap();
        let all = Interest::READABLE | Interest::WRITABLE;
        let news = link.stream.ready(all).await.unwrap().ready();
        assert!(news.is_readable() && !news.is_writable(), "{news:?}");
    }
}

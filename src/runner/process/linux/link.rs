//! The server's end of the socket to one supervisor.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::sync::{Arc, Weak};

use nix::sys::socket::{MsgFlags, Shutdown, shutdown};
use tokio::io::Interest;
use tokio::net::UnixStream;

use super::channel::{retried, send_bytes, send_with};
use super::report::Report;
use super::sandbox::Held;

/// A supervisor, as long as this is held. Dropped, the supervisor kills what it runs and leaves.
pub struct Link {
    /// What the supervisor holds itself to, once it has carried out an order.
    pub held: Held,
    stream: Arc<UnixStream>,
    partial: [u8; Report::LENGTH],
    filled: usize,
}

/// A way to a supervisor that somebody else holds.
pub struct WeakLink(Weak<UnixStream>);

impl Link {
    pub fn new(stream: UnixStream) -> Self {
        Self { held: Held::No, stream: Arc::new(stream), partial: [0; Report::LENGTH], filled: 0 }
    }

    pub fn downgrade(&self) -> WeakLink {
        WeakLink(Arc::downgrade(&self.stream))
    }

    /// Sends an order with the descriptors of the command.
    pub async fn order(&self, order: &[u8], descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
        let send = |rest: &[u8], beside: &[BorrowedFd<'_>]| {
            retried(|| send_with(&self.stream, rest, beside, MsgFlags::MSG_DONTWAIT)).map_err(io::Error::from)
        };
        // The first time past tokio, which would wait for its first news of a new socket.
        let mut sent = match send(order, descriptors) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
            sent => sent?,
        };
        while let Some(rest) = order.get(sent..).filter(|rest| !rest.is_empty()) {
            let beside = if sent == 0 { descriptors } else { &[] };
            sent += self.stream.async_io(Interest::WRITABLE, || send(rest, beside)).await?;
        }
        Ok(())
    }

    /// Says one of the single bytes.
    pub fn say(&self, byte: u8) {
        send_bytes(&self.stream, &[byte]);
    }

    /// The next report; an error when the supervisor is gone. Can be dropped and called again.
    pub async fn report(&mut self) -> io::Result<Report> {
        loop {
            let free = self.partial.get_mut(self.filled..).unwrap_or_default();
            match self.stream.try_read(free) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => self.filled += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.stream.readable().await?,
                Err(error) => return Err(error),
            }
            if self.filled == Report::LENGTH {
                self.filled = 0;
                return Report::read(self.partial).ok_or_else(|| io::ErrorKind::InvalidData.into());
            }
        }
    }
}

impl WeakLink {
    pub fn is_gone(&self) -> bool {
        self.0.strong_count() == 0
    }

    /// Lets the supervisor believe that the server is gone; its last report still arrives.
    pub fn let_go(&self) {
        if let Some(stream) = self.0.upgrade() {
            let _ = shutdown(stream.as_fd().as_raw_fd(), Shutdown::Write);
        }
    }
}

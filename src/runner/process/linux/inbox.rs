//! A supervisor's end of its socket, as far as orders come out of it.

use std::ops::Range;
use std::os::fd::{AsFd, OwnedFd};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::channel::receive_with;
use super::order::{LARGEST_BODY, ORDER, PREFIX};

/// Room for most orders.
const ROOM: usize = 4 << 10;

/// Where orders come in, one after the other.
pub struct Inbox {
    /// All zero between orders.
    room: Vec<u8>,
}

/// An order as it came in.
pub struct Incoming<'i> {
    room: &'i mut [u8],
    body: Range<usize>,
    /// How much of the room is taken.
    filled: usize,
    descriptors: Vec<OwnedFd>,
}

impl Inbox {
    pub fn new() -> Self {
        Self { room: vec![0; ROOM] }
    }

    /// Waits for the next order; `None` when there will be none. Rests where the socket has a patience, and
    /// nothing has come in for that long.
    pub fn receive(&mut self, socket: &OwnedFd, rest: impl FnMut()) -> Option<Incoming<'_>> {
        // What a large order took is of no use to the next.
        self.room.truncate(ROOM);
        self.room.shrink_to(ROOM);
        let mut arriving = Arriving { socket, rest, inbox: self, filled: 0, descriptors: Vec::new() };
        let body = arriving.whole();
        let Arriving { filled, descriptors, .. } = arriving;
        let mut incoming = Incoming { room: &mut self.room, body: 0..0, filled, descriptors };
        incoming.body = body?;
        Some(incoming)
    }

    /// Makes room for a large order. What has come in of it is moved by hand: the allocator would leave it behind.
    fn grow(&mut self, length: usize) {
        if self.room.len() < length {
            let mut larger = vec![0; length];
            larger.iter_mut().zip(&self.room).for_each(|(to, from)| *to = *from);
            wipe(&mut self.room);
            self.room = larger;
        }
    }
}

impl Incoming<'_> {
    pub fn body(&self) -> &[u8] {
        self.room.get(self.body.clone()).unwrap_or_default()
    }

    /// What was said right behind the order: it belongs to the command that the order starts.
    pub fn said(&self) -> &[u8] {
        self.room.get(self.body.end..self.filled).unwrap_or_default()
    }

    pub fn take_descriptors(&mut self) -> Vec<OwnedFd> {
        std::mem::take(&mut self.descriptors)
    }
}

impl Drop for Incoming<'_> {
    /// Overwrites the order: its arguments and environment may hold secrets.
    fn drop(&mut self) {
        if let Some(taken) = self.room.get_mut(..self.filled) {
            wipe(taken);
        }
    }
}

/// Overwrites what nobody may read any more, also where nobody reads it.
fn wipe(bytes: &mut [u8]) {
    bytes.fill(0);
    std::hint::black_box(bytes);
}

struct Arriving<'a, R> {
    socket: &'a OwnedFd,
    rest: R,
    inbox: &'a mut Inbox,
    filled: usize,
    descriptors: Vec<OwnedFd>,
}

impl<R: FnMut()> Arriving<'_, R> {
    /// Where the body of the next order is, when all of it is there.
    fn whole(&mut self) -> Option<Range<usize>> {
        self.until_order()?;
        self.until(PREFIX)?;
        let length = self.inbox.room.get(1..PREFIX)?.try_into().ok().map(u32::from_le_bytes)?;
        let length = usize::try_from(length).ok().filter(|length| *length <= LARGEST_BODY)?;
        self.until(PREFIX + length)?;
        Some(PREFIX..PREFIX + length)
    }

    /// Passes over what was said too late to the command before.
    fn until_order(&mut self) -> Option<()> {
        while self.filled == 0 {
            self.more(ROOM)?;
            let taken = self.inbox.room.get_mut(..self.filled)?;
            let late = taken.iter().take_while(|byte| **byte != ORDER).count();
            taken.copy_within(late.., 0);
            self.filled -= late;
            taken.get_mut(self.filled..)?.fill(0);
        }
        Some(())
    }

    fn until(&mut self, length: usize) -> Option<()> {
        self.inbox.grow(length);
        while self.filled < length {
            self.more(length)?;
        }
        Some(())
    }

    /// Takes what has come in, up to a length.
    fn more(&mut self, most: usize) -> Option<()> {
        let Self { socket, rest, inbox, filled, descriptors } = self;
        let count = loop {
            match receive_with(socket, inbox.room.get_mut(*filled..most)?, descriptors) {
                Err(Errno::EAGAIN) => {
                    rest();
                    let mut order = [PollFd::new(socket.as_fd(), PollFlags::POLLIN)];
                    let _ = poll(&mut order, PollTimeout::NONE);
                }
                received => break received.unwrap_or(0),
            }
        };
        *filled += count;
        (count > 0).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::net::UnixStream;
    use std::time::Duration;

    use super::super::order::{Bounds, Company, KILL, OrderWriter, TERMINATE};
    use super::*;

    fn order(text: &str) -> Vec<u8> {
        let mut writer = OrderWriter::new(Bounds::default(), Company::Few, false);
        writer.string(&[text.as_bytes()]).unwrap();
        writer.finish()
    }

    #[test]
    fn late_words_are_passed_over_and_early_ones_kept() {
        let (mut ours, theirs) = UnixStream::pair().unwrap();
        let order = order("first");
        ours.write_all(&[&[TERMINATE, KILL], order.as_slice(), &[TERMINATE]].concat()).unwrap();
        let mut inbox = Inbox::new();
        let incoming = inbox.receive(&OwnedFd::from(theirs), || ()).unwrap();
        assert_eq!(incoming.body(), &order[PREFIX..]);
        assert_eq!(incoming.said(), [TERMINATE]);
        drop(incoming);
        assert!(inbox.room.iter().all(|byte| *byte == 0), "nothing of an order stays");
    }

    #[test]
    fn a_long_order_arrives_in_pieces() {
        let (mut ours, theirs) = UnixStream::pair().unwrap();
        let order = order(&"x".repeat(1 << 20));
        let sent = order.clone();
        let sender = std::thread::spawn(move || ours.write_all(&sent));
        let mut inbox = Inbox::new();
        let incoming = inbox.receive(&OwnedFd::from(theirs), || ()).unwrap();
        assert!(incoming.body() == &order[PREFIX..]);
        sender.join().unwrap().unwrap();
    }

    #[test]
    fn an_order_that_is_cut_or_too_long_is_none() {
        for bytes in [vec![], vec![KILL], order("cut")[..8].to_vec(), vec![ORDER, 255, 255, 255, 255, 0]] {
            let (mut ours, theirs) = UnixStream::pair().unwrap();
            ours.write_all(&bytes).unwrap();
            drop(ours);
            assert!(Inbox::new().receive(&OwnedFd::from(theirs), || ()).is_none(), "{bytes:?}");
        }
    }

    #[test]
    fn who_waits_for_long_rests_once_and_hears_the_order_still() {
        let (mut ours, theirs) = UnixStream::pair().unwrap();
        theirs.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
        let (order, mut rests) = (order("late"), 0);
        let sent = order.clone();
        let (resting, rested) = std::sync::mpsc::channel();
        let sender = std::thread::spawn(move || {
            rested.recv().unwrap();
            ours.write_all(&sent).unwrap();
            ours
        });
        let mut inbox = Inbox::new();
        let rest = || {
            rests += 1;
            resting.send(()).unwrap();
        };
        let incoming = inbox.receive(&OwnedFd::from(theirs), rest).unwrap();
        assert_eq!(incoming.body(), &order[PREFIX..]);
        drop(incoming);
        assert_eq!(rests, 1);
        drop(sender.join().unwrap());
    }
}

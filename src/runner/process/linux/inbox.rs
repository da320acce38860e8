//! A supervisor's end of its socket, as far as orders come out of it.

use std::os::fd::OwnedFd;

use super::channel::receive_with;
use super::order::{LARGEST_BODY, ORDER, PREFIX};

/// An order as it came in.
pub struct Incoming {
    pub body: Vec<u8>,
    pub descriptors: Vec<OwnedFd>,
    /// What was said right behind the order: it belongs to the command that the order starts.
    pub said: Vec<u8>,
}

impl Incoming {
    /// Waits for the next order; `None` when there will be none.
    pub fn receive(socket: &OwnedFd) -> Option<Self> {
        let mut arriving = Arriving { socket, bytes: Vec::new(), descriptors: Vec::new() };
        arriving.until_order()?;
        arriving.until(PREFIX)?;
        let length = arriving.bytes.get(1..PREFIX)?.try_into().ok().map(u32::from_le_bytes)?;
        let length = usize::try_from(length).ok().filter(|length| *length <= LARGEST_BODY)?;
        arriving.until(PREFIX + length)?;
        let Arriving { bytes: mut body, descriptors, .. } = arriving;
        let said = body.split_off(PREFIX + length);
        body.drain(..PREFIX);
        Some(Self { body, descriptors, said })
    }
}

impl Drop for Incoming {
    /// Overwrites the order: its arguments and environment may hold secrets.
    fn drop(&mut self) {
        self.body.fill(0);
        std::hint::black_box(&self.body);
    }
}

struct Arriving<'a> {
    socket: &'a OwnedFd,
    bytes: Vec<u8>,
    descriptors: Vec<OwnedFd>,
}

impl Arriving<'_> {
    /// Passes over what was said too late to the command before.
    fn until_order(&mut self) -> Option<()> {
        while self.bytes.first() != Some(&ORDER) {
            self.more(4096)?;
            let late = self.bytes.iter().take_while(|byte| **byte != ORDER).count();
            self.bytes.drain(..late);
        }
        Some(())
    }

    fn until(&mut self, length: usize) -> Option<()> {
        while self.bytes.len() < length {
            self.more(length - self.bytes.len())?;
        }
        Some(())
    }

    fn more(&mut self, most: usize) -> Option<()> {
        let filled = self.bytes.len();
        self.bytes.resize(filled + most, 0);
        let received = receive_with(self.socket, self.bytes.get_mut(filled..)?, &mut self.descriptors);
        let count = received.unwrap_or(0);
        self.bytes.truncate(filled + count);
        (count > 0).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::net::UnixStream;

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
        let incoming = Incoming::receive(&OwnedFd::from(theirs)).unwrap();
        assert_eq!(incoming.body, order[PREFIX..]);
        assert_eq!(incoming.said, [TERMINATE]);
    }

    #[test]
    fn a_long_order_arrives_in_pieces() {
        let (mut ours, theirs) = UnixStream::pair().unwrap();
        let order = order(&"x".repeat(1 << 20));
        let sent = order.clone();
        let sender = std::thread::spawn(move || ours.write_all(&sent));
        let incoming = Incoming::receive(&OwnedFd::from(theirs)).unwrap();
        assert!(incoming.body == order[PREFIX..]);
        sender.join().unwrap().unwrap();
    }

    #[test]
    fn an_order_that_is_cut_or_too_long_is_none() {
        for bytes in [vec![], vec![KILL], order("cut")[..8].to_vec(), vec![ORDER, 255, 255, 255, 255, 0]] {
            let (mut ours, theirs) = UnixStream::pair().unwrap();
            ours.write_all(&bytes).unwrap();
            drop(ours);
            assert!(Incoming::receive(&OwnedFd::from(theirs)).is_none(), "{bytes:?}");
        }
    }
}

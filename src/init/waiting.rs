//! Waiting for a frame. Whoever holds the other end may go away, and anybody may want us to end.

use crate::signals::Signals;
use crate::system::{self, AGAIN, CHILD, INTERRUPTED, Poll, Region, STDIN};
use crate::wire;

/// The records of one frame, and not a byte more. `None`: there will be none.
pub fn frame(signals: &Signals) -> Option<Region> {
    let mut length = [0; wire::LENGTH];
    fill(&mut length, signals)?;
    let length = usize::try_from(u32::from_le_bytes(length)).ok()?;
    if length == 0 || length > wire::LONGEST {
        return None;
    }
    let mut bytes = Region::new(length).ok()?;
    fill(&mut bytes, signals)?;
    Some(bytes)
}

fn fill(whole: &mut [u8], signals: &Signals) -> Option<()> {
    let mut rest = whole;
    while !rest.is_empty() {
        let mut polls = [Poll::new(signals.descriptor, Poll::READABLE), Poll::new(STDIN, Poll::READABLE)];
        system::wait(&mut polls, None);
        while let Some(signal) = signals.next() {
            if signal != CHILD {
                return None;
            }
        }
        let [_, input] = polls;
        if input.came == 0 {
            continue;
        }
        match system::read(STDIN, rest) {
            Ok(0) => return None,
            Ok(read) => rest = rest.get_mut(read..)?,
            Err(AGAIN | INTERRUPTED) => {}
            Err(_) => return None,
        }
    }
    Some(())
}

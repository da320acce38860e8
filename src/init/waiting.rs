//! Waiting for a frame. Whoever holds the other end may go away, and anybody may want us to end.

use crate::signals::Signals;
use crate::system::{self, AGAIN, CHILD, Errno, INTERRUPTED, Kept, NOT_THERE, Poll, Region, STDIN};
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

/// The input of a command after which others come, in memory: its end is not that of ours. `None`:
/// the command reads ours itself, or nothing.
pub fn input(length: Option<usize>, signals: &Signals) -> Result<Option<Kept>, Errno> {
    let Some(mut rest) = length else { return Ok(None) };
    system::calm_streams();
    let kept = Kept::new()?;
    let mut piece = [0; 4096];
    while rest > 0 {
        let most = rest.min(piece.len());
        let part = piece.get_mut(..most).ok_or(NOT_THERE)?;
        fill(part, signals).ok_or(NOT_THERE)?;
        kept.write(part)?;
        rest -= most;
    }
    kept.rewind()?;
    Ok(Some(kept))
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

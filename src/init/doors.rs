//! Doors: sockets in the network of this container, opened for whoever made the container, and
//! handed to them. Who decides what comes through is outside.

use core::ffi::CStr;

use crate::system::{self, Address, Errno, INTERRUPTED, NOT_THERE, V4, V6};
use crate::wire;

/// Whoever has to be told whether what follows is executed.
pub struct Meeting(i32);

/// Answers questions until the last one.
pub fn open() -> Result<Meeting, Errno> {
    let meeting = system::connected(wire::MEETING)?;
    loop {
        let mut question = [0; wire::QUESTION];
        fill(meeting, &mut question)?;
        let [kind, port_high, port_low, address @ ..] = &question;
        let port = [*port_high, *port_low];
        let opened = match *kind {
            wire::GO_ON => return Ok(Meeting(meeting)),
            wire::TCP_V4 => system::listening(V4, &Address::of_internet(V4, port, address)),
            wire::TCP_V6 => system::listening(V6, &Address::of_internet(V6, port, address)),
            wire::UDP_V4 => system::bound(V4, &Address::of_internet(V4, port, address)),
            _ => return Err(NOT_THERE),
        };
        match opened {
            Ok(socket) => {
                system::hand_over(meeting, 0, socket)?;
                system::close(socket);
            }
            Err(errno) => system::write(meeting, &[number(errno)]).map(drop)?,
        }
    }
}

impl Meeting {
    /// What was to follow does not.
    pub fn tell(&self, errno: Errno) {
        let _ = system::write(self.0, &[number(errno)]);
    }

    /// It goes on without another program.
    pub fn end(self) {
        system::close(self.0);
    }
}

/// As one byte that is not 0.
fn number(Errno(number): Errno) -> u8 {
    u8::try_from(number).unwrap_or(u8::MAX)
}

fn fill(from: i32, whole: &mut [u8]) -> Result<(), Errno> {
    let mut rest = whole;
    while !rest.is_empty() {
        match system::read(from, rest) {
            Ok(0) => return Err(NOT_THERE),
            Ok(read) => rest = rest.get_mut(read..).unwrap_or_default(),
            Err(INTERRUPTED) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

/// Whether the first word asks for doors.
pub fn are_wanted(word: Option<&CStr>) -> bool {
    word == Some(wire::DOORS)
}

//! Sockets, and how one is handed to another process.

use core::ffi::CStr;

use super::{AGAIN, Errno, TOO_LONG_A_NAME, checked, close, machine, plain, word};
use machine::call;

const UNIX: usize = 1;
const STREAM: usize = 1;
const CLOSE_ON_EXEC: usize = 0o2_000_000;

/// The address of a socket, as the kernel has it.
#[repr(C)]
pub struct Address {
    bytes: [u8; 110],
    length: usize,
}

/// The kinds of addresses, as the kernel numbers them.
pub const V4: u16 = 2;
pub const V6: u16 = 10;

impl Address {
    /// `port` and `address` as they go over a wire.
    pub fn of_internet(family: u16, port: [u8; 2], address: &[u8; 16]) -> Self {
        // Of the fourth version, an address is 4 bytes right behind the port; of the sixth, a number
        // without meaning stands between them.
        let (gap, count, length) = if family == V6 { (4, 16, 28) } else { (0, 4, 16) };
        let zeros = [0; 4];
        let parts: [&[u8]; 4] = [
            &family.to_ne_bytes(),
            &port,
            zeros.get(..gap).unwrap_or_default(),
            address.get(..count).unwrap_or_default(),
        ];
        Self { length, ..Self::joined(&parts) }
    }

    fn of_path(path: &CStr) -> Result<Self, Errno> {
        let path = path.to_bytes_with_nul();
        if path.len() > 108 {
            return Err(TOO_LONG_A_NAME);
        }
        let family = u16::try_from(UNIX).unwrap_or_default();
        Ok(Self::joined(&[&family.to_ne_bytes(), path]))
    }

    fn joined(parts: &[&[u8]]) -> Self {
        let mut bytes = [0; 110];
        let said = parts.iter().flat_map(|part| part.iter());
        bytes.iter_mut().zip(said).for_each(|(place, byte)| *place = *byte);
        Self { bytes, length: parts.iter().map(|part| part.len()).sum() }
    }

    fn ask(&self, number: usize, socket: i32) -> Result<(), Errno> {
        let arguments = [word(socket), self.bytes.as_ptr().expose_provenance(), self.length, 0, 0, 0];
        // SAFETY: the kernel reads an address that is not longer than the bytes that are there.
        checked(unsafe { call(number, arguments) }).map(drop)
    }
}

fn socket(family: usize, kind: usize) -> Result<i32, Errno> {
    let made = plain(machine::SOCKET, [family, kind | CLOSE_ON_EXEC, 0, 0, 0, 0])?;
    i32::try_from(made).map_err(|_| AGAIN)
}

fn closed_if_wrong<T>(socket: i32, done: Result<T, Errno>) -> Result<i32, Errno> {
    if done.is_err() {
        close(socket);
    }
    done.map(|_| socket)
}

pub fn connected(path: &CStr) -> Result<i32, Errno> {
    let address = Address::of_path(path)?;
    let socket = socket(UNIX, STREAM)?;
    closed_if_wrong(socket, address.ask(machine::CONNECT, socket))
}

/// For connections.
pub fn listening(family: u16, address: &Address) -> Result<i32, Errno> {
    const WAITING: usize = 1024;
    let socket = socket(usize::from(family), STREAM)?;
    let done = address.ask(machine::BIND, socket);
    closed_if_wrong(socket, done.and_then(|()| plain(machine::LISTEN, [word(socket), WAITING, 0, 0, 0, 0])))
}

/// For single messages.
pub fn bound(family: u16, address: &Address) -> Result<i32, Errno> {
    const DATAGRAM: usize = 2;
    let socket = socket(usize::from(family), DATAGRAM)?;
    closed_if_wrong(socket, address.ask(machine::BIND, socket))
}

/// A piece of memory, as the kernel is told of it.
#[repr(C)]
struct Slice {
    start: usize,
    length: usize,
}

/// One descriptor that goes along with a message.
#[repr(C)]
struct Rights {
    length: usize,
    level: i32,
    kind: i32,
    descriptor: i32,
    end: i32,
}

#[repr(C)]
struct Message {
    name: usize,
    name_length: usize,
    slices: usize,
    slice_count: usize,
    beside: usize,
    beside_length: usize,
    flags: usize,
}

/// Sends a byte, and the descriptor beside it.
pub fn hand_over(to: i32, byte: u8, descriptor: i32) -> Result<(), Errno> {
    const SOCKET_LEVEL: i32 = 1;
    const DESCRIPTORS: i32 = 1;
    const NO_SIGNAL: usize = 0x4000;
    let slice = Slice { start: (&raw const byte).expose_provenance(), length: 1 };
    let length = size_of::<Rights>() - size_of::<i32>();
    let rights = Rights { length, level: SOCKET_LEVEL, kind: DESCRIPTORS, descriptor, end: 0 };
    let message = Message {
        name: 0,
        name_length: 0,
        slices: (&raw const slice).expose_provenance(),
        slice_count: 1,
        beside: (&raw const rights).expose_provenance(),
        beside_length: size_of::<Rights>(),
        flags: 0,
    };
    let arguments = [word(to), (&raw const message).expose_provenance(), NO_SIGNAL, 0, 0, 0];
    // SAFETY: the kernel reads a message whose parts are all there, each as long as it says.
    checked(unsafe { call(machine::SENDMSG, arguments) }).map(drop)
}

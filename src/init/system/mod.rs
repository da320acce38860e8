//! What the init asks the kernel for, without a C library: the only unsafe code of the init.
//!
//! What is here decides nothing.

mod folders;
mod kept;
#[cfg(target_arch = "aarch64")]
#[path = "aarch64.rs"]
mod machine;
#[cfg(target_arch = "x86_64")]
#[path = "x86_64.rs"]
mod machine;
mod memory;
mod sockets;

use core::ffi::{CStr, c_char};

pub use folders::Folder;
pub use kept::{Kept, calm_streams};
use machine::call;
pub use memory::{Region, Shared, Table};
pub use sockets::{Address, V4, V6, bound, connected, hand_over, listening};

/// A number of the kernel's that says what was wrong.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Errno(pub i32);

pub const NOT_THERE: Errno = Errno(2);
pub const INTERRUPTED: Errno = Errno(4);
pub const AGAIN: Errno = Errno(11);
pub const NO_ACCESS: Errno = Errno(13);
pub const BUSY: Errno = Errno(16);
pub const NO_FOLDER: Errno = Errno(20);
pub const TOO_LONG_A_NAME: Errno = Errno(36);

pub const STDIN: i32 = 0;
pub const STDOUT: i32 = 1;
pub const STDERR: i32 = 2;

pub const KILL: i32 = 9;
pub const CHILD: i32 = 17;

const HERE: usize = usize::MAX - 99;

/// What the kernel has left for us at the beginning.
#[derive(Clone, Copy)]
pub struct Start {
    /// The words, as the environment has its texts.
    words: *const *const c_char,
    /// The environment: pointers to texts, the last of them null.
    environment: *const *const c_char,
}

/// Where the init begins; the machine's own beginning leads here.
pub unsafe extern "C" fn begin(stack: *const usize) -> ! {
    // SAFETY: the kernel has put the number of words here, the words, a null, and the environment.
    let (words, environment) = unsafe { (stack.add(1), stack.add(1).add(*stack).add(1)) };
    crate::live(Start { words: words.cast(), environment: environment.cast() })
}

impl Start {
    /// `NAME=VALUE`, as the engine has set them.
    pub fn variables(self) -> impl Iterator<Item = &'static CStr> + Clone {
        texts(self.environment)
    }

    /// As the engine has set them; the first is the init itself.
    pub fn words(self) -> impl Iterator<Item = &'static CStr> + Clone {
        texts(self.words)
    }
}

fn texts(first: *const *const c_char) -> impl Iterator<Item = &'static CStr> + Clone {
    let mut next = first;
    core::iter::from_fn(move || {
        // SAFETY: a null ends the list, and nothing goes beyond it. The texts stay for ever.
        unsafe {
            let text = *next;
            if text.is_null() {
                return None;
            }
            next = next.add(1);
            Some(CStr::from_ptr(text))
        }
    })
}

fn checked(answer: isize) -> Result<usize, Errno> {
    usize::try_from(answer).map_err(|_| Errno(i32::try_from(-answer).unwrap_or(i32::MAX)))
}

/// For calls whose arguments are numbers alone.
fn plain(number: usize, arguments: [usize; 6]) -> Result<usize, Errno> {
    // SAFETY: nothing here points anywhere, so no memory of ours is read or written.
    checked(unsafe { call(number, arguments) })
}

fn word(number: i32) -> usize {
    number.cast_unsigned() as usize
}

pub fn own_id() -> usize {
    plain(machine::GETPID, [0; 6]).unwrap_or(0)
}

/// Nobody of the same user can look into this process from now on, or hold it.
pub fn hide() {
    const SET_DUMPABLE: usize = 4;
    let _ = plain(machine::PRCTL, [SET_DUMPABLE, 0, 0, 0, 0, 0]);
}

pub fn exit(code: i32) -> ! {
    loop {
        let _ = plain(machine::EXIT_GROUP, [word(code), 0, 0, 0, 0, 0]);
    }
}

pub fn read(from: i32, into: &mut [u8]) -> Result<usize, Errno> {
    let arguments = [word(from), into.as_mut_ptr().expose_provenance(), into.len(), 0, 0, 0];
    // SAFETY: the kernel writes into this slice and no further.
    checked(unsafe { call(machine::READ, arguments) })
}

pub fn write(to: i32, bytes: &[u8]) -> Result<usize, Errno> {
    let arguments = [word(to), bytes.as_ptr().expose_provenance(), bytes.len(), 0, 0, 0];
    // SAFETY: the kernel reads this slice and no further.
    checked(unsafe { call(machine::WRITE, arguments) })
}

/// Opens for reading.
pub fn open(path: &CStr) -> Result<i32, Errno> {
    const CLOSE_ON_EXEC: usize = 0o2_000_000;
    let arguments = [HERE, path.as_ptr().expose_provenance(), CLOSE_ON_EXEC, 0, 0, 0];
    // SAFETY: the path ends with a NUL.
    let opened = checked(unsafe { call(machine::OPENAT, arguments) })?;
    i32::try_from(opened).map_err(|_| AGAIN)
}

pub fn close(descriptor: i32) {
    let _ = plain(machine::CLOSE, [word(descriptor), 0, 0, 0, 0, 0]);
}

/// Lets `number` be what `descriptor` is, across an exec.
pub fn put(descriptor: i32, number: i32) -> Result<(), Errno> {
    plain(machine::DUP3, [word(descriptor), word(number), 0, 0, 0, 0]).map(drop)
}

pub fn enter(folder: &CStr) -> Result<(), Errno> {
    let arguments = [folder.as_ptr().expose_provenance(), 0, 0, 0, 0, 0];
    // SAFETY: the path ends with a NUL.
    checked(unsafe { call(machine::CHDIR, arguments) }).map(drop)
}

/// A session of its own, as the first process of a container has it.
pub fn lead_session() {
    let _ = plain(machine::SETSID, [0; 6]);
}

/// A second process. The first goes on when the second has become another program or has ended.
pub fn fork() -> Result<Option<i32>, Errno> {
    const UNTIL_EXEC: usize = 0x4000;
    // It shares no memory with us, so nothing of ours changes while we wait.
    let id = plain(machine::CLONE, [UNTIL_EXEC | word(CHILD), 0, 0, 0, 0, 0])?;
    Ok(i32::try_from(id).ok().filter(|id| *id != 0))
}

/// Becomes another program, or says why not.
pub fn execute(path: &CStr, words: &Table, variables: &Table) -> Errno {
    let arguments = [path.as_ptr().expose_provenance(), words.start(), variables.start(), 0, 0, 0];
    // SAFETY: the path ends with a NUL, and a table with a null after pointers to such texts.
    match checked(unsafe { call(machine::EXECVE, arguments) }) {
        Err(errno) => errno,
        Ok(_) => AGAIN,
    }
}

pub fn signal(process: i32, signal: i32) {
    let _ = plain(machine::KILL, [word(process), word(signal), 0, 0, 0, 0]);
}

/// Of everything that this process may signal, and that is not itself.
pub const EVERYBODY: i32 = -1;

/// A process that has ended, and how.
pub struct Dead {
    pub id: i32,
    /// Its exit code.
    pub code: i32,
    /// Or the signal that has ended it, if not 0.
    pub signal: i32,
}

/// `None`: nobody has ended yet. An error: there is nobody.
pub fn reap() -> Result<Option<Dead>, Errno> {
    const AT_ONCE: usize = 1;
    let mut status = 0_i32;
    let arguments = [usize::MAX, (&raw mut status).expose_provenance(), AT_ONCE, 0, 0, 0];
    // SAFETY: the kernel writes one number where there is room for one.
    let id = checked(unsafe { call(machine::WAIT4, arguments) })?;
    let id = i32::try_from(id).unwrap_or_default();
    Ok((id != 0).then_some(Dead { id, code: (status >> 8) & 0xff, signal: status & 0x7f }))
}

/// A set of signals.
#[derive(Clone, Copy)]
pub struct Mask(u64);

impl Mask {
    pub const ALL: Self = Self(u64::MAX);

    /// Blocks these and no others; says which were blocked.
    pub fn block(self) -> Self {
        const SET: usize = 2;
        let mut before = 0_u64;
        let arguments = [
            SET,
            (&raw const self.0).expose_provenance(),
            (&raw mut before).expose_provenance(),
            size_of::<u64>(),
            0,
            0,
        ];
        // SAFETY: the kernel reads and writes one set each.
        let _ = checked(unsafe { call(machine::RT_SIGPROCMASK, arguments) });
        Self(before)
    }

    /// A descriptor from which these are read as they come.
    pub fn descriptor(self) -> Result<i32, Errno> {
        const CLOSE_ON_EXEC_AND_AT_ONCE: usize = 0o2_004_000;
        let arguments = [
            usize::MAX,
            (&raw const self.0).expose_provenance(),
            size_of::<u64>(),
            CLOSE_ON_EXEC_AND_AT_ONCE,
            0,
            0,
        ];
        // SAFETY: the kernel reads one set.
        let made = checked(unsafe { call(machine::SIGNALFD4, arguments) })?;
        i32::try_from(made).map_err(|_| AGAIN)
    }
}

/// One thing to wait for, as the kernel has it.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Poll {
    pub descriptor: i32,
    pub wanted: i16,
    pub came: i16,
}

impl Poll {
    pub const READABLE: i16 = 1;
    pub const WRITABLE: i16 = 4;

    pub fn new(descriptor: i32, wanted: i16) -> Self {
        Self { descriptor, wanted, came: 0 }
    }
}

/// Waits until one of them is ready, or so many milliseconds have passed.
pub fn wait(polls: &mut [Poll], at_most: Option<u32>) {
    let time = at_most.map(|millis| [i64::from(millis / 1000), i64::from(millis % 1000) * 1_000_000]);
    let time = time.as_ref().map_or(0, |time| time.as_ptr().expose_provenance());
    let arguments = [polls.as_mut_ptr().expose_provenance(), polls.len(), time, 0, 0, 0];
    // SAFETY: the kernel writes into as many as there are, and reads a time of two numbers.
    let _ = checked(unsafe { call(machine::PPOLL, arguments) });
}

/// There is nobody to tell.
#[panic_handler]
fn give_up(_: &core::panic::PanicInfo<'_>) -> ! {
    exit(crate::BROKEN)
}

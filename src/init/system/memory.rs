//! Memory, straight from the kernel: there is no allocator. And what a compiler wants to be there.

use core::ffi::{CStr, c_char};
use core::ops::{Deref, DerefMut};
use core::sync::atomic::{AtomicI32, Ordering};

use super::machine::{self, call};
use super::{Errno, checked, plain};

/// A piece of memory, all zeros, given back when this value goes.
pub struct Region {
    start: *mut u8,
    length: usize,
}

impl Region {
    pub fn new(length: usize) -> Result<Self, Errno> {
        const PRIVATE: usize = 2;
        Self::mapped(length, PRIVATE)
    }

    fn mapped(length: usize, kind: usize) -> Result<Self, Errno> {
        const READ_AND_WRITE: usize = 3;
        const OF_NO_FILE: usize = 0x20;
        let arguments = [0, length, READ_AND_WRITE, kind | OF_NO_FILE, usize::MAX, 0];
        // SAFETY: the kernel finds a place that nobody uses.
        let start = checked(unsafe { call(machine::MMAP, arguments) })?;
        Ok(Self { start: core::ptr::with_exposed_provenance_mut(start), length })
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        let _ = plain(machine::MUNMAP, [self.start.expose_provenance(), self.length, 0, 0, 0, 0]);
    }
}

impl Deref for Region {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: so much is mapped here, it is ours alone, and zero is a byte too.
        unsafe { core::slice::from_raw_parts(self.start, self.length) }
    }
}

impl DerefMut for Region {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: as above, and nobody else borrows it.
        unsafe { core::slice::from_raw_parts_mut(self.start, self.length) }
    }
}

/// A number that a process and the one it was forked from both see.
pub struct Shared(Region);

impl Shared {
    pub fn new() -> Result<Self, Errno> {
        const SHARED: usize = 1;
        Region::mapped(size_of::<AtomicI32>(), SHARED).map(Self)
    }

    fn number(&self) -> &AtomicI32 {
        // SAFETY: a page is mapped here, well aligned and all zeros.
        unsafe { &*self.0.start.cast::<AtomicI32>() }
    }

    pub fn get(&self) -> i32 {
        self.number().load(Ordering::SeqCst)
    }

    pub fn set(&self, value: i32) {
        self.number().store(value, Ordering::SeqCst);
    }
}

/// Pointers to texts with a null behind them, as programs are given words and variables.
pub struct Table {
    region: Region,
    count: usize,
}

impl Table {
    /// With room for so many.
    pub fn new(room: usize) -> Result<Self, Errno> {
        Ok(Self { region: Region::new((room + 1) * size_of::<usize>())?, count: 0 })
    }

    /// The text has to stay where it is for as long as the table is used. One for which there is no
    /// room is left out.
    pub fn push(&mut self, text: &CStr) {
        if (self.count + 2) * size_of::<usize>() > self.region.length {
            return;
        }
        let place = self.region.start.cast::<*const c_char>();
        // SAFETY: there is room for it and for the null behind it, which the region began with.
        unsafe { place.add(self.count).write(text.as_ptr()) };
        self.count += 1;
    }

    pub(super) fn start(&self) -> usize {
        self.region.start.expose_provenance()
    }
}

/// The compiler writes calls of these on its own. A loop that is not volatile would become a call of
/// itself.
///
/// # Safety
///
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, length: usize) -> *mut u8 {
    for at in 0..length {
        // SAFETY: both have this length.
        unsafe { to.add(at).write_volatile(from.add(at).read_volatile()) };
    }
    to
}

/// # Safety
///
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memset(to: *mut u8, byte: i32, length: usize) -> *mut u8 {
    for at in 0..length {
        // SAFETY: it has this length.
        unsafe { to.add(at).write_volatile(byte as u8) };
    }
    to
}

/// # Safety
///
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memcmp(one: *const u8, other: *const u8, length: usize) -> i32 {
    for at in 0..length {
        // SAFETY: both have this length.
        let (one, other) = unsafe { (one.add(at).read_volatile(), other.add(at).read_volatile()) };
        if one != other {
            return i32::from(one) - i32::from(other);
        }
    }
    0
}

/// # Safety
///
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bcmp(one: *const u8, other: *const u8, length: usize) -> i32 {
    // SAFETY: as above.
    unsafe { memcmp(one, other, length) }
}

/// # Safety
///
/// As in C.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn strlen(text: *const u8) -> usize {
    let mut length = 0;
    // SAFETY: nobody reads beyond the NUL.
    while unsafe { text.add(length).read_volatile() } != 0 {
        length += 1;
    }
    length
}

/// Named by the compiled `core`, for panics that unwind. Ours do not.
#[unsafe(no_mangle)]
pub extern "C" fn rust_eh_personality() {}

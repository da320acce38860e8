//! Folders: what is in them, and taking it out.

use core::ffi::CStr;

use super::machine::{self, call};
use super::{AGAIN, Errno, checked, close, word};

/// An open folder.
pub struct Folder(i32);

/// Something in a folder.
pub struct Named<'b> {
    pub name: &'b CStr,
    pub is_folder: bool,
}

const HERE: i32 = -100;

impl Folder {
    pub fn at(path: &CStr) -> Result<Self, Errno> {
        Self::opened(HERE, path)
    }

    /// One that is in this one; no link is followed.
    pub fn inner(&self, name: &CStr) -> Result<Self, Errno> {
        Self::opened(self.0, name)
    }

    fn opened(from: i32, path: &CStr) -> Result<Self, Errno> {
        // The two machines differ in the numbers of these.
        const FOLDER: usize = if cfg!(target_arch = "aarch64") { 0o40_000 } else { 0o200_000 };
        const NO_LINK: usize = if cfg!(target_arch = "aarch64") { 0o100_000 } else { 0o400_000 };
        const CLOSE_ON_EXEC: usize = 0o2_000_000;
        let how = FOLDER | NO_LINK | CLOSE_ON_EXEC;
        let arguments = [word(from), path.as_ptr().expose_provenance(), how, 0, 0, 0];
        // SAFETY: the path ends with a NUL.
        let opened = checked(unsafe { call(machine::OPENAT, arguments) })?;
        i32::try_from(opened).map(Self).map_err(|_| AGAIN)
    }

    /// What tells the file system of what has this name here from every other; without a name, of itself.
    pub fn device(&self, name: &CStr) -> Result<[u32; 2], Errno> {
        const EMPTY_PATH_AND_NO_LINK: usize = 0x1100;
        const BASIC: usize = 0x7ff;
        const MAJOR: usize = 136;
        let mut told = [0_u8; 256];
        let path = name.as_ptr().expose_provenance();
        let into = told.as_mut_ptr().expose_provenance();
        let arguments = [word(self.0), path, EMPTY_PATH_AND_NO_LINK, BASIC, into, 0];
        // SAFETY: the path ends with a NUL, and the kernel writes 256 bytes where there are as many.
        checked(unsafe { call(machine::STATX, arguments) })?;
        let number = |at: usize| {
            let bytes = told.get(at..).and_then(|rest| rest.first_chunk()).ok_or(AGAIN)?;
            Ok(u32::from_ne_bytes(*bytes))
        };
        Ok([number(MAJOR)?, number(MAJOR + 4)?])
    }

    /// Some of what is in it, in the form of the kernel; nothing at the end.
    pub fn read<'b>(&self, into: &'b mut [u8]) -> Result<impl Iterator<Item = Named<'b>>, Errno> {
        let arguments = [word(self.0), into.as_mut_ptr().expose_provenance(), into.len(), 0, 0, 0];
        // SAFETY: the kernel writes into this slice and no further.
        let read = checked(unsafe { call(machine::GETDENTS64, arguments) })?;
        Ok(Entries(into.get(..read).unwrap_or_default()))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        close(self.0);
    }
}

/// As the kernel writes them: two numbers of eight bytes, a length of two, a kind, and a name.
struct Entries<'b>(&'b [u8]);

impl<'b> Iterator for Entries<'b> {
    type Item = Named<'b>;

    fn next(&mut self) -> Option<Named<'b>> {
        const LENGTH: usize = 16;
        const KIND: usize = 18;
        const NAME: usize = 19;
        const FOLDER: u8 = 4;
        let length = u16::from_ne_bytes(*self.0.get(LENGTH..)?.first_chunk()?);
        let (entry, rest) = self.0.split_at_checked(usize::from(length))?;
        self.0 = rest;
        let name = CStr::from_bytes_until_nul(entry.get(NAME..)?).ok()?;
        Some(Named { name, is_folder: *entry.get(KIND)? == FOLDER })
    }
}

impl Folder {
    pub fn remove(&self, name: &CStr) -> Result<(), Errno> {
        self.unlinked(name, 0)
    }

    pub fn remove_folder(&self, name: &CStr) -> Result<(), Errno> {
        const A_FOLDER: usize = 0x200;
        self.unlinked(name, A_FOLDER)
    }

    fn unlinked(&self, name: &CStr, how: usize) -> Result<(), Errno> {
        let arguments = [word(self.0), name.as_ptr().expose_provenance(), how, 0, 0, 0];
        // SAFETY: the name ends with a NUL.
        checked(unsafe { call(machine::UNLINKAT, arguments) }).map(drop)
    }

    /// Its owner may do everything with what has this name here.
    pub fn open_up(&self, name: &CStr) {
        const FOR_OWNER: usize = 0o700;
        let arguments = [word(self.0), name.as_ptr().expose_provenance(), FOR_OWNER, 0, 0, 0];
        // SAFETY: the name ends with a NUL.
        let _ = checked(unsafe { call(machine::FCHMODAT, arguments) });
    }
}

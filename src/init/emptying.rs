//! Emptying folders in memory between two commands. Nothing is alive meanwhile, so nobody exchanges
//! what is looked at. What is mounted there is left alone.

use core::ffi::CStr;

use crate::frame::Frame;
use crate::system::{BUSY, Errno, Folder, NOT_THERE};

/// Deeper nests are not ours to clear: the container goes instead.
const DEEPEST: u32 = 64;
/// One reading of a folder.
const PIECE: usize = 2048;

/// Whether all that the frame names are empty now.
pub fn empty(frame: &Frame<'_>) -> bool {
    frame.folders_to_empty().all(|path| match Folder::at(path) {
        Ok(folder) => folder.device(c"").and_then(|device| emptied(&folder, device, DEEPEST)).is_ok(),
        Err(errno) => errno == NOT_THERE,
    })
}

/// Whether nothing is left in it but what is mounted there.
fn emptied(folder: &Folder, device: [u32; 2], depth: u32) -> Result<bool, Errno> {
    let mut is_bare = true;
    let mut buffer = [0; PIECE];
    loop {
        let mut has_any = false;
        for one in folder.read(&mut buffer)? {
            has_any = true;
            if matches!(one.name.to_bytes(), b"." | b"..") {
                continue;
            }
            is_bare &= taken_out(folder, one.name, one.is_folder, device, depth)?;
        }
        if !has_any {
            return Ok(is_bare);
        }
    }
}

/// Whether it is gone; what is mounted stays.
fn taken_out(
    folder: &Folder,
    name: &CStr,
    is_folder: bool,
    device: [u32; 2],
    depth: u32,
) -> Result<bool, Errno> {
    // What is mounted there is another's, its mode too.
    if folder.device(name)? != device {
        return Ok(false);
    }
    let gone = if is_folder {
        let depth = depth.checked_sub(1).ok_or(BUSY)?;
        folder.open_up(name);
        if !emptied(&folder.inner(name)?, device, depth)? {
            return Ok(false);
        }
        folder.remove_folder(name)
    } else {
        folder.remove(name)
    };
    match gone {
        Ok(()) => Ok(true),
        Err(BUSY) => Ok(false),
        Err(errno) => Err(errno),
    }
}

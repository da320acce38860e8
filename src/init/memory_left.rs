//! Whether the kernel has killed something in this container for its memory.

use core::ffi::CStr;

use crate::system::{self, AGAIN, Dead, INTERRUPTED};
use crate::wire::{MEMORY_EXCEEDED, MEMORY_SUFFICED, MEMORY_UNKNOWN};

/// Where the kernel counts that: with cgroup v2, and with v1.
const COUNTS: [&CStr; 2] = [c"/sys/fs/cgroup/memory.events", c"/sys/fs/cgroup/memory/memory.oom_control"];

/// Who ended well has had enough, unless others come after him.
pub fn of(dead: &Dead, others_come: bool) -> u8 {
    let is_well = dead.signal == 0 && dead.code == 0;
    if is_well && !others_come { MEMORY_SUFFICED } else { tell() }
}

fn tell() -> u8 {
    COUNTS
        .iter()
        .find_map(|path| killed(path))
        .map_or(MEMORY_UNKNOWN, |killed| if killed { MEMORY_EXCEEDED } else { MEMORY_SUFFICED })
}

fn killed(path: &CStr) -> Option<bool> {
    let file = system::open(path).ok()?;
    let mut text = [0; 1024];
    let read = loop {
        match system::read(file, &mut text) {
            Err(AGAIN | INTERRUPTED) => {}
            other => break other,
        }
    };
    system::close(file);
    let text = text.get(..read.ok()?)?;
    let count = text.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(b"oom_kill "))?;
    Some(count != b"0")
}

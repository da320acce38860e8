//! How a program begins and asks the kernel on aarch64.

use core::arch::{asm, global_asm};

// The kernel leaves the words and the environment on the stack and no way back.
global_asm!(
    ".globl _start",
    "_start:",
    "mov x29, xzr",
    "mov x30, xzr",
    "mov x0, sp",
    "bl {begin}",
    "brk #1",
    begin = sym crate::system::begin,
);

pub const DUP3: usize = 24;
pub const FCNTL: usize = 25;
pub const UNLINKAT: usize = 35;
pub const CHDIR: usize = 49;
pub const FCHMODAT: usize = 53;
pub const OPENAT: usize = 56;
pub const CLOSE: usize = 57;
pub const GETDENTS64: usize = 61;
pub const LSEEK: usize = 62;
pub const READ: usize = 63;
pub const WRITE: usize = 64;
pub const PPOLL: usize = 73;
pub const SIGNALFD4: usize = 74;
pub const EXIT_GROUP: usize = 94;
pub const KILL: usize = 129;
pub const RT_SIGPROCMASK: usize = 135;
pub const SETSID: usize = 157;
pub const PRCTL: usize = 167;
pub const GETPID: usize = 172;
pub const SOCKET: usize = 198;
pub const BIND: usize = 200;
pub const LISTEN: usize = 201;
pub const CONNECT: usize = 203;
pub const SENDMSG: usize = 211;
pub const MUNMAP: usize = 215;
pub const CLONE: usize = 220;
pub const EXECVE: usize = 221;
pub const MMAP: usize = 222;
pub const WAIT4: usize = 260;
pub const MEMFD_CREATE: usize = 279;
pub const STATX: usize = 291;

/// # Safety
///
/// As the call with this number wants it.
pub unsafe fn call(number: usize, [a, b, c, d, e, f]: [usize; 6]) -> isize {
    let answer;
    // SAFETY: the kernel keeps everything but these registers, and whoever calls vouches for the rest.
    unsafe {
        asm!(
            "svc #0",
            in("x8") number,
            inlateout("x0") a.cast_signed() => answer,
            in("x1") b, in("x2") c, in("x3") d, in("x4") e, in("x5") f,
            options(nostack),
        );
    }
    answer
}

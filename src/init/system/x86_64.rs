//! How a program begins and asks the kernel on x86_64.

use core::arch::{asm, global_asm};

// The kernel leaves the words and the environment on the stack and no way back.
global_asm!(
    ".globl _start",
    "_start:",
    "xor ebp, ebp",
    "mov rdi, rsp",
    "and rsp, -16",
    "call {begin}",
    "ud2",
    begin = sym crate::system::begin,
);

pub const READ: usize = 0;
pub const WRITE: usize = 1;
pub const CLOSE: usize = 3;
pub const LSEEK: usize = 8;
pub const MMAP: usize = 9;
pub const MUNMAP: usize = 11;
pub const RT_SIGPROCMASK: usize = 14;
pub const GETPID: usize = 39;
pub const SOCKET: usize = 41;
pub const CONNECT: usize = 42;
pub const SENDMSG: usize = 46;
pub const BIND: usize = 49;
pub const LISTEN: usize = 50;
pub const CLONE: usize = 56;
pub const EXECVE: usize = 59;
pub const WAIT4: usize = 61;
pub const KILL: usize = 62;
pub const FCNTL: usize = 72;
pub const CHDIR: usize = 80;
pub const SETSID: usize = 112;
pub const PRCTL: usize = 157;
pub const GETDENTS64: usize = 217;
pub const EXIT_GROUP: usize = 231;
pub const OPENAT: usize = 257;
pub const UNLINKAT: usize = 263;
pub const FCHMODAT: usize = 268;
pub const PPOLL: usize = 271;
pub const SIGNALFD4: usize = 289;
pub const DUP3: usize = 292;
pub const MEMFD_CREATE: usize = 319;
pub const STATX: usize = 332;

/// # Safety
///
/// As the call with this number wants it.
pub unsafe fn call(number: usize, [a, b, c, d, e, f]: [usize; 6]) -> isize {
    let answer;
    // SAFETY: the kernel keeps everything but these registers, and whoever calls vouches for the rest.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") number.cast_signed() => answer,
            in("rdi") a, in("rsi") b, in("rdx") c, in("r10") d, in("r8") e, in("r9") f,
            lateout("rcx") _, lateout("r11") _,
            options(nostack),
        );
    }
    answer
}

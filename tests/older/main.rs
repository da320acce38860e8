//! Runs a program on a kernel that seems older: without some of its system calls.
//!
//! `older WITHOUT PROGRAM [WORD…]`: without `landlock`, `seccomp`, or both, joined by a comma.

use std::os::unix::process::CommandExt;
use std::process::Command;

use nix::libc::{self, sock_filter, sock_fprog};

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [without, program, rest @ ..] = words.as_slice() else { panic!("older WITHOUT PROGRAM [WORD…]") };
    let missing: Vec<i64> = without.split(',').map(system_call).collect();
    forget(&missing);
    panic!("{program}: {}", Command::new(program).args(rest).exec());
}

fn system_call(name: &str) -> i64 {
    match name {
        "landlock" => libc::SYS_landlock_create_ruleset,
        "seccomp" => libc::SYS_seccomp,
        other => panic!("`{other}` is not a part of the kernel that can be missing"),
    }
}

/// From now on these are not implemented, for this process and all that come from it.
fn forget(missing: &[i64]) {
    let answer = |action: u32| operation(libc::BPF_RET | libc::BPF_K, action, 0, 0);
    let mut filter = vec![operation(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0)];
    for call in missing {
        let number = u32::try_from(*call).expect("a number of a system call");
        filter.push(operation(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, number, 0, 1));
        filter.push(answer(libc::SECCOMP_RET_ERRNO | libc::ENOSYS as u32));
    }
    filter.push(answer(libc::SECCOMP_RET_ALLOW));
    let program = sock_fprog { len: filter.len() as u16, filter: filter.as_mut_ptr() };
    unsafe {
        assert_eq!(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
        let set = libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, 0, &raw const program);
        assert_eq!(set, 0, "{}", std::io::Error::last_os_error());
    }
}

fn operation(code: u32, k: u32, jt: u8, jf: u8) -> sock_filter {
    sock_filter { code: code as u16, jt, jf, k }
}

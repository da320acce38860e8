//! The only file with `unsafe` code: what Linux offers and no safe interface covers.
//!
//! Everything here runs in the fork server and its supervisors, which have one thread each, except
//! [`adopt`], which runs wherever descriptors arrive, [`inherited`], which runs first of all, [`end_with_us`],
//! whose one part runs in the child alone, [`fork`], which the server calls before it has a second thread,
//! [`registered`], which is for the server's runtime, and [`give_memory_back`], [`give_program_back`] and
//! [`share_one_heap`], which anyone may call at any time. It knows system calls, and nothing of orders, pipes
//! or limits.

#![allow(unsafe_code)]

use std::cell::Cell;
use std::ffi::{CStr, c_char};
use std::fs;
use std::io;
use std::ops::Range;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::ptr;
use std::sync::OnceLock;

use nix::errno::Errno;
use nix::libc;
use nix::sched::{CloneFlags, clone};
use nix::sys::prctl;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{SigSet, Signal};
use nix::unistd::{self, ForkResult, Pid};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::mapped;
use super::report::{Failure, Stage, Status};

/// Hands freed memory back to the system. The allocator does so by itself only for what lies at the
/// end of its heap, and a large output leaves its holes before that.
#[cfg(target_env = "gnu")]
pub fn give_memory_back() {
    // SAFETY: it takes no pointer and locks the heap by itself.
    unsafe { libc::malloc_trim(0) };
}

/// Other allocators have no such call, or need none.
#[cfg(not(target_env = "gnu"))]
pub fn give_memory_back() {}

/// Lets go of the pages of this program's own files that are mapped: most of them served what is over, and
/// the others come back from the file when they are needed.
pub fn give_program_back() {
    // Where the program lies never changes.
    static PROGRAM: OnceLock<Vec<Range<usize>>> = OnceLock::new();
    for Range { start, end } in PROGRAM.get_or_init(program) {
        // SAFETY: the range is a part of the program as it was loaded, which nobody unloads or makes
        // writable, and every page in it is the file's: read again it is the same.
        unsafe { libc::madvise(ptr::without_provenance_mut(*start), end - start, libc::MADV_DONTNEED) };
    }
}

/// Its file, and that of the C library, which stays where it is as long as the program does.
fn program() -> Vec<Range<usize>> {
    let smaps = fs::read_to_string("/proc/self/smaps").unwrap_or_default();
    let mut program = mapped::unchanged(&smaps, give_program_back as fn() as usize);
    let library = libc::getpid as unsafe extern "C" fn() -> libc::pid_t as usize;
    // One that is linked statically is a part of it.
    if !program.iter().any(|mapping| mapping.contains(&library)) {
        program.extend(mapped::unchanged(&smaps, library));
    }
    program
}

/// Lets all threads share one heap. Each would have its own, and a server that loads a file in a
/// thread now and then would keep the holes of all of them.
#[cfg(target_env = "gnu")]
pub fn share_one_heap() {
    // SAFETY: it takes no pointer, and is for heaps that are made from now on.
    unsafe { libc::mallopt(libc::M_ARENA_MAX, 1) };
}

/// Other allocators have their own ways.
#[cfg(not(target_env = "gnu"))]
pub fn share_one_heap() {}

/// Has a program killed when the thread that starts it is gone, however that comes.
pub fn end_with_us(command: &mut Command) {
    let starter = unistd::getpid();
    // SAFETY: what runs in the child makes two system calls, allocates nothing and takes no lock.
    unsafe {
        command.pre_exec(move || {
            prctl::set_pdeathsig(Signal::SIGKILL)?;
            // It may have ended just before.
            if unistd::getppid() == starter { Ok(()) } else { Err(io::ErrorKind::NotFound.into()) }
        });
    }
}

/// A program ready to be executed, as the child needs it: without anything to allocate.
pub struct Image<'a> {
    pub program: &'a CStr,
    pub argv: Pointers<'a>,
    pub environment: Pointers<'a>,
    pub working_dir: &'a CStr,
    pub stdin: Option<BorrowedFd<'a>>,
    pub stdout: BorrowedFd<'a>,
    pub stderr: BorrowedFd<'a>,
    /// Open files of each process, already within the hard limit.
    pub files: Option<u64>,
    /// The `cgroup.procs` of the cgroup to join.
    pub cgroup: Option<BorrowedFd<'a>>,
    pub restraints: Option<Restraints<'a>>,
    /// How the kernel is to schedule it, if not as this process.
    pub policy: Option<Policy>,
}

/// How the kernel schedules a process among others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// Like any other.
    Ordinary,
    /// Like any other, save that it interrupts nobody when it is woken.
    Batch,
}

impl Policy {
    /// That of this process; `None` for one of those that administrators give out.
    ///
    /// Past the C library, since not all of them know of it.
    pub fn own() -> Option<Self> {
        // SAFETY: takes a number, which means the caller.
        match i32::try_from(unsafe { libc::syscall(libc::SYS_sched_getscheduler, 0) }) {
            Ok(libc::SCHED_OTHER) => Some(Self::Ordinary),
            Ok(libc::SCHED_BATCH) => Some(Self::Batch),
            _ => None,
        }
    }

    /// Makes it that of this process.
    pub fn take(self) -> nix::Result<()> {
        let policy = match self {
            Self::Ordinary => libc::SCHED_OTHER,
            Self::Batch => libc::SCHED_BATCH,
        };
        // These two have no priority but how nice they are, which stays.
        let priority: libc::c_int = 0;
        // SAFETY: the kernel reads one number, which is all that there is of such a parameter.
        let set = unsafe { libc::syscall(libc::SYS_sched_setscheduler, 0, policy, &raw const priority) };
        Errno::result(set).map(drop)
    }
}

/// What holds a sandboxed program beside the filter that it inherits: a ruleset of Landlock, ready to
/// be applied, where there is such a thing; and that it has no privileges.
#[derive(Clone, Copy)]
pub struct Restraints<'a> {
    pub ruleset: Option<BorrowedFd<'a>>,
}

/// The array of strings that `execve` takes, ended by a null pointer.
pub struct Pointers<'a> {
    array: Vec<*const c_char>,
    strings: std::marker::PhantomData<&'a CStr>,
}

impl<'a> Pointers<'a> {
    pub fn new(strings: impl Iterator<Item = &'a CStr>) -> Self {
        let array = strings.map(CStr::as_ptr).chain([ptr::null()]).collect();
        Self { array, strings: std::marker::PhantomData }
    }
}

/// The stack on which a child runs until it executes its program.
pub struct Stack(Vec<u8>);

impl Stack {
    pub fn new() -> Self {
        Self(vec![0; 64 << 10])
    }
}

/// Starts a program and returns when it runs or could not be executed.
///
/// The child shares this process's memory and this process stands still meanwhile, as with `vfork`,
/// so nothing is copied and the failure comes back through a cell. A child that failed has ended
/// and waits to be reaped.
pub fn start(image: &Image<'_>, stack: &mut Stack) -> (nix::Result<Pid>, Option<Failure>) {
    let failure = Cell::new(None);
    let child = || -> isize {
        failure.set(Some(become_program(image)));
        127
    };
    // SAFETY: this process has a single thread, which the kernel stops until the child has executed
    // its program or ended, so nobody else sees the shared memory. The child runs on its own stack,
    // allocates nothing, cannot panic, and returns only to end with the given code.
    let pid = unsafe {
        let flags = CloneFlags::CLONE_VM | CloneFlags::CLONE_VFORK;
        clone(Box::new(child), &mut stack.0, flags, Some(libc::SIGCHLD))
    };
    (pid, failure.get())
}

/// The child's side: returns only when it failed.
fn become_program(image: &Image<'_>) -> Failure {
    let Image { program, argv, environment, working_dir, stdin, stdout, stderr, files, .. } = image;
    let Image { cgroup, restraints, policy, .. } = image;
    let failed = |stage| move |errno: Errno| Failure { stage, errno: errno as i32 };
    let prepared = (|| {
        if let Some(procs) = cgroup {
            unistd::write(procs, b"0").map_err(failed(Stage::Cgroup))?;
        }
        unistd::setpgid(Pid::from_raw(0), Pid::from_raw(0)).map_err(failed(Stage::Fork))?;
        if let Some(policy) = policy {
            // It runs no worse for what it could not be given.
            let _ = policy.take();
        }
        // Should the supervisor be killed, the command goes with it.
        prctl::set_pdeathsig(Signal::SIGKILL).map_err(failed(Stage::Fork))?;
        unistd::chdir(*working_dir).map_err(failed(Stage::WorkingDir))?;
        if let Some(stdin) = stdin {
            unistd::dup2_stdin(stdin).map_err(failed(Stage::Fork))?;
        }
        unistd::dup2_stdout(stdout).map_err(failed(Stage::Fork))?;
        unistd::dup2_stderr(stderr).map_err(failed(Stage::Fork))?;
        if let Some(files) = *files {
            // Cannot be refused, since it lowers both limits; last, since it may allow very few.
            let _ = setrlimit(Resource::RLIMIT_NOFILE, files, files);
        }
        SigSet::empty().thread_set_mask().map_err(failed(Stage::Fork))?;
        restraints.as_ref().map_or(Ok(()), restrain).map_err(failed(Stage::Sandbox))
    })();
    if let Err(failure) = prepared {
        return failure;
    }
    // SAFETY: the strings live as long as `image`, and both arrays end with a null pointer.
    unsafe { libc::execve(program.as_ptr(), argv.array.as_ptr(), environment.array.as_ptr()) };
    failed(Stage::Exec)(Errno::last())
}

/// Gives up every privilege and applies what was prepared. Nothing here can be undone by what is
/// executed afterwards.
fn restrain(restraints: &Restraints<'_>) -> nix::Result<()> {
    let Restraints { ruleset } = *restraints;
    drop_capabilities()?;
    prctl::set_no_new_privs()?;
    if let Some(ruleset) = ruleset {
        // SAFETY: takes two numbers.
        Errno::result(unsafe { libc::syscall(libc::SYS_landlock_restrict_self, ruleset.as_raw_fd(), 0) })?;
    }
    Ok(())
}

/// Filters the system calls of this process and of all that come from it, for good.
pub fn filter_from_now_on(filter: &[libc::sock_filter]) -> nix::Result<()> {
    prctl::set_no_new_privs()?;
    let length = u16::try_from(filter.len()).map_err(|_| Errno::E2BIG)?;
    let program = libc::sock_fprog { len: length, filter: filter.as_ptr().cast_mut() };
    // SAFETY: the kernel copies the program, which lives as long as `filter`, and writes nothing.
    let set =
        unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, 0, &raw const program) };
    Errno::result(set).map(drop)
}

/// Root without capabilities is a user like others, to whom much happens to belong. Who has none
/// anyway may not change these bits, and need not. (What a program might still be given, the
/// bounding set, is nothing: without new privileges no program is given any.)
fn drop_capabilities() -> nix::Result<()> {
    /// No capability for being root (also after executing a program), and locked like that:
    /// `NOROOT`, `NO_SETUID_FIXUP`, `KEEP_CAPS` off, `NO_CAP_AMBIENT_RAISE`.
    const SECUREBITS: libc::c_ulong = 0b1110_1111;
    // SAFETY: takes numbers.
    unsafe { libc::prctl(libc::PR_SET_SECUREBITS, SECUREBITS, 0, 0, 0) };
    // The third version of the header, for this process; then three empty sets in two halves.
    let header = [0x2008_0522_u32, 0];
    let sets = [0_u32; 6];
    // SAFETY: the kernel reads what is there, and writes the header only where it is of another version.
    let set = unsafe { libc::syscall(libc::SYS_capset, header.as_ptr(), sets.as_ptr()) };
    Errno::result(set).map(drop)
}

/// The version of Landlock's interface that this kernel has; 0 for none.
pub fn landlock_version() -> u8 {
    const VERSION: u32 = 1;
    // SAFETY: asked for its version, the call takes no pointer.
    let version =
        unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, ptr::null::<u8>(), 0_usize, VERSION) };
    u8::try_from(version).unwrap_or(0)
}

/// Whether system calls can be filtered, and be answered with an error.
pub fn can_filter() -> bool {
    let action = libc::SECCOMP_RET_ERRNO;
    // SAFETY: the kernel reads one number.
    let known =
        unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_GET_ACTION_AVAIL, 0, &raw const action) };
    known == 0
}

/// Forks; the child runs `child` and ends without returning, with the code that it gives.
///
/// Must be called while the process has a single thread: another one could hold a lock that the
/// child would wait for in vain.
pub fn fork(child: impl FnOnce() -> i32) -> nix::Result<Pid> {
    // SAFETY: there is one thread (see above), so the child finds every lock free.
    match unsafe { unistd::fork() }? {
        ForkResult::Parent { child } => Ok(child),
        ForkResult::Child => exit_now(child()),
    }
}

/// What `waitpid` had to say.
pub enum Reaped {
    Child(Pid, Status),
    NoneEnded,
    NoChildren,
}

/// Takes leave of one child that has ended, whichever signal ended it. (`nix` knows no real-time
/// signals and would lose the child that one of them ended.)
pub fn reap() -> Reaped {
    let mut status = 0;
    // SAFETY: writes one integer, to a place that is there.
    match unsafe { libc::waitpid(-1, &mut status, libc::WNOHANG) } {
        0 => Reaped::NoneEnded,
        pid if pid < 0 => Reaped::NoChildren,
        pid if libc::WIFSIGNALED(status) => {
            Reaped::Child(Pid::from_raw(pid), Status::Signalled(libc::WTERMSIG(status)))
        }
        pid => Reaped::Child(Pid::from_raw(pid), Status::Exited(libc::WEXITSTATUS(status))),
    }
}

/// Ends this process without running what the server registered for its own end.
fn exit_now(code: i32) -> ! {
    // SAFETY: takes no memory and never returns.
    unsafe { libc::_exit(code) }
}

/// Gives every signal its default action: an ignored one would stay ignored in what is executed.
pub fn restore_signal_actions() {
    // What the kernel takes for the default action is all zeros and no longer than this. The C
    // library would refuse the two signals that it keeps for itself.
    let default = [0_u64; 8];
    for signal in 1..=64 {
        // SAFETY: the kernel reads the action and writes nothing; the default action runs no code
        // of this program. SIGKILL and SIGSTOP refuse.
        unsafe {
            libc::syscall(libc::SYS_rt_sigaction, signal, default.as_ptr(), ptr::null::<u64>(), 8_usize)
        };
    }
}

/// Closes every descriptor above the standard ones, except one.
pub fn close_all_but(kept: &OwnedFd) {
    let Ok(kept) = libc::c_uint::try_from(kept.as_raw_fd()) else { return };
    let close = |first: libc::c_uint, last: libc::c_uint| {
        if first <= last {
            // SAFETY: called first thing in a new process, before anything owns a descriptor that
            // will be used again.
            let closed = unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) };
            if closed != 0 {
                // A kernel or a sandbox without that call: the numbers that are in use as a rule.
                // SAFETY: as above.
                (first..=last.min(4096)).for_each(|fd| {
                    let _ = unsafe { libc::close(fd as RawFd) };
                });
            }
        }
    };
    close(3, kept.saturating_sub(1));
    close(kept + 1, libc::c_uint::MAX);
}

/// Takes ownership of descriptors that whoever started this program left open for it: so many from 3
/// on. They stay in this process. Must be called before anything else is opened.
pub fn inherited(count: u8) -> io::Result<Vec<OwnedFd>> {
    const FIRST: RawFd = 3;
    let all = FIRST..FIRST + RawFd::from(count);
    for fd in all.clone() {
        // SAFETY: takes numbers, and refuses one that is not open.
        Errno::result(unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) })?;
    }
    // SAFETY: they are open (see above), and as nothing else was opened yet nobody owns them.
    Ok(all.map(|fd| unsafe { OwnedFd::from_raw_fd(fd) }).collect())
}

/// A socket of whose news the runtime hears, and of nothing but these.
pub fn registered(socket: UnixStream, news: Interest) -> io::Result<AsyncFd<UnixStream>> {
    // SAFETY: A `UnixStream` owns its descriptor, gives the same one at every time, and is here until it is taken out
    // whole.
    let registered = unsafe { AsyncFd::register_with_interest(socket, news) };
    registered.map_err(|error| error.into_parts().1)
}

/// Takes ownership of descriptors that just arrived through a socket.
pub fn adopt(received: Vec<RawFd>) -> Vec<OwnedFd> {
    // SAFETY: the kernel made them for this process with the message, and nobody else knows them.
    received.into_iter().map(|fd| unsafe { OwnedFd::from_raw_fd(fd) }).collect()
}

//! Tries to get out of a sandbox in every way that its author could think of, and prints what it
//! managed, a line each. In a good sandbox it prints nothing but `tried N`.
//!
//! What it does it undoes, so that it can be run without a sandbox as well: a test does that to see
//! that the deeds are possible at all. Facts come as variables: `OUTSIDE` (a folder with `secret`,
//! a file), `SERVER` (the number of a process of the same user), `TCP`, `UDP` (ports with somebody
//! behind), `UNIX` (a socket's path), `ABSTRACT` (a socket's name). In a container there are more.

mod container;

use std::ffi::CString;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::AsRawFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::libc;

struct Facts {
    outside: PathBuf,
    secret: PathBuf,
    server: i32,
    tcp: u16,
    udp: u16,
    unix: PathBuf,
    abstract_name: String,
}

type Deed = (&'static str, fn(&Facts) -> bool);

const FILES: [Deed; 24] = [
    ("read a file outside", |facts| fs::read(&facts.secret).is_ok()),
    ("list a folder outside", |facts| fs::read_dir(&facts.outside).is_ok()),
    ("write a file outside", |facts| OpenOptions::new().append(true).open(&facts.secret).is_ok()),
    ("make a file outside", |facts| undone(&facts.outside.join("made"), |path| File::create(path).is_ok())),
    ("make a folder outside", |facts| {
        let path = facts.outside.join("folder");
        fs::create_dir(&path).is_ok() && fs::remove_dir(&path).is_ok()
    }),
    ("truncate a file outside by its name", |facts| {
        let length = fs::metadata(&facts.secret).map_or(0, |found| found.len());
        let path = name(&facts.secret);
        unsafe { libc::truncate(path.as_ptr(), length as i64) == 0 }
    }),
    ("read through a symbolic link", |facts| through_link(facts, |link| fs::read(link).is_ok())),
    ("write through a symbolic link", |facts| {
        through_link(facts, |link| OpenOptions::new().append(true).open(link).is_ok())
    }),
    ("link a file outside to a name inside", |facts| {
        undone(&inside().join("hard"), |path| fs::hard_link(&facts.secret, path).is_ok())
    }),
    ("move a file from outside", |facts| {
        let moved = inside().join("moved");
        fs::rename(&facts.secret, &moved).is_ok() && fs::rename(&moved, &facts.secret).is_ok()
    }),
    ("open what lies outside from its folder", |facts| {
        let back = std::env::current_dir();
        let read = std::env::set_current_dir(&facts.outside).is_ok() && fs::read("secret").is_ok();
        let _ = back.map(std::env::set_current_dir);
        read
    }),
    ("change permissions outside", |facts| {
        let same = fs::metadata(&facts.secret).map(|found| found.permissions());
        same.is_ok_and(|same| fs::set_permissions(&facts.secret, same).is_ok())
    }),
    ("change permissions through an open file", |_| {
        // The working directory can be read, and is not ours to change.
        File::open("readable")
            .is_ok_and(|file| file.set_permissions(PermissionsExt::from_mode(0o644)).is_ok())
    }),
    ("change an owner outside", |facts| {
        std::os::unix::fs::chown(&facts.secret, Some(unsafe { libc::getuid() }), None).is_ok()
    }),
    ("change times outside", |facts| {
        let path = name(&facts.secret);
        unsafe { libc::utimensat(libc::AT_FDCWD, path.as_ptr(), std::ptr::null(), 0) == 0 }
    }),
    ("change attributes outside", |facts| {
        let (path, value) = (name(&facts.secret), b"x");
        unsafe { libc::setxattr(path.as_ptr(), c"user.mcpfier".as_ptr(), value.as_ptr().cast(), 1, 0) == 0 }
    }),
    ("write the working directory", |_| undone(Path::new("made"), |path| File::create(path).is_ok())),
    ("watch a folder outside", |facts| {
        let path = name(&facts.outside);
        unsafe {
            let watch = libc::inotify_init1(libc::IN_CLOEXEC);
            watch >= 0 && libc::inotify_add_watch(watch, path.as_ptr(), libc::IN_CREATE) >= 0
        }
    }),
    ("read /etc/shadow", |_| fs::read("/etc/shadow").is_ok()),
    ("list /tmp", |_| fs::read_dir("/tmp").is_ok()),
    ("write /tmp", |_| undone(Path::new("/tmp/mcpfier-escaped"), |path| File::create(path).is_ok())),
    ("write /dev/shm", |_| undone(Path::new("/dev/shm/mcpfier-escaped"), |path| File::create(path).is_ok())),
    ("make a device", |_| {
        undone(&inside().join("device"), |path| {
            let path = name(path);
            unsafe { libc::mknod(path.as_ptr(), libc::S_IFBLK | 0o600, libc::makedev(7, 0)) == 0 }
        })
    }),
    ("open a terminal", |_| File::open("/dev/ptmx").is_ok()),
];

const PROCESSES: [Deed; 14] = [
    ("read a variable of process 1", |_| fs::read("/proc/1/environ").is_ok()),
    ("read a command line of another process", |facts| fs::read(of(facts, "cmdline")).is_ok()),
    ("read variables of another process", |facts| fs::read(of(facts, "environ")).is_ok()),
    ("open memory of another process", |facts| File::open(of(facts, "mem")).is_ok()),
    ("look through another process's root", |facts| {
        fs::read(PathBuf::from(of(facts, "root")).join("etc/hostname")).is_ok()
    }),
    ("find what another process runs", |facts| fs::read_link(of(facts, "exe")).is_ok()),
    ("signal another process", |facts| unsafe { libc::kill(facts.server, 0) == 0 }),
    ("signal another process by a descriptor", |facts| unsafe {
        let process = libc::syscall(libc::SYS_pidfd_open, facts.server, 0);
        process >= 0 && libc::syscall(libc::SYS_pidfd_send_signal, process, 0, 0, 0) == 0
    }),
    ("trace another process", |facts| unsafe {
        libc::ptrace(libc::PTRACE_SEIZE, facts.server, 0, 0) == 0
            && libc::ptrace(libc::PTRACE_INTERRUPT, facts.server, 0, 0) == 0
    }),
    ("read another process's memory", |facts| unsafe {
        let mut byte = 0_u8;
        let ours = libc::iovec { iov_base: (&raw mut byte).cast(), iov_len: 1 };
        let theirs = libc::iovec { iov_base: std::ptr::dangling_mut(), iov_len: 1 };
        let read = libc::process_vm_readv(facts.server, &ours, 1, &theirs, 1, 0);
        // Allowed, but nothing is there: that is as good as read.
        read >= 0 || *libc::__errno_location() == libc::EFAULT
    }),
    ("limit another process", |facts| unsafe {
        let mut limit = std::mem::zeroed::<libc::rlimit64>();
        libc::prlimit64(facts.server, libc::RLIMIT_CORE, std::ptr::null(), &mut limit) == 0
    }),
    ("slow another process down", |facts| unsafe {
        let now = libc::getpriority(libc::PRIO_PROCESS, facts.server as u32);
        libc::setpriority(libc::PRIO_PROCESS, facts.server as u32, now) == 0
    }),
    ("bind another process to a processor", |facts| unsafe {
        let mut all: libc::cpu_set_t = std::mem::zeroed();
        let size = size_of_val(&all);
        libc::sched_getaffinity(facts.server, size, &mut all) == 0
            && libc::sched_setaffinity(facts.server, size, &all) == 0
    }),
    ("share memory by number", |_| unsafe {
        let shared = libc::shmget(libc::IPC_PRIVATE, 4096, 0o600);
        shared >= 0 && libc::shmctl(shared, libc::IPC_RMID, std::ptr::null_mut()) == 0
    }),
];

const NETWORK: [Deed; 12] = [
    ("connect by TCP", |facts| TcpStream::connect(("127.0.0.1", facts.tcp)).is_ok()),
    ("listen by TCP", |_| TcpListener::bind("127.0.0.1:0").is_ok()),
    ("send by UDP", |facts| {
        UdpSocket::bind("127.0.0.1:0")
            .is_ok_and(|socket| socket.send_to(b"x", ("127.0.0.1", facts.udp)).is_ok())
    }),
    ("connect over version 6", |_| makes_socket(libc::AF_INET6, libc::SOCK_STREAM, 0)),
    ("open a raw socket", |_| makes_socket(libc::AF_INET, libc::SOCK_RAW, libc::IPPROTO_ICMP)),
    ("open a packet socket", |_| makes_socket(libc::AF_PACKET, libc::SOCK_DGRAM, 0)),
    ("ping", |_| makes_socket(libc::AF_INET, libc::SOCK_DGRAM, libc::IPPROTO_ICMP)),
    ("ask the kernel for its routes", |_| {
        makes_socket(libc::AF_NETLINK, libc::SOCK_RAW, libc::NETLINK_ROUTE)
    }),
    ("speak to a local socket", |facts| UnixStream::connect(&facts.unix).is_ok()),
    ("listen at a local socket", |_| {
        undone(&inside().join("socket"), |path| UnixListener::bind(path).is_ok())
    }),
    ("speak to an abstract socket", |facts| {
        let address = SocketAddr::from_abstract_name(&facts.abstract_name);
        address.and_then(|address| UnixStream::connect_addr(&address)).is_ok()
    }),
    ("make sockets by a ring", |_| unsafe {
        let mut parameters = [0_u8; 120];
        libc::syscall(libc::SYS_io_uring_setup, 4, parameters.as_mut_ptr()) >= 0
    }),
];

const PRIVILEGES: [Deed; 18] = [
    ("hold a capability", |_| unsafe {
        let (header, mut sets) = ([0x2008_0522_u32, 0], [0_u32; 6]);
        libc::syscall(libc::SYS_capget, header.as_ptr(), sets.as_mut_ptr()) == 0
            && sets.iter().any(|set| *set != 0)
    }),
    ("gain by a program with another owner", |_| unsafe {
        // `su` and the like are started as their owner only where that is not forbidden for good.
        libc::prctl(libc::PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0
    }),
    ("become somebody else", |_| in_child(|| unsafe { libc::setuid(12345) == 0 })),
    ("raise a limit", |_| unsafe {
        let mut limit = std::mem::zeroed::<libc::rlimit64>();
        libc::prlimit64(0, libc::RLIMIT_NOFILE, std::ptr::null(), &mut limit);
        limit.rlim_max += 1;
        libc::prlimit64(0, libc::RLIMIT_NOFILE, &limit, std::ptr::null_mut()) == 0
    }),
    ("be more important than others", |_| {
        in_child(|| unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, -5) == 0 })
    }),
    ("mount a folder", |_| {
        let target = name(&inside());
        in_child(|| unsafe {
            libc::mount(c"none".as_ptr(), target.as_ptr(), c"tmpfs".as_ptr(), 0, std::ptr::null()) == 0
                && libc::umount2(target.as_ptr(), 0) == 0
        })
    }),
    ("take a copy of the tree", |_| unsafe {
        libc::syscall(libc::SYS_open_tree, -100, c"/".as_ptr(), 1) >= 0
    }),
    ("change the root", |_| in_child(|| unsafe { libc::chroot(c"/".as_ptr()) == 0 })),
    ("make a user namespace", |_| in_child(|| unsafe { libc::unshare(libc::CLONE_NEWUSER) == 0 })),
    ("make a mount namespace", |_| in_child(|| unsafe { libc::unshare(libc::CLONE_NEWNS) == 0 })),
    ("make a namespace by clone", |_| unsafe {
        ended(libc::syscall(libc::SYS_clone, libc::CLONE_NEWUSER | libc::SIGCHLD, 0, 0, 0, 0))
    }),
    ("make a namespace by clone3", |_| unsafe {
        let mut arguments = [0_u64; 8];
        (arguments[0], arguments[4]) = (libc::CLONE_NEWUSER as u64, libc::SIGCHLD as u64);
        ended(libc::syscall(libc::SYS_clone3, arguments.as_ptr(), 64))
    }),
    ("enter another namespace", |facts| {
        let there = File::open(of(facts, "ns/net"));
        there.is_ok_and(|file| in_child(|| unsafe { libc::setns(file.as_raw_fd(), 0) == 0 }))
    }),
    ("load a program into the kernel", |_| unsafe {
        let mut attributes = [0_u32; 32];
        // A map of one number.
        attributes[..4].copy_from_slice(&[2, 4, 4, 1]);
        libc::syscall(libc::SYS_bpf, 0, attributes.as_mut_ptr(), 128) >= 0
    }),
    ("measure the machine", |_| unsafe {
        let mut attributes = [0_u32; 32];
        (attributes[0], attributes[1]) = (1, 128);
        libc::syscall(libc::SYS_perf_event_open, attributes.as_mut_ptr(), 0, -1, -1, 0) >= 0
    }),
    ("handle its own faults", |_| unsafe { libc::syscall(libc::SYS_userfaultfd, libc::O_CLOEXEC | 1) >= 0 }),
    ("use the kernel's keys", |_| unsafe { libc::syscall(libc::SYS_keyctl, 0, -3, 1) >= 0 }),
    ("name the machine", |_| unsafe {
        let mut host = [0_u8; 65];
        libc::gethostname(host.as_mut_ptr().cast(), 64);
        let length = host.iter().position(|byte| *byte == 0).unwrap_or(0);
        libc::sethostname(host.as_ptr().cast(), length) == 0
    }),
];

fn main() {
    let variable = |name: &str| std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set"));
    let outside = PathBuf::from(variable("OUTSIDE"));
    let facts = Facts {
        secret: outside.join("secret"),
        outside,
        server: variable("SERVER").parse().expect("a number"),
        tcp: variable("TCP").parse().expect("a port"),
        udp: variable("UDP").parse().expect("a port"),
        unix: PathBuf::from(variable("UNIX")),
        abstract_name: variable("ABSTRACT"),
    };
    let more: &[Deed] = if std::env::var_os("CONTAINER").is_some() { &container::DEEDS } else { &[] };
    let deeds = || FILES.iter().chain(&PROCESSES).chain(&NETWORK).chain(&PRIVILEGES).chain(more);
    for (what, _) in deeds().filter(|(_, deed)| deed(&facts)) {
        println!("managed: {what}");
    }
    // And once more as a child, which must have no more.
    if std::env::args().nth(1).is_none() {
        let child = Command::new(std::env::current_exe().expect("a program")).arg("child").output();
        let mut out = Vec::new();
        child.expect("a child").stdout.as_slice().read_to_end(&mut out).expect("its output");
        std::io::stdout().write_all(&out).expect("an output");
    }
    println!("tried {}", deeds().count());
}

/// Where something may be written.
fn inside() -> PathBuf {
    std::env::temp_dir()
}

fn of(facts: &Facts, entry: &str) -> String {
    format!("/proc/{}/{entry}", facts.server)
}

fn name(path: &Path) -> CString {
    CString::new(path.as_os_str().as_encoded_bytes()).expect("a path without NUL")
}

fn undone(path: &Path, deed: impl Fn(&Path) -> bool) -> bool {
    let done = deed(path);
    let _ = fs::remove_file(path);
    done
}

fn through_link(facts: &Facts, deed: impl Fn(&Path) -> bool) -> bool {
    undone(&inside().join("link"), |link| symlink(&facts.secret, link).is_ok() && deed(link))
}

fn makes_socket(family: i32, kind: i32, protocol: i32) -> bool {
    unsafe {
        let socket = libc::socket(family, kind | libc::SOCK_CLOEXEC, protocol);
        socket >= 0 && libc::close(socket) == 0
    }
}

/// Done in a process of its own, because it cannot be undone.
fn in_child(deed: impl Fn() -> bool) -> bool {
    unsafe {
        let child = libc::fork();
        if child == 0 {
            libc::_exit(i32::from(!deed()));
        }
        let mut status = 0;
        libc::waitpid(child, &mut status, 0);
        libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0
    }
}

/// Whether there was a child; it has ended.
fn ended(child: i64) -> bool {
    unsafe {
        if child == 0 {
            libc::_exit(0);
        }
        child > 0 && libc::waitpid(child as i32, std::ptr::null_mut(), 0) > 0
    }
}

//! What only a container has around it: an engine, neighbours, and files of a kernel that is shared.
//!
//! Tried if `CONTAINER` is set. More facts come as variables: `ENGINE` (its socket), `GATEWAY`,
//! `NEIGHBOUR`, `METADATA` (an address and a port each, with somebody behind where there is a way),
//! `PROCESSES` and `BYTES` (how many it may have, and write to `/tmp`).

use std::ffi::CStr;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::libc;

use super::{Deed, in_child, inside, makes_socket, name, undone};

pub const DEEDS: [Deed; 46] = [
    ("speak to the engine", |_| engines().iter().any(|path| UnixStream::connect(path).is_ok())),
    ("reach the gateway", |_| reaches("GATEWAY")),
    ("reach another container", |_| reaches("NEIGHBOUR")),
    ("reach the metadata of a cloud", |_| reaches("METADATA")),
    ("ask a name server outside", |_| {
        UdpSocket::bind("0.0.0.0:0").is_ok_and(|socket| {
            socket.send_to(b"who?", SocketAddr::new(address("NEIGHBOUR").ip(), 53)).is_ok()
        })
    }),
    ("have an interface to outside", |_| names("/sys/class/net").iter().any(|name| name != "lo")),
    ("have a route to outside", |_| text("/proc/net/route").lines().count() > 1),
    ("open a socket to the hypervisor", |_| makes_socket(libc::AF_VSOCK, libc::SOCK_STREAM, 0)),
    ("look through the root of process 1", |facts| {
        fs::read(Path::new("/proc/1/root").join(facts.secret.strip_prefix("/").unwrap_or(&facts.secret)))
            .is_ok()
    }),
    ("climb out of the working directory", |facts| {
        let up = "../".repeat(40);
        fs::read(format!("/proc/self/cwd/{up}{}", facts.secret.display())).is_ok()
    }),
    ("hold open what is outside", |_| {
        let open =
            names("/proc/self/fd").into_iter().filter(|number| !["0", "1", "2"].contains(&number.as_str()));
        // The folder that is being read is among them.
        open.filter_map(|number| fs::read_link(Path::new("/proc/self/fd").join(number)).ok())
            .any(|target| target.is_absolute() && !target.ends_with("fd"))
    }),
    ("see processes of others", |_| {
        let processes = names("/proc").into_iter().filter(|name| name.parse::<u32>().is_ok());
        let others = |name: &String| {
            let line = text(format!("/proc/{name}/cmdline"));
            !line.is_empty() && !line.contains("escape")
        };
        processes.collect::<Vec<_>>().iter().any(others)
    }),
    ("be root", |_| unsafe { libc::getuid() == 0 || libc::getgid() == 0 || groups().contains(&0) }),
    ("open a device", |_| devices().iter().any(|path| opens(path))),
    ("make a device of the kernel's memory", |_| {
        undone(&inside().join("memory"), |path| {
            let path = name(path);
            unsafe { libc::mknod(path.as_ptr(), libc::S_IFCHR | 0o600, libc::makedev(1, 1)) == 0 }
        })
    }),
    ("make a file among the devices", |_| {
        undone(Path::new("/dev/mcpfier-escaped"), |path| File::create(path).is_ok())
    }),
    ("change a setting of the kernel", |_| SETTINGS.iter().any(can_write)),
    ("press a key of the kernel", |_| can_write("/proc/sysrq-trigger")),
    ("change how interrupts are served", |_| can_write("/proc/irq/default_smp_affinity")),
    ("read the kernel's memory", |_| ["/proc/kcore", "/dev/mem", "/dev/kmem"].iter().any(has_content)),
    ("read what is nobody's business", |_| {
        HIDDEN.iter().any(|path| has_content(path) || !names(path).is_empty())
    }),
    ("write below /sys", |_| below("/sys", 3).iter().any(can_write)),
    ("change its own limits", |_| below("/sys/fs/cgroup", 4).iter().any(can_write)),
    ("make a group of processes", |_| {
        let folders = names("/sys/fs/cgroup").into_iter().map(|name| Path::new("/sys/fs/cgroup").join(name));
        let made = |folder: PathBuf| {
            let folder = folder.join("mcpfier-escaped");
            fs::create_dir(&folder).is_ok() && fs::remove_dir(&folder).is_ok()
        };
        folders.collect::<Vec<_>>().into_iter().any(made) || made(PathBuf::from("/sys/fs/cgroup"))
    }),
    ("mount the groups of processes", |_| mounts(c"cgroup", c"memory") || mounts(c"cgroup2", c"")),
    ("mount another view of processes", |_| mounts(c"proc", c"")),
    ("mount layers", |_| mounts(c"overlay", c"lowerdir=/,upperdir=/tmp,workdir=/tmp")),
    ("make a mount that is not yet anywhere", |_| unsafe {
        libc::syscall(libc::SYS_fsopen, c"tmpfs".as_ptr(), 0) >= 0
    }),
    ("make the root writable", |_| remounts(Path::new("/"))),
    ("make what is mounted writable", |facts| remounts(&facts.outside)),
    ("exchange the root", |_| {
        in_child(|| unsafe { !refused(libc::syscall(libc::SYS_pivot_root, c".".as_ptr(), c".".as_ptr())) })
    }),
    ("mount in namespaces of its own", |_| {
        in_child(|| unsafe {
            libc::unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWNS) == 0
                && libc::mount(c"none".as_ptr(), c"/tmp".as_ptr(), c"tmpfs".as_ptr(), 0, std::ptr::null())
                    == 0
        })
    }),
    ("open a file by its number", |_| unsafe {
        // The root of most disks: what is asked for first is whether this is allowed at all.
        let handle: [u32; 4] = [8, 1, 2, 0];
        !refused(libc::syscall(libc::SYS_open_by_handle_at, libc::AT_FDCWD, handle.as_ptr(), libc::O_RDONLY))
    }),
    ("load a module", |_| unsafe {
        !refused(libc::syscall(libc::SYS_init_module, std::ptr::null::<u8>(), 0, c"".as_ptr()))
            || !refused(libc::syscall(libc::SYS_finit_module, -1, c"".as_ptr(), 0))
    }),
    ("start another kernel", |_| unsafe {
        !refused(libc::syscall(libc::SYS_kexec_load, 0, 0, std::ptr::null::<u8>(), usize::MAX))
    }),
    ("restart the machine", |_| unsafe {
        // Who may hears that the magic numbers are wrong.
        !refused(libc::syscall(libc::SYS_reboot, 0, 0, 0, 0))
    }),
    ("set the clock", |_| unsafe {
        let mut now: libc::timex = std::mem::zeroed();
        libc::adjtimex(&mut now);
        now.modes = libc::ADJ_STATUS;
        libc::adjtimex(&mut now) >= 0
    }),
    ("read the log of the kernel", |_| unsafe { libc::klogctl(10, std::ptr::null_mut(), 0) >= 0 }),
    ("turn on swap", |_| unsafe { !refused(libc::swapon(c"/no/such/file".as_ptr(), 0).into()) }),
    ("have its neighbours counted", |_| unsafe { !refused(libc::acct(c"/no/such/file".as_ptr()).into()) }),
    ("speak to hardware", |_| unsafe { libc::ioperm(0x80, 1, 1) == 0 }),
    ("watch everything that is opened", |_| unsafe { libc::fanotify_init(0, 0) >= 0 }),
    ("run before all others", |_| {
        in_child(|| unsafe {
            let first = libc::sched_param { sched_priority: 1 };
            libc::sched_setscheduler(0, libc::SCHED_FIFO, &first) == 0
        })
    }),
    ("be spared when memory is short", |_| {
        in_child(|| fs::write("/proc/self/oom_score_adj", "-1000").is_ok())
    }),
    ("have more processes than it may", |_| processes() > number("PROCESSES")),
    ("write more than it may", |_| written(&inside().join("much")) > number("BYTES")),
];

/// Settings that are the whole machine's.
const SETTINGS: [&str; 8] = [
    "/proc/sys/kernel/core_pattern",
    "/proc/sys/kernel/modprobe",
    "/proc/sys/kernel/hostname",
    "/proc/sys/kernel/randomize_va_space",
    "/proc/sys/vm/overcommit_memory",
    "/proc/sys/fs/binfmt_misc/register",
    "/proc/sys/net/ipv4/ip_forward",
    "/proc/sys/fs/suid_dumpable",
];

const HIDDEN: [&str; 9] = [
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/timer_list",
    "/proc/sched_debug",
    "/proc/scsi",
    "/proc/acpi",
    "/sys/firmware",
    "/proc/asound",
];

/// What every container has, and what leads to nothing but itself.
const HARMLESS: [&str; 8] = ["null", "zero", "full", "random", "urandom", "tty", "console", "ptmx"];

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set"))
}

fn number(name: &str) -> u64 {
    variable(name).parse().expect("a number")
}

fn address(name: &str) -> SocketAddr {
    variable(name).parse().expect("an address and a port")
}

/// Somebody answers, if only by refusing.
fn reaches(name: &str) -> bool {
    match TcpStream::connect_timeout(&address(name), Duration::from_secs(2)) {
        Ok(_) => true,
        Err(error) => matches!(
            error.kind(),
            std::io::ErrorKind::ConnectionRefused
                | std::io::ErrorKind::TimedOut
                | std::io::ErrorKind::WouldBlock
        ),
    }
}

fn engines() -> Vec<PathBuf> {
    let usual = [
        "/var/run/docker.sock",
        "/run/docker.sock",
        "/run/podman/podman.sock",
        "/run/containerd/containerd.sock",
    ];
    let mut places: Vec<PathBuf> = usual.iter().map(PathBuf::from).collect();
    places.push(PathBuf::from(variable("ENGINE")));
    let through =
        places.iter().map(|path| Path::new("/proc/1/root").join(path.strip_prefix("/").unwrap_or(path)));
    through.collect::<Vec<_>>().into_iter().chain(places.clone()).collect()
}

fn names(folder: impl AsRef<Path>) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

fn text(path: impl AsRef<Path>) -> String {
    fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}

fn has_content(path: &&str) -> bool {
    File::open(path).is_ok_and(|mut file| file.read(&mut [0]).is_ok_and(|count| count > 0))
}

fn can_write(path: impl AsRef<Path>) -> bool {
    OpenOptions::new().write(true).custom_flags(libc::O_NONBLOCK).open(path).is_ok()
}

fn opens(path: &Path) -> bool {
    OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path).is_ok()
}

/// Files and folders that are so far below.
fn below(folder: &str, depth: usize) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::from(folder)];
    for _ in 0..depth {
        let entries = folders.iter().flat_map(|folder| fs::read_dir(folder).into_iter().flatten().flatten());
        let (inner, files): (Vec<_>, Vec<_>) = entries
            .map(|entry| (entry.path(), entry.file_type()))
            .partition(|(_, kind)| kind.as_ref().is_ok_and(fs::FileType::is_dir));
        found.extend(files.into_iter().map(|(path, _)| path));
        folders = inner.into_iter().map(|(path, _)| path).collect();
    }
    found
}

fn devices() -> Vec<PathBuf> {
    let all = below("/dev", 3).into_iter();
    let device = |path: &PathBuf| {
        fs::metadata(path)
            .is_ok_and(|found| found.file_type().is_block_device() || found.file_type().is_char_device())
    };
    let harmless = |path: &PathBuf| {
        path.starts_with("/dev/pts")
            || path.starts_with("/dev/fd")
            || path.parent() == Some(Path::new("/dev"))
                && path.file_name().is_some_and(|name| HARMLESS.iter().any(|harmless| name == *harmless))
            || ["/dev/stdin", "/dev/stdout", "/dev/stderr"].iter().any(|stream| path == Path::new(stream))
    };
    all.filter(|path| device(path) && !harmless(path)).collect()
}

fn groups() -> Vec<libc::gid_t> {
    let mut groups = [0; 64];
    let count = unsafe { libc::getgroups(64, groups.as_mut_ptr()) };
    groups.into_iter().take(usize::try_from(count).unwrap_or(0)).collect()
}

/// The kernel, or a filter before it, says that this is not allowed.
fn refused(answer: i64) -> bool {
    answer < 0 && matches!(unsafe { *libc::__errno_location() }, libc::EPERM | libc::ENOSYS | libc::EACCES)
}

fn mounts(kind: &CStr, options: &CStr) -> bool {
    let target = name(&inside());
    in_child(|| unsafe {
        libc::mount(c"none".as_ptr(), target.as_ptr(), kind.as_ptr(), 0, options.as_ptr().cast()) == 0
            && libc::umount2(target.as_ptr(), 0) == 0
    })
}

fn remounts(place: &Path) -> bool {
    let place = name(place);
    let flags = libc::MS_REMOUNT | libc::MS_BIND;
    in_child(|| unsafe {
        libc::mount(std::ptr::null(), place.as_ptr(), std::ptr::null(), flags, std::ptr::null()) == 0
    })
}

/// As many as can be started, this one among them, up to a few more than allowed.
fn processes() -> u64 {
    let mut children = Vec::new();
    while (children.len() as u64) < number("PROCESSES") + 8 {
        match unsafe { libc::fork() } {
            0 => loop {
                unsafe { libc::pause() };
            },
            child if child > 0 => children.push(child),
            _ => break,
        }
    }
    for child in &children {
        unsafe {
            libc::kill(*child, libc::SIGKILL);
            libc::waitpid(*child, std::ptr::null_mut(), 0);
        }
    }
    children.len() as u64 + 1
}

/// Until nothing more can be, or a little more than allowed.
fn written(path: &Path) -> u64 {
    let block = [b'x'; 1 << 16];
    let mut count = 0;
    if let Ok(mut file) = File::create(path) {
        while count <= number("BYTES") {
            match file.write(&block) {
                Ok(some) if some > 0 => count += some as u64,
                _ => break,
            }
        }
    }
    let _ = fs::remove_file(path);
    count
}

//! What the kernel says about a server: its memory, its processor time, its threads and its helpers.
//!
//! A *helper* is a process that a server keeps for itself (mcpfier's fork server and supervisors).
//! When no call is running, every live descendant of the server is one. Their processor time counts
//! as the server's own, the commands' never does.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::time::clock_getcpuclockid;
use nix::unistd::Pid;

use crate::failure::Failure;

/// The processor time that each process of a server has used.
pub struct OwnTime(BTreeMap<i32, Duration>);

impl OwnTime {
    /// Read to the nanosecond from the clock of each process, because `/proc` counts in ticks of 10 ms.
    pub fn of(server: i32) -> Self {
        let used = |pid: i32| {
            let clock = clock_getcpuclockid(Pid::from_raw(pid)).ok()?;
            Some((pid, Duration::from(clock.now().ok()?)))
        };
        Self(with_helpers(server).into_iter().filter_map(used).collect())
    }

    /// What was used since an earlier look. A helper that is new counts from its start.
    pub fn since(&self, earlier: &Self) -> Duration {
        let used = |(pid, now): (&i32, &Duration)| {
            now.saturating_sub(earlier.0.get(pid).copied().unwrap_or_default())
        };
        self.0.iter().map(used).sum()
    }
}

/// The server and all its live descendants.
pub fn with_helpers(server: i32) -> Vec<i32> {
    let parents: Vec<(i32, i32)> =
        everyone().into_iter().filter_map(|pid| Some((pid, Stat::of(pid)?.parent))).collect();
    let mut family = vec![server];
    let mut looked_at = 0;
    while let Some(&member) = family.get(looked_at) {
        family.extend(parents.iter().filter(|(_, parent)| *parent == member).map(|(pid, _)| *pid));
        looked_at += 1;
    }
    family
}

/// Bytes of memory: all that is resident of the server, and of its helpers their share of what they share.
pub fn memory(server: i32) -> u64 {
    let helpers = with_helpers(server).into_iter().skip(1);
    let shares: u64 = helpers.map(|pid| kibibytes(pid, "smaps_rollup", "Pss:")).sum();
    (kibibytes(server, "smaps_rollup", "Rss:") + shares) * 1024
}

/// The same without those of its descendants that run a program of this name: they are what was called.
pub fn memory_without(server: i32, program: &str) -> u64 {
    let is_helper = |pid: &i32| {
        let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        name.trim_end() != program
    };
    let helpers = with_helpers(server).into_iter().skip(1).filter(is_helper);
    let shares: u64 = helpers.map(|pid| kibibytes(pid, "smaps_rollup", "Pss:")).sum();
    (kibibytes(server, "smaps_rollup", "Rss:") + shares) * 1024
}

/// The most memory that the server itself ever had resident since [`forget_peak`].
pub fn peak(server: i32) -> u64 {
    kibibytes(server, "status", "VmHWM:") * 1024
}

pub fn resident(server: i32) -> u64 {
    kibibytes(server, "smaps_rollup", "Rss:") * 1024
}

pub fn forget_peak(server: i32) -> Result<(), Failure> {
    Ok(fs::write(format!("/proc/{server}/clear_refs"), "5")?)
}

pub fn threads(pid: i32) -> u64 {
    kibibytes(pid, "status", "Threads:")
}

/// Open descriptors of the server and its helpers.
pub fn descriptors(server: i32) -> usize {
    let open = |pid: i32| fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count);
    with_helpers(server).into_iter().map(open).sum()
}

pub fn zombies(server: i32) -> usize {
    let is_zombie = |pid: &i32| Stat::of(*pid).is_some_and(|stat| stat.state == 'Z');
    with_helpers(server).iter().filter(|pid| is_zombie(pid)).count()
}

/// The live processes whose command line has this word.
pub fn with_word(word: &str) -> Vec<i32> {
    let has_word = |pid: &i32| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        line.split(|&byte| byte == 0).any(|part| part == word.as_bytes())
    };
    everyone().into_iter().filter(|&pid| is_alive(pid)).filter(has_word).collect()
}

pub fn is_alive(pid: i32) -> bool {
    Stat::of(pid).is_some_and(|stat| !matches!(stat.state, 'Z' | 'X'))
}

/// The process group and the session.
pub fn places(pid: i32) -> Option<(i32, i32)> {
    Stat::of(pid).map(|stat| (stat.group, stat.session))
}

pub fn signal(pid: i32, signal: Signal) -> Result<(), Failure> {
    Ok(kill(Pid::from_raw(pid), signal)?)
}

fn everyone() -> Vec<i32> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

struct Stat {
    state: char,
    parent: i32,
    group: i32,
    session: i32,
}

impl Stat {
    fn of(pid: i32) -> Option<Self> {
        let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let (_, rest) = text.rsplit_once(") ")?;
        let mut fields = rest.split(' ');
        let state = fields.next()?.chars().next()?;
        let mut number = || fields.next()?.parse().ok();
        Some(Self { state, parent: number()?, group: number()?, session: number()? })
    }
}

/// The first number of a line of a file in `/proc/PID`; 0 where there is none.
fn kibibytes(pid: i32, file: &str, label: &str) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(label));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

//! Limits on a tree where no cgroup enforces them: looks at it now and then.
//!
//! How soon it looks again depends on how much is left, so that a short or small command is never
//! looked at. What it sees of memory first is cheap and too much; only when that is over the limit
//! does it ask the kernel for what really belongs to the tree.

use std::fs;
use std::time::{Duration, Instant};

use nix::unistd::{Pid, SysconfVar, sysconf};

use super::order::Bounds;
use super::tree;

const SOONEST: Duration = Duration::from_millis(5);
const LATEST: Duration = Duration::from_millis(100);
/// Bytes that a tree may take in a second, as pessimistic as is useful.
const GROWTH: u64 = 4 << 30;
/// Time that a tree needs for one more process.
const FORK: Duration = Duration::from_micros(100);
/// A look may take this part of the time.
const SHARE: u32 = 20;

/// Which limit was exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Excess {
    Memory,
    Processes,
}

/// What a tree uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Usage {
    /// Bytes.
    memory: u64,
    tasks: u64,
}

pub struct Watch {
    limit: Usage,
    next: Instant,
}

impl Watch {
    /// Watches what is bounded; `None` when nothing is.
    pub fn new(memory: u64, pids: u32) -> Option<Self> {
        if memory == 0 && pids == 0 {
            return None;
        }
        let or_none = |limit: u64| if limit == 0 { u64::MAX } else { limit };
        let limit = Usage { memory: or_none(memory), tasks: or_none(pids.into()) };
        let next = Instant::now() + pause(limit, Usage::default());
        Some(Self { limit, next })
    }

    /// How long until the next look.
    pub fn patience(&self) -> Duration {
        self.next.saturating_duration_since(Instant::now())
    }

    /// Looks if it is time to.
    pub fn look(&mut self) -> Option<Excess> {
        if Instant::now() < self.next { None } else { self.look_now() }
    }

    /// Looks although it may not be time to.
    pub fn look_now(&mut self) -> Option<Excess> {
        let begun = Instant::now();
        let tree = tree::descendants();
        let tasks = tree.iter().map(|pid| tree::tasks_of(*pid).len() as u64).sum();
        if tasks > self.limit.tasks {
            return Some(Excess::Processes);
        }
        let memory = self.memory_of(&tree);
        if memory > self.limit.memory {
            return Some(Excess::Memory);
        }
        let pause = pause(self.limit, Usage { memory, tasks }).max(begun.elapsed() * SHARE);
        self.next = Instant::now() + pause;
        None
    }

    fn memory_of(&self, tree: &[Pid]) -> u64 {
        if self.limit.memory == u64::MAX {
            return 0;
        }
        let page = page_size();
        let most = tree.iter().filter_map(|pid| resident_pages(*pid)).sum::<u64>().saturating_mul(page);
        if most <= self.limit.memory { most } else { tree.iter().filter_map(|pid| own_bytes(*pid)).sum() }
    }
}

impl Bounds {
    /// The same without what a cgroup enforces.
    pub fn to_watch(self, enforced: super::cgroup::Enforced) -> Option<Watch> {
        let memory = if enforced.memory { 0 } else { self.memory };
        let pids = if enforced.pids { 0 } else { self.pids };
        Watch::new(memory, pids)
    }
}

/// How long a tree needs at least to exceed a limit, within reason.
fn pause(limit: Usage, used: Usage) -> Duration {
    let memory = limit.memory.saturating_sub(used.memory);
    let until_memory = Duration::from_micros(memory / (GROWTH / 1_000_000));
    let tasks = u32::try_from(limit.tasks.saturating_sub(used.tasks)).unwrap_or(u32::MAX);
    let until_tasks = FORK.saturating_mul(tasks);
    until_memory.min(until_tasks).clamp(SOONEST, LATEST)
}

fn page_size() -> u64 {
    sysconf(SysconfVar::PAGE_SIZE).ok().flatten().and_then(|size| size.try_into().ok()).unwrap_or(4096)
}

fn resident_pages(pid: Pid) -> Option<u64> {
    fs::read_to_string(format!("/proc/{pid}/statm")).ok()?.split(' ').nth(1)?.parse().ok()
}

/// Memory that only this tree keeps in use: what processes share is divided among them, and files
/// that they have mapped do not count.
fn own_bytes(pid: Pid) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    Some(own_kilobytes(&text) << 10)
}

fn own_kilobytes(rollup: &str) -> u64 {
    let field = |name: &str| -> Option<u64> {
        let rest = rollup.lines().find_map(|line| line.strip_prefix(name))?;
        rest.trim().strip_suffix(" kB")?.parse().ok()
    };
    let resident = match (field("Pss_Anon:"), field("Pss_Shmem:")) {
        (Some(anonymous), Some(shared)) => anonymous + shared,
        // A kernel before 5.13 does not tell them apart.
        _ => field("Pss:").unwrap_or(0),
    };
    resident + field("SwapPss:").unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_less_is_left_the_sooner_the_next_look() {
        let limit = Usage { memory: 256 << 20, tasks: u64::MAX };
        let pause = |memory: u64| pause(limit, Usage { memory: memory << 20, tasks: 1 });
        let pauses = [0, 64, 192, 256, 300].map(pause).map(|pause| pause.as_millis());
        assert_eq!(pauses, [62, 46, 15, 5, 5]);
    }

    #[test]
    fn few_processes_are_soon_made() {
        let limit = Usage { memory: u64::MAX, tasks: 200 };
        let pauses = [0, 100, 199].map(|tasks| pause(limit, Usage { memory: 0, tasks }).as_millis());
        assert_eq!(pauses, [20, 10, 5]);
    }

    #[test]
    fn shared_and_file_memory_is_told_from_a_tree_s_own() {
        let new = "Rss: 900 kB\nPss: 500 kB\nPss_Dirty: 1 kB\nPss_Anon:  300 kB\nPss_File: 190 kB\nPss_Shmem: 10 kB\nSwapPss: 7 kB\n";
        assert_eq!(own_kilobytes(new), 317);
        assert_eq!(own_kilobytes("Rss: 900 kB\nPss:   500 kB\nSwapPss: 0 kB\n"), 500);
        assert_eq!(own_kilobytes(""), 0);
    }

    #[test]
    fn nothing_bounded_is_nothing_to_watch() {
        assert!(Watch::new(0, 0).is_none());
        assert!(Watch::new(1, 0).is_some());
    }
}

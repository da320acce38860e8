//! The cgroup of one supervisor's commands, one after the other.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};

use nix::unistd::Pid;

use super::sweep::remove;
use super::{read, set};
use crate::runner::process::linux::order::Bounds;

/// Which limits the kernel enforces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Enforced {
    pub memory: bool,
    pub pids: bool,
}

/// What the kernel counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Events {
    /// Processes killed because there was no memory for them.
    pub killed: u64,
    /// Processes refused because there were too many.
    pub refused: u64,
}

/// Removed when dropped.
pub struct Leaf {
    path: PathBuf,
    procs: File,
    bounds: Bounds,
    enforced: Enforced,
}

impl Leaf {
    /// Makes the cgroup of this supervisor.
    pub fn make(ground: &Path) -> io::Result<Self> {
        let path = ground.join(Pid::this().to_string());
        fs::create_dir(&path)?;
        match File::options().write(true).open(path.join("cgroup.procs")) {
            Ok(procs) => Ok(Self { path, procs, bounds: Bounds::default(), enforced: Enforced::default() }),
            Err(error) => {
                let _ = fs::remove_dir(&path);
                Err(error)
            }
        }
    }

    /// What a child writes to join.
    pub fn procs(&self) -> BorrowedFd<'_> {
        self.procs.as_fd()
    }

    /// Sets the limits of the next command and says which of them the kernel enforces.
    pub fn bound(&mut self, bounds: Bounds) -> Enforced {
        if bounds == self.bounds {
            return self.enforced;
        }
        let memory = self.set("memory.max", &or_max(bounds.memory));
        // Without them, memory goes to the swap first, and one process at a time is killed.
        self.set("memory.swap.max", "0");
        self.set("memory.oom.group", "1");
        let pids = self.set("pids.max", &or_max(bounds.pids.into()));
        self.set("cpu.max", &quota(bounds.cpu));
        self.bounds = bounds;
        self.enforced = Enforced { memory, pids };
        self.enforced
    }

    fn set(&self, file: &str, value: &str) -> bool {
        set(&self.path, file, value).is_ok()
    }

    /// Kills everything in it, without giving anything a chance to fork.
    pub fn kill(&self) {
        self.set("cgroup.kill", "1");
    }

    pub fn events(&self) -> Events {
        let count = |file, name| read(&self.path, file).map_or(0, |text| counter(&text, name));
        Events { killed: count("memory.events", "oom_kill"), refused: count("pids.events", "max") }
    }
}

impl Drop for Leaf {
    fn drop(&mut self) {
        remove(&self.path);
    }
}

fn or_max(limit: u64) -> String {
    if limit == 0 { "max".to_owned() } else { limit.to_string() }
}

/// Microseconds in every tenth of a second.
fn quota(thousandths: u32) -> String {
    // The kernel refuses less than a millisecond.
    if thousandths == 0 {
        "max".to_owned()
    } else {
        format!("{} 100000", (u64::from(thousandths) * 100).max(1000))
    }
}

fn counter(text: &str, name: &str) -> u64 {
    let mut counters = text.lines().filter_map(|line| line.split_once(' '));
    counters.find(|(key, _)| *key == name).and_then(|(_, value)| value.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cores_become_a_share_of_a_tenth_of_a_second() {
        for (cpu, written) in [(0, "max"), (500, "50000 100000"), (2000, "200000 100000"), (1, "1000 100000")]
        {
            assert_eq!(quota(cpu), written);
        }
    }

    #[test]
    fn a_counter_is_found_by_its_whole_name() {
        let events = "low 0\nmax 12\noom 1\noom_kill 2\noom_group_kill 1\n";
        assert_eq!(counter(events, "oom_kill"), 2);
        assert_eq!(counter(events, "max"), 12);
        assert_eq!(counter(events, "oom_"), 0);
    }
}

//! Whose a folder is, and its removal with all that still runs in it.

use std::path::Path;
use std::time::Duration;
use std::{fs, io};

use super::set;

const PREFIX: &str = "mcpfier-";
/// Ends the name of the folder for the server itself.
const SERVERS: &str = ".server";

/// A server: its number and, because numbers are given out again, when it was started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    pid: u32,
    started: u64,
}

impl Owner {
    pub fn this() -> io::Result<Self> {
        let pid = std::process::id();
        let started = start_of(pid).ok_or_else(|| io::Error::other("there is no /proc"))?;
        Ok(Self { pid, started })
    }

    pub fn folder(&self) -> String {
        format!("{PREFIX}{}-{}", self.pid, self.started)
    }

    pub fn servers_folder(&self) -> String {
        format!("{}{SERVERS}", self.folder())
    }

    fn of(folder: &str) -> Option<Self> {
        let (pid, started) = folder.strip_prefix(PREFIX)?.trim_end_matches(SERVERS).split_once('-')?;
        Some(Self { pid: pid.parse().ok()?, started: started.parse().ok()? })
    }

    fn is_alive(&self) -> bool {
        start_of(self.pid) == Some(self.started)
    }
}

/// Removes what servers left that are dead by now, however they died.
pub fn sweep(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.filter_map(Result::ok) {
        let owner = entry.file_name().to_str().and_then(Owner::of);
        if owner.is_some_and(|owner| !owner.is_alive()) {
            remove(&entry.path());
        }
    }
}

/// Kills what is in a cgroup and removes it with all below it. Killing takes a moment.
pub fn remove(cgroup: &Path) {
    if fs::remove_dir(cgroup).is_ok() {
        return;
    }
    let _ = set(cgroup, "cgroup.kill", "1");
    for _ in 0..100 {
        let below = fs::read_dir(cgroup).into_iter().flatten().filter_map(Result::ok);
        below.filter(|entry| entry.path().is_dir()).for_each(|entry| drop(fs::remove_dir(entry.path())));
        match fs::remove_dir(cgroup) {
            Err(error) if error.raw_os_error() == Some(nix::libc::EBUSY) => (),
            _ => return,
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// When a process was started, in ticks since the machine was.
pub fn start_of(pid: u32) -> Option<u64> {
    start_in_stat(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// `None` also for a process that has ended and waits for its parent to notice.
fn start_in_stat(line: &str) -> Option<u64> {
    let (_, fields) = line.rsplit_once(") ")?;
    if fields.starts_with(['Z', 'X']) {
        return None;
    }
    fields.split(' ').nth(19)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_names_its_owner_and_is_read_back() {
        let owner = Owner { pid: 12, started: 345 };
        assert_eq!(owner.folder(), "mcpfier-12-345");
        assert_eq!(Owner::of(&owner.folder()), Some(owner.clone()));
        assert_eq!(Owner::of(&owner.servers_folder()), Some(owner));
        for foreign in ["user.slice", "mcpfier-12", "mcpfier-x-1", "mcpfier.service"] {
            assert_eq!(Owner::of(foreign), None, "{foreign}");
        }
    }

    #[test]
    fn only_the_same_process_is_alive() {
        let this = Owner::this().unwrap();
        assert!(this.is_alive());
        assert!(!Owner { started: this.started + 1, ..this }.is_alive());
    }

    #[test]
    fn the_start_is_the_twenty_second_field() {
        let line = "7 (a) b) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4711 20";
        assert_eq!(start_in_stat(line), Some(4711));
        assert_eq!(start_in_stat(&line.replace(" S ", " Z ")), None);
    }
}

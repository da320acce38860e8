//! Whose a folder in `/tmp` is: a process, in its own numbering.

use std::fs;

use crate::runner::process::linux::cgroup::start_of;

const PREFIX: &str = "mcpfier-";

/// A process: its number, where that number holds, and when it was started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The namespace of numbers, so that a container that shares `/tmp` is not taken for dead.
    numbering: String,
    pid: u32,
    started: u64,
}

impl Owner {
    pub fn this() -> Option<Self> {
        let pid = std::process::id();
        Some(Self { numbering: numbering()?, pid, started: start_of(pid)? })
    }

    /// How the names of its folders begin.
    pub fn prefix(&self) -> String {
        format!("{PREFIX}{}-{}-{}-", self.numbering, self.pid, self.started)
    }

    pub fn of(folder: &str) -> Option<Self> {
        let mut parts = folder.strip_prefix(PREFIX)?.split('-');
        let (numbering, pid, started, unique) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let is_ours = parts.next().is_none() && !unique.is_empty();
        let owner =
            Self { numbering: numbering.to_owned(), pid: pid.parse().ok()?, started: started.parse().ok()? };
        is_ours.then_some(owner)
    }

    /// Whether it has certainly ended.
    pub fn is_dead(&self) -> bool {
        numbering().as_ref() == Some(&self.numbering) && start_of(self.pid) != Some(self.started)
    }
}

/// `pid:[4026531836]` → `4026531836`.
fn numbering() -> Option<String> {
    let link = fs::read_link("/proc/self/ns/pid").ok()?;
    let digits: String = link.to_str()?.chars().filter(char::is_ascii_digit).collect();
    (!digits.is_empty()).then_some(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_names_its_owner_and_is_read_back() {
        let owner = Owner { numbering: "4026531836".to_owned(), pid: 12, started: 345 };
        assert_eq!(Owner::of(&format!("{}aB3x9Z", owner.prefix())), Some(owner));
        for foreign in ["mcpfier-1-2-3", "mcpfier-1-2-3-", "mcpfier-a", "other-1-2-3-x", "mcpfier-1-2-3-x-y"]
        {
            assert_eq!(Owner::of(foreign), None, "{foreign}");
        }
    }

    #[test]
    fn only_a_process_of_this_numbering_can_be_known_to_be_dead() {
        let this = Owner::this().unwrap();
        assert!(!this.is_dead());
        let earlier = Owner { started: this.started + 1, ..this };
        assert!(earlier.is_dead());
        assert!(!Owner { numbering: "1".to_owned(), ..earlier }.is_dead());
    }
}

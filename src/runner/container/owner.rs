//! Who owns a container: a label that tells whether its server is still alive.
//!
//! A server that was killed cannot remove its containers, so another does. It must be sure: the owner
//! was a process of this very host, and that process is gone.

use std::fs;
use std::path::Path;

/// The label that holds an owner.
pub const OWNER: &str = "mcpfier.instance";
pub const CALL: &str = "mcpfier.call";
pub const TOOL: &str = "mcpfier.tool";

/// A process, told apart from every other that ever was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The host, whichever kernel runs on it.
    machine: String,
    /// One run of its kernel.
    boot: String,
    /// The processes that see each other by number.
    space: String,
    pid: u32,
    /// A number is given out again; the moment of its start is not.
    started: u64,
}

impl Owner {
    /// This process. Without `/proc` nothing is known but the number, and nobody judges by that alone.
    pub fn this() -> Self {
        let text =
            |path: &str| fs::read_to_string(path).map(|text| text.trim().to_owned()).unwrap_or_default();
        let space = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
        let pid = std::process::id();
        Self {
            machine: format!("{}-{}", text("/etc/machine-id"), text("/proc/sys/kernel/hostname")),
            boot: text("/proc/sys/kernel/random/boot_id"),
            space: space.to_string_lossy().chars().filter(char::is_ascii_digit).collect(),
            pid,
            started: started(pid).unwrap_or_default(),
        }
    }

    pub fn label(&self) -> String {
        let Self { machine, boot, space, pid, started } = self;
        format!("{machine}/{boot}/{space}/{pid}/{started}")
    }

    pub fn of_label(label: &str) -> Option<Self> {
        let mut parts = label.split('/').map(str::to_owned);
        let mut next = || parts.next();
        let owner = Self {
            machine: next()?,
            boot: next()?,
            space: next()?,
            pid: next()?.parse().ok()?,
            started: next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(owner)
    }

    /// Whether it is certain, for one who sees the processes of `here`, that this owner is gone.
    pub fn is_gone(&self, here: &Self) -> bool {
        self.is_gone_if(here, started)
    }

    fn is_gone_if(&self, here: &Self, started: impl Fn(u32) -> Option<u64>) -> bool {
        let is_known = !self.boot.is_empty() && !self.space.is_empty() && !here.space.is_empty();
        if !is_known || self.machine != here.machine {
            return false;
        }
        if self.boot != here.boot {
            return true;
        }
        self.space == here.space && started(self.pid) != Some(self.started)
    }
}

/// When a process started, in ticks since the boot.
fn started(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat")).ok()?;
    // The name before the bracket may hold anything, also brackets.
    stat.rsplit_once(") ")?.1.split(' ').nth(19)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(machine: &str, boot: &str, space: &str, pid: u32) -> Owner {
        let [machine, boot, space] = [machine, boot, space].map(str::to_owned);
        Owner { machine, boot, space, pid, started: 5 }
    }

    #[test]
    fn an_owner_is_gone_only_if_that_is_certain() {
        let here = owner("m", "b", "s", 1);
        let alive = |pid| (pid == 7).then_some(5);
        for (other, gone) in [
            (owner("m", "b", "s", 7), false),
            (owner("m", "b", "s", 8), true),
            (owner("m", "earlier", "s", 7), true),
            (owner("other", "b", "s", 8), false),
            (owner("other", "earlier", "s", 8), false),
            // Its processes cannot be seen from here.
            (owner("m", "b", "elsewhere", 8), false),
            (owner("m", "", "s", 8), false),
        ] {
            assert_eq!(other.is_gone_if(&here, alive), gone, "{other:?}");
        }
        let reused = Owner { started: 6, ..owner("m", "b", "s", 7) };
        assert!(reused.is_gone_if(&here, alive), "another process has its number");
    }

    #[test]
    fn a_label_says_all_of_an_owner() {
        let owner = Owner::this();
        assert_eq!(Owner::of_label(&owner.label()), Some(owner.clone()));
        assert!(!owner.is_gone(&owner));
        for bad in ["", "a/b", "m/b/s/x/5", "m/b/s/1/5/more"] {
            assert_eq!(Owner::of_label(bad), None, "{bad}");
        }
    }
}

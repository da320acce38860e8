//! What this host's kernel can do for a sandbox, what it lacks, and how a plan says it.

use std::fmt;

use serde_json::{Value, json};

use crate::model::{Sandbox, SandboxNetwork, SandboxTmp};

/// What the kernel offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SandboxMeans {
    /// The version of Landlock's interface; 0 where there is none.
    pub landlock: u8,
    /// System calls can be filtered.
    pub filter: bool,
}

/// A part of a sandbox that this host cannot keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lack {
    Files,
    Truncation,
    Signals,
    Network,
    SystemCalls,
}

impl SandboxMeans {
    pub const NONE: Self = Self { landlock: 0, filter: false };

    /// What a sandbox asks for and does not get here.
    pub fn lacks(self, sandbox: &Sandbox) -> Vec<Lack> {
        let isolated = sandbox.network == SandboxNetwork::None;
        let lacks = [
            (Lack::Files, self.landlock == 0),
            (Lack::Truncation, (1..3).contains(&self.landlock)),
            (Lack::Signals, self.landlock < 6),
            (Lack::Network, isolated && !self.filter),
            (Lack::SystemCalls, !self.filter),
        ];
        lacks.into_iter().filter_map(|(lack, is_lacking)| is_lacking.then_some(lack)).collect()
    }
}

impl Lack {
    /// The one word of it in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Truncation => "truncation",
            Self::Signals => "signals",
            Self::Network => "network",
            Self::SystemCalls => "system calls",
        }
    }
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Files => "files: needs Landlock, Linux 5.13 or later with it switched on",
            Self::Truncation => "emptying files outside: needs Linux 6.2 or later",
            Self::Signals => "signals to other processes: needs Linux 6.12 or later",
            Self::Network => "the network: needs a filter of system calls",
            Self::SystemCalls => "dangerous system calls: needs seccomp on x86-64, ARM64 or RISC-V",
        })
    }
}

/// What is allowed, a line each, and what is not kept here.
pub(super) fn lines(sandbox: &Sandbox, means: SandboxMeans) -> Vec<String> {
    let Sandbox { read, write, network, tmp } = sandbox;
    let mut reads = vec!["system folders".to_owned()];
    reads.extend(read.iter().map(|path| path.display().to_string()));
    let mut writes: Vec<String> = write.iter().map(|path| path.display().to_string()).collect();
    writes.push(match tmp {
        SandboxTmp::Private => "a private folder for temporary files".to_owned(),
        SandboxTmp::Host => "/tmp".to_owned(),
    });
    let mut lines = vec![
        format!("reads {}", reads.join(", ")),
        format!("writes {}", writes.join(", ")),
        format!("network {}", network.word()),
    ];
    lines.extend(means.lacks(sandbox).into_iter().map(|lack| format!("not kept on this host: {lack}")));
    lines
}

pub(super) fn to_json(sandbox: &Sandbox, means: SandboxMeans) -> Value {
    let Sandbox { read, write, network, tmp } = sandbox;
    let paths = |paths: &[std::path::PathBuf]| -> Vec<String> {
        paths.iter().map(|path| path.display().to_string()).collect()
    };
    let lacks: Vec<&str> = means.lacks(sandbox).into_iter().map(Lack::word).collect();
    json!({
        "read": paths(read),
        "write": paths(write),
        "network": network.word(),
        "tmp": tmp.word(),
        "notEnforced": lacks,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sandbox(network: SandboxNetwork) -> Sandbox {
        Sandbox { read: Vec::new(), write: Vec::new(), network, tmp: SandboxTmp::Private }
    }

    #[test]
    fn what_a_kernel_lacks_depends_on_its_age_and_on_what_is_asked_for() {
        use Lack::{Files, Network, Signals, SystemCalls, Truncation};
        let lacks =
            |landlock, filter| SandboxMeans { landlock, filter }.lacks(&sandbox(SandboxNetwork::None));
        assert_eq!(lacks(7, true), []);
        assert_eq!(lacks(5, true), [Signals]);
        assert_eq!(lacks(2, true), [Truncation, Signals]);
        assert_eq!(lacks(0, true), [Files, Signals]);
        assert_eq!(lacks(7, false), [Network, SystemCalls]);
        assert_eq!(SandboxMeans::NONE.lacks(&sandbox(SandboxNetwork::Host)), [Files, Signals, SystemCalls]);
    }
}

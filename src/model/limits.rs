//! The limits of a run: one vocabulary for local commands and containers.

use super::units::{ByteSize, Cores};

/// What a run may use. Absent means that nobody set a limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Memory of the whole process tree.
    pub memory: Option<ByteSize>,
    pub cpu: Option<Cores>,
    /// Processes and threads of the whole tree.
    pub pids: Option<u32>,
    /// Open files of each process.
    pub files: Option<u64>,
    /// Written bytes; cannot be enforced for a local command.
    pub disk: Option<ByteSize>,
    /// Bytes of output that are kept; what is beyond is drained, counted and marked.
    pub output: ByteSize,
    pub enforcement: Enforcement,
}

/// What to do about a limit that this host cannot enforce.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enforcement {
    /// Run, and say in the plan which limit is not enforced.
    BestEffort,
    /// Do not run.
    Required,
}

impl Limits {
    /// Of a program that is asked something on the way: nothing but how much it may say.
    pub fn only_output(output: ByteSize) -> Self {
        let enforcement = Enforcement::BestEffort;
        Self { memory: None, cpu: None, pids: None, files: None, disk: None, output, enforcement }
    }
}

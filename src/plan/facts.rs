//! What the host has, gathered before planning and handed in as values.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// What planning may know about this host.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The server's own environment, as it was at the start.
    pub environment: Arc<Environment>,
    pub means: Means,
    /// What each path argument of this call leads to, by the text of the argument.
    pub paths: HashMap<String, PathFact>,
}

/// A snapshot of environment variables.
pub type Environment = BTreeMap<String, String>;

/// What a path argument leads to once every symbolic link is followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathFact {
    /// The canonical absolute path. What does not exist yet keeps its last names.
    At(PathBuf),
    /// It leads out of the folder it has to stay in.
    Outside { within: PathBuf },
    /// It could not be looked up; the text says why.
    Unknown(String),
}

/// How a limit is enforced on this host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mean {
    /// By the kernel, for the whole tree.
    Cgroup,
    /// By the kernel, for each process.
    Rlimit,
    /// By watching the tree and killing it.
    Watched,
    /// By the engine, while it reads.
    Counted,
    NotEnforced,
}

/// The means for each limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Means {
    pub memory: Mean,
    pub cpu: Mean,
    pub pids: Mean,
    pub files: Mean,
    pub disk: Mean,
}

impl Means {
    /// What a host without any of this can do.
    pub const NONE: Self = Self {
        memory: Mean::NotEnforced,
        cpu: Mean::NotEnforced,
        pids: Mean::NotEnforced,
        files: Mean::NotEnforced,
        disk: Mean::NotEnforced,
    };
}

impl fmt::Display for Mean {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cgroup => "cgroup v2",
            Self::Rlimit => "rlimit",
            Self::Watched => "watched",
            Self::Counted => "counted",
            Self::NotEnforced => "not enforced on this host",
        })
    }
}

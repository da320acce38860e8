//! What a local command may touch when it runs in the kernel's sandbox.

use std::path::{Path, PathBuf};

/// Everything that is not named here, and not one of the system's own folders, is out of reach.
/// All of it is plain: callers choose none of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sandbox {
    /// Absolute; read and executed, beside the system's folders and the program itself.
    pub read: Vec<PathBuf>,
    /// Absolute; read, executed and changed.
    pub write: Vec<PathBuf>,
    pub network: SandboxNetwork,
    pub tmp: SandboxTmp,
}

impl Sandbox {
    /// The system's programs, libraries and their data: always readable.
    pub const SYSTEM: [&str; 11] = [
        "/usr",
        "/bin",
        "/sbin",
        "/lib",
        "/lib32",
        "/lib64",
        "/libx32",
        "/opt",
        "/nix/store",
        "/gnu/store",
        "/run/current-system",
    ];

    /// Adds a file that has to be readable, unless it is already.
    pub fn with_file(mut self, file: &Path) -> Self {
        if !self.can_read(file) {
            self.read.push(file.to_path_buf());
        }
        self
    }

    fn can_read(&self, file: &Path) -> bool {
        let named = self.read.iter().chain(&self.write).map(PathBuf::as_path);
        Self::SYSTEM.into_iter().map(Path::new).chain(named).any(|folder| file.starts_with(folder))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SandboxNetwork {
    /// No socket of any kind, save pairs between the command's own processes.
    None,
    /// The host's network; still no local sockets of other programs.
    Host,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SandboxTmp {
    /// An empty folder of the call's own, which `TMPDIR` and `HOME` name.
    Private,
    /// `/tmp` and `/var/tmp`, as everybody has them.
    Host,
}

impl SandboxNetwork {
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Host => "host",
        }
    }
}

impl SandboxTmp {
    pub fn word(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Host => "host",
        }
    }
}

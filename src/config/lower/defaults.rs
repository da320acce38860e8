//! What holds where a file says nothing.

use std::time::Duration;

use crate::config::native::{Bound, LimitSettings};
use crate::model::{ByteSize, Cores, Dialect, Enforcement, Limits};

pub struct Defaults {
    pub timeout: Duration,
    pub kill_grace: Duration,
    /// Bytes of output that are kept.
    pub output: ByteSize,
    /// Bytes of output that the model sees.
    pub show: ByteSize,
}

impl Defaults {
    pub const fn of(dialect: Dialect) -> Self {
        match dialect {
            Dialect::Native => Self {
                timeout: Duration::from_secs(30),
                kill_grace: Duration::from_secs(3),
                output: ByteSize::mib(1),
                show: ByteSize::kib(32),
            },
            // The original stops no local command and cuts no output.
            Dialect::Original => Self {
                timeout: Duration::from_secs(3600),
                kill_grace: Duration::from_secs(3),
                output: ByteSize::mib(4),
                show: ByteSize::mib(4),
            },
        }
    }
}

/// What a container may use that says nothing: enough for a tool, too little to disturb the host.
pub const IN_CONTAINERS: LimitSettings = LimitSettings {
    memory: Some(Bound::At(ByteSize::mib(512))),
    cpu: Some(Bound::At(Cores(1000))),
    pids: Some(Bound::At(256)),
    files: Some(Bound::At(1024)),
    disk: None,
    output: None,
};

pub fn limits(settings: &LimitSettings, enforcement: Option<Enforcement>, defaults: &Defaults) -> Limits {
    let LimitSettings { memory, cpu, pids, files, disk, output } = settings;
    Limits {
        memory: memory.and_then(Bound::limit),
        cpu: cpu.and_then(Bound::limit),
        pids: pids.and_then(Bound::limit),
        files: files.and_then(Bound::limit),
        disk: *disk,
        output: output.unwrap_or(defaults.output),
        enforcement: enforcement.unwrap_or(Enforcement::BestEffort),
    }
}

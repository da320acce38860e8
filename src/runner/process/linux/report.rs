//! What a supervisor tells the server: that it could not start something, or how it ended.
//!
//! Pure: values in, bytes out, and back. Every report has the same length.

/// What a supervisor tells the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Report {
    NotStarted(Failure),
    Ended(Ended),
}

/// Why a command was not started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    pub stage: Stage,
    pub errno: i32,
}

/// How far a start came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// No process could be made.
    Fork,
    Cgroup,
    WorkingDir,
    Sandbox,
    Exec,
}

/// How a command ended; nothing of it is alive any more, save what could not be killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ended {
    pub status: Status,
    pub out_of_memory: bool,
    pub too_many_processes: bool,
    /// Processes that resisted SIGKILL, such as those of another user.
    pub unkillable: u32,
    /// The supervisor goes as well: it takes no other order.
    pub leaving: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Exited(i32),
    Signalled(i32),
}

impl Default for Status {
    fn default() -> Self {
        Self::Exited(0)
    }
}

impl Report {
    pub const LENGTH: usize = 12;

    pub fn write(self) -> [u8; Self::LENGTH] {
        let (tag, detail, flags, value, count) = match self {
            Self::NotStarted(Failure { stage, errno }) => (b'F', stage.code(), 0, errno, 0),
            Self::Ended(ended) => {
                let (detail, value) = match ended.status {
                    Status::Exited(code) => (0, code),
                    Status::Signalled(signal) => (1, signal),
                };
                let flags = u8::from(ended.out_of_memory)
                    | u8::from(ended.too_many_processes) << 1
                    | u8::from(ended.leaving) << 2;
                (b'E', detail, flags, value, ended.unkillable)
            }
        };
        let [a, b, c, d] = value.to_le_bytes();
        let [e, f, g, h] = count.to_le_bytes();
        [tag, detail, flags, 0, a, b, c, d, e, f, g, h]
    }

    pub fn read(bytes: [u8; Self::LENGTH]) -> Option<Self> {
        let [tag, detail, flags, _, a, b, c, d, e, f, g, h] = bytes;
        let value = i32::from_le_bytes([a, b, c, d]);
        match tag {
            b'F' => Some(Self::NotStarted(Failure { stage: Stage::from_code(detail)?, errno: value })),
            b'E' => Some(Self::Ended(Ended {
                status: if detail == 0 { Status::Exited(value) } else { Status::Signalled(value) },
                out_of_memory: flags & 1 != 0,
                too_many_processes: flags & 2 != 0,
                unkillable: u32::from_le_bytes([e, f, g, h]),
                leaving: flags & 4 != 0,
            })),
            _ => None,
        }
    }
}

impl Stage {
    const ALL: [Self; 5] = [Self::Fork, Self::Cgroup, Self::WorkingDir, Self::Exec, Self::Sandbox];

    fn code(self) -> u8 {
        match self {
            Self::Fork => 0,
            Self::Cgroup => 1,
            Self::WorkingDir => 2,
            Self::Exec => 3,
            Self::Sandbox => 4,
        }
    }

    fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.code() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_are_read_as_they_were_written() {
        let ended = Ended { status: Status::Signalled(9), out_of_memory: true, ..Ended::default() };
        let too_many = Ended { too_many_processes: true, unkillable: 3, leaving: true, ..Ended::default() };
        let failures = Stage::ALL.map(|stage| Report::NotStarted(Failure { stage, errno: 2 }));
        let others = [Report::Ended(ended), Report::Ended(too_many)];
        for report in failures.into_iter().chain(others) {
            assert_eq!(Report::read(report.write()), Some(report));
        }
        assert_eq!(Report::read([b'?'; Report::LENGTH]), None);
    }
}

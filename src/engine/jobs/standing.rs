//! What is told of a job: how it stands, and since when.

use std::time::SystemTime;

use crate::model::ToolName;

use super::JobId;

/// How a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobState {
    /// Not over. It may be waiting for its place.
    Running,
    Succeeded,
    Failed,
    Cancelled,
    /// The server died while it ran.
    Lost,
}

impl JobState {
    pub fn is_over(self) -> bool {
        self != Self::Running
    }

    /// As people and programs read it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Lost => "lost",
        }
    }
}

/// What is told of a job.
#[derive(Debug, Clone)]
pub struct JobStatus {
    pub id: JobId,
    pub tool: ToolName,
    pub state: JobState,
    pub created: SystemTime,
    /// When it last changed its state or wrote something.
    pub changed: SystemTime,
    /// The last line that it wrote, clean.
    pub last_line: String,
    pub log_bytes: u64,
}

//! What a store holds of a job, beside its log.

use std::time::SystemTime;

use crate::engine::Presented;
use crate::model::{CallerId, ToolName};

use super::{JobId, JobState, result};

#[derive(Debug, Clone)]
pub struct Record {
    pub id: JobId,
    pub owner: CallerId,
    pub tool: ToolName,
    /// The process that runs it, or has run it.
    pub server: String,
    pub state: JobState,
    pub created: SystemTime,
    pub changed: SystemTime,
    pub last_line: String,
    pub log_bytes: u64,
    pub(super) result: Option<Vec<u8>>,
}

impl Record {
    pub(super) fn with(self, presented: &Presented) -> Self {
        Self { result: Some(result::to_bytes(presented)), ..self }
    }

    /// What it came to, if it is over.
    pub fn presented(&self) -> Option<Presented> {
        let written = self.result.as_deref().and_then(result::of_bytes);
        written.or_else(|| self.state.is_over().then(|| Presented::refusal(self.missing())))
    }

    /// What is said where no result is.
    fn missing(&self) -> String {
        match self.state {
            JobState::Lost => {
                "lost: the server died while it ran; nothing of it runs any more, and job_output has what it had \
                 written until then"
                    .to_owned()
            }
            _ => "its result cannot be read any more".to_owned(),
        }
    }
}

//! Facts about a run, for programs that read its result.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Outcome;

/// What a result says of the run that it came of. It is made for every call, so it is no map.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunFacts {
    pub id: String,
    pub exit_code: Option<i32>,
    pub signal: Option<i32>,
    pub http_status: Option<u16>,
    pub duration_ms: u64,
    pub stdout_bytes: u64,
    pub stderr_bytes: u64,
    pub truncated: bool,
    /// What few runs have: steps, tries, what took the place of what.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

impl RunFacts {
    /// Under what they stand beside other facts.
    pub const KEY: &str = "mcpfier/run";

    pub(super) fn of(outcome: &Outcome) -> Self {
        let Outcome { id, ending, duration, output, flow, story, .. } = outcome;
        let mut more = Map::new();
        more.extend(flow.iter().map(|flow| ("steps".to_owned(), flow.to_json())));
        more.extend(story.meta());
        Self {
            id: id.to_string(),
            exit_code: ending.exit_code(),
            signal: ending.signal(),
            http_status: ending.http_status(),
            duration_ms: u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
            stdout_bytes: output.stdout_bytes,
            stderr_bytes: output.stderr_bytes,
            truncated: output.omitted > 0,
            more,
        }
    }
}

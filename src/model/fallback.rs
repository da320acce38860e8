//! What is called instead of a command that has failed.

use super::http::JsonTemplate;
use super::name::{ParamName, ToolName};

/// Another command of the file. It has been found, and no circle leads through it.
#[derive(Debug, Clone)]
pub struct Fallback {
    pub tool: ToolName,
    pub with: FallbackWith,
}

/// The arguments of a fallback.
#[derive(Debug, Clone)]
pub enum FallbackWith {
    /// Those of the call whose names it declares too.
    Same,
    /// These; templates see the arguments of the call.
    These(Vec<(ParamName, JsonTemplate)>),
}

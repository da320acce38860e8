//! The condition of a tool.

use std::path::PathBuf;

use serde_json::{Map, Value};

use super::Condition;

/// A condition, with what its file decides of what it sees.
#[derive(Debug, Clone, PartialEq)]
pub struct When {
    pub condition: Condition,
    /// The variables of the file that it refers to.
    pub vars: Map<String, Value>,
    /// The files that it asks for: as written, and where they are.
    pub files: Vec<(String, PathBuf)>,
}

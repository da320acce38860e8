//! Where suggestions for a value come from.

use std::path::PathBuf;

use crate::model::{FileGlob, ToolName};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Suggest {
    Values(Vec<String>),
    /// The paths of files below a folder.
    Files {
        folder: PathBuf,
        files: Vec<FileGlob>,
    },
    /// What a command prints that only reads: a line each, or a JSON array.
    Command(ToolName),
}

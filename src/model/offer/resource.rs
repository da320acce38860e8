//! A resource: something to read, under a URI.

use std::path::PathBuf;
use std::sync::Arc;

use crate::model::{Authorization, FileGlob, JsonTemplate, ParamName, Params, TextTemplate, ToolName};

use super::uri::UriTemplate;

#[derive(Debug, Clone)]
pub struct Resource {
    pub uri: UriTemplate,
    pub name: String,
    pub title: Option<String>,
    pub description: Option<String>,
    /// Without it the content says what it is.
    pub mime: Option<String>,
    /// What may stand in the holes of the URI.
    pub params: Arc<Params>,
    pub source: ResourceSource,
    pub authorization: Authorization,
}

#[derive(Debug, Clone, PartialEq)]
pub enum ResourceSource {
    Text(TextTemplate),
    File(PathBuf),
    Directory(Directory),
    /// What a command prints that only reads.
    Command {
        tool: ToolName,
        with: Vec<(ParamName, JsonTemplate)>,
    },
}

/// A folder of which files are handed out.
#[derive(Debug, Clone, PartialEq)]
pub struct Directory {
    pub path: PathBuf,
    /// Those whose path below it fits one of these.
    pub files: Vec<FileGlob>,
    /// The hole of the URI that names the file.
    pub hole: String,
}

impl Resource {
    /// Whether its content lies in a file system, where changes can be seen.
    pub fn is_on_disk(&self) -> bool {
        matches!(self.source, ResourceSource::File(_) | ResourceSource::Directory(_))
    }
}

//! Parts of a form that carries files: texts, and files that are read when the call is made.

use crate::model::template::Template;

/// One field, or several of one name where its value is a list.
#[derive(Debug, Clone, PartialEq)]
pub struct HttpPart {
    pub name: String,
    pub content: PartContent,
    /// What the server is told it is.
    pub content_type: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum PartContent {
    Text(Template),
    /// A path: absolute, or exactly one parameter that stays within a folder.
    File {
        path: Template,
        /// What the server is told it is called; without it the last name of the path.
        filename: Option<Template>,
    },
}

impl HttpPart {
    /// Everything in it that may have holes.
    pub fn templates(&self) -> impl Iterator<Item = &Template> {
        let (first, second) = match &self.content {
            PartContent::Text(text) => (text, None),
            PartContent::File { path, filename } => (path, filename.as_ref()),
        };
        std::iter::once(first).chain(second)
    }
}

//! What an image is built of: the files of a context, looked at and named by their content.
//!
//! Knows no engine. The look comes before planning, so that a plan names the very image that will
//! run; what is handed to the engine afterwards is compared with what was looked at.

mod archive;
mod bases;
mod ignore;
mod look;
mod seen;

use std::path::PathBuf;

pub use archive::write;
pub use bases::{bases, floating};
pub use look::look;

/// All that decides what an image becomes, but for what its steps fetch.
pub struct Context {
    /// Folders before what is in them.
    entries: Vec<Entry>,
    /// Its path in the context.
    pub dockerfile: String,
    pub dockerfile_text: String,
    /// SHA-256, in hexadecimal digits.
    pub digest: String,
}

struct Entry {
    /// Below the context, with `/` between its parts.
    name: Vec<u8>,
    is_executable: bool,
    content: Content,
}

enum Content {
    Folder,
    /// What it says, wherever that leads: links are handed over and not followed.
    Link(Vec<u8>),
    File {
        path: PathBuf,
        length: u64,
        digest: [u8; 32],
    },
    /// A file of ours.
    Text(Vec<u8>),
}

/// Why an image cannot be built of what is there. The text says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadContext {
    #[error("`{}` cannot be read: {problem}", .path.display())]
    Unreadable { path: PathBuf, problem: String },
    #[error(
        "{what} `{}` leads out of `{}`, the folder of the file that names it",
        .path.display(), .within.display()
    )]
    Outside { what: &'static str, path: PathBuf, within: PathBuf },
    #[error("the context `{}` is no folder", .0.display())]
    NoFolder(PathBuf),
    #[error("there is no Dockerfile `{}`; `dockerfile` names another one", .0.display())]
    NoDockerfile(PathBuf),
    #[error("the Dockerfile `{}` is larger than 1 MiB or no text", .0.display())]
    NotText(PathBuf),
    #[error(
        "the context `{}` holds more than {most}; name what an image does not need in its `.dockerignore`",
        .path.display()
    )]
    Huge { path: PathBuf, most: &'static str },
    #[error("{0}")]
    Pattern(String),
    #[error(
        "`FROM {image}` names no digest, and `require_digest` is set; `docker pull {image}` says it: `FROM {image}@sha256:…`"
    )]
    FloatingBase { image: String },
}

//! What is read and not called: prompts, resources, and suggestions for what somebody types.
//!
//! What a command prints that is run for it takes the path of every call, for whoever reads: so it is
//! judged, limited, redacted and recorded like one. That something was read, or was not to be had, is
//! recorded besides. Files are read where the file of the configuration
//! says, and nowhere else.

mod arguments;
mod eyes;
mod folder;
mod glob;
mod hub;
mod list;
mod note;
mod prompt;
mod resource;
mod run;
mod suggest;
mod update;

use std::sync::Arc;

use bytes::Bytes;
use tokio_util::sync::CancellationToken;

use crate::model::Principal;

use super::{Origin, Rejection};

pub use hub::Hub;
pub use list::Listed;
pub use prompt::{Filled, Part, Said};
pub use suggest::{Asking, Suggestions, files_of};
pub use update::Updates;

/// Who reads, from where, and how long it may take.
pub struct Reader {
    pub principal: Arc<Principal>,
    pub origin: Origin,
    pub cancel: CancellationToken,
}

/// What stands under a URI.
#[derive(Debug, Clone)]
pub struct Contents {
    pub uri: String,
    pub mime: Option<String>,
    pub body: Body,
}

#[derive(Debug, Clone)]
pub enum Body {
    Text(String),
    Bytes(Bytes),
}

/// Why nothing was read. The text is for the client.
#[derive(Debug, thiserror::Error)]
pub enum NotRead {
    /// It is not there, or not for this caller: nobody can tell which.
    #[error("there is no resource `{0}`")]
    NoResource(String),
    #[error("there is no prompt `{0}`")]
    NoPrompt(String),
    #[error("{0}")]
    Bad(String),
    /// It is there, and cannot be had now.
    #[error("{0}")]
    Failed(String),
    #[error(transparent)]
    Rejected(#[from] Rejection),
}

impl NotRead {
    fn no_resource(uri: &str) -> Self {
        Self::NoResource(shortened(uri))
    }
}

/// A text of a client, short enough to be sent back.
fn shortened(text: &str) -> String {
    const MAX: usize = 200;
    match text.char_indices().nth(MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Does in a thread what may wait for a disk.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, NotRead> + Send + 'static,
) -> Result<T, NotRead> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(NotRead::Failed("reading came to grief".to_owned())))
}

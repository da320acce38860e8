//! The files that a run has written for its caller: which they are, and what of them is handed over.
//!
//! A file counts if it was not there before the run, or another one. Links are not followed, neither to
//! files nor through folders, and what is no plain file is passed over, so nothing outside of the
//! command's folder is ever read. All of it is bounded: folders looked at, files named, bytes read.

mod kind;
mod open;
mod walk;

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use crate::model::percent_encoded;
use crate::plan::PlannedFiles;

use super::redact::Redactor;
use kind::Form;
pub(super) use kind::known as known_type;
use walk::{Mark, Seen};

/// A file that is handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenFile {
    pub path: PathBuf,
    /// Below the folder that it was looked for in.
    pub name: String,
    pub size: u64,
    pub mime: &'static str,
    pub content: Content,
}

/// What of a file is in the result itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Nothing: it is a link.
    Link,
    /// The bytes of an image or a sound that clients show.
    Media(Bytes),
    /// Text, secrets taken out.
    Text(Bytes),
}

/// What has been found after a run.
#[derive(Debug, Default)]
pub struct Written {
    pub files: Vec<WrittenFile>,
    /// Beyond what may be handed over.
    pub left_out: usize,
}

const MOST_FILES: usize = 100;
/// Of one image or sound, and of all together.
const MOST_MEDIA: u64 = 1024 * 1024;
const MOST_MEDIA_TOGETHER: u64 = 4 * 1024 * 1024;
/// Of one text, and of all together: a model reads them.
const MOST_TEXT: u64 = 32 * 1024;
const MOST_TEXT_TOGETHER: u64 = 128 * 1024;

/// What was there before a run.
#[derive(Default)]
pub struct Before(BTreeMap<PathBuf, Mark>);

impl Before {
    /// Looks at what is there now.
    pub async fn look(planned: &[PlannedFiles]) -> Self {
        if planned.is_empty() {
            return Self::default();
        }
        let planned = planned.to_vec();
        let seen = tokio::task::spawn_blocking(move || walk::look(&planned)).await.unwrap_or_default();
        Self(seen.into_iter().map(|seen| (seen.path, seen.mark)).collect())
    }

    /// What the run that has ended since then has written.
    pub async fn written(self, planned: &[PlannedFiles], redactor: &Redactor) -> Written {
        if planned.is_empty() {
            return Written::default();
        }
        let (planned, redactor) = (planned.to_vec(), redactor.clone());
        let read = move || {
            let mut seen = walk::look(&planned);
            seen.retain(|seen| self.0.get(&seen.path) != Some(&seen.mark));
            take(seen, &redactor)
        };
        tokio::task::spawn_blocking(read).await.unwrap_or_default()
    }
}

fn take(seen: Vec<Seen>, redactor: &Redactor) -> Written {
    let mut written = Written { left_out: seen.len().saturating_sub(MOST_FILES), files: Vec::new() };
    let mut room = Room { media: MOST_MEDIA_TOGETHER, text: MOST_TEXT_TOGETHER };
    written.files.extend(seen.into_iter().take(MOST_FILES).filter_map(|seen| room.file(seen, redactor)));
    written
}

/// How much may still be in the result.
struct Room {
    media: u64,
    text: u64,
}

impl Room {
    /// `None` if it is gone, or none of the files that were meant.
    fn file(&mut self, seen: Seen, redactor: &Redactor) -> Option<WrittenFile> {
        let Seen { folder, path, name, .. } = seen;
        let name = redactor.cleaned(&name).unwrap_or(name);
        let Ok(mut file) = open::below(&folder, &path) else {
            return open::is_closed_to_us(&path).then(|| {
                let size = path.symlink_metadata().map_or(0, |metadata| metadata.len());
                WrittenFile { mime: kind::of_name(&path), path, name, size, content: Content::Link }
            });
        };
        let size = file.metadata().ok().filter(std::fs::Metadata::is_file)?.len();
        let mut head = Vec::new();
        file.by_ref().take(kind::HEAD).read_to_end(&mut head).ok()?;
        let (mime, form) = kind::of(&path, &head);
        let mut rest = |most: u64| {
            let mut bytes = head.clone();
            let read =
                file.by_ref().take((most + 1).saturating_sub(bytes.len() as u64)).read_to_end(&mut bytes);
            // It may have grown since it was measured.
            (read.is_ok() && bytes.len() as u64 <= most).then_some(bytes)
        };
        let content = match form {
            Form::Media if size <= MOST_MEDIA.min(self.media) => match rest(MOST_MEDIA.min(self.media)) {
                Some(bytes) => {
                    self.media -= bytes.len() as u64;
                    Content::Media(bytes.into())
                }
                None => Content::Link,
            },
            Form::Text if size <= MOST_TEXT.min(self.text) => {
                match rest(MOST_TEXT.min(self.text)).and_then(|bytes| String::from_utf8(bytes).ok()) {
                    Some(text) => {
                        self.text -= text.len() as u64;
                        Content::Text(redactor.cleaned(&text).unwrap_or(text).into())
                    }
                    None => Content::Link,
                }
            }
            _ => Content::Link,
        };
        Some(WrittenFile { path, name, size, mime, content })
    }
}

impl WrittenFile {
    pub fn uri(&self) -> String {
        uri(&self.path)
    }
}

/// A path as a `file://` URI.
fn uri(path: &Path) -> String {
    let text = path.to_string_lossy().replace('\\', "/");
    let segments: Vec<String> = text.split('/').map(percent_encoded).collect();
    let path = segments.join("/");
    if path.starts_with('/') { format!("file://{path}") } else { format!("file:///{path}") }
}

#[cfg(test)]
mod tests;

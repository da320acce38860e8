//! `multipart/form-data` with its files, which are sent as they are read.
//!
//! Names and values are data: what could end a header or a part is escaped, and the line between
//! parts is made anew for each request, so that nobody can write it in advance.

use std::collections::VecDeque;
use std::fs::File;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use reqwest::Body;
use tokio::io::{AsyncRead, ReadBuf};
use tokio_util::io::ReaderStream;

use super::failure::Failure;
use crate::plan::{PlannedPart, PlannedPartContent};
use crate::runner::{SecretValues, StartError};

/// A part with every hole filled.
pub struct FilledPart {
    name: String,
    filename: Option<String>,
    content_type: Option<String>,
    content: Content,
}

enum Content {
    Text(Bytes),
    File { path: PathBuf, within: Option<PathBuf> },
}

/// A form that is ready to be sent.
pub struct Form {
    pub content_type: String,
    pub length: u64,
    pub body: Body,
}

const PIECE: usize = 64 << 10;

impl FilledPart {
    pub fn fill(part: &PlannedPart, secrets: &SecretValues) -> Result<Self, StartError> {
        let PlannedPart { name, content, content_type } = part;
        let (filename, content) = match content {
            PlannedPartContent::Text(text) => {
                (None, Content::Text(Bytes::from(secrets.fill(text)?.into_owned())))
            }
            PlannedPartContent::File { path, within, filename } => {
                let path = PathBuf::from(&*secrets.fill(path)?);
                (Some(secrets.fill(filename)?.into_owned()), Content::File { path, within: within.clone() })
            }
        };
        Ok(Self { name: name.clone(), filename, content_type: content_type.clone(), content })
    }

    fn head(&self, boundary: &str) -> String {
        let mut head =
            format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"", escaped(&self.name));
        if let Some(filename) = &self.filename {
            head.push_str(&format!("; filename=\"{}\"", escaped(filename)));
        }
        if let Some(content_type) = &self.content_type {
            head.push_str(&format!("\r\nContent-Type: {content_type}"));
        }
        head + "\r\n\r\n"
    }
}

/// As browsers do it: no value ends the quotes or the line that it stands in.
fn escaped(text: &str) -> String {
    text.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

/// Opens every file, before anything is sent.
pub async fn open(parts: &Arc<Vec<FilledPart>>) -> Result<Form, Failure> {
    let parts = Arc::clone(parts);
    let opened = tokio::task::spawn_blocking(move || opened(&parts)).await;
    opened.map_err(|error| Failure::Request(error.to_string()))?
}

fn opened(parts: &[FilledPart]) -> Result<Form, Failure> {
    let boundary = boundary();
    let mut pieces = VecDeque::with_capacity(parts.len() * 3 + 1);
    for part in parts {
        pieces.push_back(Piece::Bytes(part.head(&boundary).into()));
        pieces.push_back(match &part.content {
            Content::Text(text) => Piece::Bytes(text.clone()),
            Content::File { path, within } => {
                let bad = |error: io::Error| Failure::File {
                    path: path.display().to_string(),
                    field: part.name.clone(),
                    problem: format!("cannot be read: {error}"),
                };
                let (file, rest) = open_file(path, within.as_deref()).map_err(bad)?;
                Piece::File { file: tokio::fs::File::from_std(file), rest }
            }
        });
        pieces.push_back(Piece::Bytes(Bytes::from_static(b"\r\n")));
    }
    pieces.push_back(Piece::Bytes(format!("--{boundary}--\r\n").into()));
    let length = pieces.iter().map(Piece::length).sum();
    let body = Body::wrap_stream(ReaderStream::with_capacity(Joined(pieces), PIECE));
    Ok(Form { content_type: format!("multipart/form-data; boundary={boundary}"), length, body })
}

/// 128 bits that nobody knows before.
fn boundary() -> String {
    let random = || RandomState::new().build_hasher().finish();
    format!("mcpfier-{:016x}{:016x}", random(), random())
}

/// Opens a file and looks once more where it is: a link may have been put there since it was looked up.
fn open_file(path: &Path, within: Option<&Path>) -> io::Result<(File, u64)> {
    let file = open_at_once(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    if let Some(within) = within
        && !place_of(&file, path)?.starts_with(within.canonicalize()?)
    {
        return Err(io::Error::other(format!("it leads out of `{}`", within.display())));
    }
    Ok((file, metadata.len()))
}

/// Without waiting for whoever writes into a pipe.
#[cfg(unix)]
fn open_at_once(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    let flag = nix::fcntl::OFlag::O_NONBLOCK.bits();
    std::fs::OpenOptions::new().read(true).custom_flags(flag).open(path)
}

#[cfg(not(unix))]
fn open_at_once(path: &Path) -> io::Result<File> {
    File::open(path)
}

#[cfg(target_os = "linux")]
fn place_of(file: &File, _path: &Path) -> io::Result<PathBuf> {
    use std::os::fd::AsRawFd;
    std::fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd()))
}

#[cfg(not(target_os = "linux"))]
fn place_of(_file: &File, path: &Path) -> io::Result<PathBuf> {
    path.canonicalize()
}

enum Piece {
    Bytes(Bytes),
    /// As long as it was when it was opened.
    File {
        file: tokio::fs::File,
        rest: u64,
    },
}

impl Piece {
    fn length(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File { rest, .. } => *rest,
        }
    }
}

/// All pieces, one after the other.
struct Joined(VecDeque<Piece>);

impl AsyncRead for Joined {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            match self.0.front_mut() {
                None => return Poll::Ready(Ok(())),
                Some(piece) if piece.length() == 0 => drop(self.0.pop_front()),
                Some(Piece::Bytes(bytes)) => {
                    buffer.put_slice(&bytes.split_to(bytes.len().min(buffer.remaining())));
                    return Poll::Ready(Ok(()));
                }
                Some(Piece::File { file, rest }) => {
                    let most = usize::try_from(*rest).unwrap_or(usize::MAX).min(buffer.remaining());
                    let mut part = ReadBuf::new(buffer.initialize_unfilled_to(most));
                    ready!(Pin::new(file).poll_read(context, &mut part))?;
                    let count = part.filled().len();
                    if count == 0 {
                        return Poll::Ready(Err(io::Error::other("a file became shorter while it was sent")));
                    }
                    buffer.advance(count);
                    *rest -= count as u64;
                    return Poll::Ready(Ok(()));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_end_a_header_is_escaped() {
        let part = FilledPart {
            name: "a\"b".to_owned(),
            filename: Some("x\"\r\nEvil: 1".to_owned()),
            content_type: Some("a/b".to_owned()),
            content: Content::Text(Bytes::new()),
        };
        assert_eq!(
            part.head("B"),
            "--B\r\nContent-Disposition: form-data; name=\"a%22b\"; filename=\"x%22%0D%0AEvil: 1\"\r\nContent-Type: a/b\r\n\r\n"
        );
        assert_ne!(boundary(), boundary());
    }

    #[test]
    fn a_file_that_moved_out_of_its_folder_is_not_sent() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        std::fs::create_dir(&root).unwrap();
        std::fs::write(folder.path().join("secret"), "x").unwrap();
        std::fs::write(root.join("own"), "x").unwrap();
        std::os::unix::fs::symlink(folder.path().join("secret"), root.join("link")).unwrap();
        assert_eq!(open_file(&root.join("own"), Some(&root)).unwrap().1, 1);
        for (name, told) in [("link", "leads out of"), (".", "no regular file"), ("none", "No such file")] {
            let error = open_file(&root.join(name), Some(&root)).unwrap_err().to_string();
            assert!(error.contains(told), "{name}: {error}");
        }
    }
}

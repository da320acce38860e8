//! Files that only their user may read, put in place whole or not at all.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// The content of a regular file, at most so much.
pub fn read(path: &Path, most: usize) -> io::Result<Vec<u8>> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(most as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

pub fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Puts a file in place of the one that may be there; whoever reads it sees the old or the new one.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    put(path, content, |new| fs::rename(new, path))
}

/// Puts a file where none is; of several who try that at once, one succeeds.
pub fn create(path: &Path, content: &[u8]) -> io::Result<()> {
    put(path, content, |new| {
        fs::hard_link(new, path)?;
        fs::remove_file(new)
    })
}

fn put(path: &Path, content: &[u8], place: impl Fn(&Path) -> io::Result<()>) -> io::Result<()> {
    let new = beside(path);
    let written = write_new(&new, content).and_then(|()| place(&new));
    if written.is_err() {
        // What could not be put in place is not left lying about.
        let _ = fs::remove_file(&new);
    }
    written
}

fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

/// A name that nobody else writes to.
fn beside(path: &Path) -> PathBuf {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}.{number}.new", std::process::id()))
}

/// Whether a file is its user's alone.
#[cfg(unix)]
pub fn is_private(path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    Ok(fs::metadata(path)?.permissions().mode() & 0o077 == 0)
}

/// Elsewhere the folders of a user are, without modes that could say so.
#[cfg(not(unix))]
pub fn is_private(_path: &Path) -> io::Result<bool> {
    Ok(true)
}

//! The digests of files that were read before, so that an unchanged context is not read at each call.

use std::collections::HashMap;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use sha2::{Digest, Sha256};

/// A file that was changed as recently may be changed again without a sign of it.
const FRESH: Duration = Duration::from_secs(2);
/// More are forgotten all at once.
const MOST: usize = 200_000;

#[derive(PartialEq, Eq, Clone, Copy)]
struct Sign {
    length: u64,
    modified: Option<SystemTime>,
    inode: u64,
    changed: (i64, i64),
}

type Seen = HashMap<PathBuf, (Sign, [u8; 32])>;

static SEEN: LazyLock<Mutex<Seen>> = LazyLock::new(Mutex::default);

/// The digest of a file.
pub fn digest(path: &Path, metadata: &Metadata) -> io::Result<[u8; 32]> {
    let sign = sign(metadata);
    let seen = || SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((before, digest)) = seen().get(path)
        && *before == sign
    {
        return Ok(*digest);
    }
    let digest = read(path)?;
    let is_settled = |modified: SystemTime| modified.elapsed().is_ok_and(|age| age > FRESH);
    if sign.modified.is_some_and(is_settled) {
        let mut seen = seen();
        if seen.len() >= MOST {
            seen.clear();
        }
        seen.insert(path.to_path_buf(), (sign, digest));
    }
    Ok(digest)
}

fn read(path: &Path) -> io::Result<[u8; 32]> {
    let (mut file, mut hash, mut piece) = (File::open(path)?, Sha256::new(), vec![0; 64 * 1024]);
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(hash.finalize().into()),
            count => hash.update(piece.get(..count).unwrap_or_default()),
        }
    }
}

#[cfg(unix)]
fn sign(metadata: &Metadata) -> Sign {
    use std::os::unix::fs::MetadataExt;
    let changed = (metadata.ctime(), metadata.ctime_nsec());
    Sign { length: metadata.len(), modified: metadata.modified().ok(), inode: metadata.ino(), changed }
}

#[cfg(not(unix))]
fn sign(metadata: &Metadata) -> Sign {
    Sign { length: metadata.len(), modified: metadata.modified().ok(), inode: 0, changed: (0, 0) }
}
